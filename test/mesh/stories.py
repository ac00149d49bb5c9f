"""What a mesh does, whatever protocol its control plane speaks to the proxies. The modules that are run take from here."""

import asyncio
import re
import socket
import ssl
import time

import http_peers
from agent import ADMIN, AGENT, HEALTH, METRICS
from istiod import ADDRESS
from mesh import GATEWAY, SHOP
from waiting import Mismatch, eventually

CLIENT_ID = "spiffe://cluster.local/ns/demo/sa/client"


def check(condition, *what):
    if not condition:
        raise Mismatch(" ".join(str(part) for part in what))


async def answered(client, path="/", status=200, **headers):
    answer = await client.get(path, **headers)
    check(answer.status == status, f"{path}: expected {status}, got {answer}")
    return answer


# --- the control plane's view


async def test_everything_is_accepted(mesh):
    """All types are in step for every proxy, and nothing was refused."""
    for name, state in (await mesh.synced()).items():
        check(set(state.values()) == {"SYNCED"}, name, state)
    check(not mesh.istiod.nacks(), mesh.istiod.nacks()[:3])
    check(not await mesh.istiod.refusals(), await mesh.istiod.refusals())


async def test_istioctl_sees_the_proxies(mesh):
    table = mesh.istiod.istioctl("proxy-status", "--xds-address", f"{ADDRESS}:15012", "--authority", "istiod.istio-system.svc",
                                 "--cert-dir", mesh.istiod.operator(), "-v", "1")
    for name in mesh.pods:
        lines = [line for line in table.splitlines() if line.startswith(f"{name}.")]
        check(len(lines) == 1, f"{name} is not in\n{table}")
        check("STALE" not in lines[0], lines[0])


async def test_istioctl_reads_the_configuration(mesh):
    """istioctl takes a proxy's configuration dump apart, strictly: clusters, listeners, routes, endpoints, bootstrap, secrets."""
    client = mesh.pods["client"]
    dump = client.folder / "dump.json"
    dump.write_text((await client.get(ADMIN, "/config_dump?include_eds")).text)
    clusters = client.folder / "clusters.json"
    clusters.write_text((await client.get(ADMIN, "/clusters?format=json")).text)
    check("10.10.2.1" in mesh.istiod.istioctl("proxy-config", "endpoints", "--file", clusters), "istioctl proxy-config endpoints shows no 10.10.2.1")
    wanted = {"clusters": "shop.demo.svc.cluster.local", "listeners": "0.0.0.0", "routes": "shop.demo.svc.cluster.local", "eds": "10.10.2.1",
              "bootstrap": "", "secret": "default"}
    for what, word in wanted.items():
        text = mesh.istiod.istioctl("proxy-config", what, "--file", dump)
        check(word in text, f"istioctl proxy-config {what} shows no {word!r}:\n{text[:1500]}")


# --- the agent's view


async def test_agent_and_probes(mesh):
    """Readiness, the proxy's metrics, and both together as the agent merges them."""
    for pod in mesh.pods.values():
        check((await pod.get(HEALTH, "/healthz/ready")).status == 200, pod.name)
        own = await pod.get(METRICS, "/stats/prometheus")
        check(own.status == 200 and "envoy_cluster_manager_active_clusters" in own.text, f"{pod.name}: {own}")
        merged = await pod.get(AGENT, "/stats/prometheus")
        check(merged.status == 200, f"{pod.name}: {merged}")
        for name in ("istio_agent_", "envoy_server_live", "envoy_cluster_manager_cds_update_success"):
            check(name in merged.text, f"{pod.name}: no {name} in the merged metrics")


async def test_pages_that_the_agent_reads(mesh):
    pod = mesh.pods["client"]
    check((await pod.get(ADMIN, "/ready")).text.strip() == "LIVE", "/ready")
    info = (await pod.get(ADMIN, "/server_info")).json()
    check(info["state"] == "LIVE" and info["node"]["id"].startswith("sidecar~10.10.1.1~client.demo"), info)
    used = (await pod.get(ADMIN, r"/stats?usedonly&filter=^(server\.state|listener_manager\.workers_started)")).text
    check(used.split() == ["listener_manager.workers_started:", "1", "server.state:", "0"], used)
    updates = await pod.stats(r"^(cluster_manager\.cds|listener_manager\.lds)\.(update_success|update_rejected)$")
    check(int(updates["cluster_manager.cds.update_success"]) > 0 and updates["cluster_manager.cds.update_rejected"] == "0", updates)
    arguments = (pod.folder / "arguments").read_text().split("\n")
    check("--allow-unknown-static-fields" in arguments and "--drain-strategy" in arguments, arguments)


# --- traffic


async def test_request_through_both_sidecars(mesh):
    """The application's plain request arrives as one, over mutual TLS on the way, with the caller's identity."""
    client = mesh.pods["client"].client(SHOP, 80)
    seen = (await answered(client, "/hello")).json()
    check(seen["name"] == "shop-1" and seen["path"] == "/hello", seen)
    identity = seen["headers"].get("x-forwarded-client-cert", "")
    check(f"URI={CLIENT_ID}" in identity and "By=spiffe://cluster.local/ns/demo/sa/shop" in identity, identity)
    check(re.fullmatch(r"[0-9a-f-]{36}", seen["headers"].get("x-request-id", "")), seen)
    # The first is Istio's own for the way to an application, the second what a Sidecar's defaultEndpoint asks for.
    check(seen["from"] in ("127.0.0.6", "127.0.0.1"), f"the application saw {seen['from']}")
    client.close()


async def test_port_of_undeclared_protocol(mesh):
    """HTTP on a port of which nobody said that it is HTTP: recognised on both sides, with the caller's identity on the far one."""
    client = mesh.pods["client"].client(SHOP, 8081)
    seen = (await answered(client)).json()
    if mesh.profile == "istio":  # istio.alpn tells the far side that it is HTTP
        check(f"URI={CLIENT_ID}" in seen["headers"].get("x-forwarded-client-cert", ""), seen)
    client.close()


async def test_tcp_through_both_sidecars(mesh):
    reader, writer = await mesh.pods["client"].host.connect(SHOP, 9000)
    greeting = await asyncio.wait_for(reader.readline(), 10)
    check(greeting in (b"shop-1\n", b"shop-2\n"), greeting)
    block = b"x" * 300000
    writer.write(block)
    check(await asyncio.wait_for(reader.readexactly(len(block)), 10) == block, "other octets came back")
    writer.close()


async def test_without_certificate_nobody_gets_in(mesh):
    """STRICT: a plain connection from outside the mesh is cut."""
    for port in (8080, 9000):
        try:
            reader, writer = await mesh.outside.connect("10.10.2.1", port)
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            got = await asyncio.wait_for(reader.read(100), 10)
        except ConnectionError:
            got = b""
        check(got == b"", f"port {port} answered {got!r}")


async def test_ingress_gateway(mesh):
    answer = await http_peers.get(mesh.outside, GATEWAY, 8080, "/plain", host="shop.example.com")
    check(answer.status == 200 and answer.json()["path"] == "/plain", answer)
    check("istio-ingressgateway-service-account" in answer.json()["headers"]["x-forwarded-client-cert"], answer)
    other = await http_peers.get(mesh.outside, GATEWAY, 8080, host="other.example.com")
    check(other.status == 404, other)


async def test_ingress_gateway_with_tls(mesh):
    """The certificate is a Kubernetes secret that istiod sends over SDS."""
    trusting = ssl.create_default_context(cadata=mesh.istiod.certificates.entries["root"].chain_pem().decode())
    with mesh.outside.inside():
        sock = socket.create_connection((GATEWAY, 8443), 10)
    sock.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=sock, ssl=trusting, server_hostname="shop.example.com")
    writer.write(b"GET /secure HTTP/1.1\r\nhost: shop.example.com\r\nconnection: close\r\n\r\n")
    answer = await asyncio.wait_for(http_peers.read_answer(reader), 10)
    check(answer.status == 200 and answer.json()["path"] == "/secure", answer)
    writer.close()


# --- configuration that changes


async def in_force(client, path, status, limit_s=15, **headers):
    """Seconds until the answer has this status."""
    start = time.monotonic()

    async def attempt():
        await answered(client, path, status, **headers)

    await eventually(attempt, limit_s)
    return time.monotonic() - start


def policy(name, **spec):
    return {"apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy", "metadata": {"name": name, "namespace": "demo"},
            "spec": {"selector": {"matchLabels": {"app": "shop"}}, **spec}}


async def test_authorization(mesh):
    """A DENY by path, then an ALLOW for somebody else only, then nothing: on one connection, with policy's name in the answer's log."""
    client = mesh.pods["client"].client(SHOP, 80)
    await answered(client, "/forbidden")
    mesh.istiod.writes("policy", [policy("no", action="DENY", rules=[{"to": [{"operation": {"paths": ["/forbidden*"]}}]}])])
    await in_force(client, "/forbidden/x", 403)
    await answered(client, "/allowed")
    mesh.istiod.writes("policy", [policy("only", action="ALLOW", rules=[{"from": [{"source": {"principals": ["cluster.local/ns/demo/sa/other"]}}]}])])
    await in_force(client, "/allowed", 403)
    mesh.istiod.writes("policy", [policy("only", action="ALLOW", rules=[{"from": [{"source": {"principals": ["cluster.local/ns/demo/sa/client"]}}]}])])
    await in_force(client, "/allowed", 200)
    mesh.istiod.removes("policy")
    await in_force(client, "/forbidden", 200)
    client.close()


async def test_authorization_of_connections(mesh):
    """A DENY for a TCP port cuts the connection."""
    mesh.istiod.writes("policy-tcp", [policy("no-tcp", action="DENY", rules=[{"to": [{"operation": {"ports": ["9000"]}}]}])])

    async def cut():
        reader, writer = await mesh.pods["client"].host.connect(SHOP, 9000)
        writer.write(b"ping")  # with the first octets it is decided; before them the server may speak
        try:
            got = await asyncio.wait_for(reader.read(-1), 5)
        except ConnectionError:
            got = b""
        finally:
            writer.close()
        check(b"ping" not in got, f"got {got!r}")

    try:
        await eventually(cut)
    finally:
        mesh.istiod.removes("policy-tcp")

    async def open_again():
        reader, writer = await mesh.pods["client"].host.connect(SHOP, 9000)
        got = await asyncio.wait_for(reader.read(100), 5)
        writer.write(b"ping")
        check(got.startswith(b"shop-"), got)
        check(await asyncio.wait_for(reader.read(100), 5) == b"ping", "no echo")
        writer.close()

    await eventually(open_again)


class Load:
    """Requests one after the other on several connections; every failure is kept, and who answered when."""

    def __init__(self, pod, address, port, clients=4, pause_s=0.005):
        self.clients = [pod.client(address, port) for _ in range(clients)]
        self.pause_s = pause_s
        self.answers, self.errors = [], []
        self.tasks, self.over = [], False

    async def __aenter__(self):
        self.tasks = [asyncio.create_task(self._run(c)) for c in self.clients]
        return self

    async def __aexit__(self, *_):
        self.over = True  # not by cancelling: a request that is just then answered would go on
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for client in self.clients:
            client.close()

    async def _run(self, client):
        while not self.over:
            try:
                answer = await client.get("/load")
                if answer.status == 200:
                    self.answers.append((time.monotonic(), answer.json()["name"]))
                else:
                    self.errors.append(repr(answer))
            except (OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, TimeoutError) as error:
                self.errors.append(f"{type(error).__name__} {error}")
            await asyncio.sleep(self.pause_s)

    def since(self, moment):
        return [name for at, name in self.answers if at >= moment]


def weights(mesh, one, two):
    documents = mesh.istiod.documents("base")
    for document in documents:
        if document["kind"] == "VirtualService":
            for destination, weight in zip(document["spec"]["http"][0]["route"], (one, two)):
                destination["weight"] = weight
    mesh.istiod.writes("base", documents)


async def test_canary(mesh):
    """Edited weights are in force within a second, under load, without a failed request and without a closed connection."""
    async with Load(mesh.pods["client"], SHOP, 80) as load:
        await asyncio.sleep(0.5)
        check(set(load.since(0)) == {"shop-1"}, set(load.since(0)))
        for one, two in ((0, 100), (50, 50), (100, 0)):
            edited = time.monotonic()
            weights(mesh, one, two)
            wanted = {name for name, weight in (("shop-1", one), ("shop-2", two)) if weight}

            async def shown():
                check(set(load.since(time.monotonic() - 0.2)) == wanted, set(load.since(time.monotonic() - 0.2)))

            await eventually(shown, 10)
            first = next((at for at, name in load.answers if at > edited and name in wanted and (one, two) != (50, 50)), time.monotonic())
            check(first - edited < 1.0 or (one, two) == (50, 50), f"{one}/{two}: in force after {first - edited:.2f} s")
            await asyncio.sleep(0.3)
        check(not load.errors, load.errors[:3])
        check(sum(c.connections for c in load.clients) == len(load.clients), "a connection of the client was closed")


async def test_drain(mesh):
    """A pod that is told to end, and whose endpoint goes at the same time, costs no request its answer; the agent exits in time."""
    pod = mesh.pods["shop-2"]
    weights(mesh, 50, 50)
    async with Load(mesh.pods["client"], SHOP, 80) as load:
        async def both():
            check(set(load.since(time.monotonic() - 0.3)) == {"shop-1", "shop-2"}, "only one answers")

        await eventually(both)
        await asyncio.sleep(0.3)
        documents = mesh.istiod.documents("base")
        for document in documents:
            if document["kind"] == "VirtualService":
                document["spec"]["http"][0]["route"] = [{"destination": {"host": "shop.demo.svc.cluster.local", "port": {"number": 80}}}]
        mesh.istiod.writes("base", documents)

        async def of_both_versions():
            check("outbound|80||shop" in mesh.pods["client"].log(), "the route still chooses versions")

        await eventually(of_both_versions)
        await asyncio.sleep(0.3)
        load.errors.clear()
        mesh.istiod.writes("base", [d for d in documents if d["metadata"]["name"] != "shop-2"])
        pod.terminate()
        code = await asyncio.wait_for(pod.agent.process.wait(), 30)
        await asyncio.sleep(0.5)
        check(not load.errors, load.errors[:3])
        check(code == 0, f"the agent exited with {code}")
        check(set(load.since(time.monotonic() - 0.4)) == {"shop-1"}, "shop-2 still answers")


async def test_access_log(mesh):
    """Istio's default access log, on the agent's standard output."""
    client = mesh.pods["client"].client(SHOP, 80)
    await answered(client, "/to-be-logged")
    client.close()

    async def there():
        for name, word in (("client", "outbound|80|"), ("shop-1", "inbound|8080||")):
            lines = [line for line in mesh.pods[name].log().splitlines() if "/to-be-logged" in line]
            check(lines and word in lines[-1] and " 200 " in lines[-1], f"{name}: {lines}")

    await eventually(there)


__all__ = [name for name in dir() if name.startswith("test_")]
