#!/usr/bin/env python3
"""The real binary on a host of its own, between a client's and a server's, with real iptables rules: network namespaces.

  run.py --binary PATH [--echo PATH] [--with-envoy] [--envoy PATH] [-k FILTER] [-j N] [-v]

Needs root. The last line is 'N passed, N failed'; a machine without namespaces or iptables fails. Each test_* coroutine is one test.
"""

import argparse
import asyncio
import importlib
import inspect
import os
import pathlib
import re
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wire")]

from harness.match import Mismatch  # noqa: E402
from harness.proxy import Binary  # noqa: E402

from scene import Scene  # noqa: E402
from world import Impossible  # noqa: E402

MODULES = ("redirect", "transparent")
TEST_LIMIT_S = 60


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="Outrigger")
    parser.add_argument("--echo", help="outrigger-echo, which nothing here needs")
    parser.add_argument("--with-envoy", action="store_true", help="also run each test against the real Envoy")
    parser.add_argument("--envoy", default=str(ROOT / "build/venv-envoy/bin/envoy"))
    parser.add_argument("-k", metavar="FILTER", default="")
    parser.add_argument("-j", metavar="N", type=int, default=4)
    parser.add_argument("-v", action="store_true")
    return parser.parse_args()


def tests(pattern):
    for name in MODULES:
        module = importlib.import_module(name)
        for test_name, test in inspect.getmembers(module, inspect.iscoroutinefunction):
            title = f"{name}/{test_name.removeprefix('test_')}"
            if test_name.startswith("test_") and re.search(pattern, title):
                yield title, test


async def attempt(test, binary):
    """None, or why it failed."""
    scene = Scene(binary)
    try:
        scene.build()
        await asyncio.wait_for(test(scene), TEST_LIMIT_S)
        why = None
    except (Mismatch, ProcessLookupError) as mismatch:
        why = str(mismatch)
    except Impossible as impossible:
        why = f"this machine cannot: {impossible}"
    except Exception:  # also an assertion: the test failed
        why = traceback.format_exc(limit=-3)
    finally:
        complaint, log = await scene.stop()
    why = why or complaint
    return f"{why}\n    log: " + "\n         ".join(log.splitlines()[-15:]) if why else None


async def main(args):
    binaries = [Binary(os.path.abspath(args.binary), "outrigger")] if args.binary else []
    if args.with_envoy:
        binaries.append(Binary(os.path.abspath(args.envoy), "envoy"))
    slots = asyncio.Semaphore(args.j)
    passed, failed = [], []

    async def one(title, test, binary):
        async with slots:
            start = time.monotonic()
            why = await attempt(test, binary)
        (failed if why else passed).append(title)
        if why:
            print(f"FAIL {title}\n    {why}", flush=True)
        elif args.v:
            print(f"ok   {title} {time.monotonic() - start:.1f} s", flush=True)

    await asyncio.gather(*(one(f"{title} [{b.kind}]", test, b) for b in binaries for title, test in tests(args.k)))
    for title in failed:
        print(f"failed: {title}")
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
