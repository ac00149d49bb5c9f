"""A whole mesh: istiod, a client, two versions of a shop, and an ingress gateway, each on its host, all proxies driven by Istio's agent."""

import asyncio
import pathlib
import re
import tempfile

from agent import Pod
from hosts import Network
from http_peers import Server
from istiod import Istiod
from waiting import eventually

SHOP = "10.20.2.1"  # the service's address, which nobody has
GATEWAY = "10.10.0.100"
CLIENT_SERVICE = "10.20.1.1"


class Mesh:
    """`binaries`: which program is the proxy of which pod; `default` for the others."""

    def __init__(self, binaries, profile="istio", delta=True, config=("base",)):
        self.network = Network()
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mesh-"))
        self.binaries, self.profile, self.delta, self.config = binaries, profile, delta, config
        self.istiod = None
        self.pods, self.apps = {}, {}
        self.outside = None

    def _pod(self, name, address, account, **more):
        environment = {} if self.delta else {"ISTIO_DELTA_XDS": "false"}
        binary = self.binaries.get(name, self.binaries["default"])
        self.pods[name] = Pod(self.network, self.istiod, name, address, account, binary, environment=environment, **more)

    async def build(self):
        self.network.build()
        self.istiod = Istiod(self.network, self.folder, self.profile)
        self.outside = self.network.add("outside", "10.10.9.9")
        self._pod("client", "10.10.1.1", "client")
        self._pod("shop-1", "10.10.2.1", "shop", labels={"version": "v1"})
        self._pod("shop-2", "10.10.2.2", "shop", labels={"version": "v2"})
        self._pod("gateway", GATEWAY, "istio-ingressgateway-service-account", kind="router", namespace="istio-system")
        self.istiod.prepare()
        for name in self.config:
            self.istiod.applies(name)
        for name in ("shop-1", "shop-2"):
            self.apps[name] = Server(self.pods[name].host, name)
            await self.apps[name].start(http=[8080, 8082], tcp=[9000])
        await self.istiod.start()
        for pod in self.pods.values():
            pod.prepare()
            await pod.start()
        await asyncio.gather(*(pod.ready() for pod in self.pods.values()))

    async def synced(self):
        """Every proxy has acknowledged all that it was sent: the state of each."""
        return {name: await eventually(lambda pod=name: self.istiod.synced(pod)) for name in self.pods}

    async def destroy(self):
        for app in self.apps.values():
            app.stop()
        await self.network.destroy()

    def logs(self, lines=8):
        """The last of what each said, without its access log and what it says always."""
        found = {"istiod": self.istiod.log() if self.istiod else "", **{name: pod.log() for name, pod in self.pods.items()}}
        telling = {name: [line for line in log.splitlines() if not re.search(r" HTTP/[12]|\tinfo\t|^\[20.*via_upstream|not ready|^\w+: |Accept header", line)] for name, log in found.items()}
        return "\n".join(f"    {name}: " + "\n        ".join(some[-lines:]) for name, some in telling.items() if some)


def setting(args, **more):
    """Arguments of a Mesh whose proxies are all the same program."""
    program = args.envoy if args.alone else args.binary
    return {"binaries": {"default": program}, "profile": "stock" if args.alone else "istio", **more}
