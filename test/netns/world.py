"""Three hosts on this machine: client - proxy - server, as network namespaces with veth pairs, and iptables in the middle one.

  client 10.77.1.2, fd77:1::2  --  10.77.1.1, fd77:1::1  proxy  10.77.2.1, fd77:2::1  --  server 10.77.2.2, fd77:2::2

The proxy's host is the way from one side to the other. Whoever can make no namespace has no test: that is a failure."""

import contextlib
import ctypes
import os
import shutil
import subprocess

CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
CLIENT, SERVER = "10.77.1.2", "10.77.2.2"
SERVER6 = "fd77:2::2"
PROXY_TO_SERVER, PROXY_TO_SERVER6 = "10.77.2.1", "fd77:2::1"


class Impossible(Exception):
    """This machine does not let us: the reason."""


def command(*words):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Impossible(f"{' '.join(map(str, words))}: {done.stderr.strip()}")
    return done.stdout


class World:
    """The namespaces of one test. Their names carry this process and a number, so that tests are apart."""

    made = 0

    def __init__(self):
        World.made += 1
        self.names = {host: f"or-{host}-{os.getpid()}-{World.made}" for host in ("client", "proxy", "server")}
        self.tables = {}

    def build(self):
        for name in self.names.values():
            command("ip", "netns", "add", name)
            self._ip(name, "link", "set", "lo", "up")
        self._pair("client", "1")
        self._pair("server", "2")
        proxy = self.names["proxy"]
        for setting in ("net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
                        "net.ipv4.conf.client.rp_filter=0", "net.ipv4.conf.server.rp_filter=0", "net.ipv6.conf.all.forwarding=1"):
            command("ip", "netns", "exec", proxy, "sysctl", "-q", "-w", setting)
        self._choose_iptables()

    def _pair(self, host, number):
        """`host` and the proxy's host are joined; the interfaces are called after whom they lead to."""
        ours, theirs = self.names["proxy"], self.names[host]
        command("ip", "-n", ours, "link", "add", "dev", host, "type", "veth", "peer", "name", "proxy", "netns", theirs)
        for name, device, last in ((ours, host, 1), (theirs, "proxy", 2)):
            self._ip(name, "addr", "add", f"10.77.{number}.{last}/24", "dev", device)
            self._ip(name, "addr", "add", f"fd77:{number}::{last}/64", "dev", device, "nodad")
            self._ip(name, "link", "set", device, "up")
        self._ip(theirs, "route", "add", "default", "via", f"10.77.{number}.1")
        self._ip(theirs, "-6", "route", "add", "default", "via", f"fd77:{number}::1")

    def _choose_iptables(self):
        """A kernel has the old tables, the new ones, or both."""
        for family in ("iptables", "ip6tables"):
            reasons = []
            for kind in ("nft", "legacy"):
                program = shutil.which(f"{family}-{kind}", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
                if program is None:
                    continue
                try:
                    command("ip", "netns", "exec", self.names["proxy"], program, "-t", "nat", "-A", "PREROUTING", "-p", "tcp", "--dport", "1",
                            "-j", "REDIRECT", "--to-ports", "1")
                    self.tables[family] = program
                    break
                except Impossible as reason:
                    reasons.append(str(reason))
            else:
                raise Impossible(f"no {family}: {'; '.join(reasons) or 'not installed'}")

    def _ip(self, name, *words):
        command("ip", "-n", name, *words)

    # --- rules of the proxy's host

    def iptables(self, *words):
        command("ip", "netns", "exec", self.names["proxy"], self.tables["iptables"], *words)

    def ip6tables(self, *words):
        command("ip", "netns", "exec", self.names["proxy"], self.tables["ip6tables"], *words)

    def marked_is_local(self, mark):
        """What carries the mark is delivered here, whatever its destination: for TPROXY, and for answers to a borrowed address."""
        self._ip(self.names["proxy"], "rule", "add", "fwmark", mark, "lookup", "100")
        self._ip(self.names["proxy"], "route", "add", "local", "0.0.0.0/0", "dev", "lo", "table", "100")

    def add_address(self, host, address, device):
        self._ip(self.names[host], "addr", "add", address, "dev", device)

    # --- being there

    @contextlib.contextmanager
    def at(self, host):
        """Sockets that are made within are that host's, and stay so."""
        with open("/proc/thread-self/ns/net") as here, open(f"/run/netns/{self.names[host]}") as there:
            self._enter(there)
            try:
                yield
            finally:
                self._enter(here)

    @staticmethod
    def _enter(namespace):
        if LIBC.setns(namespace.fileno(), CLONE_NEWNET):
            raise Impossible(f"setns: {os.strerror(ctypes.get_errno())}")

    def destroy(self):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
