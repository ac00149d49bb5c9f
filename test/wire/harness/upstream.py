"""Upstreams of a scenario: servers on loopback that answer by themselves or as the script says."""

import asyncio
import socket
import struct

from . import proxy_protocol
from .http1 import Http1Connection
from .http2 import Http2Connection
from .message import Text
from .tls_context import TlsServer

DEFAULT_ANSWER = "HTTP/1.1 200 OK\ncontent-length: 2\n\nok\n"


class Exchange:
    """A request that arrived, and the way to answer it."""

    def __init__(self, connection, number, request, stream=None):
        self.connection, self.number, self.request, self.stream = connection, number, request, stream

    async def send(self, text, end=True, fill=0):
        body = text.body + b"x" * fill
        if self.stream is None:
            await self.connection.send(text.http1() + b"x" * fill)
            return
        interim = text.first.split()[1].startswith("1")
        await self.connection.send_head(self.stream.id, text.http2_response(), end and not body and not interim)
        if body:
            await self.connection.send_body(self.stream.id, body, end)

    async def send_body(self, body, end):
        if self.stream is None:
            await self.connection.send(body)
        else:
            await self.connection.send_body(self.stream.id, body, end)

    async def send_trailers(self, trailers):
        await self.connection.send_trailers(self.stream.id, trailers)

    def reset(self, error):
        if self.stream is None:
            self.connection.reset()
        else:
            self.connection.reset_stream(self.stream.id, error)


def abort(writer):
    """RST instead of FIN."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Upstream:
    def __init__(self, name, spec, waiter, folder, scripted, kit=None):
        self.name, self.waiter, self.spec = name, waiter, spec
        self.protocol = spec.get("protocol", "http1")
        self.host = spec.get("host", "127.0.0.1")
        self.path = f"{folder}/{name}.sock" if spec.get("unix") else None
        self.settings = spec.get("settings")
        self.listening = spec.get("listening", True)
        self.gives_back = spec.get("reads", True)
        answers = spec.get("answers") or [spec.get("answer") or (None if scripted else DEFAULT_ANSWER)]
        self.answers = answers
        self.tls = TlsServer(spec["tls"] or {}, self.protocol, kit) if "tls" in spec else None
        self.streams = []  # the TLS of every connection, also where the handshake failed
        self.accepted = 0
        self.failures = []  # what went wrong before there was a connection
        self.connections = []
        self.exchanges = []
        self.selected = None  # by `accepts`
        self.named_connections = {}
        self.seen_connections = 0
        self.taken = 0  # exchanges that the script has received
        self.current = None
        self.named = {}
        self.port = spec.get("port")
        self._server = None
        self._socket = None

    async def start(self):
        if self.path:
            self._server = await asyncio.start_unix_server(self._accept, self.path, limit=1 << 26)
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._bind(family)
        # Bound but not listening: a connection attempt is refused, and nobody else gets the port.
        if self.listening:
            await self.start_listening()

    def _bind(self, family):
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        if "receive buffer" in self.spec:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.spec["receive buffer"])
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((self.host, self.port or 0))
        self.port = self._socket.getsockname()[1]

    async def start_listening(self):
        self._server = await asyncio.start_server(self._accept, sock=self._socket, limit=1 << 26)

    def stop_listening(self):
        family = self._socket.family
        self._server.close()
        self._server = None
        self._bind(family)

    def stop(self):
        if self._server:
            self._server.close()
        elif self._socket:
            self._socket.close()
        for stream in self.streams:
            if stream.task:
                stream.task.cancel()
            stream.transport.abort()
        for connection in self.connections:
            connection.task.cancel()
            connection.writer.transport.abort()

    async def _accept(self, reader, writer):
        self.accepted += 1
        self.waiter.changed()
        try:
            header = await proxy_protocol.read(reader) if self.spec.get("proxy protocol") else None
            if self.tls is not None:
                stream = await self._handshake(reader, writer)
                if stream is None:
                    return
                reader, writer = stream.reader, stream
        except (ValueError, ConnectionError, asyncio.IncompleteReadError) as bad:
            self.failures.append(f"before the protocol: {bad}")
            writer.close()
            return
        self._add(reader, writer, header)

    async def _handshake(self, reader, writer):
        """The TLS stream; None when there will be none."""
        stream = self.tls.wrap(reader, writer, self.waiter)
        self.streams.append(stream)
        answer = self.tls.spec.get("at hello")
        first = b""
        if answer:
            first = await reader.read(65536)
            if answer == "reset":
                abort(writer)
            elif answer == "close":
                writer.close()
            elif answer != "stall":
                writer.write(answer.encode("latin-1"))
            stream.failed = f"{answer} at the hello"
            self.waiter.changed()
            return None
        stream.start(first)
        while not (stream.done or stream.failed):
            await asyncio.wait({stream.task}, timeout=0.005)
        return stream if stream.done else None

    def handshakes(self):
        """For messages: how far each got."""
        return [("done" if s.done else "begun") + (f", failed: {s.failed}" if s.failed else "") for s in self.streams] or "no connection at all"

    def _add(self, reader, writer, header):
        number = len(self.connections) + 1
        if self.protocol == "http2":
            connection = Http2Connection(reader, writer, self.waiter, False, self.settings, self.gives_back)
            connection.on_message = lambda stream: self._arrived(Exchange(connection, number, stream.last, stream))
        else:
            connection = Http1Connection(reader, writer, self.waiter, False, raw=self.protocol == "raw")
            connection.on_message = lambda message: self._arrived(Exchange(connection, number, message))
            if not self.gives_back:
                connection.stall()
        connection.proxy_header = header
        connection.peer = writer.get_extra_info("peername")
        self.connections.append(connection)
        self.waiter.changed()
        if "greeting" in self.spec:
            writer.write(self.spec["greeting"].encode("latin-1"))

    def _arrived(self, exchange):
        self.exchanges.append(exchange)
        answer = self.answers[min(len(self.exchanges), len(self.answers)) - 1]
        if answer is not None:
            asyncio.create_task(self._answer(exchange, answer))

    async def _answer(self, exchange, answer):
        """A message, or one of the words: reset, close, never."""
        if answer == "never":
            return
        await self.waiter.until(lambda: exchange.request.ended or exchange.request.cut or exchange.request.method == "CONNECT"
                                or exchange.request.header("upgrade"), lambda: "no end of the request")
        if answer == "reset":
            exchange.reset("INTERNAL_ERROR")
        elif answer == "refuse":
            exchange.reset("REFUSED_STREAM")
        elif answer == "close":
            exchange.connection.close()
        else:
            await exchange.send(Text(answer))
            if exchange.stream is None and "connection: close" in answer.lower():
                exchange.connection.close()

    def errors(self):
        return self.failures + [f"{self.name} connection {n}: {c.error}" for n, c in enumerate(self.connections, 1) if c.error]
