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


def longest_turn_ms():
    """Of the first worker, since its start: the longest that it was at work without looking at its sockets."""
    found = re.search(r"P100\([^,]*,([0-9.]+)\)", stats("listener_manager.worker_0.dispatcher.loop_duration_us"))
    return float(found[1]) / 1e3 if found else 0.0
