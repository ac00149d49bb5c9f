"""A mesh whose configuration has something of every kind: all that istiod generates of it is accepted, and traffic goes on."""

import http_peers
from mesh import GATEWAY, setting
from stories import (  # noqa: F401
    answered, check, test_everything_is_accepted, test_ingress_gateway, test_istioctl_reads_the_configuration, test_port_of_undeclared_protocol,
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
