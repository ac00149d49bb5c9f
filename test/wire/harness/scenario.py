"""Loads one scenario file and runs it against one binary."""

import asyncio
import copy
import pathlib
import re
import shutil
import tempfile
import traceback

import yaml

from . import config, dns, xds_config
from .certificates import Kit
from .client import Client
from .match import Mismatch, check
from .proxy import PortTaken, Proxy
from .story import Story
from .upstream import Upstream
from .wait import Waiter
from .xds_server import XdsServer

KEYS = {"about", "config", "arguments", "environment", "files", "links", "clients", "upstreams", "steps", "envoy", "command", "certs", "dns", "xds"}
MODES = ["sotw", "delta"]  # of a management server: state of the world, incremental


class Scenario:
    mode = None  # with a management server: one of MODES

    def __init__(self, path, root):
        self.name = str(path.relative_to(root).with_suffix(""))
        with path.open() as file:  # a file, so that an error names it
            self.data = yaml.safe_load(file)
        unknown = set(self.data) - KEYS
        if unknown:
            raise ValueError(f"{path}: unknown keys {sorted(unknown)}")
        if not self.data.get("about"):
            raise ValueError(f"{path}: says not what it is about")

        unknown = set(self.data.get("xds", {})) - xds_config.KEYS
        if unknown:
            raise ValueError(f"{path}: xds: unknown {sorted(unknown)}")

    def variants(self):
        """The scenario once for each way in which a management server may speak."""
        if "xds" not in self.data:
            return [self]
        made = []
        for mode in self.data["xds"].get("modes", MODES):
            one = copy.copy(self)
            one.mode, one.name = mode, f"{self.name} {mode}"
            made.append(one)
        return made

    def skip_reason(self, kind):
        return self.data.get("envoy", {}).get("skip-because") if kind == "envoy" else None


def choose(tree, kind, mode):
    """A value written {outrigger: x, envoy: y} is x or y: a documented difference; so is {sotw: x, delta: y}."""
    if isinstance(tree, dict):
        if set(tree) == {"outrigger", "envoy"}:
            return choose(tree[kind], kind, mode)
        if set(tree) == set(MODES):
            return choose(tree[mode], kind, mode)
        return {k: choose(v, kind, mode) for k, v in tree.items()}
    if isinstance(tree, list):
        return [choose(v, kind, mode) for v in tree]
    return tree


def scripted(name, steps):
    verbs = re.compile(rf"{re.escape(name)} (sends|closes|half closes|resets|sees reset)")
    return any(verbs.match(key) for step in steps for key in step)


class Run:
    """One scenario, one binary, one folder."""

    def __init__(self, scenario, binary, limit_s):
        self.data = choose(scenario.data, binary.kind, scenario.mode)
        self.mode = scenario.mode
        self.folder = tempfile.mkdtemp(prefix="wire-")
        self.waiter = Waiter(limit_s)
        self.proxy = Proxy(binary, self.folder, self.waiter)
        self.clients, self.upstreams = {}, {}
        self.kit, self.dns, self.xds, self.forms = None, None, None, None
        self.where = "start"

    async def result(self):
        """None, or why it failed."""
        try:
            await self._run()
            complaint = self._broken_peers()
        except Mismatch as mismatch:
            complaint = f"{self.where}: {mismatch}"
        except ProcessLookupError as dead:
            complaint = f"{self.where}: {dead}"
        except PortTaken:
            raise
        except Exception:  # a mistake in a scenario or in the harness is a failure of that scenario
            complaint = f"{self.where}: {traceback.format_exc(limit=-4)}"
        finally:
            died = self.proxy.died()
            stopped = await self._stop()
        if died and complaint:
            complaint = f"the proxy {died}; {complaint}"
        if complaint is None and stopped:
            complaint = f"end: {stopped}"
        log = self.proxy.log()
        if complaint is None and re.search(r"AddressSanitizer|ThreadSanitizer|runtime error:", log):
            complaint = "end: a sanitizer complained"
        if complaint and self.xds:
            complaint += "\n    xds: " + self.xds.history()
        if complaint and log:
            complaint += "\n    log: " + "\n         ".join(log.splitlines()[-40:])
        shutil.rmtree(self.folder, ignore_errors=True)
        return complaint

    async def _run(self):
        if "command" in self.data:
            await self._command(self.data["command"])
            return
        steps = self.data["steps"]
        names = await self._peers(steps)
        tree = config.build(self.data.get("config", {}), self.upstreams, names)
        if self.xds:
            spec = self.data["xds"]
            tree = xds_config.bootstrap(tree, spec, self.mode, self.xds, names)
            await self.xds.apply(self.forms.changes(spec.get("resources", {})))
        arguments = config.substitute(self.data.get("arguments", []), names)
        ready = self.data.get("xds", {}).get("starts", "ready") == "ready"
        await self.proxy.start(tree, [str(a) for a in arguments], self.data.get("environment"), ready)
        story = Story(self.clients, self.upstreams, self.proxy, self.waiter, self.kit, self.dns, self.xds, self.forms)
        for number, step in enumerate(config.substitute(steps, names), 1):
            self.where = f"step {number} ({', '.join(step)})"
            await story.step(step)
        self.where = "end"

    async def _peers(self, steps):
        self.kit = Kit(self.data.get("certs"), f"{self.folder}/certs")
        if "dns" in self.data:
            self.dns = dns.make(self.data["dns"] or {}, self.waiter, self.folder)
            await self.dns.start()
        for name, spec in self.data.get("upstreams", {"backend": {}}).items():
            await self._upstream(name, dict(spec or {}), steps)
        if "xds" in self.data:
            self.xds = XdsServer(self.data["xds"], self.waiter, self.folder, self.kit)
            await self.xds.start()
        names = self._names()
        self.forms = xds_config.Forms(self.upstreams, names, self.proxy.port)
        for name, spec in self.data.get("clients", {"client": {}}).items():
            self.clients[name] = Client(name, config.substitute(spec or {}, names), self.waiter, self.proxy, self.kit)
            self.clients[name].others = self.clients
        return names

    async def _upstream(self, name, spec, steps):
        if "port of" in spec:  # another address of the same port, as a name that resolves to several has
            spec["port"] = self.upstreams[spec["port of"]].port
        upstream = Upstream(name, spec, self.waiter, self.folder, scripted(name, steps), self.kit)
        self.upstreams[name] = upstream
        await upstream.start()

    def _names(self):
        """What $name stands for in this run."""
        names = {"dir": self.folder, "first": next(iter(self.upstreams), "backend")}
        text = str(self.data)
        more = self.data.get("config", {}).get("more_listeners", {})
        for port in {"main", "admin", *more} | set(re.findall(r"\$port\.(\w+)", text)):
            names[f"port.{port}"] = self.proxy.port(port)
        names.update({f"{name}.port": u.port for name, u in self.upstreams.items()})
        if self.dns:
            names.update({"dns.port": self.dns.port, "dns.resolver": dns.resolver(self.dns.port)})
        if self.xds:
            names.update(xds_config.names(self.data["xds"], self.mode, self.xds))
        names.update((self.kit or Kit(self.data.get("certs"), f"{self.folder}/certs")).names())
        self._write_files(names)
        return names

    def _write_files(self, names):
        for name, text in self.data.get("files", {}).items():
            body = config.substitute(text, names) if names else text
            pathlib.Path(self.folder, name).write_text(body)
        for name, target in self.data.get("links", {}).items():
            path = pathlib.Path(self.folder, name)
            if not path.is_symlink():
                path.symlink_to(target)

    async def _command(self, command):
        """A run of the binary that ends by itself: --mode validate, --version, bad arguments."""
        self.where = "command"
        names = self._names()
        if "config" in self.data:
            names = await self._peers([])
            tree = config.build(self.data["config"], self.upstreams, names)
            config.write(tree, f"{self.folder}/bootstrap.json")
        arguments = [str(a) for a in config.substitute(command["arguments"], names)]
        code, output = await self.proxy.run(arguments)
        if code != command["exit"]:
            raise Mismatch(f"exit code: expected {command['exit']}, got {code}; output: {output}")
        if "output" in command:
            check("output", config.substitute(command["output"], names), output)

    def _broken_peers(self):
        """The proxy sent something malformed that no step looked at."""
        for upstream in self.upstreams.values():
            for error in upstream.errors():
                return error
        for client in self.clients.values():
            if client.connection is not None and client.connection.error:
                return f"{client.name}: {client.connection.error}"
        return None

    async def _stop(self):
        for client in self.clients.values():
            client.stop()
        stopped = await self.proxy.stop()
        for upstream in self.upstreams.values():
            upstream.stop()
        if self.xds:
            await self.xds.stop()
        if self.dns:
            await self.dns.close()
        return stopped


async def run(scenario, binary, limit_s):
    for _ in range(5):
        try:
            return await asyncio.wait_for(Run(scenario, binary, limit_s).result(), limit_s * 4)
        except PortTaken:
            continue
        except (TimeoutError, asyncio.TimeoutError):
            return f"took longer than {limit_s * 4:g} s"
    return "no free ports"
