#!/usr/bin/env python3
"""Outrigger, Envoy, nginx, HAProxy and nghttpx side by side: CPU per request, rate, latency, memory.

Every proxy has one worker on core 1; load and origin share core 0. CPU is the whole process tree's, read from the scheduler
around the measured window and divided by the requests that succeeded. On loopback the receiver's TCP work runs in the sender's
soft interrupt, so it is charged to whoever sends. TLS is 1.3 with AES-128-GCM, an ECDSA P-256 certificate and tickets, no early data;
"handshake" and "resumed" are a connection per request, so their CPU per request is a handshake and a request. "h1-filters" is "h1" with a
chain of eight HTTP filters that let everything pass: their difference is what such a chain costs. Peers alternate within a round; the table has medians and, below, the ratios
that our budgets are about.

  bench/e2e/run.py [--peers LIST] [--scenarios LIST] [--rounds N] [--seconds S] [--outrigger PATH] [--envoy PATH] [--json FILE]

Ports 18080, 18001, 18051 and 18900 must be free.
"""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common import load, origin, peers  # noqa: E402
from common.machine import (PROXY_CORE, Machine, core_busy_s, cpu_us, is_open, memory_mb, tail, wait_open)  # noqa: E402
from common.peers import Setting  # noqa: E402
from common.secrets import Secrets  # noqa: E402

import report  # noqa: E402

BUILD = HERE.parent.parent / "build"


class Scenario:
    """One kind of traffic. `streams`: HTTP/2 with that many on each connection."""

    def __init__(self, path="/1k", connections=64, streams=0, close=False, resume=False, **setting):
        self.path, self.connections, self.streams, self.close, self.resume = path, connections, streams, close, resume
        self.setting = Setting(**setting)

    def drive(self, peer, seconds, folder):
        environment = self.setting.secrets.load_environment(self.setting.mutual, self.resume) if self.setting.tls else None
        if self.streams:
            return load.h2load(self.path, seconds, self.connections, self.streams, peer.h2_port, folder, environment)
        return load.wrk(self.path, seconds, self.connections, self.close, environment)


SCENARIOS = {
    "h1": Scenario(),
    "h1-log": Scenario(access_log=True),
    "h1-filters": Scenario(filters=True),
    "h1-64k": Scenario(path="/64k"),
    "h1-1m": Scenario(path="/1m", connections=16),
    "h1-c512": Scenario(connections=512),
    "close": Scenario(close=True),
    "h2": Scenario(connections=16, streams=10),
    "h2h2": Scenario(connections=16, streams=10, upstream_h2=True),
    "tls-h1": Scenario(tls=True),
    "tls-h1-64k": Scenario(path="/64k", tls=True),
    "tls-h2": Scenario(connections=16, streams=10, tls=True),
    "mtls-h1": Scenario(mutual=True),
    "handshake": Scenario(connections=16, close=True, tls=True),
    "resumed": Scenario(connections=16, close=True, resume=True, tls=True),
    "tcp": Scenario(tcp=True),
    "tcp-1m": Scenario(path="/1m", connections=16, tcp=True),
}
DEFAULT = "h1,h1-64k,h1-log,h1-filters,h1-c512,close,h2,h2h2,tls-h1,tls-h1-64k,tls-h2,mtls-h1,handshake,resumed,tcp,tcp-1m"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="outrigger,envoy,nginx,haproxy,nghttpx", help="default: %(default)s")
    parser.add_argument("--scenarios", default=DEFAULT, help=f"of {','.join(SCENARIOS)}; default: %(default)s")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4, help="of each measurement")
    parser.add_argument("--outrigger", default=str(BUILD / "release/proxy/outrigger"))
    parser.add_argument("--envoy", default=str(BUILD / "venv-envoy/bin/envoy"))
    parser.add_argument("--json", default=str(BUILD / "bench-e2e.jsonl"), help="a line per measurement is added there; default: %(default)s")
    parser.add_argument("--quiet", type=float, default=0.03,
                        help="repeat a measurement, up to four times, while others take more than this share of the core")
    return parser.parse_args()


def chosen(args):
    known = {peer.name: peer for peer in peers.all_peers(args.outrigger, args.envoy)}
    found = []
    for name in args.peers.split(","):
        if name not in known:
            sys.exit(f"no peer {name!r}; there are {', '.join(known)}")
        if known[name].there():
            found.append(known[name])
        else:
            print(f"{name} is not there, left out", file=sys.stderr)
    return found


def start(machine, peer, setting):
    end = time.monotonic() + 5
    while is_open(peers.PORT, 0.02):  # the listener of the peer before may outlive it by a moment
        if time.monotonic() > end:
            raise SystemExit(f"port {peers.PORT} is taken: end what holds it (ss -ltnp)")
        time.sleep(0.02)
    process = machine.spawn(peer.command(machine.folder, setting), PROXY_CORE, peer.name)
    if not wait_open(peers.PORT) or process.poll() is not None:
        raise SystemExit(f"{peer.name} did not start: {tail(process)}")
    return process


def measure(machine, peer, name, number, args):
    """The least disturbed of up to four measurements of one freshly started peer."""
    scenario = SCENARIOS[name]
    process = start(machine, peer, scenario.setting)
    try:
        idle_mb = memory_mb(process.pid)
        scenario.drive(peer, 1, machine.folder)  # warm: connections open, memory touched
        best = None
        for _ in range(4):
            result = window(machine, peer, scenario, process, args.seconds)
            if best is None or result["noise"] < best["noise"]:
                best = result
            if best["noise"] <= args.quiet:
                break
        return {"peer": peer.name, "scenario": name, "round": number, "idle_mb": idle_mb, **best}
    finally:
        machine.stop(process)


def window(machine, peer, scenario, process, seconds):
    core, cpu, begin = core_busy_s(PROXY_CORE), cpu_us(process.pid), time.monotonic()
    figures = scenario.drive(peer, seconds, machine.folder)
    took = time.monotonic() - begin
    used = cpu_us(process.pid) - cpu
    others = core_busy_s(PROXY_CORE) - core - used / 1e6
    return {"cpu_us": used / max(figures.good, 1), "rps": figures.good / seconds, "p50_ms": figures.p50, "p99_ms": figures.p99,
            "bad": figures.bad, "mb": memory_mb(process.pid), "busy": used / 1e6 / took, "noise": max(0, others / took)}


def main():
    args = arguments()
    machine = Machine()
    machine.lock()
    found = chosen(args)
    results, secrets = [], None
    with open(args.json, "a") as lines:
        for name in args.scenarios.split(","):
            if name not in SCENARIOS:
                sys.exit(f"no scenario {name!r}; there are {', '.join(SCENARIOS)}")
            setting = SCENARIOS[name].setting
            if setting.tls:
                setting.secrets = secrets = secrets or Secrets(machine.folder)
            upstream = origin.start(machine, setting.upstream_h2, secrets if setting.mutual else None)
            for number in range(args.rounds):
                for peer in found:
                    if peer.can(setting):
                        result = measure(machine, peer, name, number, args)
                        results.append(result)
                        lines.write(json.dumps(result) + "\n")
                        lines.flush()
                        print(f"{name} {peer.name} {result['cpu_us']:.1f} µs", file=sys.stderr)
            machine.stop(upstream)
    print(report.table(results))
    print(report.ratios(results))


if __name__ == "__main__":
    main()
