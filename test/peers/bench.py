"""What a test of real peers stands on: the proxy under test, origins behind it, commands in front of it."""

import asyncio
import pathlib
import re
import shutil
import tempfile

from harness import config
from harness.certificates import Kit
from harness.match import Mismatch
from harness.proxy import Proxy, reserve_port
from harness.wait import Waiter


class Origin:
    """An upstream as harness.config wants it: where it listens, and what it speaks."""

    path = None

    def __init__(self, port, protocol="http1", host="127.0.0.1"):
        self.port, self.protocol, self.host = port, protocol, host


class Bench:
    def __init__(self, binary, args):
        self.args = args
        self.folder = tempfile.mkdtemp(prefix="peers-")
        pathlib.Path(self.folder).chmod(0o755)  # nginx serves files from it as another user
        self.waiter = Waiter(20)
        self.proxy = Proxy(binary, self.folder, self.waiter)
        self.processes = []
        self.closers = []
        self.kit = None

    @property
    def port(self):
        return self.proxy.port("main")

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def secure_url(self):
        return f"https://127.0.0.1:{self.port}"

    def certs(self, wanted):
        """Certificates, as `certs:` of a wire scenario; their $names are known to start()."""
        self.kit = Kit(wanted, f"{self.folder}/certs")

    def file(self, name):
        """Path of 'server.crt' and the like."""
        return self.kit.names()[name]

    def free_port(self):
        reservation = reserve_port()
        self.closers.append(reservation.close)
        return reservation.getsockname()[1]

    async def echo(self, name="echo", protocol="http1"):
        """outrigger-echo as an origin."""
        process = await asyncio.create_subprocess_exec(
            self.args.echo, "--name", name, "--listen", "127.0.0.1:0", stdout=asyncio.subprocess.PIPE, start_new_session=True)
        self.processes.append(process)
        line = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
        return Origin(int(re.search(r":(\d+)$", line.strip())[1]), protocol)

    async def serve(self, handler, protocol="http1"):
        """An asyncio handler (reader, writer) as an origin."""
        server = await asyncio.start_server(handler, "127.0.0.1", 0, limit=1 << 20)
        self.closers.append(server.close)
        return Origin(server.sockets[0].getsockname()[1], protocol)

    async def daemon(self, command, port):
        """A server that stays in the foreground; returns when it listens on the port."""
        with open(f"{self.folder}/{pathlib.Path(command[0]).name}.log", "ab") as log:
            process = await asyncio.create_subprocess_exec(*map(str, command), stdout=log, stderr=log, start_new_session=True)
        self.processes.append(process)

        async def listens():
            if process.returncode is not None:
                raise RuntimeError(f"{command[0]} ended: {pathlib.Path(log.name).read_text()[-800:]}")
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
            except OSError as error:
                raise Mismatch(f"{command[0]}: {error}") from None

        await self.waiter.polled(listens)
        return Origin(port)

    async def start(self, origin, wanted=None, arguments=()):
        """The proxy, with everything routed to the origin; `wanted` as `config:` of a wire scenario."""
        names = {"dir": self.folder, "first": "origin", "port.main": self.port, "port.admin": self.proxy.port("admin")}
        names.update(self.kit.names() if self.kit else {})
        names.update({f"port.{name}": self.proxy.port(name) for name in (wanted or {}).get("more_listeners", {})})
        tree = config.build(wanted or {}, {"origin": origin}, names)
        await self.proxy.start(tree, list(arguments))

    async def run(self, *command, stdin=None, limit_s=120):
        """Exit code and output (both streams) of a client."""
        process = await asyncio.create_subprocess_exec(
            *map(str, command), stdin=asyncio.subprocess.PIPE if stdin is not None else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        try:
            output, _ = await asyncio.wait_for(process.communicate(stdin), limit_s)
        except (TimeoutError, asyncio.TimeoutError):
            process.kill()
            raise Mismatch(f"{' '.join(map(str, command))} did not end in {limit_s} s") from None
        return process.returncode, output.decode(errors="replace")

    async def output(self, *command, **more):
        """The same, of a client that must succeed."""
        code, output = await self.run(*command, **more)
        if code != 0:
            raise Mismatch(f"{' '.join(map(str, command))} exited with {code}: {output[-1500:]}")
        return output

    async def stat(self, name, want):
        async def attempt():
            got = (await self.proxy.stats()).get(name)
            if got != str(want):
                raise Mismatch(f"stat {name}: expected {want}, got {got}")

        await self.waiter.polled(attempt)

    def memory_mb(self, field):
        """VmRSS now, or VmHWM: the most that it ever was."""
        status = pathlib.Path(f"/proc/{self.proxy.process.pid}/status").read_text()
        return int(re.search(rf"{field}:\s+(\d+)", status)[1]) / 1024

    def log_tail(self):
        log = self.proxy.log()
        shutil.rmtree(self.folder, ignore_errors=True)
        return "\n    log: " + "\n         ".join(log.splitlines()[-20:]) if log else ""

    async def stop(self):
        complaint = await self.proxy.stop()
        for close in self.closers:
            close()
        for process in self.processes:
            if process.returncode is None:
                process.terminate()
                await process.wait()
        if re.search(r"AddressSanitizer|ThreadSanitizer|runtime error:", self.proxy.log()):
            return "a sanitizer complained"
        return complaint

