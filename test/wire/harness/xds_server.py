"""The management server of a scenario: the process of test/xds_server, its commands, and what it says of its clients."""

import asyncio
import base64
import json
import pathlib

from .match import Mismatch
from .proxy import PortTaken, reserve_port

PROGRAM = pathlib.Path(__file__).resolve().parent.parent.parent.parent / "build/tools/xds_server"
LINE = 1 << 26  # a response names its resources


class XdsServer:
    """`spec`: `unix: true`, `tls: {certificate, client certificate: required, trusts}`."""

    def __init__(self, spec, waiter, folder, kit):
        self.spec, self.waiter, self.folder, self.kit = spec, waiter, folder, kit
        self.reservation = None if spec.get("unix") else reserve_port()
        self.port = self.reservation.getsockname()[1] if self.reservation else None
        self.path = f"{folder}/xds.sock" if spec.get("unix") else None
        self.process = self.reader = None
        self.events = []
        self.answers = {}
        self.number = 0
        self.versions = {}  # type -> the version that was set last

    async def start(self):
        where = f"unix:{self.path}" if self.path else f"127.0.0.1:{self.port}"
        arguments = ["-listen", where] + self._tls() + (["-idle"] if self.spec.get("listening") is False else [])
        self.process = await asyncio.create_subprocess_exec(
            str(PROGRAM), *arguments, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE)
        self.reader = asyncio.create_task(self._read())
        await self.waiter.until(lambda: self.find("listens") or self.process.returncode is not None, lambda: "xds_server does not listen")
        if not self.find("listens"):
            raise PortTaken("xds_server")

    def _tls(self):
        tls = self.spec.get("tls")
        if tls is None:
            return []
        name = tls.get("certificate", "server")
        made = ["-cert", f"{self.kit.folder}/{name}.crt", "-key", f"{self.kit.folder}/{name}.key"]
        return made + (["-client-ca", f"{self.kit.folder}/{tls['trusts']}.crt"] if "trusts" in tls else [])

    async def _read(self):
        while line := await self.process.stdout.readline():
            event = json.loads(line)
            if event["event"] == "answer":
                self.answers[event["id"]] = event
            else:
                self.events.append(event)
            self.waiter.changed()
        await self.process.wait()
        self.waiter.changed()

    def find(self, kind, **wanted):
        """All events of a kind with these values."""
        return [e for e in self.events if e["event"] == kind and all(e.get(k) == v for k, v in wanted.items())]

    async def do(self, what, **more):
        """Carries out a command; the value of its answer."""
        self.number += 1
        number = self.number
        self.process.stdin.write(json.dumps({"id": number, "do": what, **more}).encode() + b"\n")
        await self.process.stdin.drain()
        await self.waiter.until(lambda: number in self.answers, lambda: f"xds_server does not answer {what}")
        answer = self.answers.pop(number)
        if answer.get("error"):
            raise Mismatch(f"xds_server {what}: {answer['error']}")
        return answer.get("value")

    async def apply(self, changes, silent=False):
        self.versions.update(await self.do("apply", changes=changes, silent=silent))

    # --- what clients sent

    def acknowledged(self, kind, version):
        """'ack', 'nack: reason', or None: what was said of a response with this version, by anybody. A NACK weighs more."""
        nonces = {e["nonce"] for e in self.find("sent", type=kind, version=version) if e.get("nonce")}
        found = [e for e in self.find("request", type=kind) if e.get("nonce") in nonces]
        for event in found:
            if event.get("code") or event.get("error"):
                return f"nack: {event.get('error', '')}"
        return "ack" if found else None

    def history(self):
        """The last of what happened, for people."""
        left_out = ("node", "metadata", "type_url", "time")
        return "\n      ".join(json.dumps({k: v for k, v in e.items() if k not in left_out})[:400] for e in self.events[-25:])

    async def stop(self):
        if self.process is not None and self.process.returncode is None:
            self.process.stdin.close()
            try:
                await asyncio.wait_for(self.process.wait(), 5)
            except (TimeoutError, asyncio.TimeoutError):
                self.process.kill()
                await self.process.wait()
        if self.reader:
            self.reader.cancel()
        if self.reservation:
            self.reservation.close()


def resource(name, value, **more):
    """As a command writes it. `value`: an Any, octets, or None for a resource that is said to be absent."""
    if value is None:
        return {"name": name, "absent": True, **more}
    if isinstance(value, bytes):
        return {"name": name, "value": base64.b64encode(value).decode(), **more}
    return {"name": name, "type_url": value.type_url, "value": base64.b64encode(value.value).decode(), **more}
