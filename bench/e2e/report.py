"""Tables of bench/e2e: medians by scenario and peer, and Outrigger's CPU per request as ratios."""

import statistics

# Whom a scenario is compared with: the better of these. Envoy stands beside them in every scenario.
PAIRS = {
    "h1": ("nginx", "haproxy"), "h1-filters": (), "h1-log": ("nginx", "haproxy"), "h1-64k": ("nginx", "haproxy"), "h1-1m": ("nginx", "haproxy"),
    "h1-c512": ("nginx", "haproxy"), "close": ("nginx", "haproxy"), "h2": ("haproxy", "nghttpx"), "h2h2": ("haproxy", "nghttpx"),
    "tls-h1": ("nginx", "haproxy"), "tls-h1-64k": ("nginx", "haproxy"), "tls-h2": ("haproxy", "nghttpx"), "mtls-h1": ("nginx", "haproxy"),
    "handshake": ("nginx", "haproxy"), "resumed": ("nginx", "haproxy"), "tcp": ("nginx", "haproxy"), "tcp-1m": ("nginx", "haproxy"),
}
COLUMNS = (  # title, key, format, how rounds become one
    ("cpu µs/req", "cpu_us", "10.2f", statistics.median), ("low", "cpu_us", "8.2f", min), ("high", "cpu_us", "8.2f", max),
    ("req/s", "rps", "8.0f", statistics.median), ("p50 ms", "p50_ms", "8.2f", statistics.median),
    ("p99 ms", "p99_ms", "8.2f", statistics.median), ("idle MB", "idle_mb", "8.1f", statistics.median),
    ("MB", "mb", "7.1f", statistics.median), ("busy", "busy", "6.2f", statistics.median),
    ("noise", "noise", "6.2f", statistics.median), ("bad", "bad", "6.0f", max),
)


def _groups(results):
    groups = {}
    for result in results:
        groups.setdefault((result["scenario"], result["peer"]), []).append(result)
    return groups


def table(results):
    head = f"{'scenario':12}{'peer':11}" + "".join(f"{title:>{width(form)}}" for title, _, form, _ in COLUMNS)
    lines = [head]
    for (scenario, peer), rounds in _groups(results).items():
        cells = "".join(f"{fold(r[key] for r in rounds):{form}}" for _, key, form, fold in COLUMNS)
        lines.append(f"{scenario:12}{peer:11}{cells}")
    return "\n".join(lines)


def width(form):
    return int(form.split(".")[0])


def ratios(results):
    """Outrigger's median CPU per request over the better of the pair's, and over Envoy's."""
    cost = {key: statistics.median(r["cpu_us"] for r in rounds) for key, rounds in _groups(results).items()}
    lines = ["", f"{'ratio':12}{'to the best of':>22}{'':9}{'to Envoy':>10}"]
    for scenario, pair in PAIRS.items():
        ours = cost.get((scenario, "outrigger"))
        if ours is None:
            continue
        rivals = {peer: cost[scenario, peer] for peer in pair if (scenario, peer) in cost}
        best = min(rivals, key=rivals.get) if rivals else None
        to_pair = f"{best:>22}{ours / rivals[best]:9.2f}" if best else f"{'none there':>22}{'':9}"
        envoy = cost.get((scenario, "envoy"))
        lines.append(f"{scenario:12}{to_pair}" + (f"{ours / envoy:10.2f}" if envoy else f"{'-':>10}"))
    lines += _chains(cost)
    return "\n".join(lines) if len(lines) > 2 else ""


def _chains(cost):
    """What a chain of eight passing filters costs a request."""
    found = [peer for peer in ("outrigger", "envoy") if ("h1", peer) in cost and ("h1-filters", peer) in cost]
    return [f"eight filters cost {peer} {cost['h1-filters', peer] - cost['h1', peer]:.2f} µs a request" for peer in found]
