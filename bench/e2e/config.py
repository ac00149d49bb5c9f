#!/usr/bin/env python3
"""Configuration that is pushed while requests run, Outrigger beside Envoy, from the same management server.

  in force    from the push of N clusters and N virtual hosts to the first request that the last of them answers
  one change  the same for a change of one virtual host among N
  worst       the longest that a steady client (one request a millisecond) waited while that happened; beside it the same for a
              second in which nothing was pushed, and how many requests took over 10 ms
  turn        the longest that the worker's loop was at work without looking at its sockets (enable_dispatcher_stats)
  RSS         before the push, after it

  build/venv/bin/python bench/e2e/config.py [--peers LIST] [--counts LIST] [--modes LIST] [--kinds LIST] [--rounds N] [--outrigger PATH] [--envoy PATH] [--json FILE]

The proxy has one worker and may use both cores, as the management server (at low priority), the client and the origin may. Ports 18080,
18001, 18900 and 18700 must be free.
"""

import argparse
import json
import pathlib
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common import admin, management, origin, peers  # noqa: E402
from common.machine import Machine, rss_mb, tail, wait_open  # noqa: E402
from common.management import CLUSTER, HOST, NUMBER, Management, resource  # noqa: E402

BUILD = HERE.parent.parent / "build"
XDS_PORT = 18700
LATE_S = 0.010
PATIENCE_S = 120
QUIET_S = 1.0
BOTH_CORES = "0,1"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="outrigger,envoy", help="default: %(default)s")
    parser.add_argument("--counts", default="1000,10000", help="clusters and virtual hosts; default: %(default)s")
    parser.add_argument("--modes", default="delta", help="of delta,sotw; default: %(default)s")
    parser.add_argument("--kinds", default="static,eds", help="where endpoints come from; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--outrigger", default=str(BUILD / "release/proxy/outrigger"))
    parser.add_argument("--envoy", default=str(BUILD / "venv-envoy/bin/envoy"))
    parser.add_argument("--json", default=str(BUILD / "bench-config.jsonl"), help="a line per measurement is added there; default: %(default)s")
    return parser.parse_args()


def ask(path, host):
    """Status of one request on a connection of its own."""
    with socket.create_connection(("127.0.0.1", peers.PORT), 5) as sock:
        sock.settimeout(30)
        sock.sendall(f"GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
        got = sock.recv(4096)
        return int(got.split()[1]) if got else 0


def until_answered(path, host, begin, process):
    """Seconds from `begin` to the first 200."""
    while time.monotonic() - begin < PATIENCE_S:
        if process.poll() is not None:
            raise SystemExit(f"ended with {process.returncode}: {tail(process)}")
        try:
            if ask(path, host) == 200:
                return time.monotonic() - begin
        except OSError:
            pass
        time.sleep(0.002)
    raise SystemExit(f"not in force after {PATIENCE_S} s")


class Pacer:
    """The steady client, from now on."""

    def __init__(self, seconds):
        self.process = subprocess.Popen([sys.executable, str(HERE.parent / "common/pacer.py"), str(peers.PORT), str(seconds)],
                                        stdout=subprocess.PIPE, text=True)

    def result(self):
        out, _ = self.process.communicate()
        if self.process.returncode:
            raise SystemExit("the steady client was not answered")
        return [tuple(map(float, line.split())) for line in out.splitlines()]


def within(taken, begin, end):
    times = [took for at, took in taken if begin <= at <= end]
    return {"worst_ms": max(times) * 1e3, "late": sum(t > LATE_S for t in times), "requests": len(times)}


def base(server):
    server.do("apply", changes=[{"type": "cds", "set": [resource("origin", management.one_cluster("origin", False))]},
                                {"type": "lds", "set": [resource("plain", management.listener())]},
                                {"type": "rds", "set": [resource("r", management.routes(0))]}])


def push(server, count, eds):
    """Everything at once; made before it is sent. When that began."""
    changes = [{"type": "cds", "generate": {"count": count, "like": resource(CLUSTER, management.one_cluster(CLUSTER, eds))}},
               {"type": "rds", "set": [resource("r", management.routes(count))]}]
    if eds:
        server.do("apply", silent=True, changes=[{"type": "eds", "generate": {"count": count, "like": resource(CLUSTER, management.endpoints(CLUSTER))}}])
    begin = time.monotonic()
    server.do("apply", changes=changes)
    return begin


def measure(machine, peer, count, mode, kind, expected_s):
    """`expected_s`: how long the steady client runs after the push."""
    server = Management(machine, XDS_PORT)
    try:
        base(server)
        process = machine.spawn(peer.command_for(machine.folder, management.bootstrap(XDS_PORT, mode)), BOTH_CORES, peer.name)
        if not wait_open(peers.PORT):
            raise SystemExit(f"{peer.name} did not start: {tail(process)}")
        last = f"{count - 1:06d}"
        host = HOST.replace(NUMBER, last)
        until_answered("/1k", "bench", time.monotonic(), process)
        before_mb = rss_mb(process.pid)
        pacer = Pacer(QUIET_S + 0.5 + expected_s)
        time.sleep(QUIET_S + 0.3)  # the interpreter starts meanwhile
        begin = push(server, count, kind == "eds")
        in_force = until_answered("/probe", host, begin, process)
        taken = pacer.result()
        another = resource("r", management.routes(count, last="/1"))
        changed = time.monotonic()
        server.do("apply", changes=[{"type": "rds", "set": [another]}])
        one = 0.0
        while ask("/probe", host) == 200 and time.monotonic() - changed < PATIENCE_S:
            time.sleep(0.002)
        one = time.monotonic() - changed
        if server.refusals():
            raise SystemExit(f"{peer.name} refused: {server.refusals()[0][:300]}")
        result = {"in_force_ms": in_force * 1e3, "one_change_ms": one * 1e3, "idle_mb": before_mb, "mb": rss_mb(process.pid),
                  "quiet_worst_ms": within(taken, begin - QUIET_S, begin)["worst_ms"],
                  "turn_ms": admin.longest_turn_ms(),
                  "complete": taken[-1][0] > begin + in_force, **within(taken, begin, begin + in_force + 0.2)}
        machine.stop(process)
        return result
    finally:
        machine.stop(server.process)


def table(results):
    rows = {}
    for one in results:
        rows.setdefault((one["count"], one["kind"], one["mode"], one["peer"]), []).append(one)
    columns = ("in_force_ms", "one_change_ms", "worst_ms", "turn_ms", "late", "quiet_worst_ms", "idle_mb", "mb")
    text = f"{'clusters, routes':34}" + "".join(f"{c:>16}" for c in columns)
    for (count, kind, mode, peer), found in rows.items():
        values = "".join(f"{statistics.median(f[c] for f in found):16.1f}" for c in columns)
        text += f"\n{f'{count} {kind} {mode} {peer}':34}{values}"
    return text


def main():
    args = arguments()
    machine = Machine()
    machine.lock()
    origin.start(machine)
    pathlib.Path(machine.folder, "probe").write_text("x")
    known = {peer.name: peer for peer in peers.all_peers(args.outrigger, args.envoy) if isinstance(peer, peers.Envoy)}
    results = []
    with open(args.json, "a") as lines:
        for count in map(int, args.counts.split(",")):
            for kind in args.kinds.split(","):
                for mode in args.modes.split(","):
                    for number in range(args.rounds):
                        for name in args.peers.split(","):
                            if not known[name].there():
                                continue
                            expected = 1 + count / 500  # enough for a slow one, whose whole push is looked at
                            result = {"bench": "config", "peer": name, "count": count, "kind": kind, "mode": mode, "round": number,
                                      **measure(machine, known[name], count, mode, kind, expected)}
                            results.append(result)
                            lines.write(json.dumps(result) + "\n")
                            lines.flush()
                            print(f"{count} {kind} {mode} {name}: {result['in_force_ms']:.0f} ms, worst {result['worst_ms']:.1f} ms", file=sys.stderr)
    print(table(results))


if __name__ == "__main__":
    main()
