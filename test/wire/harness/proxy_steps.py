"""Steps that look at the proxy itself: statistics, administration, logs, signals, its end. README.md lists them."""

import json
import os
import pathlib

from . import match
from .client_steps import text_or_map
from .match import Mismatch


class ProxySteps:
    async def step_stats(self, wanted):
        async def attempt():
            got = await self.proxy.stats()
            for name, want in wanted.items():
                if want is None:
                    if name in got:
                        raise Mismatch(f"stat {name}: expected none, got {got[name]}")
                elif not match.holds(want, got.get(name, "0" if want == 0 else None)):
                    near = {k: v for k, v in got.items() if k.rsplit(".", 1)[0] == name.rsplit(".", 1)[0] and v != "0"}
                    raise Mismatch(f"stat {name}: expected {want!r}, got {got.get(name)!r}; beside it: {near}")

        await self.waiter.polled(attempt)

    async def step_admin_gets(self, step):
        await self._admin("GET", step)

    async def step_admin_posts(self, step):
        await self._admin("POST", step)

    async def _admin(self, method, step):
        step = text_or_map(step, "path")

        async def attempt():
            status, body, headers = await self.proxy.admin(method, step["path"])
            match.check(f"{method} {step['path']} status", step.get("status", 200), status)
            match.check_headers(step["path"], headers, step.get("headers"), step.get("absent"))
            if "body" in step:
                match.check(f"{method} {step['path']}", step["body"], body)
            if "json" in step:
                match.check_tree(step["path"], step["json"], json.loads(body))

        if step.get("at once", method == "POST"):
            await attempt()
        else:
            await self.waiter.polled(attempt)

    async def step_access_log(self, wanted, file="access.log"):
        """The next lines of the access log: each a text, an operator, or a map for a JSON line."""
        start = self.seen_lines.get(file, 0)

        async def attempt():
            path = pathlib.Path(self.proxy.folder, file)
            lines = path.read_text().splitlines()[start:] if path.exists() else []
            if len(lines) < len(wanted):
                raise Mismatch(f"{file}: expected {len(wanted)} lines, got {lines!r}; expected {wanted!r}")
            return lines

        lines = await self.waiter.polled(attempt)
        self.seen_lines[file] = start + len(wanted)
        for want, line in zip(wanted, lines):
            if isinstance(want, dict) and not match.is_operator(want):
                match.check_tree(file, want, json.loads(line))
            else:
                match.check(file, want, line)

    async def step_log_file(self, step):
        await self.step_access_log(step["lines"], step["file"])

    async def step_log(self, wanted):
        """The proxy's own log (stderr)."""
        async def attempt():
            match.check("log", wanted, self.proxy.log())

        await self.waiter.polled(attempt)

    async def step_file_exists(self, name):
        if not pathlib.Path(self.proxy.folder, name).exists():
            raise Mismatch(f"there is no {name}")

    async def step_file_contains(self, step):
        async def attempt():
            match.check(step["file"], step["text"], pathlib.Path(self.proxy.folder, step["file"]).read_text())

        await self.waiter.polled(attempt)

    async def step_health_fails(self, _):
        """/ready is no longer 200, or nobody answers any more."""
        async def attempt():
            try:
                status, _, _ = await self.proxy.admin("GET", "/ready")
            except Mismatch:
                return
            if status == 200:
                raise Mismatch("/ready still says 200")

        await self.waiter.polled(attempt)

    async def step_file_moves(self, step):
        os.rename(f"{self.proxy.folder}/{step['from']}", f"{self.proxy.folder}/{step['to']}")
        self.seen_lines.pop(step["from"], None)

    async def step_signal(self, name):
        if self.proxy.process.returncode is None:
            self.proxy.signal(name)

    async def step_proxy_exits(self, code):
        match.check("exit code", code, await self.proxy.exit_code())

    async def step_proxy_runs(self, _):
        if self.proxy.process.returncode is not None:
            raise Mismatch(f"the proxy exited with {self.proxy.process.returncode}")
