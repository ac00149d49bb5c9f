"""Steps of the management server: 'xds sets', 'xds is nacked' and so on. README.md lists them."""

from . import match
from .match import Mismatch

CODES = {"OK": 0, "CANCELLED": 1, "UNKNOWN": 2, "INVALID_ARGUMENT": 3, "DEADLINE_EXCEEDED": 4, "NOT_FOUND": 5, "PERMISSION_DENIED": 7,
         "RESOURCE_EXHAUSTED": 8, "UNIMPLEMENTED": 12, "INTERNAL": 13, "UNAVAILABLE": 14, "UNAUTHENTICATED": 16}


def as_list(value):
    return value if isinstance(value, list) else [value]


class XdsSteps:
    # --- what it serves

    async def step_xds_sets(self, wanted):
        await self.xds.apply(self.forms.changes(wanted))

    async def step_xds_sets_silently(self, wanted):
        """Nobody is told; who asks gets it."""
        await self.xds.apply(self.forms.changes(wanted), silent=True)

    async def step_xds_removes(self, wanted):
        await self.xds.apply([{"type": kind, "remove": as_list(names)} for kind, names in wanted.items()])

    async def step_xds_makes(self, step):
        """{type, count, first, name: with @@@@@@, like: form}"""
        like = self.forms.resource(step["type"], step["name"], step["like"])
        await self.xds.apply([{"type": step["type"], "generate": {"count": step["count"], "first": step.get("first", 0), "like": like}}])

    async def step_xds_sends(self, step):
        """{type, version, nonce, type_url, resources: forms or a list of them, removed}: exactly this response."""
        response = {key: step[key] for key in ("type", "type_url", "version", "nonce", "removed", "stale") if key in step}
        response["version"] = str(response.get("version", ""))
        response["resources"] = self.forms.change(step["type"], step.get("resources", {}))["set"]
        self.xds.versions[step["type"]] = response["version"]
        if not await self.xds.do("send", response=response):
            raise Mismatch(f"nobody asked for {step['type']}")

    async def step_xds_sends_again(self, kinds):
        await self.xds.do("push", types=as_list(kinds))

    async def step_xds_sends_heartbeat(self, step):
        await self.xds.do("heartbeat", types=[step["type"]], names=as_list(step["names"]), ms=int(step["ttl"] * 1000))

    async def step_xds_updates(self, step):
        """{hz, times, rounds: [forms, ..]}: one round after the other, while the story goes on."""
        rounds = [self.forms.changes(one) for one in step["rounds"]]
        await self.xds.do("rate", hz=step["hz"], times=step["times"], rounds=rounds)

    async def step_xds_has_updated(self, _):
        await self.waiter.until(lambda: self.xds.find("rate_over"), lambda: "the updates are not over")

    # --- what goes wrong

    async def step_xds_is_quiet(self, kinds):
        await self.xds.do("quiet", types=as_list(kinds), on=True)

    async def step_xds_answers(self, kinds):
        await self.xds.do("quiet", types=as_list(kinds), on=False)

    async def step_xds_denies(self, kinds):
        """Names of these types that do not exist are said to be gone (incremental)."""
        await self.xds.do("missing", types=as_list(kinds), on=True)

    async def step_xds_delays(self, wanted):
        for kind, seconds in wanted.items():
            await self.xds.do("delay", types=[kind], ms=int(seconds * 1000))

    async def step_xds_closes(self, step):
        step = step if isinstance(step, dict) else {}
        await self.xds.do("close", code=CODES[step.get("code", "OK")], message=step.get("message", ""), types=as_list(step.get("types", [])))

    async def step_xds_refuses(self, step):
        await self.xds.do("refuse", on=True, code=CODES[step["code"]], message=step.get("message", ""), times=step.get("times", 0))

    async def step_xds_accepts(self, _):
        await self.xds.do("refuse", on=False)

    async def step_xds_breaks(self, how):
        """cut, reset, truncate: the next message; now: every connection."""
        await self.xds.do("break", how=how)

    async def step_xds_heals(self, _):
        await self.xds.do("break", how="")

    async def step_xds_freezes(self, on):
        await self.xds.do("freeze", on=bool(on))

    async def step_xds_stops(self, how):
        await self.xds.do("stop", how=how if isinstance(how, str) else "")

    async def step_xds_starts(self, _):
        await self.xds.do("start")

    # --- what clients did

    async def step_xds_is_acked(self, kinds):
        """What was set last of these types."""
        for kind in as_list(kinds):
            await self._said(kind, "ack")
        await self.proxy.settled()  # an update is acknowledged when it is accepted; the workers hear of it after that

    async def step_xds_is_nacked(self, step):
        step = step if isinstance(step, dict) else {"type": step}
        said = await self._said(step["type"], "nack")
        if "error" in step:
            match.check(f"{step['type']} NACK", step["error"], said.removeprefix("nack: "))

    async def _said(self, kind, wanted):
        version = self.xds.versions.get(kind)
        said = await self.waiter.until(lambda: self.xds.acknowledged(kind, version),
                                       lambda: f"{kind} {version} is neither accepted nor rejected")
        if not said.startswith(wanted):
            raise Mismatch(f"{kind} {version}: {said}")
        return said

    async def step_xds_receives(self, step):
        """The next request of the type that is like this; those before it are passed over."""
        kind = step["type"]
        wanted = {key: value for key, value in step.items() if key != "type"}

        def arrived():
            events = self.xds.find("request", type=kind)
            for index in range(self.seen_requests.get(kind, 0), len(events)):
                if self._like(events[index], wanted):
                    self.seen_requests[kind] = index + 1
                    return True
            return False

        await self.waiter.until(arrived, lambda: f"no such request: {step!r}")

    def _like(self, event, wanted):
        for key, want in wanted.items():
            got = event.get(key.replace(" ", "_"))
            if key == "node":
                good = (got is not None) if isinstance(want, bool) and want else got is None if want is False else _tree_holds(want, got)
            elif key in ("names", "unsubscribe"):
                good = sorted(got or []) == sorted(as_list(want))
            elif key == "names contain":
                good = set(as_list(want)) <= set(event.get("names") or [])
            elif key == "initial versions":
                good = (got or {}) == {k: str(v) for k, v in want.items()}
            else:
                good = match.holds(want, got if got is not None else "")
            if not good:
                return False
        return True

    async def step_xds_has_streams(self, count):
        """Open ones."""
        await self.waiter.until(lambda: match.holds(count, len(self.xds.find("opened")) - len(self.xds.find("closed"))),
                                lambda: f"{count!r} open streams")

    async def step_xds_has_opened(self, wanted):
        """How many streams there have been, in all or by service: 3, or {cds: 2}."""
        wanted = wanted if isinstance(wanted, dict) and not match.is_operator(wanted) else {None: wanted}
        for kind, count in wanted.items():
            more = {"type": kind} if kind else {}
            await self.waiter.until(lambda: match.holds(count, len(self.xds.find("opened", **more))),
                                    lambda: f"{count!r} streams {kind or ''}")

    async def step_xds_has_connections(self, count):
        """There have been, in all."""
        await self.waiter.until(lambda: match.holds(count, len(self.xds.find("connected"))), lambda: f"{len(self.xds.find('connected'))} connections")

    async def step_xds_has_refused(self, count):
        await self.waiter.until(lambda: match.holds(count, len(self.xds.find("refused"))), lambda: f"{len(self.xds.find('refused'))} refused")

    async def step_xds_has_metadata(self, wanted):
        """Of the last stream."""
        event = await self.waiter.until(lambda: (self.xds.find("opened") or [None])[-1], lambda: "no stream")
        for name, want in wanted.items():
            match.check(f"metadata {name}", want, ",".join(event["metadata"].get(name, [])))

    async def step_xds_has_sent(self, wanted):
        """{type: how many responses}"""
        for kind, count in wanted.items():
            await self.waiter.until(lambda: match.holds(count, len(self.xds.find("sent", type=kind))),
                                    lambda: f"{len(self.xds.find('sent', type=kind))} responses of {kind}")


def _tree_holds(want, got):
    try:
        match.check_tree("node", want, got)
    except Mismatch:
        return False
    return True
