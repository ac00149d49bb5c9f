"""Steps of an upstream: 'backend receives', 'backend sends' and so on. README.md lists them."""

from . import frames, match
from .client_steps import text_or_map
from .match import Mismatch
from .message import Text


class UpstreamSteps:
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
        step = text_or_map(step, "message")
        await self._exchange(upstream, step).send(Text(step["message"]), step.get("end", True), step.get("fill", 0))

    async def step_upstream_sends_bytes(self, upstream, step):
        step = text_or_map(step, "bytes")
        await self._connection(upstream, step).send(step["bytes"].encode("latin-1"))

    async def step_upstream_sends_frames(self, upstream, specs):
        await self._exchange(upstream, {}).connection.send(frames.build_all(specs))

    async def step_upstream_sends_body(self, upstream, step):
        step = text_or_map(step, "body")
        body = step.get("body", "").encode() + b"x" * step.get("fill", 0)
        await self._exchange(upstream, step).send_body(body, step.get("end", False))

    async def step_upstream_sends_trailers(self, upstream, step):
        await self._exchange(upstream, step).send_trailers(step["trailers"])

    async def step_upstream_closes(self, upstream, step):
        self._connection(upstream, step).close()

    async def step_upstream_half_closes(self, upstream, step):
        self._connection(upstream, step).half_close()

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

    async def step_upstream_gives_back(self, upstream, step):
        """Opens the window again for what an upstream with `reads: false` has received."""
        exchange = self._exchange(upstream, step)
        exchange.connection.gives_back = True
        exchange.connection.give_back(exchange.stream)

    async def step_upstream_has_connections(self, upstream, count):
        await self.waiter.until(lambda: len(upstream.connections) >= count, lambda: f"{len(upstream.connections)} connections")
        match.check(f"connections of {upstream.name}", count, len(upstream.connections))

    async def step_upstream_has_requests(self, upstream, count):
        await self.waiter.until(lambda: len(upstream.exchanges) >= count, lambda: f"{len(upstream.exchanges)} requests")
        match.check(f"requests of {upstream.name}", count, len(upstream.exchanges))

    async def step_upstream_starts_listening(self, upstream, _):
        await upstream.start_listening()

    def _connection(self, upstream, step):
        # A raw upstream has connections and no requests.
        return self._exchange(upstream, step).connection if upstream.exchanges else upstream.connections[-1]

    def _exchange(self, upstream, step):
        name = step.get("of") if isinstance(step, dict) else None
        if name:
            return upstream.named[name]
        if upstream.current is None and not upstream.exchanges:
            raise Mismatch(f"{upstream.name} has received nothing")
        return upstream.current or upstream.exchanges[-1]
