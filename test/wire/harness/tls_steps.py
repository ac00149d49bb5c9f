"""Steps about TLS and certificates: 'client has tls', 'backend handshake fails', 'certificate is renewed'."""

import os
import pathlib

from . import match
from .match import Mismatch


def _check(who, wanted, facts):
    unknown = set(wanted) - set(facts) - {"connection", "staple"}
    if unknown:
        raise Mismatch(f"{who} tls: nothing is known of {sorted(unknown)}; known: {sorted(facts)}")
    for key, want in wanted.items():
        if key == "connection":
            continue
        got = facts.get(key)
        if isinstance(got, list):
            if not match.is_operator(want):
                match.check_tree(f"{who} tls {key}", want, got)
            else:
                match.check(f"{who} tls {key}", want, str(got))
        else:
            match.check(f"{who} tls {key}", want, str(got).lower() if isinstance(got, bool) else got)


class TlsSteps:
    async def step_client_has_tls(self, client, wanted):
        """What the handshake agreed on, as the client saw it."""
        await client.connected()
        _check(client.name, wanted, client.tls.facts(client.stream_of_tls))

    async def step_upstream_has_tls(self, upstream, wanted):
        """The same as the upstream saw it; `connection` counts from 1, the default is the one in hand."""
        await self.waiter.until(lambda: upstream.connections, lambda: f"{upstream.name} got no connection: {upstream.handshakes()}")
        number = wanted.get("connection")
        connection = upstream.connections[number - 1] if number else self._connection(upstream, {})
        _check(upstream.name, wanted, upstream.tls.facts(connection.writer))

    async def step_client_handshake_fails(self, client, step):
        """The proxy refused the client: {alert: name} or {alert: none} for a connection that is closed without one."""
        step = step if isinstance(step, dict) else {}
        try:
            await client.connected()
        except Mismatch:
            pass
        stream = client.stream_of_tls
        if stream is None:
            raise Mismatch(f"{client.name} could not even connect")
        # With TLS 1.3 the client is done before the proxy has looked at its certificate.
        await self.waiter.until(lambda: stream.alert or stream.ended or stream.failed, lambda: f"{client.name}: the handshake is good")
        got = {"alert": stream.alert or "none", "why": stream.failed or "", "ended": stream.ended or "open"}
        if not stream.alert and stream.done and stream.ended == "close_notify":
            raise Mismatch(f"{client.name}: the handshake was good, then the proxy closed")
        for key, want in step.items():
            match.check(f"{client.name} handshake {key}", want, got[key])

    async def step_upstream_handshake_fails(self, upstream, step):
        """The proxy gave up a handshake with the upstream, or the upstream did: {alert: sent by the proxy, connection: n}."""
        step = step if isinstance(step, dict) else {}
        number = step.get("connection", 1) - 1

        def over():
            return len(upstream.streams) > number and (upstream.streams[number].alert or upstream.streams[number].failed)

        await self.waiter.until(over, lambda: f"{upstream.name}: no handshake failed: {upstream.handshakes()}")
        stream = upstream.streams[number]
        if "alert" in step:
            match.check(f"{upstream.name} alert", step["alert"], stream.alert or "none")

    async def step_upstream_has_handshakes(self, upstream, count):
        await self.waiter.until(lambda: match.holds(count, len(upstream.streams)), lambda: f"{len(upstream.streams)} handshakes")

    async def step_certificate_is_renewed(self, step):
        """{server: renewed}: the files of `server` become those of `renewed`, by rename, or by a link if it is `mounted`."""
        for place, name in step.items():
            self.kit.renew(place, name)

    async def step_file_is_replaced(self, step):
        """{file: name, text: ..} or {file: name, from: path}: written beside it, then renamed over it. `in place` writes into it."""
        path = pathlib.Path(self.proxy.folder, step["file"])
        data = pathlib.Path(self.proxy.folder, step["from"]).read_bytes() if "from" in step else step["text"].encode()
        if step.get("in place"):
            path.write_bytes(data)
            return
        new = path.with_name(path.name + ".new")
        new.write_bytes(data)
        os.rename(new, path)

    async def step_link_is_moved(self, step):
        """{link: name, to: target}: a symbolic link is replaced in one step."""
        path = pathlib.Path(self.proxy.folder, step["link"])
        new = path.with_name(path.name + ".new")
        new.symlink_to(step["to"])
        os.rename(new, path)
