"""Steps of an upstream: 'backend receives', 'backend sends' and so on. README.md lists them."""

from . import frames, match
from .client_steps import bytes_of, text_or_map
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
        step = data if isinstance(data, dict) else {}
        await self._check_bytes(upstream.name, self._connection(upstream, step), data)

    async def step_upstream_accepts(self, upstream, step):
        """The next connection, also before anything has come on it: {from: address, as: name}. Later steps are about it."""
        step = step if isinstance(step, dict) else {}
        index = upstream.seen_connections
        await self.waiter.until(lambda: len(upstream.connections) > index,
                                lambda: f"{upstream.name} got no connection {index + 1}; {upstream.errors()} {upstream.handshakes()}")
        upstream.seen_connections += 1
        connection = upstream.selected = upstream.connections[index]
        if "as" in step:
            upstream.named_connections[step["as"]] = connection
        if "from" in step:
            match.check(f"{upstream.name} peer", step["from"], connection.peer[0])

    async def step_upstream_has_proxy_header(self, upstream, wanted):
        """What the PROXY header said: version, command, source, destination, tlvs."""
        await self.waiter.until(lambda: upstream.connections, lambda: f"{upstream.name} got no connection; {upstream.errors()}")
        match.check_tree(f"{upstream.name} PROXY header", wanted, self._connection(upstream, {}).proxy_header)

    async def step_upstream_stalls(self, upstream, _):
        self._connection(upstream, {}).stall()

    async def step_upstream_reads_on(self, upstream, _):
        self._connection(upstream, {}).resume()

    async def step_upstream_has_no_more_bytes(self, upstream, _):
        got = self._connection(upstream, {}).buffer
        if got:
            raise Mismatch(f"{upstream.name}: more bytes: {bytes(got[:200])!r}")

    async def step_upstream_sends(self, upstream, step):
        step = text_or_map(step, "message")
        await self._exchange(upstream, step).send(Text(step["message"]), step.get("end", True), step.get("fill", 0))

    async def step_upstream_sends_bytes(self, upstream, step):
        if isinstance(step, list):
            step = {"bytes": bytes_of(step).decode("latin-1")}
        step = text_or_map(step, "bytes")
        await self._connection(upstream, step).send(bytes_of(step))

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
        if upstream.protocol == "raw":
            self._connection(upstream, step).reset()
            return
        step = {"error": step} if isinstance(step, str) else step
        self._exchange(upstream, step).reset(step.get("error") if isinstance(step, dict) else None)

    async def step_upstream_sees_reset(self, upstream, step):
        """The proxy gave the request up: RST_STREAM with HTTP/2, a closed connection with HTTP/1."""
        exchange = self._exchange(upstream, step)
        wanted = step.get("error") if isinstance(step, dict) else step
        seen = (lambda: exchange.stream.reset) if exchange.stream else (lambda: exchange.connection.closed)
        await self.waiter.until(seen, lambda: f"{upstream.name}: the request is not given up")
        if isinstance(wanted, str):
            match.check("reset", wanted, seen())

    async def step_upstream_sees_close(self, upstream, number):
        """Connection `number` (1 is the first) is closed by the proxy, or {connection: n, how: closed | reset}."""
        step = number if isinstance(number, dict) else {}
        number = step.get("connection", 1) if step or number is True else number
        await self.waiter.until(lambda: len(upstream.connections) >= number, lambda: f"{upstream.name}: no connection {number}")
        connection = upstream.connections[number - 1]
        await self.waiter.until(lambda: connection.closed, lambda: f"{upstream.name}: connection {number} is open")
        if "how" in step:
            match.check(f"{upstream.name} connection {number} closed by", step["how"], connection.closed)

    async def step_upstream_has_accepted(self, upstream, count):
        """TCP connections, whatever became of them."""
        await self.waiter.until(lambda: match.holds(count, upstream.accepted), lambda: f"{upstream.accepted} connections accepted")

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

    async def step_upstream_stops_listening(self, upstream, _):
        """New connections are refused; those that are open go on."""
        upstream.stop_listening()

    def _connection(self, upstream, step):
        name = step.get("of") if isinstance(step, dict) else None
        if name in upstream.named_connections:
            return upstream.named_connections[name]
        if upstream.selected is not None:
            return upstream.selected
        # A raw upstream has connections and no requests.
        return self._exchange(upstream, step).connection if upstream.exchanges else upstream.connections[-1]

    def _exchange(self, upstream, step):
        name = step.get("of") if isinstance(step, dict) else None
        if name:
            return upstream.named[name]
        if upstream.current is None and not upstream.exchanges:
            raise Mismatch(f"{upstream.name} has received nothing")
        return upstream.current or upstream.exchanges[-1]
