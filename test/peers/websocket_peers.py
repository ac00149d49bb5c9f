"""WebSocket client and server (the websockets package) through an upgrade."""

import asyncio

import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from bench import Origin

UPGRADES = {"hcm": {"upgrade_configs": [{"upgrade_type": "websocket"}]}}


async def started(bench, handler, wanted=None):
    server = await serve(handler, "127.0.0.1", 0, max_size=None)
    bench.closers.append(server.close)
    await bench.start(Origin(server.sockets[0].getsockname()[1]), wanted or UPGRADES)
    return f"ws://127.0.0.1:{bench.port}/chat"


async def repeat(websocket):
    async for message in websocket:
        await websocket.send(message)


async def test_text_and_binary(bench):
    async with connect(await started(bench, repeat)) as websocket:
        for message in ("hello", b"\x00\xff" * 10, ""):
            await websocket.send(message)
            assert await websocket.recv() == message


async def test_large_message(bench):
    message = bytes(range(256)) * 20_000  # 5 MB
    async with connect(await started(bench, repeat), max_size=None) as websocket:
        await websocket.send(message)
        assert await websocket.recv() == message


async def test_many_small_messages(bench):
    async with connect(await started(bench, repeat)) as websocket:
        for number in range(500):
            await websocket.send(str(number))
        assert [await websocket.recv() for _ in range(500)] == [str(n) for n in range(500)]


async def test_ping(bench):
    async with connect(await started(bench, repeat)) as websocket:
        await asyncio.wait_for(await websocket.ping(), 10)


async def test_close_by_the_server(bench):
    async def leave(websocket):
        await websocket.close(4001, "enough")

    async with connect(await started(bench, leave)) as websocket:
        try:
            await websocket.recv()
        except websockets.ConnectionClosed as closed:
            assert (closed.rcvd.code, closed.rcvd.reason) == (4001, "enough"), closed
    await bench.stat("http.main.downstream_cx_upgrades_active", 0)


async def test_close_by_the_client(bench):
    closed = asyncio.Event()

    async def wait(websocket):
        await websocket.wait_closed()
        closed.set()

    async with connect(await started(bench, wait)):
        pass
    await asyncio.wait_for(closed.wait(), 10)


async def test_subprotocol_and_headers(bench):
    server_saw = []

    async def note(websocket):
        server_saw.append(websocket.request.headers["x-who"])
        await repeat(websocket)

    server = await serve(note, "127.0.0.1", 0, subprotocols=["chat.v2"])
    bench.closers.append(server.close)
    await bench.start(Origin(server.sockets[0].getsockname()[1]), UPGRADES)
    async with connect(f"ws://127.0.0.1:{bench.port}/", subprotocols=["chat.v1", "chat.v2"], additional_headers={"x-who": "me"}) as websocket:
        assert websocket.subprotocol == "chat.v2"
        await websocket.send("x")
        await websocket.recv()
    assert server_saw == ["me"], server_saw
