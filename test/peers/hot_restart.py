"""Processes that take over from each other under load: no connection is refused, none is reset, and nothing that was counted is lost."""

import asyncio
import json
import re
import signal

from harness.match import Mismatch
from harness.suite import not_envoy

TIMES = 20


class Row:
    """The processes of one base id, one epoch after the other."""

    def __init__(self, bench, shutdown_s):
        self.bench, self.shutdown_s, self.epoch, self.before = bench, shutdown_s, 0, []

    def arguments(self):
        return ["--base-id", str(self.bench.port), "--restart-epoch", str(self.epoch), "--parent-shutdown-time-s", str(self.shutdown_s), "--concurrency", "2"]

    async def start(self, origin):
        await self.bench.start(origin, arguments=self.arguments())

    async def serving(self, epoch):
        """The administration interface is that of this epoch, and it is live."""

        async def attempt():
            status, body, _ = await self.bench.proxy.admin("GET", "/server_info")
            info = json.loads(body) if status == 200 else {}
            got = info.get("command_line_options", {}).get("restart_epoch"), info.get("state")
            if got != (epoch, "LIVE"):
                raise Mismatch(f"epoch and state {got}, not {epoch} and LIVE")

        await self.bench.waiter.polled(attempt)

    async def restart(self):
        proxy = self.bench.proxy
        self.before.append(proxy.process)
        self.epoch += 1
        await proxy.spawn(["-c", f"{self.bench.folder}/bootstrap.json", *proxy.binary.arguments(self.arguments())])
        await self.serving(self.epoch)

    async def ended(self):
        """All that were replaced have ended, and well."""
        for process in self.before:
            code = await asyncio.wait_for(process.wait(), self.shutdown_s + 20)
            if code != 0:
                raise Mismatch(f"a process that was replaced exited with {code}")
        self.before.clear()


class Client:
    """Keep-alive requests one after another; a connection is made anew only when the proxy has said that it closes this one."""

    def __init__(self, port):
        self.port, self.good, self.connections, self.reader = port, 0, 0, None

    async def ask(self):
        if self.reader is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.connections += 1
        self.writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        head = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)).lower()
        if not head.startswith(b"http/1.1 200"):
            raise Mismatch(f"answered {head!r}")
        await self.reader.readexactly(int(re.search(rb"content-length: (\d+)", head)[1]))
        self.good += 1
        if b"connection: close" in head:
            self.writer.close()
            self.reader = None

    async def run(self, stop):
        try:
            while not stop.is_set():
                await self.ask()
                await asyncio.sleep(0.001)
        except (OSError, EOFError) as error:
            raise Mismatch(f"request {self.good + 1}: {type(error).__name__} {error}") from None


async def new_connections(bench, stop):
    """A connection for each request; returns how many were answered."""
    good = 0
    while not stop.is_set():
        out = await bench.output("wrk", "-t1", "-c4", "-d1s", "-H", "Connection: close", bench.url + "/")
        if "Socket errors" in out or "Non-2xx" in out:
            raise Mismatch(out)
        good += int(re.search(r"(\d+) requests in", out)[1])
    return good


@not_envoy("it resets the connections that are open when the replaced process ends")
async def test_restarts_under_load(bench):
    row, stop = Row(bench, 2), asyncio.Event()
    await row.start(await bench.echo())
    clients = [Client(bench.port) for _ in range(8)]
    loads = [asyncio.create_task(client.run(stop)) for client in clients] + [asyncio.create_task(new_connections(bench, stop))]
    try:
        for _ in range(TIMES):
            await row.restart()
            for load in loads:
                if load.done():
                    load.result()
    finally:
        stop.set()
        results = await asyncio.gather(*loads)
    await row.ended()
    good = results[-1] + sum(client.good for client in clients)
    assert all(client.connections >= TIMES / 2 for client in clients), [client.connections for client in clients]
    counted = int((await bench.proxy.stats())["http.main.downstream_rq_2xx"])
    if counted < good * 0.99:
        raise Mismatch(f"{good} requests were answered, {counted} are counted")


async def test_a_request_that_is_under_way(bench):
    """It is finished by the process that began it, after that was replaced."""
    row = Row(bench, 5)
    await row.start(await bench.echo())
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhello")
    await writer.drain()
    await bench.stat("http.main.downstream_rq_active", 1)
    await row.restart()
    await bench.stat("server.parent_connections", 1)
    writer.write(b"world")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    assert head.startswith(b"HTTP/1.1 200"), head
    await reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))
    if bench.proxy.binary.kind != "envoy":  # which leaves it to chance, little of it so early in its drain time
        assert b"connection: close" in head.lower(), head
        assert await asyncio.wait_for(reader.read(), 10) == b""
    writer.close()
    await row.ended()
    await bench.stat("server.parent_connections", 0)


@not_envoy("its admin interface is gone once a successor tried to start")
async def test_a_successor_that_cannot_start(bench):
    """It leaves the process that serves as it was, administration interface and all."""
    row = Row(bench, 5)
    await row.start(await bench.echo())
    arguments = ["--config-yaml", "static_resources: {listeners: [{name: x, address: {socket_address: {address: 192.0.2.1, port_value: 1}}, "
                 "filter_chains: [{filters: []}]}]}", "--base-id", str(bench.port), "--restart-epoch", "1"]
    code, output = await bench.proxy.run(["-c", f"{bench.folder}/bootstrap.json", *arguments])
    assert code == 1, (code, output)
    await row.serving(0)
    await Client(bench.port).ask()


@not_envoy("the process before does not serve again")
async def test_a_successor_that_crashes(bench):
    """Once it served: the process before it serves again, and can be replaced again."""
    row = Row(bench, 60)
    await row.start(await bench.echo())
    first = bench.proxy.process
    await row.restart()
    await Client(bench.port).ask()
    bench.proxy.process.send_signal(signal.SIGKILL)
    await bench.proxy.process.wait()
    bench.proxy.process, row.epoch = first, 0
    await row.serving(0)
    row.before.clear()
    for _ in range(3):
        await Client(bench.port).ask()
    row.shutdown_s = 1
    await row.restart()
    await Client(bench.port).ask()
    await row.ended()


@not_envoy("it aborts itself when its predecessor is gone")
async def test_a_predecessor_that_crashes(bench):
    row = Row(bench, 60)
    await row.start(await bench.echo())
    first = bench.proxy.process
    await row.restart()
    first.send_signal(signal.SIGKILL)
    await first.wait()
    row.before.clear()
    await bench.stat("server.parent_connections", 0)
    await Client(bench.port).ask()
    await row.restart()
    await Client(bench.port).ask()
