"""What tools ask the administration port over gRPC (grpcio): the client status discovery service, and server reflection."""

import asyncio

import grpc
import grpc.aio
from envoy.admin.v3 import config_dump_shared_pb2
from envoy.service.status.v3 import csds_pb2, csds_pb2_grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from harness.match import Mismatch
from harness.suite import not_envoy
from xds_load import Managed

STATUS = config_dump_shared_pb2.ClientResourceStatus
CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
CSDS = "envoy.service.status.v3.ClientStatusDiscoveryService"
OPTIONS = [("grpc.enable_http_proxy", 0)]


async def channel_to(bench):
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{bench.proxy.port('admin')}", options=OPTIONS)
    bench.closers.append(lambda: asyncio.ensure_future(channel.close()))
    return channel


def resources(response):
    (config,) = response.config
    return {(entry.type_url.rpartition(".")[2], entry.name): entry for entry in config.generic_xds_configs}


@not_envoy("it serves this service to its management server only")
async def test_client_status(bench):
    """Once, and again and again over one stream: what was taken, refused, changed."""
    managed = Managed(bench, "delta", {"one": await bench.echo("one")})
    try:
        await managed.start({"cds": {"one": ""}, "lds": {"main": {"rds": "r"}}, "rds": {"r": "one"}})
        await managed.acknowledged("rds")
        channel = await channel_to(bench)
        stub = csds_pb2_grpc.ClientStatusDiscoveryServiceStub(channel)
        found = await stub.FetchClientStatus(csds_pb2.ClientStatusRequest())
        assert found.config[0].node.id == "a", found.config[0].node
        known = resources(found)
        assert {("Cluster", "one"), ("Listener", "main"), ("RouteConfiguration", "r")} <= set(known), list(known)
        assert all(entry.client_status == STATUS.ACKED for entry in known.values()), known
        assert known["Cluster", "one"].xds_config.type_url == CLUSTER
        assert known["Cluster", "one"].version_info and known["Cluster", "one"].last_updated.seconds > 0

        stream = stub.StreamClientStatus()
        await stream.write(csds_pb2.ClientStatusRequest(exclude_resource_contents=True))
        first = resources(await stream.read())
        assert not first["Cluster", "one"].HasField("xds_config")
        await managed.server.apply([managed.forms.change("cds", {"one": {"to": "one", "connect_timeout": "-1s"}})])

        async def refused():
            await stream.write(csds_pb2.ClientStatusRequest())
            entry = resources(await stream.read())["Cluster", "one"]
            if entry.client_status != STATUS.NACKED:
                raise Mismatch(f"still {entry.client_status}")
            return entry

        await bench.waiter.polled(refused)
        entry = await refused()
        assert "connect_timeout" in entry.error_state.details, entry.error_state
        assert entry.xds_config.type_url == CLUSTER, "the last good one stays"
        await stream.done_writing()
        assert await stream.read() == grpc.aio.EOF
        assert await stream.code() == grpc.StatusCode.OK

        matcher = csds_pb2.ClientStatusRequest()
        matcher.node_matchers.add()
        try:
            await stub.FetchClientStatus(matcher)
            raise AssertionError("node matchers were taken")
        except grpc.aio.AioRpcError as error:
            assert error.code() == grpc.StatusCode.INVALID_ARGUMENT, error
    finally:
        await managed.stop()


def reflection_messages(package):
    """Request and response of server reflection, described here: grpcio's own package for them is not installed."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}/reflection.proto", package=package, syntax="proto3")
    field = descriptor_pb2.FieldDescriptorProto

    def message(name, *fields):
        made = file.message_type.add(name=name)
        for number, label, kind, called in fields:
            one = made.field.add(name=called, number=number, label=label)
            if isinstance(kind, str):
                one.type, one.type_name = field.TYPE_MESSAGE, f".{package}.{kind}"
            else:
                one.type = kind

    one, many = field.LABEL_OPTIONAL, field.LABEL_REPEATED
    text, octets, number = field.TYPE_STRING, field.TYPE_BYTES, field.TYPE_INT32
    message("Extension", (1, one, text, "type"), (2, one, number, "number"))
    message("Request", (1, one, text, "host"), (3, one, text, "file"), (4, one, text, "symbol"), (5, one, "Extension", "extension"),
            (6, one, text, "extensions"), (7, one, text, "list"))
    message("Files", (1, many, octets, "file"))
    message("Service", (1, one, text, "name"))
    message("Services", (1, many, "Service", "service"))
    message("Numbers", (1, one, text, "type"), (2, many, number, "number"))
    message("Error", (1, one, number, "code"), (2, one, text, "message"))
    message("Response", (1, one, text, "host"), (2, one, "Request", "original"), (4, one, "Files", "files"), (5, one, "Numbers", "numbers"),
            (6, one, "Services", "services"), (7, one, "Error", "error"))
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return tuple(message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in ("Request", "Response"))


async def reflects(bench, version):
    await bench.start(await bench.echo("one"))
    channel = await channel_to(bench)
    request, response = reflection_messages(f"grpc.reflection.{version}")
    method = channel.stream_stream(f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                                   request_serializer=request.SerializeToString, response_deserializer=response.FromString)
    stream = method()

    async def ask(**what):
        question = request(host="h", **what)
        await stream.write(question)
        answer = await stream.read()
        assert answer.host == "h" and answer.original == question, answer
        return answer

    names = [service.name for service in (await ask(list="*")).services.service]
    assert names == [CSDS, "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"], names
    # As a tool does: the service's file, and what it imports, until all is there.
    pool = descriptor_pool.DescriptorPool()
    files = {}

    async def load(octets):
        file = descriptor_pb2.FileDescriptorProto.FromString(octets)
        files[file.name] = file
        for name in file.dependency:
            if name not in files:
                (more,) = (await ask(file=name)).files.file
                await load(more)
        if file.name not in loaded:
            pool.Add(file)
            loaded.append(file.name)

    loaded = []
    (octets,) = (await ask(symbol=CSDS)).files.file
    await load(octets)
    service = pool.FindServiceByName(CSDS)
    assert [one.name for one in service.methods] == ["StreamClientStatus", "FetchClientStatus"]
    # A call with nothing but what was learnt.
    learnt = {name: message_factory.GetMessageClass(kind) for name, kind in
              (("in", service.methods[1].input_type), ("out", service.methods[1].output_type))}
    fetch = channel.unary_unary(f"/{CSDS}/FetchClientStatus", request_serializer=learnt["in"].SerializeToString,
                                response_deserializer=learnt["out"].FromString)
    assert (await fetch(learnt["in"]())).config, "no status"
    assert (await ask(symbol="no.such.Thing")).error.code == grpc.StatusCode.NOT_FOUND.value[0]
    assert (await ask(file="no/such.proto")).error.code == grpc.StatusCode.NOT_FOUND.value[0]
    numbers = await ask(extensions="google.protobuf.FieldOptions")
    assert len(numbers.numbers.number) > 0, numbers
    extension = await ask(extension={"type": "google.protobuf.FieldOptions", "number": numbers.numbers.number[0]})
    assert len(extension.files.file) == 1, extension
    assert (await ask()).error.code == grpc.StatusCode.UNIMPLEMENTED.value[0]
    await stream.done_writing()
    assert await stream.read() == grpc.aio.EOF


@not_envoy("it has no server reflection")
async def test_reflection_v1(bench):
    await reflects(bench, "v1")


@not_envoy("it has no server reflection")
async def test_reflection_v1alpha(bench):
    await reflects(bench, "v1alpha")
