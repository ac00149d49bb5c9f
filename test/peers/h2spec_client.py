"""h2spec against the downstream side: nothing may fail that the real Envoy passes."""

import pathlib
import re
import xml.etree.ElementTree

from harness.match import Mismatch

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
H2SPEC = ROOT / "build/bin/h2spec"
KNOWN = pathlib.Path(__file__).with_name("h2spec_envoy_fails.txt")


async def failures(bench):
    """Titles of the tests that failed, and how many ran."""
    report = pathlib.Path(bench.folder, "h2spec.xml")
    await bench.run(H2SPEC, "-h", "127.0.0.1", "-p", bench.port, "-P", "/?size=1000", "-o", 2, "-j", report, limit_s=280)
    failed, total = set(), 0
    text = re.sub(r"[^\t\n\r\x20-\x7e]|&#x?0*(?:[0-8]|1[0-9a-f]?);", "?", report.read_text(errors="replace"))  # h2spec quotes what it got
    for suite in xml.etree.ElementTree.fromstring(text).iter("testsuite"):
        for case in suite.iter("testcase"):
            total += 1
            if case.find("failure") is not None or case.find("error") is not None:
                failed.add(f"{case.get('package')} {case.get('classname')}")
    return failed, total


async def test_h2spec(bench):
    await bench.start(await bench.echo())
    worse = None
    for _ in range(3):  # h2spec races with the answer in some tests: what fails each time has failed
        failed, total = await failures(bench)
        if total < 140:
            raise Mismatch(f"only {total} tests ran")
        failed -= set(KNOWN.read_text().splitlines())
        worse = failed if worse is None else worse & failed
        if not worse:
            break
    if worse:
        raise Mismatch(f"{len(worse)} of {total} fail that Envoy passes:\n      " + "\n      ".join(sorted(worse)))
