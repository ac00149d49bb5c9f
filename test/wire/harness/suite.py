"""Runs test_* coroutines of Python modules against the real binary and, if asked, the real Envoy; used by test/peers and test/netns."""

import argparse
import asyncio
import importlib
import inspect
import os
import pathlib
import re

from harness.attempts import Tally
from harness.proxy import Binary

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent


def parser(description, parallel):
    """The arguments that every suite takes; `parallel`: how many tests run at once if nobody says."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--binary", help="Outrigger")
    made.add_argument("--with-envoy", action="store_true", help="also run each test against the real Envoy")
    made.add_argument("--envoy", default=str(ROOT / "build/venv-envoy/bin/envoy"))
    made.add_argument("-k", metavar="FILTER", default="")
    made.add_argument("-j", metavar="N", type=int, default=parallel)
    made.add_argument("-v", action="store_true")
    return made


def not_envoy(why):
    """Marks a test that the real Envoy is not expected to pass, and says why."""

    def mark(test):
        test.not_envoy = why
        return test

    return mark


def tests(modules, pattern):
    for name in modules:
        module = importlib.import_module(name)
        for test_name, test in inspect.getmembers(module, inspect.iscoroutinefunction):
            title = f"{name}/{test_name.removeprefix('test_')}"
            if test_name.startswith("test_") and re.search(pattern, title):
                yield title, test


async def run(args, modules, attempt):
    """`attempt(test, binary, args)` says None, or why the test failed. The exit code; the last line is 'N passed, N failed'."""
    binaries = [Binary(os.path.abspath(args.binary), "outrigger")] if args.binary else []
    if args.with_envoy:
        binaries.append(Binary(os.path.abspath(args.envoy), "envoy"))
    slots = asyncio.Semaphore(args.j)
    tally = Tally(args.v)

    async def one(title, test, binary):
        async with slots:
            await tally.run_against(binary, title, lambda: attempt(test, binary, args))

    chosen = [(f"{title} [{b.kind}]", test, b) for b in binaries for title, test in tests(modules, args.k)]
    runs = [run for run in chosen if run[2].kind != "envoy" or not hasattr(run[1], "not_envoy")]
    await asyncio.gather(*(one(*run) for run in runs))
    if len(runs) != len(chosen):
        print(f"{len(chosen) - len(runs)} tests do not run against Envoy; each says why")
    return await tally.finish()
