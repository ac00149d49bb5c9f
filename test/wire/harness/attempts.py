"""How often a test may try, and what came of all tests of a suite.

The real Envoy: a run against it checks what a test expects, not Outrigger. It has races of its own (now and then it never answers a
request behind its listener filters), so one failure says nothing; a wrong expectation fails every time.

Outrigger: a busy machine may starve a test of dozens of processes. What failed beside others runs once more, alone, when the others are
done; if it passes then, it is unstable: counted as passed, and named at the end, so that somebody mends it. More than a few at once are
no accident, and have failed.
"""

import time

REFERENCE_ATTEMPTS = 3
MOST_UNSTABLE = 3


class Tally:
    def __init__(self, verbose):
        self.verbose = verbose
        self.passed, self.failed, self.unstable = [], [], []
        self._again = []  # (title, why, attempt)

    async def run(self, title, attempt, again=None):
        """`attempt()` says None, or why it failed; so does `again()`, which is called when nothing else runs. None: one attempt."""
        start = time.monotonic()
        why = await attempt()
        if not why:
            self._pass(title, start)
        elif again is None:
            self._fail(title, why)
        else:
            self._say("again", title, why)
            self._again.append((title, why, again))

    async def run_against(self, binary, title, attempt):
        """The same, by whose program it is."""
        if binary.kind != "envoy":
            await self.run(title, attempt, again=attempt)
            return

        async def attempts():
            for _ in range(1, REFERENCE_ATTEMPTS):
                why = await attempt()
                if not why:
                    return None
                self._say("again", title, why)
            return await attempt()

        await self.run(title, attempts)

    async def finish(self):
        """Runs again what failed. The exit code; the last line is 'N passed, N failed'."""
        again, self._again = self._again, []
        for title, why, attempt in again:
            start = time.monotonic()
            second = why if len(again) > MOST_UNSTABLE else await attempt()
            if second:
                self._fail(title, second)
            else:
                self._pass(title, start)
                self.unstable.append(title)
        for title in self.failed:
            print(f"failed: {title}")
        for title in self.unstable:
            print(f"unstable: {title}")
        print(f"{len(self.passed)} passed, {len(self.failed)} failed", flush=True)
        return 0 if self.passed and not self.failed else 1

    def _pass(self, title, start):
        self.passed.append(title)
        if self.verbose:
            print(f"ok   {title} {time.monotonic() - start:.2f} s", flush=True)

    def _fail(self, title, why):
        self.failed.append(title)
        self._say("FAIL", title, why)

    @staticmethod
    def _say(word, title, why):
        print(f"{word} {title}\n    {why}", flush=True)
