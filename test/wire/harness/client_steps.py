"""Steps of a client: 'client sends', 'client receives' and so on. README.md lists them."""

from . import match, proxy_protocol
from .match import Mismatch


def text_or_map(step, key):
    """A step's value where a bare text stands for {key: text}."""
    return {key: step} if isinstance(step, str) else dict(step)


def bytes_of(step):
    """What `sends bytes` sends: a text whose characters are octets, {hex: ..}, {fill: n}, {proxy protocol: ..}, or several as a list."""
    if isinstance(step, list):
        return b"".join(bytes_of(part) for part in step)
    if isinstance(step, str):
        return step.encode("latin-1")
    if "proxy protocol" in step:
        return proxy_protocol.build(step["proxy protocol"])
    return bytes.fromhex(step.get("hex", "")) + step.get("bytes", "").encode("latin-1") + b"x" * step.get("fill", 0)


class ClientSteps:
    async def step_client_connects(self, client, _):
        await client.connected()

    async def step_client_sends(self, client, step):
        step = text_or_map(step, "message")
        await client.send(step["message"], step.get("stream"), step.get("end", True), step.get("fill", 0))

    async def step_client_sends_bytes(self, client, data):
        await (await client.connected()).send(bytes_of(data))

    async def step_client_reconnects(self, client, _):
        await client.forget()
        await client.connected()

    async def step_client_stalls(self, client, _):
        """Reads no more, so that the proxy cannot send what it has."""
        (await client.connected()).stall()

    async def step_client_reads_on(self, client, _):
        client.connection.resume()

    async def step_client_cuts(self, client, _):
        """Closes TCP without TLS's close_notify."""
        client.stream_of_tls.cut()

    async def step_client_has_ended(self, client, how):
        """How the proxy ended TLS: close_notify, fin (without it), reset, alert."""
        await self.waiter.until(lambda: client.stream_of_tls.ended, lambda: f"{client.name} is not ended by the proxy")
        match.check(f"{client.name} ended by", how, client.stream_of_tls.ended)

    async def step_client_sends_body(self, client, step):
        step = text_or_map(step, "body")
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
