"""A rollout under load: each endpoint is replaced, one by one, by servers that end their connections when they like, and not a request fails."""

import asyncio
import pathlib
import re
import signal

from harness import config
from harness.any_of import TYPE
from harness.match import Mismatch
from harness.suite import not_envoy

from bench import Origin
from xds_load import Managed

REPLICAS = 20
LOAD_S = 24
HTTP2 = {config.PROTOCOL_OPTIONS: {"@type": TYPE + config.PROTOCOL_OPTIONS, "explicit_http_config": {"http2_protocol_options": {}}}}

# What istiod asks for where nobody asks for anything else.
ISTIO_RETRIES = {"retry_on": "connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes", "retriable_status_codes": [503], "num_retries": 2,
                 "host_selection_retry_max_attempts": 5, "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {
                     "@type": TYPE + "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"}}]}


class Replicas:
    """nginx, many of it. An idle connection lives 20 ms and a busy one 50 requests."""

    def __init__(self, bench, protocol):
        self.bench, self.protocol = bench, protocol
        self.origins, self.processes = {}, {}

    async def start(self, name):
        folder, port = pathlib.Path(self.bench.folder, name), self.bench.free_port()
        folder.mkdir()
        scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        conf = folder / "nginx.conf"
        conf.write_text(f"""daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{}}
http {{ access_log off; {scratch} keepalive_requests 50; keepalive_timeout 20ms; default_type text/plain;
 server {{ listen 127.0.0.1:{port}{" http2" if self.protocol == "http2" else ""};
  location / {{ return 200 "{name}"; }}
  location /slow {{ limit_rate 1k; return 200 "{"x" * 1500}"; }} }} }}
""")
        await self.bench.daemon(["nginx", "-c", conf], port)
        self.origins[name] = Origin(port, self.protocol)
        self.processes[name] = self.bench.processes[-1]

    def stop(self, name, how=signal.SIGQUIT):
        """It finishes what it has, and takes nothing new; or, by SIGTERM, it does not even finish."""
        self.processes[name].send_signal(how)

    async def ended(self, names):
        try:
            await asyncio.wait_for(asyncio.gather(*(self.processes[name].wait() for name in names)), 15)
        except asyncio.TimeoutError:
            raise Mismatch("a server that was told to end still has connections") from None


def codes(out, kind):
    """How many answers of this kind ("2xx") there are in h2load's report."""
    found = re.search(rf"(\d+) {kind}", out)
    return int(found[1]) if found else 0


def failures(out):
    """How many requests failed, of h2load's report."""
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
    if not done or codes(out, "2xx") < 100:
        raise Mismatch(f"no load: {out[-1500:]}")
    return sum(int(n) for n in done.groups()[1:])  # any status but 2xx and 3xx is a failure


async def rollout(bench, mode, protocol="http1", stops_first=None, retries=None):
    """Each step: a new server, endpoints that name it in the place of an old one, the old one is told to end. `stops_first`: it is told so, by this
    signal, and ends before the endpoints say so."""
    replicas = Replicas(bench, protocol)
    managed = Managed(bench, mode, replicas.origins)
    names = [f"old-{i}" for i in range(REPLICAS)]
    cluster = {"eds": True, **({"typed_extension_protocol_options": HTTP2} if protocol == "http2" else {})}
    route = {"match": {"prefix": "/"}, "route": {"cluster": "a", "timeout": "10s"}}
    if retries:
        route["route"]["retry_policy"] = retries
    # Answers that take their time are cut by a server that does not finish them: nobody can help that.
    paths = [(8, "/")] if stops_first == signal.SIGTERM else [(8, "/"), (4, "/slow")]
    try:
        for name in names:
            await replicas.start(name)
        table = {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [route]}]}
        await managed.start({"cds": {"a": dict(cluster)}, "eds": {"a": names}, "lds": {"main": {"rds": "r"}}, "rds": {"r": table}})
        await managed.acknowledged("rds")
        loads = [asyncio.create_task(bench.output("h2load", "-D", LOAD_S, "-c", clients, "-m", 4, bench.url + path, limit_s=LOAD_S + 60))
                 for clients, path in paths]
        for i in range(REPLICAS):
            old, new = names[i], f"new-{i}"
            await replicas.start(new)
            names[i] = new
            if stops_first:
                replicas.stop(old, stops_first)
                await asyncio.sleep(0.1)  # it is gone, and everybody still has it among the endpoints
            await managed.server.apply(managed.forms.changes({"eds": {"a": names}}))
            await managed.acknowledged("eds")
            if not stops_first:
                await asyncio.sleep(0.1)  # the workers take what the main thread acknowledged
                replicas.stop(old)
            if i == REPLICAS // 2:  # and the cluster itself, whose endpoints stay
                await managed.server.apply(managed.forms.changes({"cds": {"a": {**cluster, "connect_timeout": "2s"}}}))
            await asyncio.sleep(0.3)
        assert not any(load.done() for load in loads), "the load ended before the rollout"
        reports = [await load for load in loads]
        failed = [failures(report) for report in reports]
        assert not any(failed), f"{failed} requests failed:\n" + "\n".join(reports)
        await replicas.ended([f"old-{i}" for i in range(REPLICAS)])
        stats = await bench.proxy.stats()
        assert stats["cluster.a.membership_total"] == str(REPLICAS), stats["cluster.a.membership_total"]
        if stops_first and not retries and bench.proxy.binary.kind == "outrigger":
            assert int(stats["cluster.a.upstream_rq_elsewhere"]) > 0, "no request met a server that was gone"
    finally:
        await managed.stop()


@not_envoy("it does not send a request again that met the end of an idle connection")
async def test_rollout_http1(bench):
    await rollout(bench, "delta")


@not_envoy("it does not send a request again that met the end of an idle connection")
async def test_rollout_http2(bench):
    await rollout(bench, "sotw", "http2")


@not_envoy("a request that meets a server that is gone is a 503")
async def test_rollout_stops_first_http1(bench):
    await rollout(bench, "sotw", stops_first=signal.SIGQUIT)


@not_envoy("a request that meets a server that is gone is a 503")
async def test_rollout_stops_first_http2(bench):
    await rollout(bench, "delta", "http2", stops_first=signal.SIGQUIT)


@not_envoy("a request that meets a server that is gone is a 503")
async def test_rollout_cut_http1(bench):
    await rollout(bench, "delta", stops_first=signal.SIGTERM)


@not_envoy("a request that meets a server that is gone is a 503")
async def test_rollout_cut_http2(bench):
    await rollout(bench, "sotw", "http2", stops_first=signal.SIGTERM)


@not_envoy("it does not send a request again that met the end of an idle connection")
async def test_rollout_stops_first_with_retries(bench):
    await rollout(bench, "sotw", stops_first=signal.SIGQUIT, retries=ISTIO_RETRIES)
