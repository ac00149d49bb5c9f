"""Bodies of a gigabyte in both directions, and peers that are slow: memory stays bounded, and nobody else waits."""

import asyncio
import socket

from curl_client import CURL
from harness.match import Mismatch

# What a proxy may hold of bodies in flight: buffers of both sides and the windows of HTTP/2, far below the body.
ROOM_MB = 80
STALLED_S = 0.3  # nothing moved for so long: the proxy has stopped reading


async def within(bench, before):
    grown = bench.memory_mb("VmHWM") - before
    if grown > ROOM_MB:
        raise Mismatch(f"memory grew by {grown:.0f} MB over {before:.0f} MB")


async def download(bench, flag, protocol):
    size = bench.args.body_mb << 20
    await bench.start(await bench.echo("v1", protocol), {"route": {"timeout": "0s"}})
    before = bench.memory_mb("VmRSS")
    got = await bench.output("curl", "-sS", flag, "-o", "/dev/null", "-w", "%{size_download}", f"{bench.url}/?size={size}", limit_s=240)
    assert got == str(size), got
    await within(bench, before)


async def upload(bench, flag, protocol):
    size = bench.args.body_mb << 20
    await bench.start(await bench.echo("v1", protocol), {"route": {"timeout": "0s"}})
    before = bench.memory_mb("VmRSS")
    out = await bench.output("sh", "-c", f"head -c {size} /dev/zero | curl -sS {flag} -T - {bench.url}/up", limit_s=240)
    assert f'"body_bytes": {size}' in out, out
    await within(bench, before)


async def test_download_h1_h1(bench):
    await download(bench, "--http1.1", "http1")


async def test_download_h1_h2(bench):
    await download(bench, "--http1.1", "http2")


async def test_download_h2_h1(bench):
    await download(bench, "--http2-prior-knowledge", "http1")


async def test_download_h2_h2(bench):
    await download(bench, "--http2-prior-knowledge", "http2")


async def test_upload_h1_h1(bench):
    await upload(bench, "--http1.1", "http1")


async def test_upload_h1_h2(bench):
    await upload(bench, "--http1.1", "http2")


async def test_upload_h2_h1(bench):
    await upload(bench, "--http2-prior-knowledge", "http1")


async def test_upload_h2_h2(bench):
    await upload(bench, "--http2-prior-knowledge", "http2")


async def stalled(count):
    """Waits until `count()` has not moved for a while; returns it."""
    last = -1
    while count() != last:
        last = count()
        await asyncio.sleep(STALLED_S)
    return last


class Source:
    """An origin that answers every request with `size` bytes, as fast as they are taken."""

    def __init__(self, size):
        self.size, self.sent = size, 0

    async def handle(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {self.size}\r\n\r\n".encode())
        piece = b"z" * 65536
        try:
            while self.sent < self.size:
                part = piece[: self.size - self.sent]
                writer.write(part)
                await writer.drain()
                self.sent += len(part)
        except ConnectionError:
            pass
        writer.close()


class Sink:
    """An origin that reads a request's head, and its body only when it is let."""

    def __init__(self):
        self.go, self.received = asyncio.Event(), 0

    async def handle(self, reader, writer):
        head = await reader.readuntil(b"\r\n\r\n")
        if b"GET" in head:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
            return
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        await self.go.wait()
        while self.received < length:
            self.received += len(await reader.read(65536))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\ndone")
        await writer.drain()


async def test_slow_reader_stops_the_origin(bench):
    size = 256 << 20
    source = Source(size)
    await bench.start(await bench.serve(source.handle), {"route": {"timeout": "0s"}})
    before = bench.memory_mb("VmRSS")
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port, limit=65536)
    writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    taken = await stalled(lambda: source.sent)
    if taken >= size:
        raise Mismatch("the origin could send everything though nobody read")
    await within(bench, before)
    got = 0
    while got < size:
        piece = await reader.read(1 << 20)
        if not piece:
            raise Mismatch(f"ended after {got} of {size} bytes")
        got += len(piece)
    writer.close()


async def test_slow_origin_stops_the_client(bench):
    size = 256 << 20
    sink = Sink()
    await bench.start(await bench.serve(sink.handle), {"route": {"timeout": "0s"}})
    before = bench.memory_mb("VmRSS")
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.write(f"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: {size}\r\n\r\n".encode())
    sent = 0

    async def send():
        nonlocal sent
        piece = b"y" * 65536
        while sent < size:
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    sending = asyncio.create_task(send())
    taken = await stalled(lambda: sent)
    if taken >= size:
        raise Mismatch("the client could send everything though nobody read")
    await within(bench, before)
    # Nobody else waits meanwhile.
    assert await bench.output(*CURL, bench.url + "/other") == "ok"
    sink.go.set()
    await asyncio.wait_for(sending, 60)
    assert await asyncio.wait_for(reader.readuntil(b"done"), 60)
    assert sink.received == size
    writer.close()


async def test_slow_writer_is_heard_out(bench):
    """A body in single bytes arrives whole, while others are served."""
    await bench.start(await bench.echo())
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    writer.write(b"POST /slow HTTP/1.1\r\nhost: a\r\ncontent-length: 50\r\n\r\n")
    for _ in range(50):
        writer.write(b"s")
        await writer.drain()
        await asyncio.sleep(0.005)
    assert await bench.output(*CURL, bench.url + "/") == "hello from echo\n"
    assert b'"body_bytes": 50' in await asyncio.wait_for(reader.readuntil(b"]\n}\n"), 10)
    writer.close()


async def test_memory_comes_back(bench):
    """After many connections with data in flight have gone, memory is near where it was."""
    source = Source(64 << 20)
    await bench.start(await bench.serve(source.handle), {"route": {"timeout": "0s"}})
    before = bench.memory_mb("VmRSS")
    writers = []
    for _ in range(30):
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port, limit=65536)
        writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writers.append(writer)
    for writer in writers:
        writer.transport.abort()
    await bench.stat("http.main.downstream_cx_active", 0)
    await bench.stat("cluster.origin.upstream_cx_active", 0)

    async def near():
        grown = bench.memory_mb("VmRSS") - before
        if grown > ROOM_MB / 2:
            raise Mismatch(f"{grown:.0f} MB more than before")

    await bench.waiter.polled(near)
