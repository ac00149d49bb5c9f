"""Clients of a scenario: connections to the proxy that send and receive as the script says."""

import asyncio
import socket

from . import frames, proxy_protocol
from .http1 import Http1Connection
from .http2 import FrameConnection, Http2Connection
from .match import Mismatch
from .message import Text
from .tls_context import TlsClient


class Client:
    """protocol: http1 (default), http2, raw (bytes only), frames (single HTTP/2 frames). Connects when it first sends."""

    def __init__(self, name, spec, waiter, proxy, kit=None):
        self.name, self.spec, self.waiter, self.proxy = name, spec, waiter, proxy
        self.protocol = spec.get("protocol", "http1")
        self.tls = TlsClient(spec["tls"] or {}, self.protocol, kit) if "tls" in spec else None
        self.others = {}  # every client of the scenario: whose session may be resumed
        self.stream_of_tls = None
        self.connection = None
        self.streams = {}  # name in the scenario -> Http2Stream
        self.last_stream = None
        self.received = {}  # stream (None: HTTP/1) -> messages that the script has looked at

    async def connected(self):
        if self.connection is None:
            reader, writer = await self._open()
            reader, writer = await self._prepare(reader, writer)
            if self.protocol == "http2":
                self.connection = Http2Connection(
                    reader, writer, self.waiter, True, self.spec.get("settings"), self.spec.get("reads", True))
            elif self.protocol == "frames":
                self.connection = FrameConnection(reader, writer, self.waiter, self.spec.get("reads", True))
            else:
                self.connection = Http1Connection(reader, writer, self.waiter, True, raw=self.protocol == "raw")
                if not self.spec.get("reads", True):
                    self.connection.stall()
        return self.connection

    async def _prepare(self, reader, writer):
        """What goes before the protocol: a PROXY header, other bytes, TLS."""
        if "proxy protocol" in self.spec:
            writer.write(proxy_protocol.build(self.spec["proxy protocol"]))
        if "sends first" in self.spec:
            writer.write(self.spec["sends first"].encode("latin-1"))
        if self.tls is None:
            return reader, writer
        resumes = self.spec["tls"].get("resumes") if self.spec["tls"] else None
        session = self.others[resumes].tls.session() if resumes else None
        self.stream_of_tls = stream = self.tls.wrap(reader, writer, self.waiter, session)
        if not await stream.handshaken():
            raise Mismatch(f"{self.name}: no TLS: {stream.failed}; alert {stream.alert}, {stream.ended}")
        return stream.reader, stream

    async def _open(self):
        local = self._local()
        if "unix" in self.spec:
            return await asyncio.open_unix_connection(f"{self.proxy.folder}/{self.spec['unix']}", limit=1 << 26)
        try:
            reader, writer = await asyncio.open_connection(
                self.spec.get("host", "127.0.0.1"), self.proxy.port(self.spec.get("port", "main")), limit=1 << 26,
                local_addr=local)
        except OSError as error:
            raise Mismatch(f"{self.name} cannot connect: {error}") from None
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if "receive buffer" in self.spec:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.spec["receive buffer"])
        return reader, writer

    def _local(self):
        """`from: 127.0.0.2` or `from: 127.0.0.2:4000`, or of IPv6 an address alone."""
        text = str(self.spec.get("from", ""))
        if not text:
            return None
        host, colon, port = text.rpartition(":")
        return (host, int(port)) if colon and ":" not in host else (text, 0)

    async def forget(self):
        """The next step connects anew."""
        self.stop()
        self.connection, self.stream_of_tls, self.last_stream = None, None, None
        self.streams, self.received = {}, {}

    async def send(self, text, stream=None, end=True, fill=0):
        connection = await self.connected()
        message = Text(text)
        if self.protocol != "http2":
            await connection.send(message.http1() + b"x" * fill)
            return
        body = message.body + b"x" * fill
        stream_id = connection.next_stream_id()
        await connection.send_head(stream_id, message.http2_request("https" if self.tls else "http"), end and not body)
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
        if self.stream_of_tls is not None:
            self.stream_of_tls.task.cancel()
            self.stream_of_tls.transport.abort()
        if self.connection is not None:
            self.connection.task.cancel()
            self.connection.writer.transport.abort()
