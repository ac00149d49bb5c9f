"""Outrigger and the real Envoy side by side, in front of the same servers; each server says its number."""

import asyncio
import os
import pathlib

from harness import config
from harness.match import Mismatch
from harness.proxy import Binary, Proxy

AT_ONCE = 100  # requests that one connection has under way


class Side:
    """One of the two proxies."""

    def __init__(self, bench, proxy):
        self.bench, self.proxy = bench, proxy

    async def start(self, parts):
        names = {"dir": self.proxy.folder, "first": "", "port.main": self.proxy.port("main"), "port.admin": self.proxy.port("admin")}
        names |= {f"port.{listener['name']}": self.proxy.port(listener["name"]) for listener in parts.get("listeners", [])}
        await self.proxy.start(config.build(parts, {}, names), [])

    async def has(self, clusters, state):
        """Each of the clusters has these endpoints, number -> health, and knows of it."""
        want = {"membership_total": len(state), "membership_healthy": list(state.values()).count("HEALTHY"), "membership_degraded": list(state.values()).count("DEGRADED")}

        async def attempt():
            stats = await self.proxy.stats()
            for name in clusters:
                got = {kind: int(stats.get(f"cluster.{name}.{kind}", -1)) for kind in want}
                if got != want:
                    raise Mismatch(f"{self.proxy.binary.kind}, {name}: {got}, not {want}")

        await self.bench.waiter.polled(attempt)
        await self.proxy.settled()

    async def answers(self, path, count):
        """What that many requests are answered, in their order; `x-user` tells them apart."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.proxy.port("main"), limit=1 << 20)
        found = []
        for first in range(0, count, AT_ONCE):
            writer.write(b"".join(f"GET {path} HTTP/1.1\r\nhost: a\r\nx-user: user {number}\r\n\r\n".encode() for number in range(first, first + AT_ONCE)))
            for _ in range(AT_ONCE):
                head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)
                size = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
                body = await reader.readexactly(size)
                found.append(body.decode() if head.startswith(b"HTTP/1.1 200") else head.split(b"\r\n")[0].decode())
        writer.close()
        return found


class Pair:
    def __init__(self, bench):
        self.bench, self.folder = bench, pathlib.Path(bench.folder)

    async def start(self, clusters, routes, bootstrap=None, **parts):
        """`parts`: as a scenario's config (test/wire/README.md)."""
        other = self.folder / "envoy"
        other.mkdir()
        self.envoy = Proxy(Binary(os.path.abspath(self.bench.args.envoy), "envoy"), str(other), self.bench.waiter)
        self.sides = [Side(self.bench, self.bench.proxy), Side(self.bench, self.envoy)]
        for side in self.sides:
            await side.start({"clusters": clusters, "routes": routes, "bootstrap": {"node": {"id": "n", "cluster": "c"}, **(bootstrap or {})}, **parts})

    async def answers(self, path, count):
        """Ours and Envoy's."""
        return await asyncio.gather(*(side.answers(path, count) for side in self.sides))

    async def stop(self):
        await self.envoy.stop()


def no_envoy(bench):
    """True, and a line that says so: there is nothing to compare with."""
    there = os.path.exists(bench.args.envoy)
    if not there:
        print(f"no Envoy at {bench.args.envoy}: nothing is compared")
    return not there


async def numbered_origins(bench, count):
    """nginx, of which each port says its number; returns the ports."""
    ports = [bench.free_port() for _ in range(count)]
    folder = pathlib.Path(bench.folder, "nginx")
    folder.mkdir()
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "\n".join(f'server {{ listen 127.0.0.1:{port}; location / {{ return 200 "{number}"; }} }}' for number, port in enumerate(ports))
    conf = folder / "nginx.conf"
    conf.write_text(f"daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;\nevents {{}}\n"
                    f"http {{ access_log off; {scratch} keepalive_requests 1000000; default_type text/plain;\n{servers}\n}}\n")
    await bench.daemon(["nginx", "-c", conf], ports[-1])
    return ports
