"""Processes of a benchmark: started on one core, measured through /proc, ended by their group."""

import atexit
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PROXY_CORE, LOAD_CORE = 1, 0
LOCK = "/tmp/peers.lock"  # two benchmarks at once would share the cores
ADMIN_PATIENCE_S = 60  # for an answer of what helps a benchmark


class Machine:
    """A folder for files, and every process that was started: all gone at exit."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-")
        os.chmod(self.folder, 0o755)  # workers of nginx may run as somebody else
        self.running = []
        atexit.register(self.cleanup)
        for ending in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(ending, lambda *_: sys.exit(143))

    def lock(self):
        self._lock = open(LOCK, "w")  # held until exit
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("another benchmark runs; waiting for it", file=sys.stderr)
            fcntl.flock(self._lock, fcntl.LOCK_EX)

    def spawn(self, command, core, name):
        log = open(f"{self.folder}/{name}.log", "ab")
        process = subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], stdout=log, stderr=log, start_new_session=True)
        process.log_path = log.name
        self.running.append(process)
        return process

    def stop(self, process):
        """TERM, then KILL, to the whole group; returns when it is gone."""
        for ending, patience in ((signal.SIGTERM, 3), (signal.SIGKILL, 3)):
            try:
                os.killpg(process.pid, ending)
            except ProcessLookupError:
                pass
            if self._gone(process, patience):
                break
        if process in self.running:
            self.running.remove(process)

    @staticmethod
    def _gone(process, patience):
        end = time.monotonic() + patience
        while time.monotonic() < end:
            process.poll()
            try:
                os.killpg(process.pid, 0)  # workers of the group are still there
            except ProcessLookupError:
                return True
            time.sleep(0.01)
        return False

    def cleanup(self):
        for process in self.running[:]:
            self.stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)


def tail(process, size=600):
    with open(process.log_path, errors="replace") as log:
        return log.read()[-size:]


def is_open(port, timeout=0.3):
    try:
        socket.create_connection(("127.0.0.1", port), timeout).close()
        return True
    except OSError:
        return False


def wait_open(port, patience=15):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if is_open(port):
            return True
        time.sleep(0.02)
    return False


def tree(pid):
    """The process and all below it."""
    found = [pid]
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    if int(stat.read().rsplit(")", 1)[1].split()[1]) == pid:
                        found += tree(int(name))
            except OSError:
                pass
    return found


def cpu_us(pid):
    """CPU time of the process tree so far, all threads, in microseconds (scheduler accounting, not ticks)."""
    total = 0
    for process in tree(pid):
        try:
            for thread in os.listdir(f"/proc/{process}/task"):
                with open(f"/proc/{process}/task/{thread}/schedstat") as stat:
                    total += int(stat.read().split()[0])
        except OSError:
            pass
    return total / 1e3


def core_busy_s(core):
    """Seconds that a core was not idle since boot, whoever used it."""
    with open("/proc/stat") as stat:
        fields = next(line for line in stat if line.startswith(f"cpu{core} ")).split()
    return (sum(map(int, fields[1:9])) - int(fields[4]) - int(fields[5])) / os.sysconf("SC_CLK_TCK")


def memory_mb(pid):
    """Proportional set size of the process tree."""
    total = 0
    for process in tree(pid):
        try:
            with open(f"/proc/{process}/smaps_rollup") as rollup:
                total += next(int(line.split()[1]) for line in rollup if line.startswith("Pss:"))
        except (OSError, StopIteration):
            pass
    return total / 1024


def rss_mb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024
