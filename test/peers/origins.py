"""nginx and HAProxy as origins."""

import pathlib

from curl_client import CURL


async def nginx(bench):
    folder, port = pathlib.Path(bench.folder), bench.free_port()
    (folder / "file").write_text("0123456789" * 1000)
    scratch = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    conf = folder / "nginx.conf"
    conf.write_text(f"""daemon off; user root; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.err;
events {{}}
http {{ access_log off; {scratch} keepalive_requests 3; gzip on; gzip_min_length 100; gzip_types *;
 server {{ listen 127.0.0.1:{port}; root {folder}; location /gone {{ return 410; }} location /close {{ keepalive_timeout 0; try_files /file =404; }}
  location /early {{ client_max_body_size 1k; try_files /file =404; }} }} }}
""")
    return await bench.daemon(["nginx", "-c", conf], port)


async def haproxy(bench, proto=""):
    port, conf = bench.free_port(), pathlib.Path(bench.folder, "haproxy.cfg")
    conf.write_text(f"""
defaults
  mode http
  timeout client 10s
  timeout server 10s
  timeout connect 1s
frontend f
  bind 127.0.0.1:{port} {proto}
  http-request return status 200 content-type text/plain string "from haproxy" hdr x-method %[method]
""")
    return await bench.daemon(["haproxy", "-f", conf], port)


async def test_nginx_serves_a_file(bench):
    await bench.start(await nginx(bench))
    for flag in ("--http1.1", "--http2-prior-knowledge"):
        assert await bench.output(*CURL, flag, bench.url + "/file") == "0123456789" * 1000


async def test_nginx_ranges_and_not_modified(bench):
    await bench.start(await nginx(bench))
    assert await bench.output(*CURL, "-r", "5-14", bench.url + "/file") == "5678901234"
    head = await bench.output(*CURL, "--head", bench.url + "/file")
    etag = next(line.split(": ", 1)[1] for line in head.splitlines() if line.lower().startswith("etag"))
    out = await bench.output(*CURL, "-i", "-H", f"If-None-Match: {etag}", bench.url + "/file")
    assert out.startswith("HTTP/1.1 304"), out


async def test_nginx_chunked_gzip(bench):
    await bench.start(await nginx(bench))
    out = await bench.output(*CURL, "--compressed", bench.url + "/file")
    assert out == "0123456789" * 1000, len(out)


async def test_nginx_closes_after_some_requests(bench):
    """keepalive_requests 3: nginx ends its connections again and again, and no request may suffer for it."""
    await bench.start(await nginx(bench))
    out = await bench.output("h2load", "-n", 500, "-c", 4, "-m", 4, bench.url + "/file")
    assert "500 succeeded, 0 failed, 0 errored, 0 timeout" in out and "500 2xx" in out, out


async def test_nginx_closes_every_time(bench):
    await bench.start(await nginx(bench))
    out = await bench.output("h2load", "-n", 200, "-c", 4, "-m", 4, bench.url + "/close")
    assert "200 succeeded, 0 failed, 0 errored, 0 timeout" in out and "200 2xx" in out, out


async def test_nginx_refuses_a_body_early(bench):
    """nginx answers 413 before the body has come, and closes."""
    await bench.start(await nginx(bench))
    data = pathlib.Path(bench.folder, "data")
    data.write_bytes(b"x" * 5_000_000)
    code, out = await bench.run(*CURL, "-H", "Expect:", "-w", "%{http_code}", "-o", "/dev/null", "--data-binary", f"@{data}", bench.url + "/early")
    assert "413" in out or (code == 56 and "503" in out), (code, out)


async def test_nginx_status(bench):
    await bench.start(await nginx(bench))
    for path, status in (("/gone", "410"), ("/none", "404")):
        assert await bench.output(*CURL, "-o", "/dev/null", "-w", "%{http_code}", bench.url + path) == status


async def test_haproxy_http1(bench):
    await bench.start(await haproxy(bench))
    assert await bench.output(*CURL, bench.url + "/") == "from haproxy"


async def test_haproxy_http2(bench):
    origin = await haproxy(bench, "proto h2")
    origin.protocol = "http2"
    await bench.start(origin)
    for flag in ("--http1.1", "--http2-prior-knowledge"):
        assert await bench.output(*CURL, flag, bench.url + "/") == "from haproxy"
    out = await bench.output("h2load", "-n", 1000, "-c", 4, "-m", 10, bench.url + "/")
    assert "1000 succeeded, 0 failed, 0 errored, 0 timeout" in out, out
