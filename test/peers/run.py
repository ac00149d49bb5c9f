#!/usr/bin/env python3
"""Real clients and servers on both sides of the real binary, over loopback.

  run.py --binary PATH --echo PATH [--with-envoy] [--envoy PATH] [-k FILTER] [-j N] [--body-mb N] [-v]

The last line is 'N passed, N failed'. Each test_* coroutine of the modules named in MODULES is one test.
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
from harness.proxy import Binary, PortTaken  # noqa: E402

from bench import Bench  # noqa: E402

MODULES = ("examples_run", "curl_client", "h2_clients", "websocket_peers", "grpc_peers", "origins", "bodies", "h2spec_client", "tls_clients", "tls_origins", "tls_scan",
           "tls_renewal", "tcp_peers")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", help="Outrigger")
    parser.add_argument("--echo", required=True, help="outrigger-echo")
    parser.add_argument("--with-envoy", action="store_true", help="also run each test against the real Envoy")
    parser.add_argument("--envoy", default=str(ROOT / "build/venv-envoy/bin/envoy"))
    parser.add_argument("-k", metavar="FILTER", default="")
    parser.add_argument("-j", metavar="N", type=int, default=2)
    parser.add_argument("--body-mb", type=int, default=1024, help="size of the large bodies (default: %(default)s)")
    parser.add_argument("-v", action="store_true")
    return parser.parse_args()


def tests(pattern):
    for name in MODULES:
        module = importlib.import_module(name)
        for test_name, test in inspect.getmembers(module, inspect.iscoroutinefunction):
            title = f"{name}/{test_name.removeprefix('test_')}"
            if test_name.startswith("test_") and re.search(pattern, title):
                yield title, test


async def attempt(test, binary, args):
    """None, or why it failed."""
    for _ in range(5):
        bench = Bench(binary, args)
        try:
            await asyncio.wait_for(test(bench), 300)
            why = None
        except (Mismatch, ProcessLookupError) as reason:
            why = str(reason)
        except PortTaken:
            continue
        except Exception:  # also an assertion: the test failed
            why = traceback.format_exc(limit=-4)
        finally:
            complaint = await bench.stop()
        why = why or complaint
        return why + bench.log_tail() if why else None
    return "no free ports"


async def main(args):
    binaries = [Binary(os.path.abspath(args.binary), "outrigger")] if args.binary else []
    if args.with_envoy:
        binaries.append(Binary(os.path.abspath(args.envoy), "envoy"))
    slots = asyncio.Semaphore(args.j)
    passed, failed = [], []

    async def one(title, test, binary):
        async with slots:
            start = time.monotonic()
            why = await attempt(test, binary, args)
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
