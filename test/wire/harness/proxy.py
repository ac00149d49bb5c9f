"""The program under test: one process, its ports, its files, its administration interface."""

import asyncio
import os
import pathlib
import signal
import socket

from . import config
from .match import Mismatch


class PortTaken(Exception):
    """Somebody else got a port between choosing it and the proxy's bind: try again with others."""


def reserve_port():
    """A bound socket that does not listen: nobody else is given its port while it is open, and a server that sets
    SO_REUSEADDR, as all do, may bind to it."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


class Binary:
    """A program that is run by every scenario: ours, or the real Envoy."""

    def __init__(self, path, kind):
        self.path, self.kind = path, kind

    def arguments(self, given):
        """The arguments of a scenario, and the usual ones that it does not give itself."""
        usual = {"--concurrency": 1, "-l": "warning", "--file-flush-interval-msec": 20}
        more = [str(part) for flag, value in usual.items() if flag not in given for part in (flag, value)]
        alone = {"--base-id", "--use-dynamic-base-id", "--disable-hot-restart", "--restart-epoch"}.isdisjoint(given)
        return [*given, *more] + (["--disable-hot-restart"] if alone else [])


# About half a second.
SETTLING_LOOKS = 80


class Proxy:
    def __init__(self, binary, folder, waiter):
        self.binary, self.folder, self.waiter = binary, folder, waiter
        self.ports = {}  # name -> the socket that reserves it
        self.admin_socket = None  # path, when the administration interface is there and not on a port
        self.process = None
        self.exit_seen = False  # the scenario itself has looked at how it ended
        self.log_path = f"{folder}/proxy.log"

    def port(self, name):
        if name not in self.ports:
            self.ports[name] = reserve_port()
        return self.ports[name].getsockname()[1]

    async def start(self, tree, arguments, environment=None, ready=True):
        """Until /ready says so; or only until somebody answers there."""
        config.write(tree, f"{self.folder}/bootstrap.json")
        self.admin_socket = tree["admin"]["address"].get("pipe", {}).get("path")
        await self.spawn(["-c", f"{self.folder}/bootstrap.json", *self.binary.arguments(arguments)], environment)
        await self.waiter.polled(self._ready if ready else self._there)

    async def spawn(self, arguments, environment=None):
        with open(self.log_path, "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                self.binary.path, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                env={**os.environ, **(environment or {})}, start_new_session=True)

    async def run(self, arguments):
        """To its end: exit code and what it printed."""
        process = await asyncio.create_subprocess_exec(
            self.binary.path, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT, cwd=self.folder)
        try:
            output, _ = await asyncio.wait_for(process.communicate(), self.waiter.limit_s)
        except (TimeoutError, asyncio.TimeoutError):
            process.kill()
            raise Mismatch(f"{' '.join(arguments)} did not end") from None
        return process.returncode, output.decode(errors="replace")

    async def _ready(self):
        status, body = await self._there()
        if status != 200:
            raise Mismatch(f"/ready: {status} {body!r}")

    async def _there(self):
        if self.process.returncode is not None:
            log = self.log()
            if "in use" in log:
                raise PortTaken(log)
            raise ProcessLookupError(f"exited with {self.process.returncode} before it was ready:\n{log[:400]} .. {log[-400:]}")
        status, body, _ = await self.admin("GET", "/ready")
        return status, body

    async def admin(self, method, path):
        """Status, body and headers of one request to the administration interface."""
        try:
            if self.admin_socket:
                reader, writer = await asyncio.open_unix_connection(self.admin_socket)
            else:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port("admin"))
        except OSError as error:
            raise Mismatch(f"admin: {error}") from None
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\nhost: admin\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
            raw = await asyncio.wait_for(reader.read(-1), self.waiter.limit_s)
        except (OSError, TimeoutError, asyncio.TimeoutError) as error:
            raise Mismatch(f"admin {path}: {type(error).__name__} {error}") from None
        finally:
            writer.close()
        head, _, body = raw.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 "):
            raise Mismatch(f"admin {path}: no answer, {raw[:100]!r}")
        lines = head.decode().split("\r\n")
        headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:]]
        if any(n.lower() == "transfer-encoding" for n, _ in headers):
            body = unchunk(body)
        return int(lines[0].split()[1]), body.decode(errors="replace"), headers

    async def stats(self):
        status, body, _ = await self.admin("GET", "/stats")
        if status != 200:
            raise Mismatch(f"/stats: {status}")
        return dict(line.split(": ", 1) for line in body.splitlines() if ": " in line)

    def log(self):
        try:
            with open(self.log_path, errors="replace") as log:
                return log.read()
        except OSError:
            return ""

    async def settled(self):
        """Waits until no thread has work: what one thread has handed to another is done then. A proxy under load never is, and needs not be."""
        for _ in range(SETTLING_LOOKS):
            if not self._busy():
                await asyncio.sleep(0.001)
                if not self._busy():
                    return
            await asyncio.sleep(0.005)

    def _busy(self):
        try:
            stats = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/stat")
            return any(stat.read_text().rpartition(")")[2].split()[0] in "RD" for stat in stats)
        except OSError:
            return False

    def signal(self, name):
        # Not Process.send_signal: it may reap a process that has just ended, and asyncio never learns its exit code.
        try:
            os.kill(self.process.pid, getattr(signal, name))
        except ProcessLookupError:
            pass

    async def exit_code(self):
        try:
            code = await asyncio.wait_for(self.process.wait(), self.waiter.limit_s)
        except (TimeoutError, asyncio.TimeoutError):
            raise Mismatch("the proxy did not exit") from None
        self.exit_seen = True
        return code

    def died(self):
        """How it ended by itself, if it did so without the scenario's asking."""
        if self.process is None or self.process.returncode is None or self.exit_seen:
            return None
        return f"exited with {self.process.returncode}"

    async def stop(self):
        """Ends the process; returns a complaint if it did not end well."""
        complaint = await self._end()
        for reservation in self.ports.values():
            reservation.close()
        return complaint

    async def _end(self):
        if self.process is None or self.exit_seen:
            return None
        if self.process.returncode is None:
            for wait_s in (1, self.waiter.limit_s):  # the second signal asks for an exit at once
                self.signal("SIGTERM")
                try:
                    await asyncio.wait_for(self.process.wait(), wait_s)
                    break
                except (TimeoutError, asyncio.TimeoutError):
                    continue
            else:
                self.signal("SIGKILL")
                await self.process.wait()
                return "did not exit on SIGTERM"
        code = self.process.returncode
        return f"exited with {code}" if code else None


def unchunk(body):
    out = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size, 16)
        if length == 0:
            break
        out += body[:length]
        body = body[length + 2:]
    return out
