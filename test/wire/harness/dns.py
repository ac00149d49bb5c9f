"""DNS for scenarios: a server of our own for exact behaviours, and dnsmasq as a real one. README.md lists the records."""

import asyncio
import ipaddress
import os
import pathlib
import signal
import socket
import struct

from .match import Mismatch

A, AAAA, SOA, OPT = 1, 28, 6, 41
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}
PLAIN_SIZE = 512  # of an answer to a client that says nothing about its buffer
DNSMASQ = ("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--listen-address=127.0.0.1", "--bind-interfaces", "--no-resolv",
           "--no-hosts", "--user=root", "--local=/test/", "--log-queries", "--log-facility=-", "--pid-file=", "--cache-size=0")


def resolver(port):
    """What a cluster's typed_dns_resolver_config says to ask this port."""
    kind = "type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig"
    return {"name": "envoy.network.dns_resolver.cares",
            "typed_config": {"@type": kind, "resolvers": [{"socket_address": {"address": "127.0.0.1", "port_value": port}}]}}


def bound_pair():
    """A UDP and a TCP socket on one free port of 127.0.0.1."""
    while True:
        tcp, udp = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        tcp.bind(("127.0.0.1", 0))
        try:
            udp.bind(tcp.getsockname())
            return udp, tcp
        except OSError:
            tcp.close()
            udp.close()


class Question:
    def __init__(self, packet):
        self.id, self.flags, _, _, _, extra = struct.unpack("!6H", packet[:12])
        labels, at = [], 12
        while packet[at]:
            labels.append(packet[at + 1:at + 1 + packet[at]].decode("latin-1"))
            at += 1 + packet[at]
        self.name = ".".join(labels).lower()
        self.kind, = struct.unpack("!H", packet[at + 1:at + 3])
        self.raw = packet[12:at + 5]
        self.room = PLAIN_SIZE
        if extra and packet[at + 5:at + 8] == b"\0" + struct.pack("!H", OPT):
            self.room = max(PLAIN_SIZE, struct.unpack("!H", packet[at + 8:at + 10])[0])


def answer(question, record, limit):
    """The packet. `record` None: there is no such name."""
    rcode = RCODES[record.get("rcode", "NOERROR")] if record is not None else RCODES["NXDOMAIN"]
    record = record or {}
    addresses = [ipaddress.ip_address(a) for a in record.get("addresses", [])] if rcode == 0 else []
    wanted = [a for a in addresses if (question.kind == A and a.version == 4) or (question.kind == AAAA and a.version == 6)]
    ttl = record.get("ttl", 60)
    body = b"".join(struct.pack("!HHHIH", 0xC00C, question.kind, 1, ttl, len(a.packed)) + a.packed for a in wanted)
    cut = limit is not None and (len(body) + 12 + len(question.raw) > limit or record.get("truncated", False))
    if cut:
        body, wanted = b"", []
    flags = 0x8580 | (0x0200 if cut else 0) | rcode
    return struct.pack("!6H", question.id, flags, 1, len(wanted), 0, 0) + question.raw + body


class Server(asyncio.DatagramProtocol):
    """Answers over UDP and TCP what `records` says; counts the questions."""

    def __init__(self, records, waiter):
        self.waiter = waiter
        self.records = {}
        self.change(records)
        self.questions = []  # (name, kind, "udp" or "tcp")
        self.transport = self.tcp = None
        udp, tcp = bound_pair()
        self.sockets = udp, tcp
        self.port = tcp.getsockname()[1]

    def change(self, records):
        for name, record in records.items():
            self.records[name.lower()] = self._record(record)

    @staticmethod
    def _record(record):
        if isinstance(record, list):
            return {"addresses": record}
        if isinstance(record, str):
            return {"silent": True} if record == "silence" else {"rcode": record}
        return record

    async def start(self):
        loop = asyncio.get_running_loop()
        udp, tcp = (sock.dup() for sock in self.sockets)
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=udp)
        self.tcp = await asyncio.start_server(self._connection, sock=tcp)

    def connection_lost(self, _):
        pass

    def datagram_received(self, data, address):
        asyncio.create_task(self._reply(Question(data), "udp", lambda packet: self.transport.sendto(packet, address)))

    async def _connection(self, reader, writer):
        try:
            while True:
                size, = struct.unpack("!H", await reader.readexactly(2))
                question = Question(await reader.readexactly(size))
                await self._reply(question, "tcp", lambda packet: writer.write(struct.pack("!H", len(packet)) + packet))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _reply(self, question, over, send):
        self.questions.append((question.name, {A: "A", AAAA: "AAAA"}.get(question.kind, str(question.kind)), over))
        self.waiter.changed()
        record = self.records.get(question.name)
        if isinstance(record, dict) and {"A", "AAAA"} & set(record):  # the families differ
            record = self._record(record.get("A" if question.kind == A else "AAAA", []))
        if record and record.get("silent"):
            return
        if record and "delay" in record:
            await asyncio.sleep(record["delay"])
        send(answer(question, record, question.room if over == "udp" else None))

    async def stop(self):
        """From now on a question meets a closed port, until start()."""
        if self.transport:
            self.transport.close()
            self.tcp.close()
            self.transport = self.tcp = None

    async def close(self):
        await self.stop()
        for sock in self.sockets:
            sock.close()


class Dnsmasq:
    """The real dnsmasq with a hosts file; every name below .test that is not in it does not exist."""

    def __init__(self, records, waiter, folder, ttl):
        self.waiter, self.folder, self.ttl = waiter, pathlib.Path(folder), ttl
        self.records = dict(records)
        udp, tcp = bound_pair()
        self.port = tcp.getsockname()[1]
        udp.close()
        tcp.close()
        self.process = None

    @property
    def questions(self):
        lines = (self.folder / "dnsmasq.log").read_text().splitlines()
        found = [line.split("query[", 1)[1] for line in lines if "query[" in line]
        return [(part.split()[1], part.split("]")[0], "udp") for part in found]

    def change(self, records):
        self.records.update(records)
        self._write()
        if self.process:
            os.kill(self.process.pid, signal.SIGHUP)

    def _write(self):
        new = self.folder / "hosts.new"
        new.write_text("".join(f"{address} {name}\n" for name, found in self.records.items() if found != "NXDOMAIN" for address in found))
        os.rename(new, self.folder / "hosts")

    async def start(self):
        self._write()
        with open(self.folder / "dnsmasq.log", "ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *DNSMASQ, f"--port={self.port}", f"--addn-hosts={self.folder}/hosts", f"--local-ttl={self.ttl}", stdout=log, stderr=log)
        await self.waiter.polled(self._listens)

    async def _listens(self):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.close()
        except OSError as error:
            raise Mismatch(f"dnsmasq: {error} {(self.folder / 'dnsmasq.log').read_text()[-400:]}") from None

    async def stop(self):
        if self.process and self.process.returncode is None:
            self.process.terminate()
            await self.process.wait()
        self.process = None

    async def close(self):
        await self.stop()


def make(spec, waiter, folder):
    """`dns:` of a scenario: {records: {name: ..}, server: dnsmasq}."""
    unknown = set(spec) - {"records", "server", "ttl"}
    if unknown:
        raise ValueError(f"dns: unknown {sorted(unknown)}")
    if spec.get("server") == "dnsmasq":
        return Dnsmasq(spec.get("records", {}), waiter, folder, spec.get("ttl", 1))
    return Server(spec.get("records", {}), waiter)
