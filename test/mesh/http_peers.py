"""HTTP/1.1 from and to the hosts of a mesh: applications as small as a test needs them."""

import asyncio
import json

TIMEOUT_S = 10


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode(errors="replace")

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.headers} {self.text[:300]!r}"


async def read_answer(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(await reader.readline(), 16):
            body += await reader.readexactly(size)
            await reader.readline()
        await reader.readline()
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    else:
        body = await reader.read(-1)
    return Answer(int(lines[0].split()[1]), headers, body)


class Client:
    """A connection that is kept while the other side keeps it."""

    def __init__(self, host, address, port):
        self.host, self.address, self.port = host, address, port
        self.reader = self.writer = None
        self.connections = 0

    async def get(self, path="/", method="GET", **headers):
        return await asyncio.wait_for(self._get(path, method, headers), TIMEOUT_S)

    async def _get(self, path, method, headers):
        if self.writer is None:
            self.reader, self.writer = await self.host.connect(self.address, self.port)
            self.connections += 1
        headers = {"host": self.address, **{k.replace("_", "-"): v for k, v in headers.items()}}
        text = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.writer.write(f"{method} {path} HTTP/1.1\r\n{text}content-length: 0\r\n\r\n".encode())
        try:
            answer = await read_answer(self.reader)
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            raise
        if answer.headers.get("connection") == "close":
            self.close()
        return answer

    def close(self):
        if self.writer is not None:
            self.writer.transport.abort()
            self.reader = self.writer = None


async def get(origin, address, port, path="/", **headers):
    """One request from a host, on a connection of its own."""
    client = Client(origin, address, port)
    try:
        return await client.get(path, **headers)
    finally:
        client.close()


class Server:
    """An application: says in JSON who it is and what it was asked."""

    def __init__(self, host, name):
        self.host, self.name = host, name
        self.requests = []
        self.servers = []

    async def start(self, http=(), tcp=()):
        """On these ports."""
        for ports, answer in ((http, self._http), (tcp, self._tcp)):
            for port in ports:
                self.servers.append(await asyncio.start_server(answer, sock=self.host.listen(port)))

    async def _http(self, reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:]) if name}
                await reader.readexactly(int(headers.get("content-length", 0)))
                method, path, _ = head[0].split(" ", 2)
                seen = {"name": self.name, "method": method, "path": path, "headers": headers, "from": writer.get_extra_info("peername")[0]}
                self.requests.append(seen)
                body = json.dumps(seen).encode()
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _tcp(self, reader, writer):
        """Says its name, then back what it hears."""
        try:
            writer.write(f"{self.name}\n".encode())
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    def stop(self):
        for server in self.servers:
            server.close()
