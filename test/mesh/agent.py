"""A pod: a host with Istio's agent, the proxy that it starts, and Istio's own iptables rules for a sidecar."""

import json
import os
import pathlib
import shutil
import signal

import http_peers
from istiod import ADDRESS, PROGRAMS
from waiting import Mismatch, eventually

GROUP = 1337  # of agent and proxy: the rules leave out what is theirs
ADMIN, AGENT, HEALTH, METRICS = 15000, 15020, 15021, 15090
READY_S = 60
VERSION = "1.31.0"


class Pod:
    """`kind`: sidecar or router. `binary`: the proxy. `labels` as Kubernetes has them."""

    def __init__(self, network, istiod, name, address, account, binary, kind="sidecar", namespace="demo", labels=None, environment=None):
        self.istiod, self.name, self.address, self.account = istiod, name, address, account
        self.binary, self.kind, self.namespace = os.path.abspath(binary), kind, namespace
        self.host = network.add(name, address)
        self.folder = pathlib.Path(istiod.folder).parent / name
        app = account if kind == "sidecar" else "istio-ingressgateway"
        self.labels = {"app": app, "version": "v1", "service.istio.io/canonical-name": app, "service.istio.io/canonical-revision": "v1",
                       **({"security.istio.io/tlsMode": "istio"} if kind == "sidecar" else {"istio": "ingressgateway"}), **(labels or {})}
        self.environment = environment or {}
        self.agent = None

    # --- beginning

    def prepare(self):
        for name in ("var/run/secrets/tokens", "var/run/secrets/istio", "var/lib/istio/envoy", "var/lib/istio/data", "etc/istio/proxy", "etc/istio/pod"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "var/run/secrets/tokens/istio-token").write_text(self.istiod.token(f"{self.namespace}:{self.account}"))
        shutil.copy(self.istiod.folder / "etc/cacerts/root-cert.pem", self.folder / "var/run/secrets/istio/root-cert.pem")
        shutil.copy(PROGRAMS / "envoy_bootstrap_tmpl.json", self.folder / "var/lib/istio/envoy")
        (self.folder / "etc/istio/pod/labels").write_text("".join(f'{k}="{v}"\n' for k, v in self.labels.items()))
        (self.folder / "etc/istio/pod/annotations").write_text("")
        # What the agent passes to the proxy is kept for who looks.
        wrapper = self.folder / "proxy"
        wrapper.write_text(f"#!/bin/sh\nprintf '%s\\n' \"$@\" > {self.folder}/arguments\nexec {self.binary} \"$@\"\n")
        wrapper.chmod(0o755)
        if self.kind == "sidecar":
            self.host.run(PROGRAMS / "pilot-agent", "istio-iptables", "-p", "15001", "-z", "15006", "-u", GROUP, "-g", GROUP, "-m", "REDIRECT",
                          "-i", "*", "-x", "", "-b", "*", "-d", f"{METRICS},{HEALTH},{AGENT}", "--log_output_level", "default:error")

    async def start(self):
        proxy_config = {"binaryPath": str(self.folder / "proxy"), "discoveryAddress": f"{ADDRESS}:15012", "proxyAdminPort": ADMIN,
                        "statusPort": AGENT, "concurrency": 1, "terminationDrainDuration": "2s", "serviceCluster": f"{self.account}.{self.namespace}"}
        owner = f"kubernetes://apis/apps/v1/namespaces/{self.namespace}/deployments/{self.account}"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "POD_NAME": self.name, "POD_NAMESPACE": self.namespace, "INSTANCE_IP": self.address,
            "SERVICE_ACCOUNT": self.account, "HOST_IP": "127.0.0.1", "TRUST_DOMAIN": "cluster.local", "PILOT_CERT_PROVIDER": "istiod",
            "JWT_POLICY": "third-party-jwt", "CA_ADDR": f"{ADDRESS}:15012", "ISTIOD_SAN": "istiod.istio-system.svc",
            "ISTIO_META_CLUSTER_ID": "Kubernetes", "ISTIO_META_WORKLOAD_NAME": self.account, "ISTIO_META_MESH_ID": "cluster.local",
            "ISTIO_META_NODE_NAME": "node-1", "ISTIO_META_INTERCEPTION_MODE": "REDIRECT", "ISTIO_META_OWNER": owner,
            "ISTIO_META_APP_CONTAINERS": "app", "ISTIO_META_ISTIO_VERSION": VERSION, "PROXY_CONFIG": json.dumps(proxy_config), **self.environment}
        words = ["setpriv", "--regid", GROUP, "--clear-groups", PROGRAMS / "pilot-agent", "proxy", self.kind,
                 "--domain", f"{self.namespace}.svc.cluster.local", "--proxyLogLevel", "warning", "--log_output_level", "default:info"]
        self.agent = await self.host.start(words, self.folder / "agent.log", self.folder, environment)

    async def ready(self):
        async def attempt():
            if self.agent.process.returncode is not None:
                raise Mismatch(f"{self.name}: the agent exited with {self.agent.process.returncode}")
            answer = await self.get(HEALTH, "/healthz/ready")
            if answer.status != 200:
                raise Mismatch(f"{self.name} is not ready: {answer}")

        try:
            await eventually(attempt, READY_S)
        except Mismatch as mismatch:
            raise Mismatch(f"{self.name}: {mismatch}") from None

    # --- looking

    async def get(self, port, path, **headers):
        """From the pod itself, as the agent and a node's probes ask."""
        return await http_peers.get(self.host, "127.0.0.1", port, path, **headers)

    async def post(self, path):
        client = http_peers.Client(self.host, "127.0.0.1", ADMIN)
        try:
            return await client.get(path, method="POST")
        finally:
            client.close()

    async def stats(self, pattern=""):
        answer = await self.get(ADMIN, f"/stats?filter={pattern}")
        return dict(line.split(": ", 1) for line in answer.text.splitlines() if ": " in line)

    def client(self, address, port):
        """An application's connection from this pod."""
        return http_peers.Client(self.host, address, port)

    def log(self):
        return self.agent.log() if self.agent else ""

    def terminate(self):
        self.agent.signal(signal.SIGTERM)
