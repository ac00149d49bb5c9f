"""A mesh whose configuration has something of every kind: all that istiod generates of it is accepted, and traffic goes on."""

import http_peers
from agent import ADMIN
from mesh import GATEWAY, setting
from stories import (  # noqa: F401
    answered, check, eventually, test_everything_is_accepted, test_ingress_gateway, test_istioctl_reads_the_configuration, test_port_of_undeclared_protocol,
    test_request_through_both_sidecars, test_tcp_through_both_sidecars, test_without_certificate_nobody_gets_in)


def mesh(args):
    return setting(args, config=("base", "wide"))


async def test_answers_of_the_sidecar(mesh):
    """A direct response and a redirect are given by the caller's own sidecar."""
    client = mesh.pods["client"].client("10.20.3.1", 8000)
    teapot = await answered(client, "/teapot", 418)
    check(teapot.text == "short and stout" and teapot.headers.get("x-pot") == "tea", teapot)
    moved = await answered(client, "/OLD", 308, host="checker.demo.svc.cluster.local")
    check(moved.headers.get("location") == "http://other.test/new", moved)
    client.close()


async def test_filter_that_is_discovered(mesh):
    """The gateway's filter configuration comes as a resource of its own."""
    answer = await http_peers.get(mesh.outside, GATEWAY, 8080, host="shop.example.com", x_abort="1")
    check(answer.status == 418, answer)


async def test_script_runs(mesh):
    """The gateway's Lua script sees every answer."""
    answer = await http_peers.get(mesh.outside, GATEWAY, 8080, host="shop.example.com")
    check(answer.headers.get("x-scripted") == f"gateway {answer.status}", answer)


async def test_script_is_refused(mesh):
    """A script that cannot be loaded is refused by name, istiod hears why, and the last good listeners serve on."""
    if mesh.profile == "stock":
        return  # Envoy says it in other words
    before = len(mesh.istiod.nacks())
    mesh.istiod.applies("script")

    async def refused():
        check(len(mesh.istiod.nacks()) > before and "default_source_code: script load error" in mesh.istiod.log(), "no NACK")

    try:
        await eventually(refused)
        answer = await http_peers.get(mesh.outside, GATEWAY, 8080, host="shop.example.com")
        check(answer.status == 200 and "x-lua" not in answer.headers, answer)
        dump = (await mesh.pods["gateway"].get(ADMIN, "/config_dump?resource=dynamic_listeners")).text
        check('"error_state"' in dump, "the dump has no error_state")
    finally:
        mesh.istiod.removes("script")

    async def good_again():
        check("SYNCED" == (await mesh.istiod.synced("gateway"))["LDS"], "LDS")

    await eventually(good_again)
