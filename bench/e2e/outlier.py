#!/usr/bin/env python3
"""One endpoint in ten fails every request: how many requests of clients fail until it is ejected, and how many after, beside Envoy.

  outlier.py --binary build/release/proxy/outrigger [--envoy /opt/envoy/bin/envoy] [--requests 20000]

The endpoints are listeners of one more proxy that answer by themselves. Prints a line for each proxy: the share of requests that
failed with outlier detection, and without it.
"""

import argparse
import json
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.request

ENDPOINTS = 10
HCM = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
ROUTER = {"name": "envoy.filters.http.router", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}}


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def address(port):
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def listener(port, route):
    hosts = [{"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, **route}]}]
    manager = {"@type": HCM, "stat_prefix": "main", "route_config": {"name": "local", "virtual_hosts": hosts}, "http_filters": [ROUTER]}
    return {"name": f"on_{port}", "address": address(port), "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}]}


def endpoints(ports):
    answers = [503] + [200] * (len(ports) - 1)
    return {"static_resources": {"listeners": [
        listener(port, {"direct_response": {"status": status, "body": {"inline_string": "x"}}}) for port, status in zip(ports, answers)]}}


def proxy(port, admin, ports, detection):
    cluster = {"name": "ten", "type": "STATIC", "lb_policy": "ROUND_ROBIN", "connect_timeout": "1s",
               "circuit_breakers": {"thresholds": [{"max_requests": 10000, "max_connections": 10000, "max_pending_requests": 10000}]},
               "load_assignment": {"cluster_name": "ten", "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(p)}} for p in ports]}]}}
    if detection:
        cluster["outlier_detection"] = {"consecutive_5xx": 5, "base_ejection_time": "600s", "max_ejection_percent": 10}
    return {"admin": {"address": address(admin)},
            "static_resources": {"listeners": [listener(port, {"route": {"cluster": "ten"}})], "clusters": [cluster]}}


class Process:
    def __init__(self, binary, config, port, folder):
        path = pathlib.Path(folder, f"{port}.json")
        path.write_text(json.dumps(config))
        self.process = subprocess.Popen([binary, "-c", path, "--concurrency", "2", "--disable-hot-restart"], stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{binary} does not listen on {port}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def failed(binary, ports, detection, requests, folder):
    port, admin = free_ports(2)
    with Process(binary, proxy(port, admin, ports, detection), port, folder):
        out = subprocess.run(["h2load", "--h1", "-t1", "-c20", "-n", str(requests), f"http://127.0.0.1:{port}/"],
                             capture_output=True, text=True, check=False).stdout
        codes = re.search(r"status codes: (\d+) 2xx, \d+ 3xx, \d+ 4xx, (\d+) 5xx", out)
        with urllib.request.urlopen(f"http://127.0.0.1:{admin}/stats?filter=ejections_active") as stats:
            ejected = stats.read().decode().strip()
    return int(codes[2]), int(codes[1]) + int(codes[2]), ejected


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--envoy", default="/opt/envoy/bin/envoy")
    parser.add_argument("--requests", type=int, default=20000)
    args = parser.parse_args()
    ports = free_ports(ENDPOINTS)
    with tempfile.TemporaryDirectory() as folder, Process(args.envoy, endpoints(ports), ports[0], folder):
        for name, binary in (("outrigger", args.binary), ("envoy", args.envoy)):
            for detection in (True, False):
                bad, total, ejected = failed(binary, ports, detection, args.requests, folder)
                print(f"{name:10} outlier detection {'on ' if detection else 'off'}: {bad} of {total} failed ({100 * bad / total:.3f} %) {ejected}")


if __name__ == "__main__":
    main()
