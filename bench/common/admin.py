"""What a proxy under measurement says about itself on its administration interface."""

import re
import urllib.request

from . import peers


def stats(pattern):
    """The text of the statistics whose names match."""
    with urllib.request.urlopen(f"http://127.0.0.1:{peers.ADMIN}/stats?filter={pattern}", timeout=30) as answer:
        return answer.read().decode()


def counter(name):
    found = re.search(rf"^{re.escape(name)}: ([0-9]+)$", stats(name), re.MULTILINE)
    return int(found[1]) if found else 0


FLUSH_S = 5


def longest_turn_ms(recent=False):
    """Of the first worker: the longest that it was at work without looking at its sockets, since its start; `recent`: in the last whole
    interval of FLUSH_S."""
    found = re.search(r"P100\(([^,]*),([^)]*)\)", stats("listener_manager.worker_0.dispatcher.loop_duration_us"))
    value = float(found[1 if recent else 2]) if found else 0.0
    return 0.0 if value != value else value / 1e3  # nan: there was none
