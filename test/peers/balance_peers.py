"""How requests spread, beside the real Envoy: exactly alike where turns decide, by chi-square where chance does.

Where chance decides, a test that should pass fails once in 100,000 runs: SIGNIFICANCE says how far from the mean that is."""

import collections
import math

from harness.any_of import TYPE
from harness.match import Mismatch
from harness.suite import not_envoy

from side_by_side import Pair, no_envoy, numbered_origins

ENDPOINTS = 8
REQUESTS = 2000
SIGNIFICANCE = 4.265  # standard deviations: 1 in 100,000
POLICIES = "envoy.extensions.load_balancing_policies."


def limit(freedom):
    """Of chi-square, by the approximation of Wilson and Hilferty."""
    part = 2 / (9 * freedom)
    return freedom * (1 - part + SIGNIFICANCE * math.sqrt(part)) ** 3


def chi_square(counts, shares):
    """Of counts against the shares that are expected of them."""
    total, whole = sum(counts.values()), sum(shares.values())
    return sum((counts[cell] - total * share / whole) ** 2 / (total * share / whole) for cell, share in shares.items())


def chi_square_of_two(one, other):
    """Of two samples of equal size that ought to be of the same distribution."""
    cells = set(one) | set(other)
    return sum((one[cell] - other[cell]) ** 2 / (one[cell] + other[cell]) for cell in cells), len(cells) - 1


class Scene:
    """Clusters of the same eight servers, each in a locality, a priority, with a weight, in a state."""

    def __init__(self, ports):
        self.ports, self.clusters, self.shares, self.exact = ports, {}, {}, set()

    def add(self, name, parts, shares, exact=False, **own):
        """`parts`: for each locality its endpoints, number -> more of it, and more of the locality. `shares`: of each endpoint, whatever their sum."""
        localities = []
        for zone, (endpoints, more) in parts.items():
            localities.append({"locality": {"region": "r", "zone": zone}, **more, "lb_endpoints": [
                {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": self.ports[number]}}}, **each} for number, each in endpoints.items()]})
        self.clusters[name] = {"type": "STATIC", "load_assignment": {"cluster_name": name, "endpoints": localities}, **own}
        self.shares[name] = {str(number): share for number, share in shares.items() if share}
        if exact:
            self.exact.add(name)


def plain(numbers, **each):
    return {number: dict(each) for number in numbers}


def weighted(weights):
    return {number: {"load_balancing_weight": weight} for number, weight in enumerate(weights)}


def states(**numbers):
    """healthy=4, unhealthy=2: so many of each, in this order."""
    kinds = [kind for kind, count in numbers.items() for _ in range(count)]
    return {number: {"health_status": kind.upper()} for number, kind in enumerate(kinds)}


def moved(endpoints, by):
    return {number + by: each for number, each in endpoints.items()}


def extension(name, message, **fields):
    return {"load_balancing_policy": {"policies": [{"typed_extension_config": {
        "name": f"envoy.load_balancing_policies.{name}", "typed_config": {"@type": f"{TYPE}{POLICIES}{name}.v3.{message}", **fields}}}]}}


BY_LOCALITY = {"common_lb_config": {"locality_weighted_lb_config": {}}}
NO_PANIC = {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}


def add_policies(scene):
    weights = [1, 2, 4, 8, 1, 2, 4, 8]
    shares = dict(enumerate(weights))
    scene.add("round-robin", {"": (plain(range(8)), {})}, dict.fromkeys(range(8), 1), exact=True)
    scene.add("round-robin-weighted", {"": (weighted(weights), {})}, shares, exact=True)
    scene.add("least-request", {"": (plain(range(8)), {})}, dict.fromkeys(range(8), 1), lb_policy="LEAST_REQUEST")
    scene.add("least-request-weighted", {"": (weighted(weights), {})}, shares, exact=True, lb_policy="LEAST_REQUEST")
    scene.add("least-request-scan", {"": (plain(range(8)), {})}, dict.fromkeys(range(8), 1), **extension("least_request", "LeastRequest", selection_method="FULL_SCAN"))
    scene.add("random", {"": (weighted(weights), {})}, dict.fromkeys(range(8), 1), lb_policy="RANDOM")


def add_localities(scene):
    near, far = plain(range(2)), moved(plain(range(3)), 2)
    by_weight = {"near": (near, {"load_balancing_weight": 1}), "far": (far, {"load_balancing_weight": 3}), "none": (moved(plain(range(3)), 5), {})}
    shares = {0: 1 / 2, 1: 1 / 2, 2: 1, 3: 1, 4: 1}
    scene.add("localities", by_weight, shares, exact=True, **BY_LOCALITY)
    scene.add("localities-extension", by_weight, shares, exact=True, **extension("round_robin", "RoundRobin", locality_lb_config={"locality_weighted_lb_config": {}}))
    scene.add("localities-random", by_weight, shares, **extension("random", "Random", locality_lb_config={"locality_weighted_lb_config": {}}))
    # One of four is a quarter of 140 %: the locality can carry 35 % of its share.
    ill = {"ill": (states(healthy=1, unhealthy=3), {"load_balancing_weight": 1}), "well": (moved(plain(range(4)), 4), {"load_balancing_weight": 1})}
    scene.add("localities-ill", ill, {0: 0.35, **dict.fromkeys(range(4, 8), 1 / 4)}, lb_policy="RANDOM", **BY_LOCALITY)
    some = {"near": (states(healthy=1, degraded=3), {"load_balancing_weight": 1}), "far": (moved(states(healthy=1, degraded=3), 4), {"load_balancing_weight": 3})}
    # A quarter is healthy: 35 % for those, the rest for the degraded ones; both by the localities' weights.
    scene.add("localities-degraded", some, {0: 35 / 4, 4: 35 * 3 / 4, **dict.fromkeys((1, 2, 3), 65 / 12), **dict.fromkeys((5, 6, 7), 65 * 3 / 12)}, lb_policy="RANDOM", **BY_LOCALITY)


def add_priorities(scene):
    def two(first, second):
        return {"first": (first, {"priority": 0}), "second": (moved(second, 4), {"priority": 1})}

    well = plain(range(4))
    scene.add("priorities-well", two(states(healthy=3, unhealthy=1), well), dict.fromkeys(range(3), 1), lb_policy="RANDOM")
    scene.add("priorities-half", two(states(healthy=2, unhealthy=2), well), {0: 35, 1: 35, **dict.fromkeys(range(4, 8), 30 / 4)}, lb_policy="RANDOM")
    scene.add("priorities-degraded", two(states(healthy=1, degraded=1, unhealthy=2), states(healthy=1, unhealthy=3)), {0: 35, 4: 35, 1: 30}, lb_policy="RANDOM", **NO_PANIC)
    scene.add("priorities-few", two(states(healthy=1, unhealthy=3), states(healthy=1, unhealthy=3)), {0: 50, 4: 50}, lb_policy="RANDOM", **NO_PANIC)
    scene.add("panic", two(states(healthy=1, unhealthy=3), states(unhealthy=4)), dict.fromkeys(range(8), 1), lb_policy="RANDOM")
    # 25 and 50 of 75: the first is below the threshold, the second is not.
    scene.add("panic-of-one", two(states(healthy=1, unhealthy=3), states(healthy=2, unhealthy=2)), {**dict.fromkeys(range(4), 34 / 4), 4: 33, 5: 33},
              lb_policy="RANDOM", common_lb_config={"healthy_panic_threshold": {"value": 40}})
    scene.clusters["panic-of-one"]["load_assignment"]["policy"] = {"overprovisioning_factor": 100}
    scene.add("overprovisioning", two(states(healthy=2, unhealthy=2), well), {0: 25, 1: 25, **dict.fromkeys(range(4, 8), 50 / 4)}, lb_policy="RANDOM")
    scene.clusters["overprovisioning"]["load_assignment"]["policy"] = {"overprovisioning_factor": 100}


def add_zones(scene):
    """This process is in zone a, where three quarters of its like are. The zone has half of the hosts: two thirds of its requests may stay."""
    sizes = {"common_lb_config": {"zone_aware_lb_config": {"min_cluster_size": 1}}}
    halves = {"a": (plain(range(4)), {}), "b": (moved(plain(range(4)), 4), {})}
    stay, go = 6666 / 4, 3334 / 4
    shares = {**dict.fromkeys(range(4), stay), **dict.fromkeys(range(4, 8), go)}
    scene.add("alike", {"a": (plain(range(3)), {}), "b": (moved(plain(range(1)), 3), {})}, {0: 1})
    scene.add("zones", halves, shares, lb_policy="RANDOM", **sizes)
    scene.add("zones-enough", {"a": (plain(range(6)), {}), "b": (moved(plain(range(2)), 6), {})}, dict.fromkeys(range(6), 1), lb_policy="RANDOM", **sizes)
    scene.add("zones-small", halves, dict.fromkeys(range(8), 1), lb_policy="RANDOM", common_lb_config={"zone_aware_lb_config": {"min_cluster_size": 9}})
    marked = {zone: ({number: {**each, "metadata": {"filter_metadata": {"envoy.lb": {"stage": "dev"}}}} for number, each in endpoints.items()}, more)
              for zone, (endpoints, more) in halves.items()}
    scene.add("zones-subset", marked, shares, lb_policy="RANDOM", lb_subset_config={"fallback_policy": "NO_FALLBACK", "subset_selectors": [{"keys": ["stage"]}]}, **sizes)
    # One of four in each zone is healthy and takes 35 %; the degraded ones take the rest, by the same zones.
    ill = {zone: (moved(states(healthy=1, degraded=3), place * 4), {}) for place, zone in enumerate("ab")}
    scene.add("zones-degraded", ill, {0: 0.35 * 6666, 4: 0.35 * 3334, **dict.fromkeys((1, 2, 3), 0.65 * 6666 / 3), **dict.fromkeys((5, 6, 7), 0.65 * 3334 / 3)}, lb_policy="RANDOM", **sizes)


async def compare(bench, fill, **bootstrap):
    scene = Scene(await numbered_origins(bench, ENDPOINTS))
    fill(scene)
    pair = Pair(bench)
    subset = {"metadata_match": {"filter_metadata": {"envoy.lb": {"stage": "dev"}}}}
    routes = [{"match": {"prefix": f"/{name}/"}, "route": {"cluster": name, **(subset if "subset" in name else {})}} for name in scene.clusters]
    await pair.start(scene.clusters, routes, bootstrap)
    complaints = []
    try:
        for name in scene.clusters:
            if name == "alike":
                continue
            samples = [collections.Counter(answers) for answers in await pair.answers(f"/{name}/", REQUESTS)]
            complaints += complain(name, samples, scene.shares[name], name in scene.exact)
    finally:
        await pair.stop()
    if complaints:
        raise Mismatch("\n    ".join(complaints))


def complain(name, samples, shares, exact):
    ours, theirs = samples
    for who, counts in (("ours", ours), ("Envoy's", theirs)):
        strange = {cell: count for cell, count in counts.items() if cell not in shares}
        if strange:
            yield f"{name}: {who} went where nothing should: {strange}"
            return
        if exact:
            whole = sum(shares.values())
            far = {cell: count for cell, count in counts.items() if abs(count - REQUESTS * shares[cell] / whole) > 2}
            if far:
                yield f"{name}: {who} are not the turns that the weights give: {dict(sorted(counts.items()))}"
        elif len(shares) > 1 and (found := chi_square(counts, shares)) > limit(len(shares) - 1):
            yield f"{name}: {who} are not by the shares: {dict(sorted(counts.items()))}, chi-square {found:.1f} above {limit(len(shares) - 1):.1f}"
    if exact or len(shares) == 1:
        return
    found, freedom = chi_square_of_two(ours, theirs)
    if found > limit(freedom):
        yield f"{name}: ours {dict(sorted(ours.items()))}, Envoy's {dict(sorted(theirs.items()))}, chi-square {found:.1f} above {limit(freedom):.1f}"


@not_envoy("it is the other half of the test")
async def test_policies(bench):
    if not no_envoy(bench):
        await compare(bench, add_policies)


@not_envoy("it is the other half of the test")
async def test_localities(bench):
    if not no_envoy(bench):
        await compare(bench, add_localities)


@not_envoy("it is the other half of the test")
async def test_priorities(bench):
    if not no_envoy(bench):
        await compare(bench, add_priorities)


@not_envoy("it is the other half of the test")
async def test_zones(bench):
    if not no_envoy(bench):
        await compare(bench, add_zones, node={"id": "n", "cluster": "c", "locality": {"region": "r", "zone": "a"}}, cluster_manager={"local_cluster_name": "alike"})


def turns(answers, period):
    """The rounds that a sequence goes through, whatever the first."""
    return {tuple(answers[first:first + period]) for first in range(len(answers) - period + 1)}


@not_envoy("it is the other half of the test")
async def test_the_order_of_weighted_turns(bench):
    """Deadlines of these weights are exact: a round is as long as their sum, and every round of ours is one of Envoy's."""
    if no_envoy(bench):
        return
    scene = Scene(await numbered_origins(bench, ENDPOINTS))
    for name, weights in (("two", [1, 4]), ("three", [1, 2, 4]), ("eight", [1, 1, 2, 2, 4, 4, 8, 8])):
        scene.add(name, {"": (weighted(weights), {})}, dict(enumerate(weights)))
    pair = Pair(bench)
    await pair.start(scene.clusters, [{"match": {"prefix": f"/{name}/"}, "route": {"cluster": name}} for name in scene.clusters])
    try:
        for name, shares in scene.shares.items():
            ours, theirs = await pair.answers(f"/{name}/", 300)
            period = sum(shares.values())
            ours = ours[period:]
            other = turns(ours, period) - turns(theirs, period)
            if other:
                raise Mismatch(f"{name}: ours {' '.join(ours[:2 * period])}, Envoy's {' '.join(theirs[:2 * period])}")
    finally:
        await pair.stop()
