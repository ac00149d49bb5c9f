"""The management server of test/xds_server, driven by a benchmark, and the configuration that it pushes."""

import base64
import json
import pathlib
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "test/wire"))

from harness.any_of import TYPE, any_of  # noqa: E402

from . import peers  # noqa: E402
from .machine import ADMIN_PATIENCE_S  # noqa: E402

PROGRAM = ROOT / "build/tools/xds_server"
NUMBER = "@@@@@@"  # the server puts a number of six digits in its place
CLUSTER = f"outbound|80||service-{NUMBER}.bench.svc.cluster.local"
HOST = f"service-{NUMBER}.bench.svc.cluster.local"
KINDS = {"cds": "envoy.config.cluster.v3.Cluster", "eds": "envoy.config.endpoint.v3.ClusterLoadAssignment",
         "lds": "envoy.config.listener.v3.Listener", "rds": "envoy.config.route.v3.RouteConfiguration"}
ADS = {"ads": {}, "resource_api_version": "V3"}


def octets(kind, tree):
    return any_of({"@type": TYPE + KINDS[kind], **tree}).value


def resource(name, value, version=""):
    return {"name": name, "value": base64.b64encode(value).decode(), "version": version}


class Management:
    """`port`: where it listens. Events are kept by a thread."""

    def __init__(self, machine, port):
        self.process = subprocess.Popen(["nice", "-n", "10", str(PROGRAM), "-listen", f"127.0.0.1:{port}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, start_new_session=True, env={"GOMAXPROCS": "1", "PATH": "/usr/bin:/bin"})
        machine.running.append(self.process)
        self.events, self.answers, self.number = [], {}, 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "answer":
                self.answers[event["id"]] = event
            else:
                self.events.append(event)

    def do(self, what, **more):
        self.number += 1
        self.process.stdin.write(json.dumps({"id": self.number, "do": what, **more}).encode() + b"\n")
        self.process.stdin.flush()
        end = time.monotonic() + ADMIN_PATIENCE_S
        while self.number not in self.answers:
            if time.monotonic() > end:
                raise SystemExit(f"the management server does not answer {what}")
            time.sleep(0.0005)
        answer = self.answers.pop(self.number)
        if answer.get("error"):
            raise SystemExit(f"the management server: {what}: {answer['error']}")

    def refusals(self):
        return [e["error"] for e in self.events if e["event"] == "request" and e.get("error")]

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def one_cluster(name, eds, timeout="1s"):
    """With one endpoint, the origin."""
    made = peers.cluster(name, peers.ORIGIN)
    made["connect_timeout"] = timeout
    if eds:
        del made["load_assignment"]
        made.update(type="EDS", eds_cluster_config={"eds_config": ADS})
    return octets("cds", made)


def endpoints(name):
    return octets("eds", peers.cluster(name, peers.ORIGIN)["load_assignment"] | {"cluster_name": name})


def _host(name, domain, routes):
    return octets("rds", {"name": "", "virtual_hosts": [{"name": name, "domains": [domain], "routes": routes}]})


def routes(count, last="/"):
    """Everything goes to the origin, but /probe is not there, unless one of `count` services is asked for it; the last by another prefix
    if one is given. Repeated fields of a message follow each other, so a message is the octets of its parts."""
    parts = [octets("rds", {"name": "r"}),
             _host("all", "*", [{"match": {"prefix": "/probe"}, "direct_response": {"status": 404}},
                                {"match": {"prefix": "/"}, "route": {"cluster": "origin"}}])]
    like = _host(HOST, HOST, [{"match": {"prefix": "/"}, "route": {"cluster": CLUSTER}}])
    for number in range(count - 1):
        parts.append(like.replace(NUMBER.encode(), b"%06d" % number))
    if count:
        number = f"{count - 1:06d}"
        parts.append(_host(HOST.replace(NUMBER, number), HOST.replace(NUMBER, number),
                           [{"match": {"prefix": last}, "route": {"cluster": CLUSTER.replace(NUMBER, number)}}]))
    return b"".join(parts)


def listener():
    tree = peers.bootstrap([], "origin")["static_resources"]["listeners"][0]
    manager = tree["filter_chains"][0]["filters"][0]["typed_config"]
    del manager["route_config"]
    manager["rds"] = {"route_config_name": "r", "config_source": ADS}
    return octets("lds", tree)


def bootstrap(port, mode):
    """All but the management server comes from it."""
    source = {"api_type": "DELTA_GRPC" if mode == "delta" else "GRPC", "transport_api_version": "V3",
              "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}]}
    return json.dumps({
        "node": {"id": "bench", "cluster": "bench"}, "enable_dispatcher_stats": True, "stats_flush_interval": "1s", "admin": {"address": peers.address(peers.ADMIN)},
        "dynamic_resources": {"ads_config": source, "cds_config": ADS, "lds_config": ADS},
        "static_resources": {"clusters": [peers.cluster("xds", port, h2=True)]}})
