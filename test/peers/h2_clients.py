"""nghttp and h2load: the reference implementation of HTTP/2 as a client, and under load."""

import pathlib
import re


async def load(bench, protocol, *flags, requests=4000):
    await bench.start(await bench.echo("v1", protocol))
    out = await bench.output("h2load", "-n", requests, "-c", 8, *flags, bench.url + "/?size=1000")
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
    assert done and [int(n) for n in done.groups()] == [requests, 0, 0, 0], out
    assert f"status codes: {requests} 2xx" in out, out
    await bench.stat("http.main.downstream_rq_2xx", requests)
    await bench.stat("cluster.origin.upstream_rq_active", 0)


async def test_h2load_h2_to_h1(bench):
    await load(bench, "http1", "-m", 10)


async def test_h2load_h2_to_h2(bench):
    await load(bench, "http2", "-m", 10)


async def test_h2load_h1_to_h1(bench):
    await load(bench, "http1", "--h1")


async def test_h2load_h1_to_h2(bench):
    await load(bench, "http2", "--h1")


async def test_h2load_small_windows(bench):
    """A window of 1 KiB on the stream and the connection: flow control at every turn."""
    await load(bench, "http2", "-m", 10, "-w", 10, "-W", 10, requests=1000)


async def test_nghttp_gets(bench):
    await bench.start(await bench.echo())
    out = await bench.output("nghttp", "-v", bench.url + "/")
    assert "hello from echo" in out and ":status: 200" in out, out


async def test_nghttp_posts_with_trailers(bench):
    data = pathlib.Path(bench.folder, "data")
    data.write_bytes(b"d" * 100_000)
    await bench.start(await bench.echo("v1", "http2"))
    out = await bench.output("nghttp", "-d", data, "--trailer", "x-sum: 7", bench.url + "/up")
    assert '"body_bytes": 100000' in out and '"x-sum: 7"' in out, out


async def test_nghttp_many_on_one_connection(bench):
    await bench.start(await bench.echo())
    out = await bench.output("nghttp", "-n", "-s", "-m", 20, bench.url + "/x")
    assert len(re.findall(r"\b200\b.*?/x", out)) >= 20, out
    await bench.stat("http.main.downstream_cx_total", 1)
