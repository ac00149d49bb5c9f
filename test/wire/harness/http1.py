"""HTTP/1 as a peer of the proxy sees it: reads messages off a connection; writes only what the scenario says."""

import asyncio
import re
import socket
import struct

from .message import Message

NO_BODY = (204, 304)


class BadMessage(Exception):
    """The proxy sent what is not HTTP/1."""


class Http1Connection:
    """One connection to (client) or from (upstream) the proxy. `on_message` is called when a message's head has arrived."""

    def __init__(self, reader, writer, waiter, is_client, raw=False):
        self.reader, self.writer, self.waiter = reader, writer, waiter
        self.is_client = is_client
        self.messages = []
        self.methods = []  # of the requests sent (client): HEAD and CONNECT change how a response is framed
        self.buffer = bytearray()  # bytes outside of messages: raw connections and tunnels
        self.raw = raw
        self.closed = None  # "closed" or "reset" by the proxy
        self.error = None
        self.on_message = lambda message: None
        self._tunnel = None
        self._received_bytes = 0
        self.task = asyncio.create_task(self._read())

    # --- what arrives

    async def _read(self):
        try:
            await (self._read_raw() if self.raw else self._read_messages())
            self.closed = "closed"
        except ConnectionError:
            self.closed = "reset"
        except asyncio.IncompleteReadError as end:
            self.closed = "closed"
            if end.partial and not self.messages_cut():
                self.error = f"ended within a message: {end.partial[:200]!r}"
        except BadMessage as bad:
            self.error = str(bad)
        for message in self.messages:
            if not message.ended and message.cut is None:
                message.cut = self.closed or "malformed"
        self.waiter.changed()

    def messages_cut(self):
        return any(not m.ended for m in self.messages)

    async def _read_raw(self):
        while data := await self.reader.read(65536):
            self.buffer += data
            self.waiter.changed()

    async def _read_messages(self):
        while True:
            try:
                raw = await self.reader.readuntil(b"\r\n\r\n")
            except asyncio.IncompleteReadError as end:
                if end.partial:
                    self.buffer += end.partial
                    self.error = f"ended within a head: {end.partial[:200]!r}"
                return
            message = self._parse_head(raw.decode("latin-1"))
            self.messages.append(message)
            self.on_message(message)
            self.waiter.changed()
            if self._tunnels(message):
                self._tunnel = message
                await self._read_raw()
                message.ended = True
                return
            await self._read_body(message)
            message.ended = True
            self.waiter.changed()

    def _parse_head(self, raw):
        message = Message()
        message.head = raw
        lines = raw[:-4].split("\r\n")
        pattern = r"(HTTP/1\.[01]) (\d{3})(?: (.*))?" if self.is_client else r"(\S+) (\S+) (HTTP/1\.[01])"
        first = re.fullmatch(pattern, lines[0])
        if not first:
            raise BadMessage(f"first line {lines[0]!r}")
        if self.is_client:
            message.version, message.status, message.reason = first[1], int(first[2]), first[3] or ""
        else:
            message.method, message.path, message.version = first.groups()
        for line in lines[1:]:
            name, colon, value = line.partition(":")
            if not colon or not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name):
                raise BadMessage(f"header line {line!r}")
            message.headers.append((name, value.strip()))
        message.authority = message.header("host")
        message.has_head = True
        return message

    def _request_method(self, message):
        if not self.is_client:
            return message.method
        final = sum(1 for m in self.messages if m.status >= 200) - (message.status >= 200)
        return self.methods[final] if final < len(self.methods) else "GET"

    def _tunnels(self, message):
        if self.is_client:
            return message.status == 101 or (message.status == 200 and self._request_method(message) == "CONNECT")
        return message.method == "CONNECT" or message.header("upgrade") is not None

    async def _read_body(self, message):
        coding = (message.header("transfer-encoding") or "").lower()
        length = message.header("content-length")
        if self.is_client and (
            message.status < 200 or message.status in NO_BODY or self._request_method(message) == "HEAD"
        ):
            return
        if coding:
            if coding != "chunked" or length is not None:
                raise BadMessage(f"transfer-encoding {coding!r} with content-length {length!r}")
            await self._read_chunks(message)
        elif length is not None:
            await self._read_length(message, int(length))
        elif self.is_client:
            while data := await self.reader.read(65536):
                message.body += data
                self.waiter.changed()

    async def _read_length(self, message, length):
        while length:
            data = await self.reader.read(min(length, 65536))
            if not data:
                raise asyncio.IncompleteReadError(b"", length)
            message.body += data
            length -= len(data)
            self.waiter.changed()

    async def _read_chunks(self, message):
        while True:
            line = await self.reader.readuntil(b"\r\n")
            if not re.fullmatch(rb"[0-9a-fA-F]+\r\n", line):
                raise BadMessage(f"chunk size {line!r}")
            size = int(line, 16)
            if size == 0:
                break
            await self._read_length(message, size)
            if await self.reader.readexactly(2) != b"\r\n":
                raise BadMessage("no CRLF after a chunk")
        while (line := await self.reader.readuntil(b"\r\n")) != b"\r\n":
            name, _, value = line[:-2].decode("latin-1").partition(":")
            message.trailers.append((name, value.strip()))

    # --- what is sent

    async def send(self, data):
        if self.is_client:
            self.methods += [m.decode() for m in re.findall(rb"(?:^|\n)([A-Z]+) \S+ HTTP/1", data)]
        self.writer.write(data)
        try:
            await self.writer.drain()
        except ConnectionError:
            pass  # whoever expected otherwise will see the connection closed

    def stall(self):
        """Reads no more until resume(): what the proxy sends fills the sockets' buffers."""
        self.writer.transport.pause_reading()

    def resume(self):
        self.writer.transport.resume_reading()

    def half_close(self):
        self.writer.write_eof()

    def close(self):
        self.writer.close()

    def reset(self):
        sock = self.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()
