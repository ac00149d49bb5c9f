"""Load reports (LRS) to a real gRPC server that asks for them in its own way."""

import asyncio
import collections

import grpc
import grpc.aio
from envoy.service.load_stats.v3 import lrs_pb2, lrs_pb2_grpc

from harness import config
from harness.any_of import TYPE
from harness.match import Mismatch

from bench import Origin

HTTP2 = {config.PROTOCOL_OPTIONS: {"@type": TYPE + config.PROTOCOL_OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}}


class Reports(lrs_pb2_grpc.LoadReportingServiceServicer):
    """What came on each stream; `asks` is what each stream is told first."""

    def __init__(self, **asks):
        self.asks = asks
        self.nodes, self.open = [], []
        self.sums, self.last = collections.Counter(), {}
        self.reports = 0

    def response(self, interval_ms=100, **asks):
        made = lrs_pb2.LoadStatsResponse(**asks)
        made.load_reporting_interval.FromMilliseconds(interval_ms)
        return made

    async def StreamLoadStats(self, requests, context):
        outgoing = asyncio.Queue()
        reading = asyncio.create_task(self.read(requests, outgoing))
        try:
            while (answer := await outgoing.get()) is not None:
                yield answer
        finally:
            reading.cancel()

    async def read(self, requests, outgoing):
        known = False
        async for request in requests:
            if not known:
                known = True
                self.nodes.append(request.node)
                self.open.append(outgoing)
                outgoing.put_nowait(self.response(**self.asks))
                continue
            self.reports += 1
            for cluster in request.cluster_stats:
                self.take(cluster)

    def take(self, cluster):
        name = cluster.cluster_name
        self.last[name] = cluster
        self.sums[name, "dropped"] += cluster.total_dropped_requests
        for category in cluster.dropped_requests:
            self.sums[name, "category", category.category] += category.dropped_count
        for part in cluster.upstream_locality_stats:
            key = (name, part.locality.zone, part.priority)
            self.sums[(*key, "success")] += part.total_successful_requests
            self.sums[(*key, "error")] += part.total_error_requests
            self.sums[(*key, "issued")] += part.total_issued_requests
            for endpoint in part.upstream_endpoint_stats:
                self.sums[name, endpoint.address.socket_address.port_value] += endpoint.total_issued_requests

    async def have(self, bench, **wanted):
        """Waits until the sums are these: `zone__kind=n`, of the cluster `origin`."""
        async def attempt():
            got = {key: self.sums["origin", key.split("__")[0], 0, key.split("__")[1]] for key in wanted}
            if got != wanted:
                raise Mismatch(f"expected {wanted}, got {got}; {dict(self.sums)}")

        await bench.waiter.polled(attempt)


def locality(zone, port, **more):
    return {"locality": {"region": "r", "zone": zone},
            "lb_endpoints": [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}}], **more}


async def origin(bench):
    """/slow waits until it is let go, /bad is a 503, all else a 200; each connection has one request at a time."""
    go = asyncio.Event()

    async def handle(reader, writer):
        while (head := await reader.readuntil(b"\r\n\r\n")):
            path = head.split(b" ")[1]
            if path == b"/slow":
                await go.wait()
            status = b"503 Service Unavailable" if path == b"/bad" else b"200 OK"
            writer.write(b"HTTP/1.1 " + status + b"\r\ncontent-length: 0\r\n\r\n")

    async def serve(reader, writer):
        try:
            await handle(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    made = await bench.serve(serve)
    made.go = go
    return made


async def started(bench, reports, backend, **cluster):
    server = grpc.aio.server(options=[("grpc.enable_http_proxy", 0)])
    lrs_pb2_grpc.add_LoadReportingServiceServicer_to_server(reports, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    lrs = {"type": "STATIC", "connect_timeout": "1s", "typed_extension_protocol_options": HTTP2,
           "load_assignment": {"cluster_name": "lrs", "endpoints": [locality("", port)]}}
    await bench.start(backend, {
        "clusters": {"lrs": lrs, "origin": {"load_assignment": {"cluster_name": "origin", "endpoints": [locality("near", backend.port)]}, **cluster}},
        "bootstrap": {"node": {"id": "a-node", "cluster": "b"}, "cluster_manager": {"load_stats_config": {
            "api_type": "GRPC", "transport_api_version": "V3", "grpc_services": [{"envoy_grpc": {"cluster_name": "lrs"}}]}}}})
    await until(bench, lambda: reports.open, lambda: "nobody reports")
    await counting(bench, reports)
    return server


async def until(bench, done, why):
    async def attempt():
        if not done():
            raise Mismatch(why())

    await bench.waiter.polled(attempt)


async def counting(bench, reports):
    """From the second report on, everything since then is counted."""
    seen = reports.reports
    await until(bench, lambda: reports.reports >= seen + 2, lambda: "no reports")


async def get(bench, *paths):
    for path in paths:
        await bench.output("curl", "-s", "-o", "/dev/null", bench.url + path)


async def test_requests_by_locality(bench):
    backend, other = await origin(bench), await origin(bench)
    reports = Reports(clusters=["origin"])
    server = await started(bench, reports, backend, lb_policy="ROUND_ROBIN", load_assignment={
        "cluster_name": "origin", "endpoints": [locality("near", backend.port), locality("far", other.port)]})
    assert reports.nodes[0].id == "a-node" and "envoy.lrs.supports_send_all_clusters" in reports.nodes[0].client_features, reports.nodes[0]
    # Where each goes is the balancer's, of a worker that is anybody's.
    await get(bench, *["/good"] * 5, *["/bad"] * 2)

    async def attempt():
        sums = {kind: sum(reports.sums["origin", zone, 0, kind] for zone in ("near", "far")) for kind in ("success", "error", "issued")}
        if sums != {"success": 5, "error": 2, "issued": 7}:
            raise Mismatch(f"got {sums}")

    await bench.waiter.polled(attempt)
    assert reports.sums["origin", "dropped"] == 0
    assert set(reports.last) == {"origin"}, set(reports.last)
    interval = reports.last["origin"].load_report_interval.ToMilliseconds()
    assert 90 <= interval < 2000, interval
    await server.stop(None)


async def test_requests_in_progress(bench):
    backend = await origin(bench)
    reports = Reports(clusters=["origin"])
    server = await started(bench, reports, backend)
    slow = asyncio.create_task(get(bench, "/slow"))

    def in_progress():
        return [part.total_requests_in_progress for part in reports.last["origin"].upstream_locality_stats] == [1]

    await until(bench, in_progress, lambda: "nothing is in progress")
    await reports.have(bench, near__issued=1, near__success=0)
    backend.go.set()
    await slow
    await reports.have(bench, near__issued=1, near__success=1)
    await server.stop(None)


async def test_requests_that_were_dropped(bench):
    backend = await origin(bench)
    reports = Reports(clusters=["origin"])
    server = await started(bench, reports, backend, circuit_breakers={"thresholds": [{"max_pending_requests": 0}]})
    await get(bench, "/", "/", "/")
    await until(bench, lambda: reports.sums["origin", "dropped"] == 3, lambda: f"got {dict(reports.sums)}")
    await server.stop(None)


async def test_requests_that_the_control_plane_drops(bench):
    backend = await origin(bench)
    reports = Reports(clusters=["origin"])
    server = await started(bench, reports, backend, load_assignment={
        "cluster_name": "origin", "endpoints": [locality("near", backend.port)],
        "policy": {"drop_overloads": [{"category": "throttle", "drop_percentage": {"numerator": 100}}]}})
    await get(bench, "/", "/")
    await until(bench, lambda: reports.sums["origin", "category", "throttle"] == 2, lambda: f"got {dict(reports.sums)}")
    assert reports.sums["origin", "dropped"] == 2
    await server.stop(None)


async def test_all_clusters_and_each_endpoint(bench):
    backend = await origin(bench)
    reports = Reports(send_all_clusters=True, report_endpoint_granularity=True)
    server = await started(bench, reports, backend)
    await get(bench, "/", "/")
    await until(bench, lambda: reports.sums["origin", backend.port] == 2, lambda: f"got {dict(reports.sums)}")
    assert set(reports.last) == {"origin", "lrs"}, set(reports.last)
    await server.stop(None)


async def test_the_server_asks_for_others(bench):
    """What is no longer asked for is no longer reported; a cluster that does not exist never."""
    backend = await origin(bench)
    reports = Reports(clusters=["lrs", "nowhere"])
    server = await started(bench, reports, backend)
    await get(bench, "/")
    assert set(reports.last) == {"lrs"}, set(reports.last)
    reports.open[-1].put_nowait(reports.response(clusters=["origin"]))
    await until(bench, lambda: "origin" in reports.last, lambda: "the cluster is not reported")
    await counting(bench, reports)
    await get(bench, "/")
    await reports.have(bench, near__issued=1, near__success=1)
    await server.stop(None)


async def test_the_stream_is_opened_anew(bench):
    backend = await origin(bench)
    reports = Reports(clusters=["origin"])
    server = await started(bench, reports, backend)
    reports.open[-1].put_nowait(None)
    await until(bench, lambda: len(reports.open) == 2, lambda: "no second stream")
    assert reports.nodes[1].id == "a-node"
    await counting(bench, reports)
    await get(bench, "/")
    await reports.have(bench, near__issued=1, near__success=1)
    stats = await bench.proxy.stats()
    assert stats["load_reporter.errors"] == "0" and stats["load_reporter.retries"] == "1", {k: v for k, v in stats.items() if "load_rep" in k}
    assert stats["load_reporter.requests"] == "2" and int(stats["load_reporter.responses"]) > 4
    await server.stop(None)
