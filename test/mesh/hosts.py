"""Hosts of a mesh on this machine: network namespaces on one bridge, each with an address of 10.10.0.0/16; everything else goes to the
bridge, where nobody answers for the addresses of services: whoever wants one needs a sidecar."""

import asyncio
import contextlib
import ctypes
import os
import pathlib
import shutil
import signal
import socket
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
BRIDGE = "10.10.255.254"
RESOLVER = "10.10.0.1"  # where names are asked for; whoever is there answers
SETTINGS = pathlib.Path("/etc/netns")  # `ip netns exec` shows a namespace its own files from here
STOP_S = 10


class Impossible(Exception):
    """This machine does not let us: the reason."""


def command(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Impossible(f"{' '.join(map(str, words))}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Host:
    """One namespace. Processes and sockets that are made in it stay there."""

    def __init__(self, network, name, address):
        self.network, self.name, self.address = network, name, address
        self.namespace = f"or-{name}-{network.number}"
        self.processes = []

    @contextlib.contextmanager
    def inside(self):
        with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{self.namespace}") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(here)

    @staticmethod
    def _enter(namespace):
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET):
            raise Impossible(f"setns: {os.strerror(ctypes.get_errno())}")

    def listen(self, port):
        with self.inside():
            sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("0.0.0.0", port))
        return sock

    async def connect(self, address, port):
        with self.inside():
            sock = socket.socket()
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, (address, port))
        except OSError:
            sock.close()
            raise
        return await asyncio.open_connection(sock=sock, limit=1 << 24)

    def run(self, *words):
        """A command, to its end."""
        return command("ip", "netns", "exec", self.namespace, *words)

    async def start(self, words, log, folder, environment):
        """A process that stays; its output goes to a file through a pipe, as one of them opens /dev/stdout by path."""
        process = await asyncio.create_subprocess_exec(
            "ip", "netns", "exec", self.namespace, *[str(w) for w in words], cwd=folder, env=environment, start_new_session=True,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        started = Process(process, log)
        self.processes.append(started)
        return started

    async def stop(self):
        for process in self.processes:
            await process.stop()


class Process:
    def __init__(self, process, log):
        self.process, self.path = process, log
        self.copier = asyncio.create_task(self._copy())

    async def _copy(self):
        with open(self.path, "ab", buffering=0) as log:
            while data := await self.process.stdout.read(65536):
                log.write(data)

    def log(self):
        try:
            with open(self.path, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    def signal(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, number)

    async def stop(self):
        """The whole session: what it started, too."""
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGTERM)
            try:
                await asyncio.wait_for(self.process.wait(), STOP_S)
            except (TimeoutError, asyncio.TimeoutError):
                pass
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        await self.process.wait()
        self.copier.cancel()


class Network:
    """All hosts of one mesh."""

    made = 0

    def __init__(self):
        Network.made += 1
        self.number = f"{os.getpid()}-{Network.made}"
        self.switch = f"or-switch-{self.number}"
        self.hosts = {}

    def build(self):
        command("ip", "netns", "add", self.switch)
        self._ip(self.switch, "link", "add", "bridge", "type", "bridge")
        self._ip(self.switch, "addr", "add", f"{BRIDGE}/16", "dev", "bridge")
        self._ip(self.switch, "link", "set", "bridge", "up")

    def add(self, name, address):
        host = Host(self, name, address)
        port = f"p{len(self.hosts)}"
        self.hosts[name] = host
        command("ip", "netns", "add", host.namespace)
        settings = SETTINGS / host.namespace
        settings.mkdir(parents=True)
        (settings / "resolv.conf").write_text(f"nameserver {RESOLVER}\n")
        command("ip", "-n", self.switch, "link", "add", "dev", port, "type", "veth", "peer", "name", "eth0", "netns", host.namespace)
        self._ip(self.switch, "link", "set", port, "master", "bridge", "up")
        for words in (("link", "set", "lo", "up"), ("addr", "add", f"{address}/16", "dev", "eth0"), ("link", "set", "eth0", "up"),
                      ("route", "add", "default", "via", BRIDGE)):
            self._ip(host.namespace, *words)
        return host

    @staticmethod
    def _ip(name, *words):
        command("ip", "-n", name, *words)

    async def destroy(self):
        for host in reversed(self.hosts.values()):
            await host.stop()
        for name in [h.namespace for h in self.hosts.values()] + [self.switch]:
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
            shutil.rmtree(SETTINGS / name, ignore_errors=True)
