"""TLS upstreams: nginx that wants a certificate, openssl s_server that renegotiates or leaves, chains that are no good."""

import asyncio
import pathlib
import re

from bench import Origin
from curl_client import CURL
from harness.match import Mismatch

CERTS = {
    "server": {"san": ["b.example"]}, "proxy": {"san": ["URI:spiffe://td/ns/gw/sa/gw"], "subject": "CN=proxy,O=Wire"},
    "expired": {"san": ["b.example"], "valid": "expired"}, "revoked": {"san": ["b.example"], "revoked": True},
    "misnamed": {"san": ["c.example"]}, "other": {"ca": True}, "foreign": {"san": ["b.example"], "issuer": "other"},
}
TLS = {"certificate": "proxy", "trusts": "ca", "sni": "b.example",
       "validation": {"match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "b.example"}}]}}


async def nginx(bench, certificate="server", more=""):
    """Answers with what it knows of the connection."""
    folder, port = pathlib.Path(bench.folder), bench.free_port()
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = folder / "nginx.conf"
    conf.write_text(f"""daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{}}
http {{ access_log off; {scratch}
 server {{ listen 127.0.0.1:{port} ssl http2; ssl_certificate {bench.file(certificate + ".crt")}; ssl_certificate_key {bench.file(certificate + ".key")};
  ssl_protocols TLSv1.2 TLSv1.3; ssl_client_certificate {bench.file("ca.crt")}; ssl_verify_client on; {more}
  location / {{ return 200 "$ssl_client_verify $ssl_client_s_dn $ssl_server_name $ssl_protocol $ssl_session_reused $server_protocol"; }} }} }}
""")
    return await bench.daemon(["nginx", "-c", conf], port)


async def started(bench, origin, tls=None, **wanted):
    await bench.start(origin, {"clusters": {"origin": {"tls": {**TLS, **(tls or {})}}}, **wanted})


async def status(bench):
    return await bench.output(*CURL, "-o", "/dev/null", "-w", "%{http_code}", bench.url + "/")


async def test_nginx_with_client_certificates(bench):
    bench.certs(CERTS)
    await started(bench, await nginx(bench))
    out = await bench.output(*CURL, bench.url + "/")
    assert re.match(r"SUCCESS (CN=proxy,O=Wire|O=Wire,CN=proxy) b.example TLSv1\.[23] \. HTTP/1.1", out), out


async def test_nginx_over_h2(bench):
    bench.certs(CERTS)
    origin = await nginx(bench, more="keepalive_requests 100000;")
    origin.protocol = "http2"
    await started(bench, origin, {"tls_params": {"tls_maximum_protocol_version": "TLSv1_3"}})
    out = await bench.output(*CURL, bench.url + "/")
    assert out.startswith("SUCCESS") and "TLSv1.3" in out and out.endswith("HTTP/2.0"), out
    out = await bench.output("h2load", "-n", 1000, "-c", 4, "-m", 10, bench.url + "/")
    assert "1000 succeeded, 0 failed, 0 errored, 0 timeout" in out and "1000 2xx" in out, out


async def test_nginx_resumes_our_sessions(bench):
    """Every request on a connection of its own: all but the first resume."""
    bench.certs(CERTS)
    await started(bench, await nginx(bench, more="keepalive_timeout 0; ssl_session_cache shared:s:1m; ssl_session_tickets on;"))
    seen = [(await bench.output(*CURL, bench.url + "/")).split()[4] for _ in range(4)]
    assert seen[0] == "." and seen[1:] == ["r"] * 3, seen
    await bench.stat("cluster.origin.ssl.session_reused", 3)


async def test_nginx_refuses_who_has_no_certificate(bench):
    """nginx answers 400 over the connection that it accepted."""
    bench.certs(CERTS)
    await started(bench, await nginx(bench), {"certificate": []})
    assert await status(bench) == "400"


async def refused(bench, certificate, stat, tls=None):
    bench.certs(CERTS)
    await started(bench, await nginx(bench, certificate), tls)
    assert await status(bench) == "503"
    await bench.stat(f"cluster.origin.ssl.{stat}", 1)


async def test_nginx_expired(bench):
    await refused(bench, "expired", "fail_verify_error")


async def test_nginx_revoked(bench):
    await refused(bench, "revoked", "fail_verify_error", {"validation": {**TLS["validation"], "crl": {"filename": "$ca.crl"}}})


async def test_nginx_wrong_name(bench):
    await refused(bench, "misnamed", "fail_verify_san")


async def test_nginx_foreign_ca(bench):
    await refused(bench, "foreign", "fail_verify_error")


async def test_nginx_survives_load(bench):
    bench.certs(CERTS)
    await started(bench, await nginx(bench, more="keepalive_requests 5;"))
    out = await bench.output("h2load", "-n", 1000, "-c", 8, "-m", 4, bench.url + "/")
    assert "1000 succeeded, 0 failed, 0 errored, 0 timeout" in out and "1000 2xx" in out, out


# --- openssl s_server behind a TCP proxy: its keyboard is ours


class SServer:
    """What is typed goes to the client; 'r' renegotiates, 'Q' ends."""

    def __init__(self, process, port):
        self.process, self.origin, self.seen = process, Origin(port), bytearray()
        self.task = asyncio.create_task(self._read())

    async def _read(self):
        while data := await self.process.stdout.read(4096):
            self.seen += data

    async def type(self, text):
        self.process.stdin.write(text)
        await self.process.stdin.drain()


async def s_server(bench, *flags):
    port = bench.free_port()
    process = await asyncio.create_subprocess_exec(
        "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", bench.file("server.crt"), "-key", bench.file("server.key"), *flags,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    bench.processes.append(process)
    server = SServer(process, port)
    bench.closers.append(server.task.cancel)
    await until(bench, lambda: b"ACCEPT" in server.seen, "s_server does not listen")
    return server


async def until(bench, holds, what):
    async def attempt():
        if not holds():
            raise Mismatch(what)

    await bench.waiter.polled(attempt)


async def through(bench, server, tls=None):
    """A connection through the proxy on which a word has gone each way."""
    await bench.start(server.origin, {"base": "tcp", "clusters": {"origin": {"tls": {"trusts": "ca", "sni": "b.example", **(tls or {})}}}})
    reader, writer = await asyncio.open_connection("127.0.0.1", bench.port)
    bench.closers.append(writer.close)
    writer.write(b"to the server\n")
    await until(bench, lambda: b"to the server" in server.seen, "nothing came to the server")
    await server.type(b"to the client\n")
    assert await asyncio.wait_for(reader.readline(), 10) == b"to the client\n"
    return reader, writer


async def ends(reader):
    try:
        return await asyncio.wait_for(reader.read(100), 10) == b""
    except ConnectionError:
        return True


async def test_renegotiation_is_refused(bench):
    """The upstream's wish for another handshake ends the connection, and another one works."""
    bench.certs(CERTS)
    server = await s_server(bench, "-tls1_2", "-legacy_renegotiation")
    reader, writer = await through(bench, server)
    await server.type(b"r\n")
    writer.write(b"more\n")
    assert await ends(reader)


async def test_renegotiation_is_allowed(bench):
    bench.certs(CERTS)
    server = await s_server(bench, "-tls1_2", "-msg")
    reader, writer = await through(bench, server, {"allow_renegotiation": True})
    before = server.seen.count(b"Finished")
    await server.type(b"r\n")
    await until(bench, lambda: server.seen.count(b"Finished") > before, f"no second handshake: {bytes(server.seen[-600:])!r}")
    writer.write(b"after it\n")
    await until(bench, lambda: b"after it" in server.seen, f"nothing came after the renegotiation: {bytes(server.seen[-600:])!r}")
    await server.type(b"back\n")
    assert await asyncio.wait_for(reader.readline(), 10) == b"back\n"


async def test_key_update(bench):
    """TLS 1.3's new keys in the middle of a connection: nobody notices."""
    bench.certs(CERTS)
    server = await s_server(bench, "-tls1_3")
    reader, writer = await through(bench, server, {"tls_params": {"tls_maximum_protocol_version": "TLSv1_3"}})
    await server.type(b"K\n")
    writer.write(b"after it\n")
    await until(bench, lambda: b"after it" in server.seen, "nothing came after the key update")
    await server.type(b"back\n")
    assert await asyncio.wait_for(reader.readline(), 10) == b"back\n"


async def test_upstream_leaves(bench):
    bench.certs(CERTS)
    server = await s_server(bench)
    reader, writer = await through(bench, server)
    await server.type(b"Q\n")
    assert await ends(reader)
    writer.close()
    await bench.stat("cluster.origin.upstream_cx_active", 0)


async def test_upstream_is_killed(bench):
    """No close_notify: an end all the same."""
    bench.certs(CERTS)
    server = await s_server(bench)
    reader, _ = await through(bench, server)
    server.process.kill()
    assert await ends(reader)


async def test_upstream_speaks_plain_text(bench):
    bench.certs(CERTS)
    await started(bench, await bench.echo())
    assert await status(bench) == "503"
    await bench.stat("cluster.origin.upstream_cx_connect_fail", 1)


async def test_no_common_version(bench):
    bench.certs(CERTS)
    server = await s_server(bench, "-tls1_3")
    await started(bench, server.origin, {"tls_params": {"tls_maximum_protocol_version": "TLSv1_2"}})
    assert await status(bench) == "503"
    await bench.stat("cluster.origin.ssl.connection_error", 1)
