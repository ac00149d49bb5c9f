"""istiod on a host of its own: its certificates, its configuration as files, what it says of its proxies."""

import base64
import os
import pathlib
import re

import yaml
from harness.certificates import Kit

import http_peers
from waiting import Mismatch, eventually

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / "build/istio"
CONFIG = pathlib.Path(__file__).parent / "config"
ADDRESS = "10.10.0.1"
START_S = 90
# Every name below .test is somebody outside.
DNSMASQ = ("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--bind-interfaces", "--no-resolv", "--no-hosts", "--user=root",
           "--address=/test/10.10.9.9", "--pid-file=")
# Filters that only Istio's build of Envoy has: without them in the profile `stock`.
OWN_FILTERS = {"PILOT_ENABLE_METADATA_EXCHANGE": "false", "PILOT_ENABLE_ALPN_FILTER": "false"}
TYPES = {"cluster": "CDS", "listener": "LDS", "endpoint": "EDS", "route": "RDS"}


def secret(name, certificate, key):
    encode = lambda data: base64.b64encode(data).decode()  # noqa: E731
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "istio-system"}, "type": "kubernetes.io/tls",
            "data": {"tls.crt": encode(certificate), "tls.key": encode(key)}}


class Refused(Exception):
    """istiod did not take its configuration."""


class Istiod:
    """`profile`: istio, or stock for proxies without Istio's own filters."""

    def __init__(self, network, folder, profile):
        self.host = network.add("istiod", ADDRESS)
        self.folder = pathlib.Path(folder, "istiod")
        self.profile = profile
        self.certificates = self.process = None

    def prepare(self):
        for name in ("etc/cacerts", "kube", "config"):
            (self.folder / name).mkdir(parents=True)
        self.certificates = Kit({"root": {"ca": True, "key": "rsa", "subject": "O=cluster.local,CN=root"},
                                 "shop": {"issuer": "root", "san": ["shop.example.com"], "key": "rsa"},
                                 "operator": {"issuer": "root", "san": ["URI:spiffe://cluster.local/ns/istio-system/sa/default"]}}, self.folder / "certs")
        root = self.certificates.entries["root"]
        for name in ("root-cert.pem", "ca-cert.pem", "cert-chain.pem"):
            (self.folder / "etc/cacerts" / name).write_bytes(root.chain_pem())
        (self.folder / "etc/cacerts/ca-key.pem").write_bytes(self._old_form(root.key))
        shop = self.certificates.entries["shop"]
        objects = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": n}} for n in ("istio-system", "kube-system", "demo")]
        objects.append(secret("shop-cert", shop.chain_pem(), shop.key_pem()))
        (self.folder / "kube/objects.yaml").write_text("\n---\n".join(yaml.safe_dump(o) for o in objects))
        (self.folder / "kubeconfig").write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:6080"}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}], "users": [{"name": "u", "user": {"token": "t"}}]}))
        mesh = yaml.safe_load((CONFIG / "mesh.yaml").read_text())
        if self.profile == "stock":
            mesh.pop("defaultProviders", None)
        mesh["configSources"] = [{"address": f"fs://{self.folder}/config"}]
        (self.folder / "mesh.yaml").write_text(yaml.safe_dump(mesh))

    @staticmethod
    def _old_form(key):
        from cryptography.hazmat.primitives import serialization as forms
        return key.private_bytes(forms.Encoding.PEM, forms.PrivateFormat.TraditionalOpenSSL, forms.NoEncryption())

    # --- configuration

    def applies(self, name):
        """A file of config/ is in force from now on."""
        text = (CONFIG / f"{name}.yaml").read_text().replace("/etc/certs/", f"{self.folder}/certs/")
        documents = [d for d in yaml.safe_load_all(text) if d]
        if self.profile == "stock":
            documents = [d for d in documents if d["metadata"].get("annotations", {}).get("needs") != "istio"]
        self.writes(name, documents)

    def writes(self, name, documents):
        new = self.folder / f"{name}.new"
        new.write_text("\n---\n".join(yaml.safe_dump(d) for d in documents))
        os.replace(new, self.folder / f"config/{name}.yaml")

    def documents(self, name):
        return [d for d in yaml.safe_load_all((self.folder / f"config/{name}.yaml").read_text()) if d]

    def removes(self, name):
        (self.folder / f"config/{name}.yaml").unlink()

    # --- life

    async def start(self):
        await self.host.start([*DNSMASQ, f"--listen-address={ADDRESS}"], self.folder / "dnsmasq.log", self.folder, dict(os.environ))
        programs = {"PATH": os.environ["PATH"]}
        await self.host.start([PROGRAMS / "kubestub", "-listen", "127.0.0.1:6080", "-objects", self.folder / "kube"],
                              self.folder / "kubestub.log", self.folder, programs)
        await eventually(lambda: self._answers(6080, "/version"), START_S)
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "POD_NAME": "istiod-0", "POD_NAMESPACE": "istio-system",
            "CLUSTER_ID": "Kubernetes", "ENABLE_CA_SERVER": "true", "ISTIOD_CUSTOM_HOST": "localhost", "UNSAFE_ENABLE_ADMIN_ENDPOINTS": "true",
            "PILOT_ENABLE_GATEWAY_API": "false", "PILOT_ENABLE_ANALYSIS": "false", "INJECTION_WEBHOOK_CONFIG_NAME": "",
            "VALIDATION_WEBHOOK_CONFIG_NAME": "", "ENABLE_LEADER_ELECTION": "false", **(OWN_FILTERS if self.profile == "stock" else {})}
        self.process = await self.host.start(
            [PROGRAMS / "pilot-discovery", "discovery", "--kubeconfig", "kubeconfig", "--registries", "Kubernetes", "--clusterID", "Kubernetes",
             "--meshConfig", "mesh.yaml", "--networksConfig", "none", "--domain", "cluster.local", "--httpAddr", ":8180", "--httpsAddr", "",
             "--monitoringAddr", ":15014", "--grpcAddr", ":15010", "--secureGRPCAddr", ":15012", "--ctrlz_port", "0"],
            self.folder / "istiod.log", self.folder, environment)
        await eventually(lambda: self._answers(8180, "/ready"), START_S)

    async def _answers(self, port, path):
        if self.process is not None and self.process.process.returncode is not None:
            raise Refused(self.log().splitlines()[-1])
        answer = await http_peers.get(self.host, "127.0.0.1", port, path)
        if answer.status != 200:
            raise Mismatch(f"istiod: {path}: {answer}")

    def token(self, account):
        return self.host.run(PROGRAMS / "kubestub", "-token", account)

    def operator(self):
        """A folder with the certificate of somebody who may ask istiod anything, as istioctl wants it."""
        folder = self.folder / "operator"
        folder.mkdir(exist_ok=True)
        entry = self.certificates.entries["operator"]
        (folder / "cert-chain.pem").write_bytes(entry.chain_pem())
        (folder / "key.pem").write_bytes(entry.key_pem())
        (folder / "root-cert.pem").write_bytes(self.certificates.entries["root"].chain_pem())
        return folder

    def istioctl(self, *words):
        return self.host.run(PROGRAMS / "istioctl", "--kubeconfig", self.folder / "kubeconfig", *words)

    # --- what it says

    async def debug(self, page):
        return (await http_peers.get(self.host, "127.0.0.1", 15014, f"/debug/{page}")).json()

    async def metrics(self):
        """Name -> sum over labels."""
        found = {}
        for line in (await http_peers.get(self.host, "127.0.0.1", 15014, "/metrics")).text.splitlines():
            match = re.match(r"([a-z_]+)(?:\{.*\})? ([0-9.e+]+)$", line)
            if match:
                found[match[1]] = found.get(match[1], 0) + float(match[2])
        return found

    async def synced(self, proxy):
        """Raises unless every type that this proxy was sent was acknowledged."""
        for one in await self.debug("syncz"):
            if one["proxy"].startswith(f"{proxy}."):
                state = {}
                for kind, short in TYPES.items():
                    sent, acked = one.get(f"{kind}_sent", ""), one.get(f"{kind}_acked", "")
                    state[short] = "NOT SENT" if not sent else "SYNCED" if sent == acked else f"sent {sent}, acknowledged {acked or 'never'}"
                if set(state.values()) - {"SYNCED", "NOT SENT"} or state["CDS"] == "NOT SENT":
                    raise Mismatch(f"{proxy}: {state}")
                return state
        raise Mismatch(f"istiod does not know {proxy}")

    async def refusals(self):
        """What istiod counted as rejected, by metric."""
        return {name: count for name, count in (await self.metrics()).items() if "reject" in name and count}

    def log(self):
        return (self.folder / "istiod.log").read_text() if (self.folder / "istiod.log").exists() else ""

    def nacks(self):
        return [line for line in self.log().splitlines() if "ACK ERROR" in line]


