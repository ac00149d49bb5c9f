"""Runs the steps of one scenario, in order. Each method named step_* is one kind of step."""

from . import match
from .client_steps import ClientSteps, bytes_of
from .dns_steps import DnsSteps
from .load_steps import LoadSteps
from .match import Mismatch
from .message import expand
from .proxy_steps import ProxySteps
from .tls_steps import TlsSteps
from .upstream_steps import UpstreamSteps
from .xds_steps import XdsSteps


class Story(ClientSteps, UpstreamSteps, ProxySteps, TlsSteps, DnsSteps, XdsSteps, LoadSteps):
    def __init__(self, clients, upstreams, proxy, waiter, kit=None, dns=None, xds=None, forms=None):
        self.clients, self.upstreams, self.proxy, self.waiter = clients, upstreams, proxy, waiter
        self.kit, self.dns, self.xds, self.forms = kit, dns, xds, forms
        self.seen_requests = {}  # type -> requests to the management server that the script has looked at
        self.seen_lines = {}  # lines of each log file that the script has looked at

    async def step(self, step):
        (name, value), = step.items()
        first, _, rest = name.partition(" ")
        if first in self.clients:
            method, actor = f"client_{rest}", [self.clients[first]]
        elif first in self.upstreams:
            method, actor = f"upstream_{rest}", [self.upstreams[first]]
        else:
            method, actor = name, []
        handler = getattr(self, "step_" + method.replace(" ", "_"), None)
        if handler is None:
            raise Mismatch(f"there is no step {name!r}")
        await handler(*actor, value)

    async def step_repeat(self, step):
        for _ in range(step["times"]):
            for one in step["steps"]:
                await self.step(one)

    async def step_eventually(self, steps):
        """The steps again, from the first, until all of them hold: for what a signal sets off at its own time."""
        async def attempt():
            for one in steps:
                await self.step(one)

        await self.waiter.polled(attempt)

    # --- what both sides share

    async def _check_message(self, who, message, step, connection):
        for key, got in (("status", message.status), ("reason", message.reason), ("version", message.version),
                         ("method", message.method), ("path", message.path), ("authority", message.authority),
                         ("scheme", message.scheme), ("protocol", message.pseudo.get(":protocol"))):
            if key in step and not match.holds(step[key], got):
                raise Mismatch(f"{who} {key}: expected {step[key]!r}, got {got!r}; {message.describe()}")
        match.check_headers(who, message.headers, step.get("headers"), step.get("absent"))
        if "head" in step:
            match.check(f"{who} head", step["head"], message.head)
        if "body so far" in step:
            want = expand(step["body so far"])
            await self.waiter.until(lambda: len(message.body) >= len(want) or message.cut, lambda: message.describe())
            match.check(f"{who} body so far", want, bytes(message.body).decode("latin-1"))
        if {"body", "trailers", "ended"} & set(step):
            await self._ended(who, message, step, connection)

    async def _ended(self, who, message, step, connection):
        if step.get("ended") is False:
            if message.ended:
                raise Mismatch(f"{who}: has ended already: {message.describe()}")
            return
        await self.waiter.until(lambda: message.ended or message.cut, lambda: f"{who}: {message.describe()}")
        if message.cut:
            raise Mismatch(f"{who}: {message.describe()} {connection.error or ''}")
        if "body" in step:
            match.check(f"{who} body", step["body"], bytes(message.body).decode("latin-1"))
        match.check_headers(f"{who} trailer", message.trailers, step.get("trailers"), None)

    async def _check_bytes(self, who, connection, data):
        """The next octets, exactly (as `sends bytes` writes them), or all that are there when an operator holds."""
        if match.is_operator(data):
            await self.waiter.until(lambda: match.holds(data, connection.buffer.decode("latin-1")) or connection.error,
                                    lambda: f"{who}: {bytes(connection.buffer[:500])!r} instead of {data!r}")
            connection.buffer.clear()
            return
        want = bytes_of(data)
        await self.waiter.until(lambda: len(connection.buffer) >= len(want) or connection.closed or connection.error,
                                lambda: f"{who}: {bytes(connection.buffer[:500])!r} ({len(connection.buffer)}) instead of {want[:500]!r} ({len(want)})")
        got = bytes(connection.buffer[: len(want)])
        if got != want:
            raise Mismatch(f"{who}: expected bytes {want[:500]!r}, got {bytes(connection.buffer[:len(want) + 200])!r}")
        del connection.buffer[: len(want)]
