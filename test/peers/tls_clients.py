"""openssl s_client, curl, h2load, WebSocket and gRPC as clients of a TLS listener."""

import asyncio
import json
import re
import ssl

import grpc
import grpc.aio
from websockets.asyncio.client import connect

import grpc_peers
import websocket_peers
from bench import Origin
from curl_client import CURL
from harness.match import Mismatch

CERTS = {
    "server": {"san": ["a.example", "IP:127.0.0.1"]}, "rsa": {"san": ["a.example", "IP:127.0.0.1"], "key": "rsa"},
    "client": {"san": ["URI:spiffe://td/ns/a/sa/client"], "subject": "CN=client,O=Wire"},
    "other": {"ca": True}, "stranger": {"issuer": "other"}, "expired": {"valid": "expired"}, "revoked": {"revoked": True},
}
ALPN = ["h2", "http/1.1"]
REQUEST = b"GET / HTTP/1.1\r\nhost: a.example\r\nconnection: close\r\n\r\n"


async def started(bench, tls=None, origin=None, **wanted):
    bench.certs(CERTS)
    await bench.start(origin or await bench.echo(), {"tls": {"alpn_protocols": ALPN, **(tls or {})}, **wanted})


async def s_client(bench, *flags, stdin=REQUEST):
    """Exit code and output. With a request it stays until the answer has come; without one it leaves after the handshake."""
    stays = ["-ign_eof"] if stdin else []
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{bench.port}", "-CAfile", bench.file("ca.crt"), *stays, *flags]
    return await bench.run(*command, stdin=stdin, limit_s=20)


async def agreed(bench, *flags):
    """Version and cipher of a handshake that must be good."""
    _, out = await s_client(bench, *flags)
    found = re.search(r"New, (TLSv1\.\d), Cipher is (\S+)", out)
    assert found and "HTTP/1.1 200" in out, out
    return found.groups()


# --- openssl s_client


async def test_openssl_versions(bench):
    await started(bench)
    assert (await agreed(bench, "-tls1_3"))[0] == "TLSv1.3"
    assert (await agreed(bench, "-tls1_2"))[0] == "TLSv1.2"
    for old in ("-tls1", "-tls1_1"):
        _, out = await s_client(bench, old, "-cipher", "ALL:@SECLEVEL=0")
        assert "alert protocol version" in out, out


async def test_openssl_version_limits(bench):
    await started(bench, {"tls_params": {"tls_minimum_protocol_version": "TLSv1_3"}})
    assert (await agreed(bench))[0] == "TLSv1.3"
    _, out = await s_client(bench, "-tls1_2")
    assert "alert protocol version" in out, out


async def test_openssl_ciphers(bench):
    """The one that is configured, and no other, of TLS 1.2; certificates of both kinds of key."""
    await started(bench, {"certificate": ["server", "rsa"], "tls_params": {"cipher_suites": ["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384"]}})
    assert await agreed(bench, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256") == ("TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256")
    assert await agreed(bench, "-tls1_2", "-cipher", "ECDHE-RSA-AES256-GCM-SHA384") == ("TLSv1.2", "ECDHE-RSA-AES256-GCM-SHA384")
    _, out = await s_client(bench, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA")
    assert "alert handshake failure" in out, out


async def test_openssl_alpn(bench):
    await started(bench)
    for offered, chosen in (("h2", "ALPN protocol: h2"), ("http/1.1", "ALPN protocol: http/1.1"), ("http/1.1,h2", "ALPN protocol: h2"),
                            ("foo", "No ALPN negotiated")):
        _, out = await s_client(bench, "-alpn", offered, stdin=b"")
        assert chosen in out, (offered, out)


async def test_openssl_verifies_the_chain(bench):
    await started(bench)
    _, out = await s_client(bench, "-verify_return_error", "-servername", "a.example", "-verify_hostname", "a.example")
    assert "Verify return code: 0 (ok)" in out and "HTTP/1.1 200" in out, out


async def test_openssl_resumes(bench):
    await started(bench)
    for version in ("-tls1_3", "-tls1_2"):
        session = f"{bench.folder}/session{version}"
        await s_client(bench, version, "-sess_out", session)
        _, out = await s_client(bench, version, "-sess_in", session)
        assert "Reused, TLSv1" in out and "HTTP/1.1 200" in out, out


async def test_openssl_session_ids_resume(bench):
    """TLS 1.2 without tickets: the listener's own cache."""
    await started(bench)
    session = f"{bench.folder}/session"
    await s_client(bench, "-tls1_2", "-no_ticket", "-sess_out", session)
    _, out = await s_client(bench, "-tls1_2", "-no_ticket", "-sess_in", session)
    assert "HTTP/1.1 200" in out, out


async def test_openssl_resumption_can_be_off(bench):
    await started(bench, {"disable_stateless_session_resumption": True, "disable_stateful_session_resumption": True})
    for version in ("-tls1_3", "-tls1_2"):
        session = f"{bench.folder}/session{version}"
        await s_client(bench, version, "-sess_out", session)
        _, out = await s_client(bench, version, *(["-sess_in", session] if _exists(session) else []))
        assert "Reused" not in out and "HTTP/1.1 200" in out, out


def _exists(path):
    try:
        with open(path, "rb") as file:
            return bool(file.read(1))
    except OSError:
        return False


async def test_openssl_may_not_renegotiate(bench):
    await started(bench)
    process = await asyncio.create_subprocess_exec(
        "openssl", "s_client", "-connect", f"127.0.0.1:{bench.port}", "-tls1_2", stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    bench.processes.append(process)
    await asyncio.wait_for(process.stdout.readuntil(b"Verify return code"), 10)
    process.stdin.write(b"R\n")
    await process.stdin.drain()
    out = await asyncio.wait_for(process.stdout.read(-1), 10)
    assert b"RENEGOTIATING" in out and b"HTTP/1.1" not in out, out
    assert b"no renegotiation" in out or b"closed" in out or b"errno" in out or b"alert" in out, out


async def test_openssl_client_certificates(bench):
    await started(bench, {"trusts": "ca", "require_client_certificate": True, "validation": {"crl": {"filename": "$ca.crl"}}})

    async def ask(name):
        flags = ["-cert", bench.file(f"{name}.crt"), "-key", bench.file(f"{name}.key")] if name else []
        return (await s_client(bench, *flags))[1]

    out = await ask("client")
    assert "HTTP/1.1 200" in out and "Acceptable client certificate CA names" in out, out
    for name, alert in ((None, "certificate required"), ("stranger", "unknown ca"), ("expired", "certificate expired"), ("revoked", "certificate revoked")):
        out = await ask(name)
        assert "HTTP/1.1" not in out and alert in out, (name, out)
    await bench.stat(f"listener.127.0.0.1_{bench.port}.ssl.fail_verify_no_cert", 1)
    await bench.stat(f"listener.127.0.0.1_{bench.port}.ssl.fail_verify_error", 3)


# --- curl


async def test_curl_h1_and_h2(bench):
    await started(bench)
    for flag, version in (("--http1.1", "1.1"), ("--http2", "2")):
        out = await bench.output(*CURL, flag, "--cacert", bench.file("ca.crt"), "-o", "/dev/null", "-w", "%{http_version} %{http_code} %{ssl_verify_result}",
                                 bench.secure_url + "/x")
        assert out == f"{version} 200 0", out


async def test_curl_presents_its_certificate(bench):
    """The upstream is told who asked, in x-forwarded-client-cert."""
    await started(bench, {"trusts": "ca", "require_client_certificate": True}, hcm={
        "forward_client_cert_details": "SANITIZE_SET", "set_current_client_cert_details": {"subject": True, "uri": True, "dns": True}})
    out = await bench.output(*CURL, "--cacert", bench.file("ca.crt"), "--cert", bench.file("client.crt"), "--key", bench.file("client.key"),
                             "-H", "x-forwarded-client-cert: By=liar", "-d", "x", bench.secure_url + "/who")
    saw = json.dumps(json.loads(out))
    assert f"Hash={bench.file('client.sha256')}" in saw and "spiffe://td/ns/a/sa/client" in saw and "liar" not in saw, saw


async def test_curl_posts_a_large_body(bench):
    await started(bench)
    size = min(bench.args.body_mb, 64) << 20
    for flag in ("--http1.1", "--http2"):
        out = await bench.output("sh", "-c", f"head -c {size} /dev/zero | curl -sS {flag} --cacert {bench.file('ca.crt')} -T - {bench.secure_url}/up")
        assert f'"body_bytes": {size}' in out, out
        got = await bench.output("curl", "-sS", flag, "--cacert", bench.file("ca.crt"), "-o", "/dev/null", "-w", "%{size_download}",
                                 f"{bench.secure_url}/?size={size}")
        assert got == str(size), got


# --- load


async def test_h2load_over_tls(bench):
    await started(bench)
    for flags in (["-m", 10], ["--h1"]):
        out = await bench.output("h2load", "-n", 2000, "-c", 8, *flags, bench.secure_url + "/?size=1000")
        assert "2000 succeeded, 0 failed, 0 errored, 0 timeout" in out and "2000 2xx" in out, out
    await bench.stat(f"listener.127.0.0.1_{bench.port}.ssl.handshake", 16)


# --- WebSocket and gRPC


def trusting(bench):
    return ssl.create_default_context(cafile=bench.file("ca.crt"))


async def test_websocket_over_tls(bench):
    server = await websocket_peers.serve(websocket_peers.repeat, "127.0.0.1", 0, max_size=None)
    bench.closers.append(server.close)
    await started(bench, origin=Origin(server.sockets[0].getsockname()[1]), **websocket_peers.UPGRADES)
    message = bytes(range(256)) * 4000
    async with connect(f"wss://127.0.0.1:{bench.port}/chat", ssl=trusting(bench), max_size=None) as websocket:
        for sent in ("hello", message):
            await websocket.send(sent)
            assert await websocket.recv() == sent


async def test_grpc_over_tls(bench):
    """TLS with client certificates, then every kind of call on one connection."""
    service = grpc_peers.Service()
    server = grpc.aio.server(options=grpc_peers.UNLIMITED)
    server.add_generic_rpc_handlers((service,))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    await started(bench, {"trusts": "ca", "require_client_certificate": True}, Origin(port, "http2"))
    read = [open(bench.file(name), "rb").read() for name in ("ca.crt", "client.key", "client.crt")]
    channel = grpc.aio.secure_channel(f"127.0.0.1:{bench.port}", grpc.ssl_channel_credentials(*read), options=grpc_peers.UNLIMITED)
    try:
        assert await channel.unary_unary("/wire.Test/Unary")(b"x") == b"re: x"
        assert [x async for x in channel.unary_stream("/wire.Test/Down")(b"3")] == [b"0", b"1", b"2"]
        call = channel.stream_stream("/wire.Test/Both")(iter([b"a", b"b"]))
        assert [x async for x in call] == [b"A", b"B"]
    finally:
        await channel.close()
        await server.stop(None)
    if service.cancelled.is_set():
        raise Mismatch("a call was cancelled")
