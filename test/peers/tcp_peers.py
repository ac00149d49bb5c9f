"""The TCP proxy between real clients and servers: much data in bounded memory, TLS passed through, PROXY headers of others."""

import asyncio
import pathlib
import re

from bodies import stalled
from curl_client import CURL
from harness.match import Mismatch

ROOM_MB = 24  # of growth while data passes: buffers of both sides of a few connections
PROXY_HEADER = "type.googleapis.com/envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
RAW = {"name": "envoy.transport_sockets.raw_buffer",
       "typed_config": {"@type": "type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}


async def flat(bench, before):
    grown = bench.memory_mb("VmHWM") - before
    if grown > ROOM_MB:
        raise Mismatch(f"memory grew by {grown:.0f} MB over {before:.0f} MB")


async def started(bench, origin=None, **wanted):
    await bench.start(origin or await bench.echo(), {"base": "tcp", **wanted})


async def pass_down(bench, url, *flags):
    size = bench.args.body_mb << 20
    before = bench.memory_mb("VmRSS")
    got = await bench.output("curl", "-sS", *flags, "-o", "/dev/null", "-w", "%{size_download}", f"{url}/?size={size}", limit_s=280)
    assert got == str(size), got
    await flat(bench, before)


async def pass_up(bench, url, flags=""):
    size = bench.args.body_mb << 20
    before = bench.memory_mb("VmRSS")
    out = await bench.output("sh", "-c", f"head -c {size} /dev/zero | curl -sS {flags} -T - {url}/up", limit_s=280)
    assert f'"body_bytes": {size}' in out, out
    await flat(bench, before)


async def test_download(bench):
    await started(bench)
    await pass_down(bench, bench.url)


async def test_upload(bench):
    await started(bench)
    await pass_up(bench, bench.url)


async def test_download_from_tls(bench):
    """TLS ends here, octets go on."""
    bench.certs({"server": {"san": ["IP:127.0.0.1"]}})
    await started(bench, tls={})
    await pass_down(bench, bench.secure_url, "--cacert", bench.file("ca.crt"))


async def test_upload_from_tls(bench):
    bench.certs({"server": {"san": ["IP:127.0.0.1"]}})
    await started(bench, tls={})
    await pass_up(bench, bench.secure_url, f"--cacert {bench.file('ca.crt')}")


async def test_many_short_connections(bench):
    await started(bench)
    out = await bench.output("wrk", "-t1", "-c16", "-d2s", "-H", "Connection: close", bench.url + "/")
    assert "Socket errors" not in out and "Non-2xx" not in out and int(re.search(r"(\d+) requests in", out)[1]) > 100, out
    await bench.stat("cluster.origin.upstream_cx_active", 0)


async def test_slow_reader_stops_the_server(bench):
    size, sent = 256 << 20, 0

    async def source(_, writer):
        nonlocal sent
        try:
            while sent < size:
                writer.write(b"z" * 65536)
                await writer.drain()
                sent += 65536
        except ConnectionError:
            pass
        writer.close()

    await started(bench, await bench.serve(source))
    before = bench.memory_mb("VmRSS")
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port, limit=65536)
    if await stalled(lambda: sent) >= size:
        raise Mismatch("the server could send everything though nobody read")
    await flat(bench, before)
    got = 0
    while piece := await reader.read(1 << 20):
        got += len(piece)
    assert got == size, got
    writer.close()


async def test_each_direction_ends_by_itself(bench):
    """The server answers what it has counted after the client has said that there is no more."""
    async def count(reader, writer):
        total = 0
        while piece := await reader.read(65536):
            total += len(piece)
        writer.write(str(total).encode())
        await writer.drain()
        writer.close()

    await started(bench, await bench.serve(count))
    for size in (0, 1, 5_000_000):
        reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
        writer.write(b"y" * size)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(-1), 20) == str(size).encode()
        writer.close()


# --- nginx and HAProxy beside it


def endpoints(cluster, port):
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    return {"cluster_name": cluster, "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}]}


async def nginx(bench, name, server):
    folder, port = pathlib.Path(bench.folder, name), bench.free_port()
    folder.mkdir()
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = folder / "nginx.conf"
    conf.write_text(f"""daemon off; user root; worker_processes 1; pid {folder}/pid; error_log {folder}/err;
events {{}}
http {{ access_log off; {scratch}
 server {{ listen 127.0.0.1:{port} {server} }} }}
""")
    return await bench.daemon(["nginx", "-c", conf], port)


async def test_tls_passes_through_by_name(bench):
    """The connection goes where the name in its hello says; certificates are the servers' own."""
    bench.certs({"one": {"san": ["one.example"]}, "two": {"san": ["two.example"]}})

    async def server(name):
        return await nginx(bench, name, f'ssl; ssl_certificate {bench.file(name + ".crt")}; ssl_certificate_key {bench.file(name + ".key")}; return 200 "{name}";')

    one, two = await server("one"), await server("two")
    target = {"type": "STATIC", "load_assignment": endpoints("two", two.port)}
    await started(bench, one, listener_filters=["tls_inspector"], clusters={"two": target}, chains=[
        {"match": {"server_names": ["one.example"]}, "tcp": "origin"}, {"match": {"server_names": ["*.two.example", "two.example"]}, "tcp": "two"}])
    for name in ("one", "two"):
        host = f"{name}.example"
        out = await bench.output(*CURL, "--cacert", bench.file("ca.crt"), "--resolve", f"{host}:{bench.port}:127.0.0.1", f"https://{host}:{bench.port}/")
        assert out == name, out
    code, out = await bench.run(*CURL, "-k", bench.secure_url + "/")
    assert code in (35, 52, 56), (code, out)


def with_header(version):
    """A transport socket that sends a PROXY header first."""
    return {"name": "envoy.transport_sockets.upstream_proxy_protocol",
            "typed_config": {"@type": PROXY_HEADER, "config": {"version": version}, "transport_socket": RAW}}


async def test_nginx_reads_our_proxy_header(bench):
    """Version 1 through the first listener, version 2 through the second."""
    first, second = [await nginx(bench, name, 'proxy_protocol; return 200 "$proxy_protocol_addr $proxy_protocol_port $proxy_protocol_server_port";')
                     for name in ("v1", "v2")]
    v2 = {"type": "STATIC", "transport_socket": with_header("V2"), "load_assignment": endpoints("v2", second.port)}
    await started(bench, first, clusters={"origin": {"transport_socket": with_header("V1")}, "v2": v2},
                  more_listeners={"second": {"tcp": {"cluster": "v2"}}})
    for port in (bench.port, bench.proxy.port("second")):
        out = await bench.output(*CURL, "-w", " %{local_port}", f"http://127.0.0.1:{port}/")
        address, source, destination, local = out.split()
        assert (address, source, destination) == ("127.0.0.1", local, str(port)), out


async def test_haproxy_tells_us_the_client(bench):
    """HAProxy in front sends PROXY headers of both versions; HTTP behind knows the client's address."""
    await bench.start(await bench.echo(), {"listener_filters": ["proxy_protocol"], "hcm": {"use_remote_address": True}})
    for version in ("send-proxy", "send-proxy-v2"):
        port, conf = bench.free_port(), pathlib.Path(bench.folder, f"{version}.cfg")
        conf.write_text(f"""
defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 1s
listen l
  bind 127.0.0.1:{port}
  server s 127.0.0.1:{bench.port} {version}
""")
        await bench.daemon(["haproxy", "-f", conf], port)
        out = await bench.output(*CURL, "--interface", "127.0.0.9", "-d", "x", f"http://127.0.0.1:{port}/who")
        assert "127.0.0.9" in out, out
