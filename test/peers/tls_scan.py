"""testssl.sh against a listener: no finding of MEDIUM or worse, no protocol below TLS 1.2."""

import json
import pathlib

from harness.match import Mismatch

HARMLESS = {"OK", "INFO", "LOW", "DEBUG", "WARN"}  # WARN is about the tool's own machine
OLD = ("SSLv2", "SSLv3", "TLS1", "TLS1_1")


async def findings(bench):
    report = pathlib.Path(bench.folder, "testssl.json")
    # Protocols, categories of ciphers, forward secrecy, and every vulnerability that it knows.
    _, out = await bench.run("testssl", "--quiet", "--color", 0, "--warnings", "off", "--nodns", "none", "-oj", report, "-p", "-s", "-f", "-U",
                             f"127.0.0.1:{bench.port}", limit_s=120)
    found = {one["id"]: one for one in json.loads(report.read_text())} if report.exists() else {}
    if len(found) < 30:
        raise Mismatch(f"testssl.sh found only {sorted(found)}: {out[-1500:]}")
    return found


async def test_no_weakness(bench):
    bench.certs({"server": {"san": ["IP:127.0.0.1"]}, "rsa": {"san": ["IP:127.0.0.1"], "key": "rsa"}})
    await bench.start(await bench.echo(), {"tls": {"certificate": ["server", "rsa"], "alpn_protocols": ["h2", "http/1.1"]}})
    found = await findings(bench)
    bad = [f"{one['id']} {one['severity']}: {one['finding']}" for one in found.values() if one["severity"] not in HARMLESS]
    if bad:
        raise Mismatch("testssl.sh complains:\n      " + "\n      ".join(bad))
    for protocol in OLD:
        assert found[protocol]["finding"] == "not offered", found[protocol]
    assert found["TLS1_2"]["finding"].startswith("offered") and found["TLS1_3"]["finding"].startswith("offered")
    assert (await bench.output("curl", "-sS", "--cacert", bench.file("ca.crt"), bench.secure_url + "/")).startswith("hello")  # it still serves
