"""Load: wrk for HTTP/1, h2load for HTTP/2, both on the load's core. Each answers with the same figures."""

import collections
import os
import pathlib
import re
import subprocess

from .machine import LOAD_CORE
from .peers import PORT

# good and bad requests (bad: failed, errored, not 2xx); milliseconds.
Figures = collections.namedtuple("Figures", "good bad p50 p99")
NOTHING = Figures(0, 1, float("nan"), float("nan"))
UNITS = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}


def _output(command, environment):
    return subprocess.run(["taskset", "-c", str(LOAD_CORE), *map(str, command)], capture_output=True, text=True, check=False,
                          env={**os.environ, **environment} if environment else None).stdout


def _ms(text):
    parts = re.fullmatch(r"([\d.]+)(us|ms|s|m|h)", text)
    if parts is None:  # wrk prints -nan when no request was answered
        return float("nan")
    number, unit = parts.groups()
    return float(number) * UNITS[unit]


def wrk(path, seconds, connections, close=False, environment=None):
    """With an environment (secrets.py) over TLS."""
    header = ["-H", "Connection: close"] if close else []
    scheme = "https" if environment else "http"
    out = _output(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *header, f"{scheme}://127.0.0.1:{PORT}{path}"], environment)
    total = re.search(r"(\d+) requests in", out)
    if not total:
        return NOTHING
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    other = re.search(r"Non-2xx.*: (\d+)", out)
    unanswered = sum(map(int, errors.groups())) if errors else 0
    not_2xx = int(other[1]) if other else 0
    p50, p99 = (_ms(re.search(rf"{p}%\s+(\S+)", out)[1]) for p in (50, 99))
    return Figures(int(total[1]) - not_2xx, not_2xx + unanswered, p50, p99)


def h2load(path, seconds, connections, streams, port, folder, environment=None):
    log = pathlib.Path(folder, "h2load.log")
    log.write_text("")
    url = f"https://127.0.0.1:{PORT}{path}" if environment else f"http://127.0.0.1:{port}{path}"
    out = _output(["h2load", "-t1", f"-c{connections}", f"-m{streams}", "-D", seconds, f"--log-file={log}", url], environment)
    done = re.search(r"requests: .*?(\d+) succeeded, (\d+) failed", out)  # failed includes errored and timed out
    if not done:
        return NOTHING
    times = sorted(int(line.split()[2]) for line in log.read_text().splitlines() if line.count("\t") == 2)  # µs per request

    def at(share):
        return times[min(len(times) - 1, int(len(times) * share))] / 1e3 if times else float("nan")

    return Figures(int(done[1]), int(done[2]), at(0.5), at(0.99))
