"""Upstreams of a scenario: servers on loopback that answer by themselves or as the script says."""

import asyncio
import socket

from .http1 import Http1Connection
from .http2 import Http2Connection
from .message import Text

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


class Upstream:
    def __init__(self, name, spec, waiter, folder, scripted):
        self.name, self.waiter = name, waiter
        self.protocol = spec.get("protocol", "http1")
        self.host = spec.get("host", "127.0.0.1")
        self.path = f"{folder}/{name}.sock" if spec.get("unix") else None
        self.settings = spec.get("settings")
        self.listening = spec.get("listening", True)
        self.gives_back = spec.get("reads", True)
        answers = spec.get("answers") or [spec.get("answer") or (None if scripted else DEFAULT_ANSWER)]
        self.answers = answers
        self.connections = []
        self.exchanges = []
        self.taken = 0  # exchanges that the script has received
        self.current = None
        self.named = {}
        self.port = None
        self._server = None
        self._socket = None

    async def start(self):
        if self.path:
            self._server = await asyncio.start_unix_server(self._accept, self.path, limit=1 << 26)
            return
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.bind((self.host, 0))
        self.port = self._socket.getsockname()[1]
        # Bound but not listening: a connection attempt is refused, and nobody else gets the port.
        if self.listening:
            self._server = await asyncio.start_server(self._accept, sock=self._socket, limit=1 << 26)

    async def start_listening(self):
        self._server = await asyncio.start_server(self._accept, sock=self._socket, limit=1 << 26)

    def stop(self):
        if self._server:
            self._server.close()
        elif self._socket:
            self._socket.close()
        for connection in self.connections:
            connection.task.cancel()
            connection.writer.transport.abort()

    async def _accept(self, reader, writer):
        number = len(self.connections) + 1
        if self.protocol == "http2":
            connection = Http2Connection(reader, writer, self.waiter, False, self.settings, self.gives_back)
            connection.on_message = lambda stream: self._arrived(Exchange(connection, number, stream.last, stream))
        else:
            connection = Http1Connection(reader, writer, self.waiter, False, raw=self.protocol == "raw")
            connection.on_message = lambda message: self._arrived(Exchange(connection, number, message))
        self.connections.append(connection)
        self.waiter.changed()

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
        return [f"{self.name} connection {n}: {c.error}" for n, c in enumerate(self.connections, 1) if c.error]
