"""The names of all statistics beside Envoy's, in front of the same server; docs/stats.md says which of Envoy's are not there, and this reads it."""

import pathlib
import re

from harness.match import Mismatch
from harness.suite import not_envoy

from side_by_side import Pair, no_envoy, numbered_origins

DOCS = pathlib.Path(__file__).resolve().parent.parent.parent / "docs/stats.md"
HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
HTTP2 = {HTTP: {"@type": f"type.googleapis.com/{HTTP}", "explicit_http_config": {"http2_protocol_options": {}}}}

PROXY = {"@type": "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", "stat_prefix": "raw", "cluster": "used"}
RAW = {"name": "raw", "address": {"socket_address": {"address": "127.0.0.1", "port_value": "$port.raw"}},
       "filter_chains": [{"filters": [{"name": "envoy.filters.network.tcp_proxy", "typed_config": PROXY}]}]}


def table(heading):
    """The names in the first column of the table below this heading, as regular expressions."""
    section = DOCS.read_text().split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return [re.compile(re.sub(r"\\\*|<\w+>", ".*", re.escape(name))) for name in names]


def endpoints(name, port):
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"cluster_name": name, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


def clusters(port):
    check = {"timeout": "1s", "interval": "1s", "unhealthy_threshold": 3, "healthy_threshold": 1, "tcp_health_check": {}}
    forms = {
        "used": {"type": "STRICT_DNS", "outlier_detection": {}, "health_checks": [check], "circuit_breakers": {"thresholds": [{"track_remaining": True}]}},
        "ring": {"lb_policy": "RING_HASH"},
        "table": {"lb_policy": "MAGLEV", "typed_extension_protocol_options": HTTP2},
    }
    return {name: {"type": "STATIC", "connect_timeout": "1s", "load_assignment": endpoints(name, port), **form} for name, form in forms.items()}


def plain(name, side):
    """Without what differs between two processes."""
    for port in ("main", "admin", "raw"):
        name = name.replace(str(side.proxy.port(port)), port)
    return name


async def names_of(side):
    return {plain(name, side) for name in await side.proxy.stats()}


@not_envoy("it is the other half of the test")
async def test_names_are_envoys_but_for_those_that_the_documentation_lists(bench):
    if no_envoy(bench):
        return
    [port] = await numbered_origins(bench, 1)
    pair = Pair(bench)
    try:
        await pair.start(clusters(port), [{"match": {"prefix": "/"}, "route": {"cluster": "used"}}], listeners=[RAW])
        await pair.answers("/", 100)
        ours, theirs = [await names_of(side) for side in pair.sides]
        missing, own = table("Envoy's that are not there"), table("Ours that Envoy does not have")
        absent = sorted(name for name in theirs - ours if not any(form.fullmatch(name) for form in missing))
        extra = sorted(name for name in ours - theirs if not any(form.fullmatch(name) for form in own))
        if absent or extra:
            raise Mismatch(f"Envoy's, not here and not in docs/stats.md: {absent}; here, not Envoy's: {extra}")
        stale = [form.pattern for form in missing if not any(form.fullmatch(name) for name in theirs - ours)]
        if stale:
            raise Mismatch(f"docs/stats.md says that these are not there: {stale}")
    finally:
        await pair.stop()
