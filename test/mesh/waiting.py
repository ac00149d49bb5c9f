"""Waiting for what other processes do."""

import asyncio
import time

from harness.match import Mismatch

__all__ = ["Mismatch", "eventually"]


async def eventually(attempt, limit_s=15):
    """Calls `await attempt()` until it raises nothing; its value."""
    end = time.monotonic() + limit_s
    while True:
        try:
            return await attempt()
        except (Mismatch, AssertionError, OSError, asyncio.IncompleteReadError, asyncio.TimeoutError, TimeoutError, ValueError, KeyError) as error:
            if time.monotonic() > end:
                raise Mismatch(f"waited {limit_s} s: {type(error).__name__} {error}") from None
        await asyncio.sleep(0.05)
