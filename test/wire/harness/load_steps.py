"""Steps of clients that go on asking in the background: 'load starts', 'load measures', 'load ends'. README.md lists them."""

import asyncio
import math

from .match import Mismatch

# How far a share may be off: 4.5 standard deviations, which chance exceeds seven times in a million.
DEVIATIONS = 4.5


class Load:
    """GET after GET on each of some connections; an answer's body says who gave it."""

    def __init__(self, port, request):
        self.port, self.request = port, request
        self.answers = []  # (was begun as this number, body)
        self.begun, self.failures, self.ending, self.tasks = 0, [], False, []

    def start(self, connections):
        self.tasks = [asyncio.create_task(self._run()) for _ in range(connections)]

    async def _run(self):
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while not self.ending:
                number, self.begun = self.begun, self.begun + 1
                writer.write(self.request)
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                length = int(head.partition("content-length:")[2].split("\r\n")[0])
                body = (await reader.readexactly(length)).decode()
                if head.split(" ")[1] != "200":
                    self.failures.append(head.split("\r\n")[0])
                if "connection: close" in head:
                    self.failures.append("the connection was drained")
                    break
                self.answers.append((number, body))
        except (OSError, asyncio.IncompleteReadError, ValueError) as error:
            self.failures.append(repr(error))
        finally:
            writer.close()

    async def end(self):
        self.ending = True
        await asyncio.gather(*self.tasks)


class LoadSteps:
    async def step_load_starts(self, step):
        """{connections: 4, host: a}: the clients ask one request after the other until `load ends`."""
        step = step if isinstance(step, dict) else {}
        request = f"GET / HTTP/1.1\r\nhost: {step.get('host', 'a')}\r\n\r\n".encode()
        self.load = Load(self.proxy.port("main"), request)
        self.load.start(step.get("connections", 4))

    async def step_load_measures(self, step):
        """{requests: n, shares: {body: fraction}}: of n requests that begin from now on, so many get this answer."""
        load, first, wanted = self.load, self.load.begun, step["requests"]
        later = []

        def enough():
            later[:] = [body for number, body in load.answers if number >= first]
            return len(later) >= wanted or load.failures

        await self.waiter.until(enough, lambda: f"{len(later)} of {wanted} requests are answered")
        self._no_failures()
        for body, share in step["shares"].items():
            got, expected = later.count(body), share * len(later)
            slack = DEVIATIONS * math.sqrt(len(later) * share * (1 - share))
            if abs(got - expected) > slack:
                raise Mismatch(f"{got} of {len(later)} answers are {body!r}, {expected:.0f} +- {slack:.0f} were expected")

    async def step_load_ends(self, _):
        """No request failed, and no connection was closed."""
        await self.load.end()
        self._no_failures()

    def _no_failures(self):
        if self.load.failures:
            raise Mismatch(f"{len(self.load.failures)} requests failed: {self.load.failures[:3]}")
