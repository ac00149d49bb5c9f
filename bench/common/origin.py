"""The origin behind every proxy: nginx with files of 1 KiB, 64 KiB and 1 MiB, or nghttpd for HTTP/2."""

import pathlib

from .machine import LOAD_CORE, is_open, tail, wait_open
from .peers import ORIGIN, nginx_conf

SIZES = {"1k": 1024, "64k": 65536, "1m": 1048576}


def start(machine, h2=False, secrets=None):
    """`secrets`: over TLS 1.3, and only for who has a certificate."""
    if is_open(ORIGIN, 0.05):
        raise SystemExit(f"port {ORIGIN} is taken: end what holds it (ss -ltnp)")
    for name, size in SIZES.items():
        pathlib.Path(machine.folder, name).write_text("x" * size)
    if h2:
        command = ["nghttpd", "--no-tls", "-a", "127.0.0.1", "-n", "1", "-d", machine.folder, ORIGIN]
    else:
        path = pathlib.Path(machine.folder, "origin.conf")
        tls = f"""ssl_certificate {secrets.path("server.crt")}; ssl_certificate_key {secrets.path("server.key")}; ssl_protocols TLSv1.3;
 ssl_client_certificate {secrets.path("ca.crt")}; ssl_verify_client on;""" if secrets else ""
        path.write_text(nginx_conf(machine.folder, "o", f"""access_log off; sendfile on; tcp_nopush on; keepalive_timeout 600;
 open_file_cache max=10; server {{ listen 127.0.0.1:{ORIGIN} {"ssl " if secrets else ""}backlog=4096; {tls} root {machine.folder}; }}"""))
        command = ["nginx", "-c", path]
    process = machine.spawn(command, LOAD_CORE, "origin")
    if not wait_open(ORIGIN) or process.poll() is not None:
        raise SystemExit(f"the origin did not start: {tail(process)}")
    return process
