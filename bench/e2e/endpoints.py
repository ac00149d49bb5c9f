#!/usr/bin/env python3
"""One cluster of many endpoints, of which one changes at a time, Outrigger beside Envoy, from the same management server.

  first     from the push of N endpoints until they are in force
  KB each   what the process grew by, for each endpoint
  CPU       of the process for one update: the whole assignment with one endpoint replaced, taken from the next address; requests
            made every worker know the cluster before
  turn      the longest that the worker's loop was at work for an update without looking at its sockets (enable_dispatcher_stats)
  use       the same up to there: the endpoints' coming, and the worker's first request to them

  build/venv/bin/python bench/e2e/endpoints.py [--peers LIST] [--counts LIST] [--updates N] [--policy NAME] [--outrigger PATH] [--envoy PATH]

Nothing else runs meanwhile. Ports 18001, 18900 and 18700 must be free.
"""

import argparse
import pathlib
import sys
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common import admin, management, peers  # noqa: E402
from common.machine import Machine, cpu_us, rss_mb, tail, wait_open  # noqa: E402
from common.management import Management, octets, resource  # noqa: E402

BUILD = HERE.parent.parent / "build"
XDS_PORT = 18700
PATIENCE_S = 120
BOTH_CORES = "0,1"
CLUSTER = "many"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="outrigger,envoy", help="default: %(default)s")
    parser.add_argument("--counts", default="1000,10000,100000", help="endpoints; default: %(default)s")
    parser.add_argument("--updates", type=int, default=10, help="default: %(default)s")
    parser.add_argument("--policy", default="ROUND_ROBIN", help="lb_policy of the cluster; default: %(default)s")
    parser.add_argument("--outrigger", default=str(BUILD / "release/proxy/outrigger"))
    parser.add_argument("--envoy", default=str(BUILD / "venv-envoy/bin/envoy"))
    return parser.parse_args()


def endpoint(number):
    """An endpoint of its own address, as octets of a locality: repeated fields of a message follow each other."""
    address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    tree = {"endpoint": {"address": {"socket_address": {"address": address, "port_value": 80}}}}
    return octets("eds", {"endpoints": [{"lb_endpoints": [tree]}]})[2:]


def assignment(parts):
    """All of them in one locality."""
    inner = b"".join(parts)
    return octets("eds", {"cluster_name": CLUSTER}) + b"\x12" + varint(len(inner)) + inner


def varint(value):
    out = b""
    while value >= 128:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def wait_for(condition, process):
    begin = time.monotonic()
    while not condition():
        if process.poll() is not None:
            raise SystemExit(f"ended with {process.returncode}: {tail(process)}")
        if time.monotonic() - begin > PATIENCE_S:
            raise SystemExit(f"not in force after {PATIENCE_S} s")
        time.sleep(0.02)


def updates():
    return admin.counter(f"cluster.{CLUSTER}.update_success")


def routes():
    """All to the cluster of many, whose endpoints do not answer."""
    action = {"cluster": CLUSTER, "timeout": "0.05s", "hash_policy": [{"header": {"header_name": "x-user"}}]}
    return octets("rds", {"name": "r", "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": action}]}]})


def cluster(policy):
    return management.one_cluster(CLUSTER, True) + octets("cds", {"lb_policy": policy})


def use(times=24):
    """Each worker takes some of so many connections."""
    for number in range(times):
        try:
            urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{peers.PORT}/", headers={"x-user": str(number)}), timeout=10).read()
        except urllib.error.HTTPError:
            pass


def settled(process):
    """Waits until the process has nothing to do, and returns what it has used."""
    before = -1
    while (now := cpu_us(process.pid)) > before + 5000:
        before = now
        time.sleep(0.1)
    return now


def measure(machine, peer, count, times, policy):
    server = Management(machine, XDS_PORT)
    try:
        parts = [endpoint(number) for number in range(count)]
        many = [assignment(parts[:number] + [endpoint(count + number)] + parts[number + 1:]) for number in range(times)]
        server.do("apply", changes=[
            {"type": "cds", "set": [resource("origin", management.one_cluster("origin", False)), resource(CLUSTER, cluster(policy))]},
            {"type": "eds", "set": [resource(CLUSTER, assignment(parts[:1]))]},
            {"type": "lds", "set": [resource("plain", management.listener())]},
            {"type": "rds", "set": [resource("r", routes())]}])
        process = machine.spawn(peer.command_for(machine.folder, management.bootstrap(XDS_PORT, "delta")), BOTH_CORES, peer.name)
        if not wait_open(peers.PORT):
            raise SystemExit(f"{peer.name} did not start: {tail(process)}")
        before_mb = rss_mb(process.pid)
        begin = time.monotonic()
        server.do("apply", changes=[{"type": "eds", "set": [resource(CLUSTER, assignment(parts))]}])
        wait_for(lambda: updates() >= 2, process)
        first = time.monotonic() - begin
        use()
        grown = rss_mb(process.pid) - before_mb
        time.sleep(2 * admin.FLUSH_S)
        first_turn = admin.longest_turn_ms()
        spent = turn = 0.0
        for number, one in enumerate(many):
            value = resource(CLUSTER, one)
            before = settled(process)
            server.do("apply", changes=[{"type": "eds", "set": [value]}])
            wait_for(lambda: updates() >= 3 + number, process)
            spent += settled(process) - before
            turn = max(turn, admin.longest_turn_ms(recent=True))
        for _ in range(admin.FLUSH_S + 1):
            time.sleep(1)
            turn = max(turn, admin.longest_turn_ms(recent=True))
        if server.refusals():
            raise SystemExit(f"{peer.name} refused: {server.refusals()[0][:300]}")
        result = {"first_ms": first * 1e3, "kb_each": grown * 1e3 / count, "cpu_ms": spent / times / 1e3, "turn_ms": turn, "use_ms": first_turn}
        machine.stop(process)
        return result
    finally:
        machine.stop(server.process)


def main():
    args = arguments()
    machine = Machine()
    machine.lock()
    known = {peer.name: peer for peer in peers.all_peers(args.outrigger, args.envoy) if isinstance(peer, peers.Envoy)}
    columns = ("first_ms", "kb_each", "cpu_ms", "turn_ms", "use_ms")
    print(f"{'endpoints':20}" + "".join(f"{c:>12}" for c in columns))
    for count in map(int, args.counts.split(",")):
        for name in args.peers.split(","):
            if known[name].there():
                result = measure(machine, known[name], count, args.updates, args.policy)
                print(f"{f'{count} {name}':20}" + "".join(f"{result[c]:12.2f}" for c in columns), flush=True)


if __name__ == "__main__":
    main()
