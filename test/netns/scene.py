"""What a test in namespaces stands on: the world, a server that says whom it sees, the proxy between, and a client."""

import asyncio
import os
import re
import shutil
import socket
import tempfile

from harness import chains, config
from harness.match import Mismatch
from harness.proxy import Binary, Proxy
from harness.wait import Waiter
from world import World

LIMIT_S = 10


class Scene:
    def __init__(self, binary):
        self.world = World()
        self.folder = tempfile.mkdtemp(prefix="netns-")
        self.waiter = Waiter(LIMIT_S)
        self.binary = binary
        self.proxy = Proxy(Binary("ip", binary.kind), self.folder, self.waiter)
        self.servers, self.sockets = [], []
        self.kind = binary.kind

    def build(self):
        self.world.build()

    # --- the server's side

    async def server(self, port, name, address="10.77.2.2", host="server"):
        """Greets every connection with its name and with whom it sees, then says back what it hears."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.world.at(host):
            sock = socket.socket(family)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address, port))

        async def answer(reader, writer):
            peer = writer.get_extra_info("peername")
            writer.write(f"{name} sees {peer[0]}\n".encode())
            try:
                while data := await reader.read(65536):
                    writer.write(data)
                    await writer.drain()
            except ConnectionError:
                pass
            writer.close()

        self.servers.append(await asyncio.start_server(answer, sock=sock))

    # --- the proxy

    async def start(self, listeners, clusters, bootstrap=None):
        tree = {
            "admin": {"address": {"pipe": {"path": f"{self.folder}/admin.sock"}}},
            "node": {"id": "node-1", "cluster": "netns"},
            "static_resources": {"listeners": listeners, "clusters": [chains.merge({"connect_timeout": "2s"}, c) for c in clusters]},
            **(bootstrap or {}),
        }
        config.write(tree, f"{self.folder}/bootstrap.json")
        self.proxy.admin_socket = f"{self.folder}/admin.sock"
        words = [self.binary.path, "-c", f"{self.folder}/bootstrap.json", *self.binary.arguments([])]
        await self.proxy.spawn(["netns", "exec", self.world.names["proxy"], *words])
        await self.waiter.polled(self.proxy._ready)

    # --- the client's side

    async def connect(self, address, port, host="client", source=None, user=None):
        """Reader and writer of a connection from a host; `user` owns the socket, for rules that look at the owner."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with self.world.at(host):
            if user is not None:
                os.seteuid(user)
            try:
                sock = socket.socket(family)
            finally:
                if user is not None:
                    os.seteuid(0)
        sock.setblocking(False)
        if source:
            sock.bind((source, 0))
        try:
            await asyncio.wait_for(asyncio.get_running_loop().sock_connect(sock, (address, port)), LIMIT_S)
        except (OSError, asyncio.TimeoutError) as error:
            sock.close()
            raise Mismatch(f"cannot connect to {address} port {port}: {error!r}") from None
        reader, writer = await asyncio.open_connection(sock=sock)
        self.sockets.append(writer)
        return reader, writer

    async def talk(self, address, port, first=b"", **where):
        """What the server said about itself, after a word went there and back. `first` goes before it."""
        reader, writer = await self.connect(address, port, **where)
        writer.write(first + b"ping\n")
        try:
            greeting = await asyncio.wait_for(reader.readline(), LIMIT_S)
            back = await asyncio.wait_for(reader.readline(), LIMIT_S)
        except (OSError, asyncio.TimeoutError) as error:
            raise Mismatch(f"{address} port {port}: no answer: {error!r}") from None
        if back != b"ping\n":
            raise Mismatch(f"{address} port {port}: {greeting + back!r}")
        peer = writer.get_extra_info("peername")[:2]
        if peer != (address, port):
            raise Mismatch(f"the client sees {peer} instead of {address} port {port}")
        writer.close()
        return greeting.decode().strip()

    async def get(self, address, port, path="/", **where):
        """Body of an HTTP answer."""
        reader, writer = await self.connect(address, port, **where)
        writer.write(f"GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n".encode())
        try:
            raw = await asyncio.wait_for(reader.read(-1), LIMIT_S)
        except (OSError, asyncio.TimeoutError) as error:
            raise Mismatch(f"{address} port {port}: no answer: {error!r}") from None
        return raw.partition(b"\r\n\r\n")[2].decode()

    async def stat(self, name, want):
        async def attempt():
            got = (await self.proxy.stats()).get(name)
            if got != str(want):
                raise Mismatch(f"stat {name}: expected {want}, got {got}")

        await self.waiter.polled(attempt)

    async def stop(self):
        for writer in self.sockets:
            writer.transport.abort()
        complaint = await self.proxy.stop()
        for server in self.servers:
            server.close()
        self.world.destroy()
        log = self.proxy.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        if re.search(r"AddressSanitizer|ThreadSanitizer|runtime error:", log):
            complaint = "a sanitizer complained"
        return complaint, log
