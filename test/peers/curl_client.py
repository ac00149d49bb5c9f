"""curl as the client, HTTP/1 and HTTP/2 by prior knowledge, to origins of both."""

import json
import pathlib

CURL = ("curl", "--silent", "--show-error", "--max-time", "20")


async def seen(bench, *arguments):
    """What the origin says it saw."""
    return json.loads(await bench.output(*CURL, *arguments))


async def combination(bench, flag, protocol, expected):
    await bench.start(await bench.echo("v1", protocol))
    saw = await seen(bench, flag, "-d", "some=data", f"{bench.url}/cart?id=7")
    assert (saw["method"], saw["path"], saw["body_bytes"], saw["protocol"]) == ("POST", "/cart?id=7", 9, expected), saw
    status = await bench.output(*CURL, flag, "-o", "/dev/null", "-w", "%{http_code} %{http_version}", bench.url + "/x?status=404")
    assert status == ("404 2" if flag.endswith("knowledge") else "404 1.1"), status


async def test_h1_to_h1(bench):
    await combination(bench, "--http1.1", "http1", "HTTP/1.1")


async def test_h1_to_h2(bench):
    await combination(bench, "--http1.1", "http2", "HTTP/2")


async def test_h2_to_h1(bench):
    await combination(bench, "--http2-prior-knowledge", "http1", "HTTP/1.1")


async def test_h2_to_h2(bench):
    await combination(bench, "--http2-prior-knowledge", "http2", "HTTP/2")


async def test_keeps_its_connection(bench):
    await bench.start(await bench.echo())
    out = await bench.output(*CURL, "-o", "/dev/null", "-w", "%{num_connects} ", *[bench.url + "/a"] * 1, "--next",
                             *CURL[1:], "-o", "/dev/null", "-w", "%{num_connects}", bench.url + "/b")
    assert out == "1 0", out


async def test_head(bench):
    await bench.start(await bench.echo())
    out = await bench.output(*CURL, "--head", bench.url + "/?size=1000")
    assert out.startswith("HTTP/1.1 200 OK\r\n") and "content-length: 1000\r\n" in out, out


async def test_uploads_a_file(bench):
    file = pathlib.Path(bench.folder, "upload")
    file.write_bytes(b"u" * 3_000_000)
    await bench.start(await bench.echo())
    saw = await seen(bench, "-T", file, bench.url + "/up")
    assert (saw["method"], saw["body_bytes"]) == ("PUT", 3_000_000), saw
    assert any(h.lower() == "content-length: 3000000" for h in saw["headers"]), saw


async def test_uploads_in_chunks(bench):
    await bench.start(await bench.echo())
    saw = json.loads(await bench.output(*CURL, "-T", "-", bench.url + "/up", stdin=b"c" * 2_000_000))
    assert saw["body_bytes"] == 2_000_000, saw
    assert any(h.lower() == "transfer-encoding: chunked" for h in saw["headers"]), saw


async def test_waits_for_100_continue(bench):
    await bench.start(await bench.echo())
    out = await bench.output(*CURL, "-v", "-H", "Expect: 100-continue", "--expect100-timeout", "15", "-d", "x" * 2000, bench.url + "/up")
    assert "HTTP/1.1 100 Continue" in out and '"body_bytes": 2000' in out, out


async def test_http10(bench):
    await bench.start(await bench.echo(), {"hcm": {"http_protocol_options": {"accept_http_10": True}}})
    out = await bench.output(*CURL, "--http1.0", bench.url + "/")
    assert out == "hello from echo\n", out


async def test_downloads_exactly(bench):
    await bench.start(await bench.echo())
    for flag in ("--http1.1", "--http2-prior-knowledge"):
        size = await bench.output(*CURL, flag, "-o", "/dev/null", "-w", "%{size_download}", bench.url + "/?size=12345678")
        assert size == "12345678", size


async def test_through_connect(bench):
    origin = await bench.echo()
    await bench.start(origin, {
        "hcm": {"upgrade_configs": [{"upgrade_type": "CONNECT"}]},
        "routes": [{"match": {"connect_matcher": {}}, "route": {
            "cluster": "origin", "upgrade_configs": [{"upgrade_type": "CONNECT", "connect_config": {}}]}}]})
    out = await bench.output(*CURL, "--proxytunnel", "--proxy", bench.url, "http://origin.example:80/")
    assert out == "hello from echo\n", out
