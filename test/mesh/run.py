#!/usr/bin/env python3
"""The real binary in a real Istio mesh: istiod and Istio's agents with its iptables rules, on hosts made of network namespaces.

  run.py --binary PATH [--echo PATH] [--with-envoy] [--envoy PATH] [-k FILTER] [-v]

Needs root, and build/istio (test/mesh/build, which this calls: minutes the first time). Each test_* coroutine is one test; those of a
module share its mesh. With --with-envoy mixed pairs run, too: the real Envoy on the other side. The last line is 'N passed, N failed'.
"""

import asyncio
import contextlib
import importlib
import os
import pathlib
import re
import shutil
import subprocess
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wire")]

from harness import suite  # noqa: E402
from harness.attempts import Tally  # noqa: E402

from hosts import Impossible  # noqa: E402
from mesh import Mesh  # noqa: E402

MODULES = ("delta", "sotw", "wide", "sotw_wide", "mixed")
BUILD_S = 300
TEST_S = 120


def arguments():
    parser = suite.parser(__doc__, parallel=1)
    parser.add_argument("--echo", help="outrigger-echo, which nothing here needs")
    parser.add_argument("--alone", action="store_true", help="Envoy itself in all places: whether the tests are right")
    return parser.parse_args()


def selected(module, pattern):
    """The module's own tests and those that it takes from another, in the order in which they stand."""
    tests = [(f"{module.__name__}/{name.removeprefix('test_')}", test) for name, test in vars(module).items()
             if name.startswith("test_") and asyncio.iscoroutinefunction(test)]
    return [(title, test) for title, test in tests if re.search(pattern, title)]


async def limited(work, limit_s):
    """None, or why it failed."""
    try:
        await asyncio.wait_for(work, limit_s)
    except Impossible as impossible:
        return f"this machine cannot: {impossible}"
    except Exception as error:
        return f"{type(error).__name__}: {error}\n    " + "".join(traceback.format_tb(error.__traceback__)[-2:])
    return None


@contextlib.asynccontextmanager
async def mesh_of(module, args):
    mesh = Mesh(**module.mesh(args))
    try:
        yield mesh
    finally:
        with contextlib.suppress(Exception):
            await mesh.destroy()
        if os.environ.get("KEEP"):
            print(f"kept: {mesh.folder}")
        else:
            shutil.rmtree(mesh.folder, ignore_errors=True)


async def attempt(mesh, work, limit_s):
    why = await limited(work, limit_s)
    return f"{why}\n{mesh.logs()}" if why else None


async def alone(module, test, args):
    """In a mesh of its own."""
    async with mesh_of(module, args) as mesh:
        return await attempt(mesh, mesh.build(), BUILD_S) or await attempt(mesh, test(mesh), TEST_S)


async def run_module(module, tests, args, tally):
    async with mesh_of(module, args) as mesh:
        title = f"{module.__name__}/mesh"
        await tally.run(title, lambda: attempt(mesh, mesh.build(), BUILD_S))
        for test_title, test in tests if title in tally.passed else []:
            await tally.run(test_title, lambda test=test: attempt(mesh, test(mesh), TEST_S), lambda test=test: alone(module, test, args))


async def main(args):
    if subprocess.run([str(HERE / "build"), "--jobs", "2"], check=False).returncode:
        print("FAIL mesh/build\n0 passed, 1 failed")
        return 1
    tally = Tally(args.v)
    for name in MODULES:
        module = importlib.import_module(name)
        tests = selected(module, args.k)
        if tests and (name != "mixed" or args.with_envoy):
            await run_module(module, tests, args, tally)
    return await tally.finish()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
