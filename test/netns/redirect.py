"""Connections that iptables REDIRECT turned to the proxy: where they were going is known and kept."""

from harness.match import Mismatch
from parts import ORIGINAL, answers, listener, static, tcp_to
from world import PROXY_TO_SERVER, PROXY_TO_SERVER6, SERVER, SERVER6

APP = 1337  # the user whose own connections are redirected, as a sidecar's are


def redirect(scene, to, *match):
    scene.world.iptables("-t", "nat", "-A", "PREROUTING", "-i", "client", "-p", "tcp", *match, "-j", "REDIRECT", "--to-ports", to)


async def test_original_destination_is_dialled(scene):
    """One listener takes every port; an ORIGINAL_DST cluster goes where the client wanted to."""
    redirect(scene, 15006)
    await scene.server(80, "eighty")
    await scene.server(9000, "nine thousand")
    await scene.start([listener("in", 15006, [tcp_to("original")], ["original_dst"])], [ORIGINAL])
    assert await scene.talk(SERVER, 80) == f"eighty sees {PROXY_TO_SERVER}"
    assert await scene.talk(SERVER, 9000) == f"nine thousand sees {PROXY_TO_SERVER}"
    await scene.stat("cluster.original.upstream_cx_total", 2)
    await scene.stat("tcp.original.downstream_cx_total", 2)


async def test_original_destination_over_ipv6(scene):
    scene.world.ip6tables("-t", "nat", "-A", "PREROUTING", "-i", "client", "-p", "tcp", "-j", "REDIRECT", "--to-ports", 15006)
    await scene.server(80, "six", SERVER6)
    await scene.start([listener("in", 15006, [tcp_to("original")], ["original_dst"], address="::")], [ORIGINAL])
    assert await scene.talk(SERVER6, 80) == f"six sees {PROXY_TO_SERVER6}"


async def test_nobody_at_the_original_destination(scene):
    """The client is told by a close, and the listener lives on."""
    redirect(scene, 15006)
    await scene.server(80, "eighty")
    await scene.start([listener("in", 15006, [tcp_to("original")], ["original_dst"])], [ORIGINAL])
    reader, _ = await scene.connect(SERVER, 81)
    try:
        data = await reader.read(10)
    except ConnectionResetError:
        data = b""
    assert data == b"", data
    await scene.stat("cluster.original.upstream_cx_connect_fail", 1)
    assert await scene.talk(SERVER, 80) == f"eighty sees {PROXY_TO_SERVER}"


async def test_chain_by_original_port(scene):
    """Filter chains match the destination from before the redirection."""
    redirect(scene, 15006)
    chains = [({"destination_port": 8080}, answers("by port")), ({"prefix_ranges": [{"address_prefix": "10.77.2.0", "prefix_len": 24}]}, answers("by range"))]
    await scene.start([listener("in", 15006, chains, ["original_dst"])], [])
    assert await scene.get(SERVER, 8080) == "by port"
    assert await scene.get(SERVER, 8081) == "by range"


async def test_chain_by_source_type(scene):
    chains = [({"source_type": "EXTERNAL"}, answers("from outside")), ({"source_type": "SAME_IP_OR_LOOPBACK"}, answers("from here"))]
    await scene.start([listener("in", 8080, chains)], [])
    assert await scene.get("10.77.1.1", 8080) == "from outside"
    assert await scene.get("10.77.1.1", 8080, host="proxy") == "from here"
    assert await scene.get("127.0.0.1", 8080, host="proxy") == "from here"


async def test_chain_by_source_range(scene):
    scene.world.add_address("client", "10.77.1.50/24", "proxy")
    chains = [({"source_prefix_ranges": [{"address_prefix": "10.77.1.50", "prefix_len": 32}]}, answers("fifty")),
              ({"source_prefix_ranges": [{"address_prefix": "10.77.1.0", "prefix_len": 24}]}, answers("the others"))]
    await scene.start([listener("in", 8080, chains)], [])
    assert await scene.get("10.77.1.1", 8080, source="10.77.1.50") == "fifty"
    assert await scene.get("10.77.1.1", 8080) == "the others"


async def test_use_original_dst_hands_over(scene):
    """A listener that is bound hands connections to those that are not, by destination; it keeps the rest."""
    redirect(scene, 15001)
    await scene.server(80, "eighty")
    listeners = [
        listener("virtual", 15001, [tcp_to("original")], use_original_dst=True),
        listener("any", 8080, [answers("any address")], bind_to_port=False),
        listener("exact", 8080, [answers("exact address")], address=SERVER, bind_to_port=False),
    ]
    scene.world.add_address("server", "10.77.2.3/24", "proxy")
    await scene.start(listeners, [ORIGINAL])
    assert await scene.get(SERVER, 8080) == "exact address"
    assert await scene.get("10.77.2.3", 8080) == "any address"
    assert await scene.talk(SERVER, 80) == f"eighty sees {PROXY_TO_SERVER}"


async def test_unbound_listener_has_no_socket(scene):
    await scene.start([listener("nowhere", 8080, [answers("x")], bind_to_port=False), listener("in", 8081, [answers("here")])], [])
    assert await scene.get("10.77.1.1", 8081) == "here"
    try:
        await scene.connect("10.77.1.1", 8080)
    except Mismatch:
        return
    raise Mismatch("the port of a listener with bind_to_port false is open")


async def test_outgoing_connections_of_an_application(scene):
    """As beside an application: its connections are redirected on their way out, the proxy's own are not."""
    scene.world.iptables("-t", "nat", "-A", "OUTPUT", "-p", "tcp", "-m", "owner", "--uid-owner", APP, "-j", "REDIRECT", "--to-ports", 15001)
    await scene.server(80, "eighty")
    await scene.start([listener("out", 15001, [tcp_to("original")], ["original_dst"])], [ORIGINAL])
    assert await scene.talk(SERVER, 80, host="proxy", user=APP) == f"eighty sees {PROXY_TO_SERVER}"
    await scene.stat("cluster.original.upstream_cx_total", 1)


async def test_without_redirection_the_destination_is_our_own(scene):
    """A connection that was not redirected has its own address as destination; chains by port still work."""
    await scene.server(80, "eighty")
    await scene.start([listener("in", 15006, [({"destination_port": 15006}, tcp_to("fixed"))], ["original_dst"])], [static("fixed", SERVER, 80)])
    assert await scene.talk("10.77.1.1", 15006) == f"eighty sees {PROXY_TO_SERVER}"
