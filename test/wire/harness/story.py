"""Runs the steps of one scenario, in order. Each method named step_* is one kind of step; README.md lists them."""

import json
import os
import pathlib

from . import frames, match
from .match import Mismatch
from .message import Text, expand


def _text_or_map(step, key):
    return {key: step} if isinstance(step, str) else dict(step)


class Story:
    def __init__(self, clients, upstreams, proxy, waiter):
        self.clients, self.upstreams, self.proxy, self.waiter = clients, upstreams, proxy, waiter
        self.seen_lines = {}  # lines of each log file that the script has looked at

    async def step(self, step):
        (name, value), = step.items()
        first, _, rest = name.partition(" ")
        if first in self.clients:
            method, actor = f"client_{rest}", [self.clients[first]]
        elif first in self.upstreams:
            method, actor = f"upstream_{rest}", [self.upstreams[first]]
        else:
            method, actor = name, []
        handler = getattr(self, "step_" + method.replace(" ", "_"), None)
        if handler is None:
            raise Mismatch(f"there is no step {name!r}")
        await handler(*actor, value)

    async def step_repeat(self, step):
        for _ in range(step["times"]):
            for one in step["steps"]:
                await self.step(one)

    async def step_eventually(self, steps):
        """The steps again, from the first, until all of them hold: for what a signal sets off at its own time."""
        async def attempt():
            for one in steps:
                await self.step(one)

        await self.waiter.polled(attempt)

    # --- clients

    async def step_client_connects(self, client, _):
        await client.connected()

    async def step_client_sends(self, client, step):
        step = _text_or_map(step, "message")
        await client.send(step["message"], step.get("stream"), step.get("end", True), step.get("fill", 0))

    async def step_client_sends_bytes(self, client, data):
        await (await client.connected()).send(data.encode("latin-1"))

    async def step_client_sends_body(self, client, step):
        step = _text_or_map(step, "body")
        await client.send_body(step.get("body", "").encode() + b"x" * step.get("fill", 0), step.get("stream"), step.get("end", False))

    async def step_client_sends_trailers(self, client, step):
        await client.connection.send_trailers(client.stream(step.get("stream")).id, step["trailers"])

    async def step_client_sends_frames(self, client, specs):
        await client.send_frames(specs)

    async def step_client_pings(self, client, _):
        connection = await client.connected()
        before = connection.ping_acks
        connection.ping()
        await self.waiter.until(lambda: connection.ping_acks > before, lambda: "no answer to the PING")

    async def step_client_receives(self, client, step):
        step = {"status": step} if isinstance(step, int) else step
        message = await client.next_message(step.get("stream"))
        await self._check_message(client.name, message, step, client.connection)

    async def step_client_receives_rest(self, client, step):
        """More of the response that was received last: its body, its end."""
        stream = client.stream(step.get("stream")) if client.protocol == "http2" else None
        messages = stream.messages if stream else client.connection.messages
        await self._check_message(client.name, messages[client.received[stream] - 1], step, client.connection)

    async def step_client_receives_bytes(self, client, data):
        await self._check_bytes(client.name, await client.connected(), data)

    async def step_client_receives_settings(self, client, settings):
        connection = await client.connected()
        names = [k.upper() for k in settings]
        await self.waiter.until(lambda: all(n in connection.remote_settings for n in names),
                                lambda: f"settings {names}, got {connection.remote_settings}")
        for name, want in settings.items():
            match.check(f"setting {name}", want, connection.remote_settings[name.upper()])

    async def step_client_receives_reset(self, client, step):
        step = {"error": step} if isinstance(step, str) else step
        stream = client.stream(step.get("stream"))
        await self.waiter.until(lambda: stream.reset, lambda: f"no reset of the stream: {stream.last.describe()}")
        match.check("reset", step["error"], stream.reset)

    async def step_client_receives_goaway(self, client, step):
        if client.protocol == "frames":
            frame = await self._frame(client, "GoAwayFrame")
            match.check("GOAWAY error", step["code"], frame.error_code)
            return
        step = {"error": step} if isinstance(step, str) else step
        connection = client.connection
        await self.waiter.until(lambda: connection.goaway or connection.closed, lambda: "no GOAWAY")
        if not connection.goaway:
            raise Mismatch(f"{client.name}: closed without GOAWAY")
        match.check("GOAWAY", step["error"], connection.goaway[0])

    async def step_client_receives_frame(self, client, step):
        frame = await self._frame(client, step["type"])
        for key, want in step.items():
            if key not in ("type", "count"):
                match.check(f"{step['type']}.{key}", want, getattr(frame, key))

    async def _frame(self, client, kind):
        def arrived():
            return next((f for f in client.connection.frames if type(f).__name__ == kind), None)

        await self.waiter.until(lambda: arrived() or client.connection.closed, lambda: f"no {kind}: {client.connection.frames}")
        if not arrived():
            raise Mismatch(f"{client.name}: closed without {kind}; frames: {client.connection.frames}")
        return arrived()

    async def step_client_stream_is_cut(self, client, step):
        """The response on the stream (the connection with HTTP/1) ended before it was complete."""
        message = client.stream(step.get("stream") if isinstance(step, dict) else None).last if client.protocol == "http2" \
            else client.connection.messages[-1]
        await self.waiter.until(lambda: message.cut or message.ended, lambda: f"the response is not cut: {message.describe()}")
        if not message.cut:
            raise Mismatch(f"expected the response to be cut, got {message.describe()}")

    async def step_client_is_closed(self, client, how):
        connection = await client.connected()
        if client.protocol == "frames":
            connection.start_reading()
        await self.waiter.until(lambda: connection.closed or connection.error, lambda: f"{client.name} is not closed by the proxy")
        if connection.error:
            raise Mismatch(f"{client.name}: {connection.error}")
        if isinstance(how, str):
            match.check("closed by", how, connection.closed)

    async def step_client_cannot_connect(self, client, _):
        async def refused():
            try:
                await client.connected()
            except Mismatch:
                return
            client.stop()
            client.connection = None
            raise Mismatch(f"{client.name} can still connect")

        await self.waiter.polled(refused)

    async def step_client_closes(self, client, _):
        client.connection.close()

    async def step_client_half_closes(self, client, _):
        client.connection.half_close()

    async def step_client_resets(self, client, step):
        if client.protocol == "http2":
            step = {"error": step} if isinstance(step, str) else step
            client.connection.reset_stream(client.stream(step.get("stream")).id, step.get("error", "CANCEL"))
        else:
            client.connection.reset()

    async def step_client_gives_back(self, client, step):
        """Opens the window again for what a client with `reads: false` has received."""
        client.connection.gives_back = True
        client.connection.give_back(client.stream(step.get("stream") if isinstance(step, dict) else None))

    # --- upstreams

    async def step_upstream_receives(self, upstream, step):
        index = upstream.taken

        def arrived():
            for error in upstream.errors():
                raise Mismatch(error)
            return len(upstream.exchanges) > index

        await self.waiter.until(arrived, lambda: f"{upstream.name} got no request {index + 1}")
        upstream.taken += 1
        exchange = upstream.current = upstream.exchanges[index]
        step = {} if not isinstance(step, dict) else step
        if "as" in step:
            upstream.named[step["as"]] = exchange
        if "connection" in step:
            match.check(f"{upstream.name} connection", step["connection"], exchange.number)
        await self._check_message(upstream.name, exchange.request, step, exchange.connection)

    async def step_upstream_has_received(self, upstream, step):
        """More of a request that was received before: its body, its end."""
        exchange = self._exchange(upstream, step)
        await self._check_message(upstream.name, exchange.request, step, exchange.connection)

    async def step_upstream_receives_bytes(self, upstream, data):
        await self.waiter.until(lambda: upstream.connections, lambda: f"{upstream.name} got no connection")
        connection = upstream.current.connection if upstream.current else upstream.connections[-1]
        await self._check_bytes(upstream.name, connection, data)

    async def step_upstream_sends(self, upstream, step):
        step = _text_or_map(step, "message")
        await self._exchange(upstream, step).send(Text(step["message"]), step.get("end", True), step.get("fill", 0))

    async def step_upstream_sends_bytes(self, upstream, step):
        step = _text_or_map(step, "bytes")
        connection = self._exchange(upstream, step).connection if upstream.exchanges else upstream.connections[-1]
        await connection.send(step["bytes"].encode("latin-1"))

    async def step_upstream_sends_frames(self, upstream, specs):
        await self._exchange(upstream, {}).connection.send(frames.build_all(specs))

    async def step_upstream_sends_body(self, upstream, step):
        step = _text_or_map(step, "body")
        body = step.get("body", "").encode() + b"x" * step.get("fill", 0)
        await self._exchange(upstream, step).send_body(body, step.get("end", False))

    async def step_upstream_sends_trailers(self, upstream, step):
        await self._exchange(upstream, step).send_trailers(step["trailers"])

    async def step_upstream_closes(self, upstream, step):
        self._exchange(upstream, step).connection.close()

    async def step_upstream_half_closes(self, upstream, step):
        self._exchange(upstream, step).connection.half_close()

    async def step_upstream_resets(self, upstream, step):
        step = {"error": step} if isinstance(step, str) else step
        self._exchange(upstream, step).reset(step.get("error") if isinstance(step, dict) else None)

    async def step_upstream_sees_reset(self, upstream, step):
        """The proxy gave the request up: RST_STREAM with HTTP/2, a closed connection with HTTP/1."""
        exchange = self._exchange(upstream, step)
        wanted = step["error"] if isinstance(step, dict) else step
        seen = (lambda: exchange.stream.reset) if exchange.stream else (lambda: exchange.connection.closed)
        await self.waiter.until(seen, lambda: f"{upstream.name}: the request is not given up")
        if isinstance(wanted, str):
            match.check("reset", wanted, seen())

    async def step_upstream_sees_close(self, upstream, number):
        """Connection `number` (1 is the first) is closed by the proxy."""
        connection = upstream.connections[(1 if number is True else number) - 1]
        await self.waiter.until(lambda: connection.closed, lambda: f"{upstream.name}: connection {number} is open")

    async def step_upstream_sees_settings(self, upstream, settings):
        await self.waiter.until(lambda: upstream.connections, lambda: "no connection")
        connection = upstream.connections[-1]
        await self.waiter.until(lambda: all(n in connection.remote_settings for n in settings), lambda: f"{connection.remote_settings}")
        for name, want in settings.items():
            match.check(f"setting {name}", want, connection.remote_settings[name])

    async def step_upstream_sees_settings_taken(self, upstream, _):
        """The proxy has acknowledged the upstream's SETTINGS: from now on it must keep to them."""
        connection = upstream.connections[-1]
        await self.waiter.until(lambda: connection.settings_acks, lambda: "no acknowledgement of SETTINGS")

    async def step_upstream_sees_pings(self, upstream, count):
        await self.waiter.until(lambda: upstream.connections and upstream.connections[-1].pings >= count, lambda: "no PINGs")

    async def step_upstream_has_connections(self, upstream, count):
        await self.waiter.until(lambda: len(upstream.connections) >= count, lambda: f"{len(upstream.connections)} connections")
        match.check(f"connections of {upstream.name}", count, len(upstream.connections))

    async def step_upstream_has_requests(self, upstream, count):
        await self.waiter.until(lambda: len(upstream.exchanges) >= count, lambda: f"{len(upstream.exchanges)} requests")
        match.check(f"requests of {upstream.name}", count, len(upstream.exchanges))

    async def step_upstream_starts_listening(self, upstream, _):
        await upstream.start_listening()

    def _exchange(self, upstream, step):
        name = step.get("of") if isinstance(step, dict) else None
        if name:
            return upstream.named[name]
        if upstream.current is None and not upstream.exchanges:
            raise Mismatch(f"{upstream.name} has received nothing")
        return upstream.current or upstream.exchanges[-1]

    # --- what both sides share

    async def _check_message(self, who, message, step, connection):
        for key, got in (("status", message.status), ("reason", message.reason), ("version", message.version),
                         ("method", message.method), ("path", message.path), ("authority", message.authority),
                         ("scheme", message.scheme), ("protocol", message.pseudo.get(":protocol"))):
            if key in step and not match.holds(step[key], got):
                raise Mismatch(f"{who} {key}: expected {step[key]!r}, got {got!r}; {message.describe()}")
        match.check_headers(who, message.headers, step.get("headers"), step.get("absent"))
        if "head" in step:
            match.check(f"{who} head", step["head"], message.head)
        if "body so far" in step:
            want = expand(step["body so far"])
            await self.waiter.until(lambda: len(message.body) >= len(want) or message.cut, lambda: message.describe())
            match.check(f"{who} body so far", want, bytes(message.body).decode("latin-1"))
        if {"body", "trailers", "ended"} & set(step):
            await self._ended(who, message, step, connection)

    async def _ended(self, who, message, step, connection):
        if step.get("ended") is False:
            if message.ended:
                raise Mismatch(f"{who}: has ended already: {message.describe()}")
            return
        await self.waiter.until(lambda: message.ended or message.cut, lambda: f"{who}: {message.describe()}")
        if message.cut:
            raise Mismatch(f"{who}: {message.describe()} {connection.error or ''}")
        if "body" in step:
            match.check(f"{who} body", step["body"], bytes(message.body).decode("latin-1"))
        match.check_headers(f"{who} trailer", message.trailers, step.get("trailers"), None)

    async def _check_bytes(self, who, connection, data):
        want = data.encode("latin-1")
        await self.waiter.until(lambda: len(connection.buffer) >= len(want) or connection.closed or connection.error,
                                lambda: f"{who}: {bytes(connection.buffer)!r} instead of {want!r}")
        got = bytes(connection.buffer[: len(want)])
        if got != want:
            raise Mismatch(f"{who}: expected bytes {want!r}, got {bytes(connection.buffer[:len(want) + 200])!r}")
        del connection.buffer[: len(want)]

    # --- the proxy

    async def step_stats(self, wanted):
        async def attempt():
            got = await self.proxy.stats()
            for name, want in wanted.items():
                if want is None:
                    if name in got:
                        raise Mismatch(f"stat {name}: expected none, got {got[name]}")
                elif not match.holds(want, got.get(name, "0" if want == 0 else None)):
                    near = {k: v for k, v in got.items() if k.rsplit(".", 1)[0] == name.rsplit(".", 1)[0] and v != "0"}
                    raise Mismatch(f"stat {name}: expected {want!r}, got {got.get(name)!r}; beside it: {near}")

        await self.waiter.polled(attempt)

    async def step_admin_gets(self, step):
        await self._admin("GET", step)

    async def step_admin_posts(self, step):
        await self._admin("POST", step)

    async def _admin(self, method, step):
        step = _text_or_map(step, "path")

        async def attempt():
            status, body, headers = await self.proxy.admin(method, step["path"])
            match.check(f"{method} {step['path']} status", step.get("status", 200), status)
            match.check_headers(step["path"], headers, step.get("headers"), step.get("absent"))
            if "body" in step:
                match.check(f"{method} {step['path']}", step["body"], body)
            if "json" in step:
                match.check_tree(step["path"], step["json"], json.loads(body))

        if step.get("at once", method == "POST"):
            await attempt()
        else:
            await self.waiter.polled(attempt)

    async def step_access_log(self, wanted, file="access.log"):
        """The next lines of the access log: each a text, an operator, or a map for a JSON line."""
        start = self.seen_lines.get(file, 0)

        async def attempt():
            path = pathlib.Path(self.proxy.folder, file)
            lines = path.read_text().splitlines()[start:] if path.exists() else []
            if len(lines) < len(wanted):
                raise Mismatch(f"{file}: expected {len(wanted)} lines, got {lines!r}; expected {wanted!r}")
            return lines

        lines = await self.waiter.polled(attempt)
        self.seen_lines[file] = start + len(wanted)
        for want, line in zip(wanted, lines):
            if isinstance(want, dict) and not match.is_operator(want):
                match.check_tree(file, want, json.loads(line))
            else:
                match.check(file, want, line)

    async def step_log_file(self, step):
        await self.step_access_log(step["lines"], step["file"])

    async def step_log(self, wanted):
        """The proxy's own log (stderr)."""
        async def attempt():
            match.check("log", wanted, self.proxy.log())

        await self.waiter.polled(attempt)

    async def step_file_exists(self, name):
        if not pathlib.Path(self.proxy.folder, name).exists():
            raise Mismatch(f"there is no {name}")

    async def step_file_contains(self, step):
        async def attempt():
            match.check(step["file"], step["text"], pathlib.Path(self.proxy.folder, step["file"]).read_text())

        await self.waiter.polled(attempt)

    async def step_health_fails(self, _):
        """/ready is no longer 200, or nobody answers any more."""
        async def attempt():
            try:
                status, _, _ = await self.proxy.admin("GET", "/ready")
            except Mismatch:
                return
            if status == 200:
                raise Mismatch("/ready still says 200")

        await self.waiter.polled(attempt)

    async def step_file_moves(self, step):
        os.rename(f"{self.proxy.folder}/{step['from']}", f"{self.proxy.folder}/{step['to']}")
        self.seen_lines.pop(step["from"], None)

    async def step_signal(self, name):
        if self.proxy.process.returncode is None:
            self.proxy.signal(name)

    async def step_proxy_exits(self, code):
        match.check("exit code", code, await self.proxy.exit_code())

    async def step_proxy_runs(self, _):
        if self.proxy.process.returncode is not None:
            raise Mismatch(f"the proxy exited with {self.proxy.process.returncode}")
