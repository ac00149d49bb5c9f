"""Steps of the scenario's DNS server: 'dns answers', 'dns has questions', 'dns stops', 'dns starts'."""

from . import match
from .match import Mismatch


class DnsSteps:
    async def step_dns_answers(self, records):
        self.dns.change(records)

    async def step_dns_stops(self, _):
        await self.dns.stop()

    async def step_dns_starts(self, _):
        await self.dns.start()

    async def step_dns_has_questions(self, wanted):
        """{name: count}; {"name A": count} of one type, {"name A tcp": count} over one transport."""
        async def attempt():
            for key, want in wanted.items():
                name, *parts = key.split()
                got = sum(1 for n, kind, over in self.dns.questions if n == name and set(parts) <= {kind, over})
                if not match.holds(want, got):
                    raise Mismatch(f"questions for {key}: expected {want!r}, got {got} of {self.dns.questions[-20:]}")

        await self.waiter.polled(attempt)
