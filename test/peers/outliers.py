"""One server in ten fails whatever it is asked: it is found and left out, and hardly anybody notices."""

import pathlib

from harness.match import Mismatch
from rollout import codes

from bench import Origin

SERVERS = 10
REQUESTS = 10_000
CLIENTS = 4
ERRORS_IN_A_ROW = 5
# Until it is left out: the errors in a row, and what was on its way to it meanwhile.
MAY_FAIL = ERRORS_IN_A_ROW + CLIENTS


async def ten_servers(bench):
    """nginx, ten of it in one; the first one says 503."""
    folder, ports = pathlib.Path(bench.folder), [bench.free_port() for _ in range(SERVERS)]
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    servers = "\n".join(f"server {{ listen 127.0.0.1:{port}; location / {{ return {503 if port == ports[0] else 200} \"{port}\"; }} }}" for port in ports)
    conf = folder / "nginx.conf"
    conf.write_text(f"""daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{}}
http {{ access_log off; {scratch} keepalive_requests 1000; {servers} }}
""")
    await bench.daemon(["nginx", "-c", conf], ports[0])
    return ports


async def failures_of(bench, detection):
    """Of the requests of two loads, one after the other."""
    ports = await ten_servers(bench)
    hosts = [{"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}}} for port in ports]
    ten = {"type": "STATIC", "load_assignment": {"cluster_name": "ten", "endpoints": [{"lb_endpoints": hosts}]}, **detection}
    await bench.start(Origin(ports[0]), {"route": {"cluster": "ten"}, "clusters": {"ten": ten}})
    counts = []
    for _ in range(2):
        out = await bench.output("h2load", "--h1", "-n", REQUESTS, "-c", CLIENTS, bench.url + "/")
        good, bad = codes(out, "2xx"), codes(out, "5xx")
        if good + bad != REQUESTS:
            raise Mismatch(f"not every request was answered: {out[-1500:]}")
        counts.append(bad)
    return counts


async def test_one_in_ten_fails(bench):
    found, after = await failures_of(bench, {"outlier_detection": {"consecutive_5xx": ERRORS_IN_A_ROW, "base_ejection_time": "600s", "max_ejection_percent": 10}})
    assert ERRORS_IN_A_ROW <= found <= MAY_FAIL, f"{found} requests failed before the server was found"
    assert after == 0, f"{after} requests failed when it was known"
    stats = await bench.proxy.stats()
    for name, value in {"ejections_active": "1", "ejections_enforced_consecutive_5xx": "1", "ejections_enforced_total": "1"}.items():
        assert stats[f"cluster.ten.outlier_detection.{name}"] == value, (name, stats[f"cluster.ten.outlier_detection.{name}"])
    assert stats["cluster.ten.membership_healthy"] == str(SERVERS - 1), stats["cluster.ten.membership_healthy"]


async def test_one_in_ten_fails_and_nobody_looks(bench):
    """What the detection is worth: a request in ten."""
    assert await failures_of(bench, {}) == [REQUESTS / SERVERS] * 2
