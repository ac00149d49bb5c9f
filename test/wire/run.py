#!/usr/bin/env python3
"""Runs the wire scenarios: the real binary on loopback, between scripted clients and upstreams.

  run.py --binary PATH [--echo PATH] [--with-envoy] [--envoy PATH] [-k FILTER] [-j N] [--limit SECONDS] [-v]

The last line is 'N passed, N failed'. A scenario that also runs against the real Envoy counts twice.
README.md says how a scenario is written.
"""

import argparse
import asyncio
import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

from harness.attempts import Tally  # noqa: E402
from harness.proxy import Binary  # noqa: E402
from harness.scenario import Scenario, run  # noqa: E402

SCENARIOS = HERE / "scenarios"
ENVOY = HERE.parent.parent / "build/venv-envoy/bin/envoy"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="Outrigger")
    parser.add_argument("--echo", help="outrigger-echo, for test/peers")
    parser.add_argument("--with-envoy", action="store_true", help="also run each scenario against the real Envoy")
    parser.add_argument("--envoy", default=str(ENVOY), help="the real Envoy (default: %(default)s)")
    parser.add_argument("-k", metavar="FILTER", default="", help="only scenarios whose name matches this regular expression")
    parser.add_argument("-j", metavar="N", type=int, default=2 * (os.cpu_count() or 1), help="scenarios at once")
    parser.add_argument("--limit", type=float, default=10, help="seconds to wait for any one condition")
    parser.add_argument("-v", action="store_true", help="name what passed, too")
    return parser.parse_args()


def binaries(args):
    found = []
    if args.binary:
        found.append(Binary(str(pathlib.Path(args.binary).resolve()), "outrigger"))
    if args.with_envoy:
        found.append(Binary(str(pathlib.Path(args.envoy).resolve()), "envoy"))
    for binary in found:
        if not os.access(binary.path, os.X_OK):
            sys.exit(f"{binary.path} is not there")
    return found


async def main(args):
    scenarios = [Scenario(path, SCENARIOS) for path in sorted(SCENARIOS.rglob("*.yaml"))]
    scenarios = [variant for s in scenarios for variant in s.variants()]
    scenarios = [s for s in scenarios if re.search(args.k, s.name)]
    slots = asyncio.Semaphore(args.j)
    tally, skipped = Tally(args.v), []

    async def one(scenario, binary):
        reason = scenario.skip_reason(binary.kind)
        title = f"{scenario.name} [{binary.kind}]"
        if reason:
            skipped.append(title)
            if args.v:
                print(f"skip {title}: {reason}", flush=True)
            return
        async with slots:
            await tally.run_against(binary, title, lambda: run(scenario, binary, args.limit))

    await asyncio.gather(*(one(s, b) for b in binaries(args) for s in scenarios))
    if skipped:
        print(f"{len(skipped)} scenarios do not run against Envoy; each says why")
    return await tally.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
