"""Clients of a scenario: connections to the proxy that send and receive as the script says."""

import asyncio
import socket

from . import frames
from .http1 import Http1Connection
from .http2 import FrameConnection, Http2Connection
from .match import Mismatch
from .message import Text


class Client:
    """protocol: http1 (default), http2, raw (bytes only), frames (single HTTP/2 frames). Connects when it first sends."""

    def __init__(self, name, spec, waiter, proxy):
        self.name, self.spec, self.waiter, self.proxy = name, spec, waiter, proxy
        self.protocol = spec.get("protocol", "http1")
        self.connection = None
        self.streams = {}  # name in the scenario -> Http2Stream
        self.last_stream = None
        self.received = {}  # stream (None: HTTP/1) -> messages that the script has looked at

    async def connected(self):
        if self.connection is None:
            reader, writer = await self._open()
            if self.protocol == "http2":
                self.connection = Http2Connection(
                    reader, writer, self.waiter, True, self.spec.get("settings"), self.spec.get("reads", True))
            elif self.protocol == "frames":
                self.connection = FrameConnection(reader, writer, self.waiter, self.spec.get("reads", True))
            else:
                self.connection = Http1Connection(reader, writer, self.waiter, True, raw=self.protocol == "raw")
        return self.connection

    async def _open(self):
        local = (self.spec["from"], 0) if "from" in self.spec else None
        if "unix" in self.spec:
            return await asyncio.open_unix_connection(f"{self.proxy.folder}/{self.spec['unix']}", limit=1 << 26)
        try:
            reader, writer = await asyncio.open_connection(
                self.spec.get("host", "127.0.0.1"), self.proxy.port(self.spec.get("port", "main")), limit=1 << 26,
                local_addr=local)
        except OSError as error:
            raise Mismatch(f"{self.name} cannot connect: {error}") from None
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return reader, writer

    async def send(self, text, stream=None, end=True, fill=0):
        connection = await self.connected()
        message = Text(text)
        if self.protocol != "http2":
            await connection.send(message.http1() + b"x" * fill)
            return
        body = message.body + b"x" * fill
        stream_id = connection.next_stream_id()
        await connection.send_head(stream_id, message.http2_request(), end and not body)
        self.last_stream = self.streams[stream or str(stream_id)] = connection.streams[stream_id]
        if body:
            await connection.send_body(stream_id, body, end)

    async def send_body(self, body, stream, end):
        connection = await self.connected()
        if self.protocol == "http2":
            await connection.send_body(self.stream(stream).id, body, end)
        else:
            await connection.send(body)

    async def send_frames(self, specs):
        connection = await self.connected()
        await connection.send(frames.build_all(specs))

    def stream(self, name):
        if name is None:
            return self.last_stream
        if name not in self.streams:
            raise Mismatch(f"{self.name} has no stream {name!r}")
        return self.streams[name]

    async def next_message(self, stream_name):
        """The next response on the connection (HTTP/1) or stream (HTTP/2), when its head is there."""
        connection = await self.connected()
        stream = self.stream(stream_name) if self.protocol == "http2" else None
        messages = connection.messages if stream is None else stream.messages
        index = self.received.get(stream, 0)

        def arrived():
            if index < len(messages) and messages[index].has_head:
                return messages[index]
            if connection.error:
                raise Mismatch(f"{self.name}: {connection.error}")
            if connection.closed or (stream and stream.reset):
                raise Mismatch(f"{self.name}: no response {index + 1}, {'reset: ' + str(stream.reset) if stream else connection.closed}")
            return None

        message = await self.waiter.until(arrived, lambda: f"{self.name} got no response {index + 1}")
        self.received[stream] = index + 1
        return message

    def stop(self):
        if self.connection is not None:
            self.connection.task.cancel()
            self.connection.writer.transport.abort()
