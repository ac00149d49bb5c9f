#!/usr/bin/env python3
"""The real binary on a host of its own, between a client's and a server's, with real iptables rules: network namespaces.

  run.py --binary PATH [--echo PATH] [--with-envoy] [--envoy PATH] [-k FILTER] [-j N] [-v]

Needs root. The last line is 'N passed, N failed'; a machine without namespaces or iptables fails. Each test_* coroutine is one test.
"""

import asyncio
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wire")]

from harness import suite  # noqa: E402
from harness.match import Mismatch  # noqa: E402

from scene import Scene  # noqa: E402
from world import Impossible  # noqa: E402

MODULES = ("redirect", "transparent")
TEST_LIMIT_S = 60


def arguments():
    parser = suite.parser(__doc__, parallel=4)
    parser.add_argument("--echo", help="outrigger-echo, which nothing here needs")
    return parser.parse_args()


async def attempt(test, binary, _args):
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


if __name__ == "__main__":
    sys.exit(asyncio.run(suite.run(arguments(), MODULES, attempt)))
