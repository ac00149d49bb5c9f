"""A certificate that is renewed again and again under load: each is in force soon, and no request or connection is lost."""

import asyncio
import hashlib
import pathlib
import re
import ssl

import yaml

from harness.match import Mismatch

TIMES = 50
SAN = ["IP:127.0.0.1"]
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"


def listener_tls(bench, place):
    """The certificate comes as a secret from a file, with the directory of its own files to watch."""
    files = {"certificate_chain": {"filename": bench.file(f"{place}.crt")}, "private_key": {"filename": bench.file(f"{place}.key")}}
    folder = str(pathlib.Path(bench.file(f"{place}.crt")).parent)
    secret = pathlib.Path(bench.folder, "secret.yaml")
    secret.write_text(yaml.safe_dump({"resources": [{"@type": SECRET, "name": "s", "tls_certificate": {**files, "watched_directory": {"path": folder}}}]}))
    return {"common_tls_context": {"tls_certificate_sds_secret_configs": [{"name": "s", "sds_config": {"path_config_source": {"path": str(secret)}}}]}}


def unverified():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def presented(bench):
    """SHA-256 of the certificate that a new connection is shown."""
    _, writer = await asyncio.open_connection("127.0.0.1", bench.port, ssl=unverified())
    certificate = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return hashlib.sha256(certificate).hexdigest()


class Kept:
    """One connection that lives through all of it."""

    async def open(self, bench):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", bench.port, ssl=unverified())
        await self.ask()

    async def ask(self):
        self.writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 200"), head
        await self.reader.readexactly(int(re.search(rb"content-length: (\d+)", head.lower())[1]))


async def load(bench, stop):
    """Requests on long connections and on new ones; returns how many were answered. None may fail."""
    good = 0
    while not stop.is_set():
        out = await bench.output("h2load", "-n", 2000, "-c", 4, "-m", 10, bench.secure_url + "/")
        if "2000 succeeded, 0 failed, 0 errored, 0 timeout" not in out or "2000 2xx" not in out:
            raise Mismatch(out)
        out = await bench.output("wrk", "-t1", "-c2", "-d1s", "-H", "Connection: close", bench.secure_url + "/")
        if "Socket errors" in out or "Non-2xx" in out:
            raise Mismatch(out)
        good += 2000 + int(re.search(r"(\d+) requests in", out)[1])
    return good


async def renewed_under_load(bench, mounted):
    certs = {"server": {"san": SAN, "mounted": mounted}, **{f"r{n}": {"san": SAN, "key": "p384" if n % 7 == 3 else "ec"} for n in range(TIMES)}}
    bench.certs(certs)
    await bench.start(await bench.echo(), {"tls": {**listener_tls(bench, "server"), "disable_stateless_session_resumption": True}})
    kept, stop = Kept(), asyncio.Event()
    await kept.open(bench)
    loading = asyncio.create_task(load(bench, stop))
    try:
        for number in range(TIMES):
            bench.kit.renew("server", f"r{number}")
            want = bench.file(f"r{number}.sha256")

            async def in_force():
                if await presented(bench) != want:
                    raise Mismatch(f"certificate {number + 1} of {TIMES} is not in force")

            await bench.waiter.polled(in_force)
            await kept.ask()
            if loading.done():
                break
    except Mismatch:
        loading.cancel()
        raise
    stop.set()
    good = await asyncio.wait_for(loading, 60)
    assert good > 2000, good
    await bench.stat("http.main.downstream_rq_5xx", 0)


async def test_renewed_by_rename(bench):
    await renewed_under_load(bench, False)


async def test_renewed_by_link(bench):
    """As a mounted secret is renewed: a link to a folder is replaced."""
    await renewed_under_load(bench, True)


async def test_nonsense_is_not_taken(bench):
    """A broken file leaves the good certificate in force, and a good one after it is taken."""
    bench.certs({"server": {"san": SAN}, "next": {"san": SAN}})
    await bench.start(await bench.echo(), {"tls": listener_tls(bench, "server")})
    before = await presented(bench)
    path = pathlib.Path(bench.file("server.crt"))
    new = path.with_name("new")
    new.write_text("-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n")
    new.rename(path)
    await asyncio.sleep(0.5)  # nothing is to happen, which shows only by waiting
    assert await presented(bench) == before
    bench.kit.renew("server", "next")

    async def in_force():
        if await presented(bench) != bench.file("next.sha256"):
            raise Mismatch("the good certificate is not in force")

    await bench.waiter.polled(in_force)
