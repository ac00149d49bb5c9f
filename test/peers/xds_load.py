"""A management server that does not leave the proxy alone: changes 50 times a second under load, a hundred thousand resources at once."""

import re

from harness import xds_config
from harness.match import Mismatch
from harness.suite import not_envoy
from harness.wait import Waiter
from harness.xds_server import XdsServer

MANY = 100_000
MINUTE_S = 60
HZ = 50
# What a cluster without traffic may cost, by our budget and some: 6 KiB, and what serves the others.
MANY_MB = 700


class Managed:
    """The proxy, with all its listeners and clusters from a management server."""

    def __init__(self, bench, mode, origins):
        self.bench, self.mode, self.origins = bench, mode, origins
        self.server = XdsServer({}, bench.waiter, bench.folder, None)
        self.names = xds_config.names({}, mode, self.server)
        self.forms = xds_config.Forms(origins, self.names, bench.proxy.port)

    async def start(self, resources):
        await self.server.start()
        await self.server.apply(self.forms.changes(resources))
        address = {"socket_address": {"address": "127.0.0.1", "port_value": self.bench.proxy.port("admin")}}
        tree = {"node": {"id": "a", "cluster": "b"}, "admin": {"address": address}, "static_resources": {"listeners": [], "clusters": []}}
        await self.bench.proxy.start(xds_config.bootstrap(tree, {}, self.mode, self.server, self.names), [])

    async def acknowledged(self, kind, limit_s=20):
        async def attempt():
            said = self.server.acknowledged(kind, self.server.versions[kind])
            if said != "ack":
                raise Mismatch(f"{kind}: {said or 'neither accepted nor rejected'}")

        await Waiter(limit_s).polled(attempt)

    async def stop(self):
        await self.server.stop()


async def updates_for_a_minute(bench, mode):
    """Routes, endpoints, clusters and listeners' filter chains in turn; not a request fails, no connection is closed."""
    managed = Managed(bench, mode, {"one": await bench.echo("one"), "two": await bench.echo("two")})
    try:
        await managed.start({"cds": {"a": {"eds": True}, "b": {"eds": True}}, "eds": {"a": ["one"], "b": ["two"]}, "lds": {"main": {"rds": "r"}},
                             "rds": {"r": "a"}})
        rounds = [{"rds": {"r": "b"}}, {"eds": {"a": ["two"], "b": ["one"]}}, {"cds": {"a": {"eds": True, "connect_timeout": "2s"}}, "eds": {"a": ["one", "two"]}},
                  {"rds": {"r": "a"}}, {"eds": {"b": ["two"], "a": ["one"]}}, {"cds": {"a": {"eds": True, "connect_timeout": "1s"}}, "eds": {"a": ["one"]}}]
        await managed.server.do("rate", hz=HZ, times=HZ * MINUTE_S, rounds=[managed.forms.changes(one) for one in rounds])
        out = await bench.output("h2load", "-D", MINUTE_S, "-c", 8, "-m", 4, bench.url + "/", limit_s=MINUTE_S + 60)
        done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
        assert done and int(done[1]) > 1000 and [int(n) for n in done.groups()[1:]] == [0, 0, 0], out
        assert re.search(rf"status codes: {done[1]} 2xx", out), out
        await bench.waiter.until(lambda: managed.server.find("rate_over"), lambda: "the updates are not over")
        stats = await bench.proxy.stats()
        assert stats["http.main.downstream_cx_total"] == "8", stats["http.main.downstream_cx_total"]
        assert int(stats["http.main.rds.r.config_reload"]) > HZ * MINUTE_S / 10, stats["http.main.rds.r.config_reload"]
        rejected = {name: value for name, value in stats.items() if name.endswith("update_rejected") and value != "0"}
        assert not rejected, rejected
    finally:
        await managed.stop()


async def test_updates_for_a_minute_incremental(bench):
    await updates_for_a_minute(bench, "delta")


async def test_updates_for_a_minute_whole(bench):
    await updates_for_a_minute(bench, "sotw")


async def hundred_thousand_clusters(bench, mode):
    managed = Managed(bench, mode, {"one": await bench.echo("one")})
    try:
        await managed.start({"cds": {"one": ""}, "lds": {"main": {"rds": "r"}}, "rds": {"r": "one"}})
        like = managed.forms.resource("cds", "c-@@@@@@", {"to": "one"})
        await managed.server.apply([{"type": "cds", "generate": {"count": MANY, "like": like}}])
        out = await bench.output("h2load", "-n", 20000, "-c", 4, bench.url + "/")
        assert "20000 succeeded, 0 failed, 0 errored, 0 timeout" in out, out
        await managed.acknowledged("cds", limit_s=60)
        await managed.server.apply([managed.forms.change("rds", {"r": f"c-{MANY - 1:06d}"})])
        await managed.acknowledged("rds")
        assert "hello from one" in await bench.output("curl", "-s", bench.url + "/"), "the last cluster does not serve"
        _, active, _ = await bench.proxy.admin("GET", r"/stats?filter=^cluster_manager\.active_clusters$")  # all statistics would be gigabytes
        assert active == f"cluster_manager.active_clusters: {MANY + 2}\n", active
        assert bench.memory_mb("VmRSS") < MANY_MB, f"{bench.memory_mb('VmRSS'):.0f} MB"
    finally:
        await managed.stop()


@not_envoy("it takes minutes")
async def test_hundred_thousand_clusters_incremental(bench):
    await hundred_thousand_clusters(bench, "delta")


@not_envoy("it takes minutes")
async def test_hundred_thousand_clusters_whole(bench):
    await hundred_thousand_clusters(bench, "sotw")
