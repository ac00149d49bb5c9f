"""TPROXY: the packets keep their addresses; and upstream connections from the client's own address."""

from harness.proxy_protocol import build
from parts import ORIGINAL, answers, listener, static, tcp_to
from world import CLIENT, PROXY_TO_SERVER, SERVER

MARK = 1


def tproxy(scene, port):
    scene.world.marked_is_local(MARK)
    scene.world.iptables("-t", "mangle", "-A", "PREROUTING", "-i", "client", "-p", "tcp", "-j", "TPROXY", "--on-port", port,
                         "--tproxy-mark", MARK)


def answers_come_here(scene):
    """Packets from the server to a borrowed address belong to the proxy's sockets."""
    scene.world.iptables("-t", "mangle", "-A", "PREROUTING", "-i", "server", "-p", "tcp", "-m", "socket", "--transparent", "-j", "MARK",
                         "--set-mark", MARK)


async def test_transparent_listener(scene):
    tproxy(scene, 15006)
    await scene.server(80, "eighty")
    await scene.server(9000, "nine thousand")
    await scene.start([listener("in", 15006, [tcp_to("original")], ["original_dst"], transparent=True)], [ORIGINAL])
    assert await scene.talk(SERVER, 80) == f"eighty sees {PROXY_TO_SERVER}"
    assert await scene.talk(SERVER, 9000) == f"nine thousand sees {PROXY_TO_SERVER}"


async def test_transparent_chain_by_port(scene):
    tproxy(scene, 15006)
    chains = [({"destination_port": 8080}, answers("by port")), answers("the others")]
    await scene.start([listener("in", 15006, chains, ["original_dst"], transparent=True)], [])
    assert await scene.get(SERVER, 8080) == "by port"
    assert await scene.get(SERVER, 8081) == "the others"


async def test_original_source(scene):
    """The server sees the client's address."""
    tproxy(scene, 15006)
    answers_come_here(scene)
    await scene.server(80, "eighty")
    filters = ["original_dst", {"original_src": {"mark": 0}}]
    await scene.start([listener("in", 15006, [tcp_to("original")], filters, transparent=True)], [ORIGINAL])
    assert await scene.talk(SERVER, 80) == f"eighty sees {CLIENT}"


async def test_original_source_without_tproxy(scene):
    answers_come_here(scene)
    scene.world.marked_is_local(MARK)
    await scene.server(80, "eighty")
    await scene.start([listener("in", 15006, [tcp_to("fixed")], ["original_src"])], [static("fixed", SERVER, 80)])
    assert await scene.talk("10.77.1.1", 15006) == f"eighty sees {CLIENT}"


async def test_original_source_of_a_proxy_header(scene):
    """The address that a PROXY header tells is borrowed, be it nobody's here."""
    answers_come_here(scene)
    scene.world.marked_is_local(MARK)
    await scene.server(80, "eighty")
    await scene.start([listener("in", 15006, [tcp_to("fixed")], ["proxy_protocol", "original_src"])], [static("fixed", SERVER, 80)])
    header = build({"version": 2, "source": "192.0.2.7:4000", "destination": "192.0.2.8:80"})
    assert await scene.talk("10.77.1.1", 15006, first=header) == "eighty sees 192.0.2.7"


async def test_mark_of_original_source(scene):
    """Routing by the mark that original_src sets: without it the connection has no way out."""
    answers_come_here(scene)
    scene.world.marked_is_local(MARK)
    scene.world.iptables("-t", "mangle", "-A", "OUTPUT", "-o", "server", "-p", "tcp", "-m", "mark", "!", "--mark", "7", "-j", "DROP")
    await scene.server(80, "eighty")
    await scene.start([listener("in", 15006, [tcp_to("fixed")], [{"original_src": {"mark": 7}}])], [static("fixed", SERVER, 80)])
    assert await scene.talk("10.77.1.1", 15006) == f"eighty sees {CLIENT}"


async def test_freebind(scene):
    """A listener on an address that the host gets later."""
    await scene.start([listener("early", 8080, [answers("here")], address="10.77.1.99", freebind=True)], [])
    scene.world.add_address("proxy", "10.77.1.99/24", "client")
    assert await scene.get("10.77.1.99", 8080) == "here"


async def test_upstream_bind_address(scene):
    """upstream_bind_config chooses the address that the server sees."""
    scene.world.add_address("proxy", "10.77.2.40/24", "server")
    await scene.server(80, "eighty")
    cluster = {**static("fixed", SERVER, 80), "upstream_bind_config": {"source_address": {"address": "10.77.2.40", "port_value": 0}}}
    await scene.start([listener("in", 15006, [tcp_to("fixed")])], [cluster])
    assert await scene.talk("10.77.1.1", 15006) == "eighty sees 10.77.2.40"
