#!/usr/bin/env python3
"""Starting and memory, Outrigger beside Envoy, nginx and HAProxy: what a proxy costs before it does anything.

  bench/memory/run.py [--outrigger PATH] [--envoy PATH] [--peers LIST] [--clusters N] [--connections N] [--rounds N]

  cold start   from exec to the first reply through a small bootstrap; RSS a second later
  clusters     the same with N static clusters of one endpoint each; RSS, and KB per cluster
  connections  N idle HTTP/1.1 connections that have had a request each; bytes per connection
  TLS          the same over TLS 1.3

nginx and HAProxy have only the last two. Bytes are of the whole process tree, shared memory divided (PSS).
"""

import argparse
import json
import pathlib
import resource
import socket
import ssl
import statistics
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from common import origin, peers  # noqa: E402
from common.machine import PROXY_CORE, Machine, memory_mb, rss_mb, tail, wait_open  # noqa: E402
from common.peers import Setting  # noqa: E402
from common.secrets import Secrets  # noqa: E402

BUILD = HERE.parent.parent / "build"
REQUEST = b"GET /1k HTTP/1.1\r\nhost: bench\r\n\r\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--outrigger", default=str(BUILD / "release/proxy/outrigger"))
    parser.add_argument("--envoy", default=str(BUILD / "venv-envoy/bin/envoy"))
    parser.add_argument("--peers", default="outrigger,envoy,nginx,haproxy", help="default: %(default)s")
    parser.add_argument("--clusters", type=int, default=10000)
    parser.add_argument("--connections", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


SETTLED_S = 1


def bootstrap(clusters):
    extra = [peers.cluster(f"outbound|80||service-{n}.namespace.svc.cluster.local", peers.ORIGIN) for n in range(clusters)]
    return json.dumps(peers.bootstrap([peers.cluster("origin", peers.ORIGIN), *extra], "origin"))


def reply(sock):
    """True when one whole reply has come."""
    got = b""
    while b"\r\n\r\n" not in got or len(got.partition(b"\r\n\r\n")[2]) < origin.SIZES["1k"]:
        piece = sock.recv(65536)
        if not piece:
            return False
        got += piece
    return got.startswith(b"HTTP/1.1 200")


def first_reply(process, patience=60):
    """Waits until a request through the proxy is answered."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SystemExit(f"ended with {process.returncode}: {tail(process)}")
        try:
            with socket.create_connection(("127.0.0.1", peers.PORT), 1) as sock:
                sock.settimeout(10)
                sock.sendall(REQUEST)
                if reply(sock):
                    return
        except OSError:
            pass
        time.sleep(0.001)
    raise SystemExit("no reply")


def start(machine, peer, text):
    """The process, and the seconds from exec to the first reply."""
    command = peer.command_for(machine.folder, text)
    begin = time.monotonic()
    process = machine.spawn(command, PROXY_CORE, peer.name)
    first_reply(process)
    return process, time.monotonic() - begin


def rounds_of(machine, peer, text, rounds):
    """Median seconds to the first reply, and MB when what only the start needed has been given back."""
    taken = []
    for _ in range(rounds):
        process, seconds = start(machine, peer, text)
        time.sleep(SETTLED_S)
        taken.append((seconds, rss_mb(process.pid)))
        machine.stop(process)
    return tuple(statistics.median(column) for column in zip(*taken))


def connected(context):
    """One connection that has had its request."""
    sock = socket.create_connection(("127.0.0.1", peers.PORT))
    if context:
        sock = context.wrap_socket(sock)
    sock.sendall(REQUEST)
    if not reply(sock):
        raise SystemExit("no reply")
    return sock


def connection_bytes(machine, peer, count, secrets):
    """Memory that `count` idle connections add, each after one request, by the connection. `secrets`: over TLS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, count * 3)), hard))
    setting = Setting(tls=secrets is not None)
    setting.secrets = secrets
    context = None
    if secrets:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    process = machine.spawn(peer.command(machine.folder, setting), PROXY_CORE, peer.name)
    if not wait_open(peers.PORT):
        raise SystemExit(f"{peer.name} did not start: {tail(process)}")
    connected(context).close()  # what the first connection alone brings is no connection's
    before = memory_mb(process.pid)
    held = [connected(context) for _ in range(count)]
    added = memory_mb(process.pid) - before
    for sock in held:
        sock.close()
    machine.stop(process)
    return added * 1024 * 1024 / count


def starting(machine, peer, args):
    """Cold start and clusters: the columns that only Envoy's configuration has."""
    cold, idle = rounds_of(machine, peer, bootstrap(0), args.rounds)
    ready, many = rounds_of(machine, peer, bootstrap(args.clusters), args.rounds)
    return f"{cold * 1e3:14.0f}{idle:9.1f}{ready:20.2f}{many:9.1f}{(many - idle) * 1024 / args.clusters:12.1f}"


def main():
    args = arguments()
    machine = Machine()
    machine.lock()
    origin.start(machine)
    secrets = Secrets(machine.folder)
    print(f"{'':12}{'cold start ms':>14}{'RSS MB':>9}{f'{args.clusters} clusters s':>20}{'RSS MB':>9}{'KB/cluster':>12}{'bytes/idle connection':>23}{'over TLS':>10}")
    for peer in peers.all_peers(args.outrigger, args.envoy):
        if peer.name not in args.peers.split(","):
            continue
        if not peer.there():
            print(f"{peer.name} is not there, left out", file=sys.stderr)
            continue
        start_columns = starting(machine, peer, args) if isinstance(peer, peers.Envoy) else " " * 64
        plain, over_tls = (connection_bytes(machine, peer, args.connections, how) for how in (None, secrets))
        print(f"{peer.name:12}{start_columns}{plain:23.0f}{over_tls:10.0f}", flush=True)


if __name__ == "__main__":
    main()
