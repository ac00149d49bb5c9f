"""Runs one folder of examples/: its upstreams, Outrigger, and a live table of what each cluster got. Called by tools/run."""

import argparse
import ctypes
import os
import pathlib
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import yaml

REFRESH_S = 0.5  # on a terminal
LINE_S = 2  # elsewhere: a line at a time
ADMIN_CLUSTER = "prometheus_stats"
ARRIVED = re.compile(r'envoy_http_downstream_rq_completed\{envoy_http_conn_manager_prefix="public"\} (\d+)')
SAMPLE = re.compile(r'envoy_cluster_upstream_rq\{([^}]*)\} (\d+)')
LABEL = re.compile(r'(\w+)="([^"]*)"')


def arguments():
    parser = argparse.ArgumentParser(usage="tools/run FOLDER [--load N] [--for SECONDS] [--binary PATH --echo PATH]")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--echo", required=True)
    parser.add_argument("--load", type=int, default=0, help="requests a second to send")
    parser.add_argument("--for", dest="seconds", type=float, help="end after that many seconds")
    return parser.parse_args()


class Example:
    """What a folder says: ports, clusters, upstreams, and what to try."""

    def __init__(self, folder):
        self.name = folder.name
        self.config = folder / "outrigger.yaml"
        tree = yaml.safe_load(self.config.read_text())
        static = tree["static_resources"]
        self.ports = {f"listener {one['name']}": self.port(one) for one in static["listeners"]}
        self.ports["administration"] = self.port(tree["admin"])
        self.clusters = [c["name"] for c in static["clusters"] if c["name"] != ADMIN_CLUSTER]
        lines = [line.split() for line in (folder / "upstreams").read_text().splitlines() if line and not line.startswith("#")]
        self.upstreams = {name: int(port) for name, port in lines}
        self.ports.update({f"upstream {name}": port for name, port in self.upstreams.items()})
        self.readme = (folder / "README.md").read_text()
        self.prepare = folder / "prepare"  # what must be there before anything starts: certificates
        self.scheme = "https" if "transport_socket" in static["listeners"][0]["filter_chains"][0] else "http"

    @staticmethod
    def port(thing):
        return thing["address"]["socket_address"]["port_value"]

    def to_try(self):
        return re.search(r"## Try it\n+```sh\n(.*?)```", self.readme, re.S)[1].rstrip()

    def public(self):
        return next(port for name, port in self.ports.items() if name.startswith("listener"))

    def taken(self):
        """A sentence for each port that somebody else listens on."""
        for what, port in self.ports.items():
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    sock.bind(("127.0.0.1", port))
                except OSError:
                    yield f"port {port} ({what}) is in use{holder(port)}"


def holder(port):
    found = subprocess.run(["ss", "-ltnpH", f"sport = :{port}"], capture_output=True, text=True, check=False).stdout
    process = re.search(r'users:\(\("([^"]+)",pid=(\d+)', found)
    return f" by {process[1]}, process {process[2]}" if process else ""


def get(url, context=None):
    with urllib.request.urlopen(url, timeout=2, context=context) as answer:
        return answer.read().decode()


def counts(text):
    """How many requests were answered; requests and 5xx by cluster. Of the Prometheus text."""
    requests, bad = {}, {}
    arrived = ARRIVED.search(text)
    for labels, value in SAMPLE.findall(text):
        by = dict(LABEL.findall(labels))
        cluster = by.get("envoy_cluster_name")
        requests[cluster] = requests.get(cluster, 0) + int(value)
        if by.get("envoy_response_code", "").startswith("5"):
            bad[cluster] = bad.get(cluster, 0) + int(value)
    return int(arrived[1]) if arrived else 0, requests, bad


class Table:
    """The measured split, redrawn in place on a terminal, one line at a time elsewhere."""

    def __init__(self, example):
        self.example = example
        self.live = sys.stdout.isatty()
        self.drawn = 0
        self.before, self.before_at = {}, time.monotonic()

    def show(self):
        now = time.monotonic()
        arrived, requests, bad = counts(get(f"http://127.0.0.1:{self.example.ports['listener stats']}/stats/prometheus"))
        rates = {c: (requests.get(c, 0) - self.before.get(c, 0)) / (now - self.before_at) for c in self.example.clusters}
        self.before, self.before_at = requests, now
        total = arrived or 1  # copies for a mirror are no part of it: their share stands beside the others
        rows = [(c, requests.get(c, 0), 100 * requests.get(c, 0) / total, rates[c], bad.get(c, 0)) for c in self.example.clusters]
        if self.live:
            self._redraw(rows)
        else:
            print("   ".join(f"{c} {n} ({share:.1f}%, {rate:.0f}/s, 5xx {b})" for c, n, share, rate, b in rows), flush=True)

    def _redraw(self, rows):
        up = f"\x1b[{self.drawn}A" if self.drawn else ""
        lines = [f"{'cluster':12}{'requests':>12}{'share':>9}{'req/s':>9}{'5xx':>8}"]
        lines += [f"{c:12}{n:12}{share:8.1f}%{rate:9.0f}{b:8}" for c, n, share, rate, b in rows]
        print(up + "\n".join("\x1b[2K" + line for line in lines), flush=True)
        self.drawn = len(lines)


class Load(threading.Thread):
    """Sends requests at an even pace, on one connection after another."""

    def __init__(self, scheme, port, per_second):
        super().__init__(daemon=True)
        self.url, self.pause = f"{scheme}://127.0.0.1:{port}/", 1 / per_second
        self.context = ssl._create_unverified_context() if scheme == "https" else None  # the load only counts
        self.stopped = threading.Event()

    def run(self):
        due = time.monotonic()
        while not self.stopped.wait(max(0, due - time.monotonic())):
            due += self.pause
            try:
                get(self.url, self.context)
            except (urllib.error.URLError, OSError):
                pass  # the table counts what the proxy answered


class Runner:
    def __init__(self, args, example):
        self.args, self.example = args, example
        self.upstreams, self.proxy = [], None

    def start(self):
        for name, port in self.example.upstreams.items():
            self.upstreams.append(self._spawn([self.args.echo, "--name", name, "--listen", str(port)], subprocess.DEVNULL))
        self.proxy = self._spawn([self.args.binary, "-c", str(self.example.config), "-l", "warning"], None)
        end = time.monotonic() + 20
        while not self._ready():
            code = self.proxy.poll()
            if code is not None:
                raise SystemExit(f"outrigger ended with {code}")
            if time.monotonic() > end:
                raise SystemExit("outrigger is not ready after 20 s")
            time.sleep(0.02)

    @staticmethod
    def _spawn(command, output):
        # A session of their own: Ctrl-C is for this script, which then ends them in order.
        return subprocess.Popen(command, stdout=output, start_new_session=True, preexec_fn=end_with_parent)

    def _ready(self):
        try:
            return get(f"http://127.0.0.1:{self.example.ports['listener health']}/healthz/ready").startswith("LIVE")
        except (urllib.error.URLError, OSError):
            return False

    def in_flight(self):
        try:
            text = get(f"http://127.0.0.1:{self.example.ports['administration']}/stats?filter=^http.public.downstream_(cx|rq)_active$")
        except (urllib.error.URLError, OSError):
            return "what was open"
        numbers = dict(line.split(": ") for line in text.splitlines())
        cx, rq = (numbers.get(f"http.public.downstream_{what}_active", "0").strip() for what in ("cx", "rq"))
        return f"{cx} connections, {rq} requests in flight"

    def drain(self):
        """SIGTERM, and as long as it takes; another Ctrl-C is another SIGTERM, which does not wait."""
        if self.proxy is None or self.proxy.poll() is not None:
            return
        had, start = self.in_flight(), time.monotonic()
        say(f"\ndraining: {had}")
        self.proxy.terminate()
        while True:
            try:
                code = self.proxy.wait()
                break
            except KeyboardInterrupt:
                self.proxy.terminate()
        say(f"drained in {time.monotonic() - start:.2f} s, exit code {code}")

    def stop(self):
        self.drain()
        for upstream in self.upstreams:
            upstream.terminate()
            upstream.wait()


def say(text):
    """Prints; that nobody reads it (any more) must not keep the example from ending in order."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def end_with_parent():
    """In a new child: SIGTERM if this script dies without ending it."""
    PR_SET_PDEATHSIG = 1
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def watch(runner, args, example):
    table = Table(example)
    end = time.monotonic() + args.seconds if args.seconds else float("inf")
    load = Load(example.scheme, example.public(), args.load) if args.load else None
    if load:
        load.start()
    try:
        while time.monotonic() < end and runner.proxy.poll() is None:
            table.show()
            time.sleep(min(REFRESH_S if table.live else LINE_S, max(0, end - time.monotonic())))
        table.show()
    finally:
        if load:
            load.stopped.set()


def main():
    args = arguments()
    example = Example(args.folder)
    taken = list(example.taken())
    if taken:
        sys.exit("\n".join(taken) + f"\nend what holds them, or change the ports in {os.path.relpath(example.config)} and its upstreams")
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    if example.prepare.exists():
        subprocess.run([example.prepare], check=True)
    runner = Runner(args, example)
    try:
        runner.start()
        print(f"{example.name} is running. Send it requests from another terminal:\n\n{example.to_try()}\n\nCtrl-C drains and ends it.\n", flush=True)
        watch(runner, args, example)
    except (KeyboardInterrupt, BrokenPipeError):  # Ctrl-C; or whoever read our output is gone
        pass
    finally:
        runner.stop()


if __name__ == "__main__":
    main()
