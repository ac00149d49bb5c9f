"""Waiting for conditions. Nothing in a scenario waits for time to pass; a limit only ends what will not happen."""

import asyncio

from .match import Mismatch


class Waiter:
    """One per scenario: connections call `changed`, the script waits until what it asks for is true."""

    def __init__(self, limit_s):
        self.limit_s = limit_s
        self._event = asyncio.Event()

    def changed(self):
        self._event.set()

    async def until(self, predicate, what):
        """Waits until `predicate()` is true and returns its value. `what()` describes the state when it never becomes so."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limit_s
        while not (value := predicate()):
            self._event.clear()
            try:
                await asyncio.wait_for(self._event.wait(), end - loop.time())
            except (TimeoutError, asyncio.TimeoutError):
                raise Mismatch(f"waited {self.limit_s:g} s: {what()}") from None
        return value

    async def polled(self, attempt):
        """Calls `await attempt()` until it raises no Mismatch; for what cannot tell of itself: files, statistics, processes."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.limit_s
        pause = 0.005
        while True:
            try:
                return await attempt()
            except Mismatch:
                if loop.time() > end:
                    raise
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, 0.1)
