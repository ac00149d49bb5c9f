"""gRPC client and server (grpcio) through HTTP/2 on both sides: every kind of call, statuses, deadlines, cancellation."""

import asyncio

import grpc
import grpc.aio

from bench import Origin


class Service(grpc.GenericRpcHandler):
    """Bytes in, bytes out: no generated code."""

    def __init__(self):
        self.cancelled = asyncio.Event()

    def service(self, details):
        kind = details.method.rsplit("/", 1)[1]
        return {
            "Unary": grpc.unary_unary_rpc_method_handler(self.unary),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
            "Hang": grpc.unary_unary_rpc_method_handler(self.hang),
            "Down": grpc.unary_stream_rpc_method_handler(self.down),
            "Up": grpc.stream_unary_rpc_method_handler(self.up),
            "Both": grpc.stream_stream_rpc_method_handler(self.both),
        }.get(kind)

    async def unary(self, request, context):
        await context.send_initial_metadata([("x-first", "1")])
        context.set_trailing_metadata([("x-last", "2"), ("x-data-bin", b"\x00\xff")])
        return b"re: " + request

    async def fail(self, request, context):
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: 100 % sure")

    async def hang(self, request, context):
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise

    async def down(self, request, context):
        for number in range(int(request)):
            yield str(number).encode()

    async def up(self, requests, context):
        return b",".join([request async for request in requests])

    async def both(self, requests, context):
        async for request in requests:
            yield request.upper()


UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1), ("grpc.enable_http_proxy", 0)]


async def started(bench, wanted=None):
    service = Service()
    server = grpc.aio.server(options=UNLIMITED)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    bench.closers.append(lambda: asyncio.ensure_future(server.stop(None)))
    await bench.start(Origin(port, "http2"), wanted or {"route": {"timeout": "0s"}})
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{bench.port}", options=UNLIMITED)
    bench.closers.append(lambda: asyncio.ensure_future(channel.close()))
    return channel, service


async def test_unary_with_metadata(bench):
    channel, _ = await started(bench)
    call = channel.unary_unary("/wire.Test/Unary")(b"hi", metadata=[("x-ask", "1")])
    assert await call == b"re: hi"
    assert ("x-first", "1") in tuple(await call.initial_metadata())
    trailing = dict(await call.trailing_metadata())
    assert trailing["x-last"] == "2" and trailing["x-data-bin"] == b"\x00\xff", trailing


async def test_large_messages(bench):
    channel, _ = await started(bench)
    message = b"m" * 8_000_000
    assert await channel.unary_unary("/wire.Test/Unary")(message) == b"re: " + message


async def test_status_and_message(bench):
    channel, _ = await started(bench)
    try:
        await channel.unary_unary("/wire.Test/Fail")(b"")
        raise AssertionError("no error")
    except grpc.aio.AioRpcError as error:
        assert (error.code(), error.details()) == (grpc.StatusCode.FAILED_PRECONDITION, "not today: 100 % sure"), error


async def test_unknown_method(bench):
    channel, _ = await started(bench)
    try:
        await channel.unary_unary("/wire.Test/Nothing")(b"")
        raise AssertionError("no error")
    except grpc.aio.AioRpcError as error:
        assert error.code() == grpc.StatusCode.UNIMPLEMENTED, error


async def test_server_streams(bench):
    channel, _ = await started(bench)
    got = [message async for message in channel.unary_stream("/wire.Test/Down")(b"2000")]
    assert got == [str(n).encode() for n in range(2000)]


async def test_client_streams(bench):
    channel, _ = await started(bench)

    async def messages():
        for number in range(500):
            yield str(number).encode()

    got = await channel.stream_unary("/wire.Test/Up")(messages())
    assert got == b",".join(str(n).encode() for n in range(500))


async def test_both_stream_in_turns(bench):
    """Each answer is waited for before the next message: nothing may be held back."""
    channel, _ = await started(bench)
    call = channel.stream_stream("/wire.Test/Both")()
    for word in (b"one", b"two", b"three"):
        await call.write(word)
        assert await asyncio.wait_for(call.read(), 10) == word.upper()
    await call.done_writing()
    assert await call.read() == grpc.aio.EOF
    assert await call.code() == grpc.StatusCode.OK


async def test_deadline_of_the_client(bench):
    channel, service = await started(bench)
    try:
        await channel.unary_unary("/wire.Test/Hang")(b"", timeout=0.3)
        raise AssertionError("no error")
    except grpc.aio.AioRpcError as error:
        assert error.code() == grpc.StatusCode.DEADLINE_EXCEEDED, error
    await asyncio.wait_for(service.cancelled.wait(), 10)


async def test_cancel(bench):
    channel, service = await started(bench)
    call = channel.unary_unary("/wire.Test/Hang")(b"")
    await bench.stat("cluster.origin.upstream_rq_active", 1)
    call.cancel()
    await asyncio.wait_for(service.cancelled.wait(), 10)
    await bench.stat("cluster.origin.upstream_rq_active", 0)


async def test_timeout_of_the_route(bench):
    channel, _ = await started(bench, {"route": {"timeout": "0.2s"}})
    try:
        await channel.unary_unary("/wire.Test/Hang")(b"")
        raise AssertionError("no error")
    except grpc.aio.AioRpcError as error:
        assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED), error
        assert error.details() == "upstream request timeout", error


async def test_upstream_is_not_there(bench):
    await bench.start(Origin(bench.free_port(), "http2"))
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{bench.port}", options=UNLIMITED)
    try:
        await channel.unary_unary("/wire.Test/Unary")(b"")
        raise AssertionError("no error")
    except grpc.aio.AioRpcError as error:
        assert error.code() == grpc.StatusCode.UNAVAILABLE, error
        assert error.details().startswith("upstream connect error or disconnect/reset before headers"), error
    finally:
        await channel.close()


async def test_many_calls_at_once(bench):
    channel, _ = await started(bench)
    call = channel.unary_unary("/wire.Test/Unary")
    answers = await asyncio.gather(*(call(str(n).encode()) for n in range(300)))
    assert answers == [b"re: %d" % n for n in range(300)]
