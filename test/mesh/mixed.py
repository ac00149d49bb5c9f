"""Our proxies and the real Envoy's beside each other: the client and the second shop are ours, the gateway and the first shop Envoy's."""

import http_peers
from mesh import GATEWAY, SHOP
from stories import (  # noqa: F401
    CLIENT_ID, Load, answered, asyncio, check, eventually, test_authorization, test_canary, test_everything_is_accepted,
    test_tcp_through_both_sidecars, weights)


def mesh(args):
    ours = args.envoy if args.alone else args.binary
    return {"binaries": {"default": ours, "gateway": args.envoy, "shop-1": args.envoy}, "profile": "stock"}


async def test_ours_calls_theirs(mesh):
    weights(mesh, 100, 0)
    client = mesh.pods["client"].client(SHOP, 80)
    seen = (await answered(client)).json()
    check(seen["name"] == "shop-1" and f"URI={CLIENT_ID}" in seen["headers"]["x-forwarded-client-cert"], seen)
    client.close()


async def test_theirs_calls_ours(mesh):
    weights(mesh, 0, 100)

    async def second():
        answer = await http_peers.get(mesh.outside, GATEWAY, 8080, host="shop.example.com")
        check(answer.status == 200 and answer.json()["name"] == "shop-2", answer)
        check("istio-ingressgateway-service-account" in answer.json()["headers"]["x-forwarded-client-cert"], answer)

    await eventually(second)
    weights(mesh, 100, 0)


async def test_connections_to_both(mesh):
    """TCP over mutual TLS to either."""
    seen = set()
    for _ in range(40):
        reader, writer = await mesh.pods["client"].host.connect(SHOP, 9000)
        seen.add(await asyncio.wait_for(reader.readline(), 10))
        writer.close()
    check(seen == {b"shop-1\n", b"shop-2\n"}, seen)


async def test_load_on_both(mesh):
    weights(mesh, 50, 50)
    async with Load(mesh.pods["client"], SHOP, 80) as load:
        await asyncio.sleep(3)
        check(not load.errors, load.errors[:3])
        check(set(load.since(0)) >= {"shop-1", "shop-2"}, set(load.since(0)))
    weights(mesh, 100, 0)
