#!/usr/bin/env python3
"""Real clients and servers on both sides of the real binary, over loopback.

  run.py --binary PATH --echo PATH [--with-envoy] [--envoy PATH] [-k FILTER] [-j N] [--body-mb N] [-v]

The last line is 'N passed, N failed'. Each test_* coroutine of the modules named in MODULES is one test.
"""

import asyncio
import pathlib
import sys
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "wire")]

from harness import suite  # noqa: E402
from harness.match import Mismatch  # noqa: E402
from harness.proxy import PortTaken  # noqa: E402

from bench import Bench  # noqa: E402

MODULES = ("examples_run", "curl_client", "h2_clients", "websocket_peers", "grpc_peers", "origins", "bodies", "h2spec_client", "tls_clients", "tls_origins", "tls_scan",
           "tls_renewal", "tcp_peers", "xds_load", "rollout", "outliers", "load_reports", "hash_peers", "balance_peers", "client_status", "stat_names", "hot_restart", "bundled")


def arguments():
    parser = suite.parser(__doc__, parallel=2)
    parser.add_argument("--echo", required=True, help="outrigger-echo")
    parser.add_argument("--body-mb", type=int, default=1024, help="size of the large bodies (default: %(default)s)")
    return parser.parse_args()


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


if __name__ == "__main__":
    sys.exit(asyncio.run(suite.run(arguments(), MODULES, attempt)))
