"""RING_HASH and MAGLEV beside the real Envoy: the same endpoints, a thousand keys, and each key meets the same endpoint, whatever comes and goes."""

import collections
import json
import pathlib

from harness.any_of import TYPE
from harness.match import Mismatch
from harness.suite import not_envoy

from side_by_side import Pair, no_envoy, numbered_origins

KEYS = 1000
ENDPOINTS = 8
POLICIES = "envoy.extensions.load_balancing_policies."


def extension(name, message, **fields):
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": {
        "name": f"envoy.load_balancing_policies.{name}", "typed_config": {"@type": f"{TYPE}{POLICIES}{name}.v3.{message}", **fields}}}]}}


BY_HOSTNAME = {"consistent_hashing_lb_config": {"use_hostname_for_hashing": True}}
# name -> the cluster's own fields, and what else its endpoints have.
CLUSTERS = {
    "ring": ({"lb_policy": "RING_HASH"}, {}),
    "ring-murmur": ({"lb_policy": "RING_HASH", "ring_hash_lb_config": {"hash_function": "MURMUR_HASH_2", "minimum_ring_size": 100, "maximum_ring_size": 300}},
                    {"weighted": True}),
    "ring-hostname": (extension("ring_hash", "RingHash", minimum_ring_size=5000, **BY_HOSTNAME), {"weighted": True}),
    "ring-localities": ({"lb_policy": "RING_HASH", "common_lb_config": {"locality_weighted_lb_config": {}}}, {"weighted": True, "localities": 3}),
    "ring-priorities": ({"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": 333}}, {"priorities": 2}),
    "ring-large": ({"lb_policy": "RING_HASH", "ring_hash_lb_config": {"minimum_ring_size": 200000}}, {"weighted": True}),
    "maglev": ({"lb_policy": "MAGLEV"}, {}),
    "maglev-keys": ({"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 1021}}, {"weighted": True, "keys": True}),
    "maglev-large": ({"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": 200003}}, {"weighted": True}),
    "maglev-hostname": (extension("maglev", "Maglev", table_size=5003, **BY_HOSTNAME), {}),
    "maglev-localities": (extension("maglev", "Maglev", locality_weighted_lb_config={}), {"weighted": True, "localities": 2}),
}


def endpoint(port, number, health, more):
    made = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": port}}, "hostname": f"host-{number}.test"}, "health_status": health}
    if more.get("weighted"):
        made["load_balancing_weight"] = number % 5 + 1
    if more.get("keys"):
        made["metadata"] = {"filter_metadata": {"envoy.lb": {"hash_key": f"key of {number}"}}}
    return made


def assignment(name, ports, state, more):
    """`state`: number of an endpoint -> its health; those that are missing there are not in it."""
    places = more.get("localities") or more.get("priorities") or 1
    parts = collections.defaultdict(list)
    for number, health in state.items():
        parts[number % places].append(endpoint(ports[number], number, health, more))
    localities = []
    for place, endpoints in sorted(parts.items()):
        part = {"locality": {"zone": f"zone-{place}"}, "lb_endpoints": endpoints}
        if "localities" in more:
            part["load_balancing_weight"] = place * 2 + 1
        if "priorities" in more:
            part["priority"] = place
        localities.append(part)
    return {"@type": TYPE + "envoy.config.endpoint.v3.ClusterLoadAssignment", "cluster_name": name, "endpoints": localities}


class Changing:
    """Both, on the same files of endpoints."""

    def __init__(self, bench):
        self.pair, self.folder = Pair(bench), pathlib.Path(bench.folder)

    async def start(self):
        self.ports = await numbered_origins(self.pair.bench, ENDPOINTS)
        self.write(everything())
        clusters = {name: {"type": "EDS", "connect_timeout": "5s", "eds_cluster_config": {"eds_config": {"path_config_source": {"path": str(self.file(name))}}}, **own}
                    for name, (own, _) in CLUSTERS.items()}
        routes = [{"match": {"prefix": f"/{name}/"}, "route": {"cluster": name, "hash_policy": [{"header": {"header_name": "x-user"}}]}} for name in CLUSTERS]
        await self.pair.start(clusters, routes)

    def file(self, name):
        return self.folder / f"{name}.json"

    def write(self, state):
        for name, (_, more) in CLUSTERS.items():
            fresh = self.folder / f"{name}.new"
            fresh.write_text(json.dumps({"version_info": str(sorted(state.items())), "resources": [assignment(name, self.ports, state, more)]}))
            fresh.rename(self.file(name))

    async def agree(self, state, story):
        """Every key meets the same endpoint on both sides; returns where each went, by cluster."""
        self.write(state)
        for side in self.pair.sides:
            await side.has(CLUSTERS, state)
        went = {}
        for name in CLUSTERS:
            ours, theirs = await self.pair.answers(f"/{name}/", KEYS)
            other = [f"user {key}: {mine} and {their}" for key, (mine, their) in enumerate(zip(ours, theirs)) if mine != their]
            if other:
                raise Mismatch(f"{story}, {name}: {len(other)} of {KEYS} keys meet another endpoint than with Envoy: {other[:5]}")
            if len(set(ours)) < 3:
                raise Mismatch(f"{story}, {name}: only {set(ours)} were met")
            went[name] = ours
        return went


def everything(**others):
    """All endpoints, healthy but for `e<number>=health`; None: not there."""
    state = {number: others.get(f"e{number}", "HEALTHY") for number in range(ENDPOINTS)}
    return {number: health for number, health in state.items() if health is not None}


def unmoved(before, after):
    return sum(one == other for one, other in zip(before, after)) / KEYS


@not_envoy("it is the other half of the test")
async def test_keys_meet_the_endpoints_that_envoy_sends_them_to(bench):
    if no_envoy(bench):
        return
    both = Changing(bench)
    await both.start()
    try:
        first = await both.agree(everything(), "all")
        less = await both.agree(everything(e2=None), "one removed")
        assert all("2" not in went for went in less.values())
        assert unmoved(first["maglev"], less["maglev"]) > 0.75
        assert await both.agree(everything(), "it comes back") == first
        ill = await both.agree(everything(e5="UNHEALTHY"), "one unhealthy")
        assert all("5" not in went for went in ill.values())
        await both.agree(everything(e0="DEGRADED", e1="UNHEALTHY"), "one degraded, another unhealthy")
        await both.agree(everything(**{f"e{number}": "UNHEALTHY" for number in range(5)}), "panic")
        await both.agree(everything(e0="DEGRADED", e1="DEGRADED", e2="DEGRADED", e3="DEGRADED", e4="UNHEALTHY"), "many degraded")
        assert await both.agree(everything(), "all are well again") == first
    finally:
        await both.pair.stop()
