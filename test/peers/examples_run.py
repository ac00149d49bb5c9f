"""The folders of examples/ run as they are, one at a time: they share their ports."""

import asyncio
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
ONE = asyncio.Lock()


async def run(bench, name, load=300):
    """The last line of the table by cluster: (requests, share in percent)."""
    async with ONE:
        out = await bench.output(sys.executable, ROOT / "tools/run_example.py", ROOT / "examples" / name, "--binary", bench.proxy.binary.path,
                                 "--echo", bench.args.echo, "--load", load, "--for", 3)
    assert "drained in" in out and "exit code 0" in out, out
    last = [line for line in out.splitlines() if re.match(r"\w+ \d+ \(", line)][-1]
    return {name: (int(n), float(share)) for name, n, share in re.findall(r"(\w+) (\d+) \(([\d.]+)%", last)}


async def test_canary(bench):
    got = await run(bench, "canary")
    assert got["v1"][0] + got["v2"][0] > 100, got
    assert 80 < got["v1"][1] < 98 and 2 < got["v2"][1] < 20 and got["v3"][1] > 95, got


async def test_mirror(bench):
    got = await run(bench, "mirror")
    assert got["live"][0] > 100 and got["shadow"][1] > 95 and 30 < got["sample"][1] < 70, got


async def test_gateway(bench):
    got = await run(bench, "gateway")
    assert got["v1"][0] > 100 and got["v2"][0] == 0, got


async def test_mtls(bench):
    got = await run(bench, "mtls", 100)
    assert got["service"][0] > 50 and got["app"][1] > 95, got
