"""How many batches are computed side by side on the CPU: settled by timing the first batches of a run.

One a core is usual, but not always best: two logical cores may share one real core, other programs may hold some of
them, and some networks wait for memory and not for a core. No rule foretells it, so half as many are tried, and half of
those where that was faster. The batches are part of the run, so nothing is computed twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import ClassVar

SECONDS_OF_A_TRIAL = 0.25
WORTH_IT = (
    1.1  # times as fast as before and after, because batches get shorter along a run and other programs come and go
)
KNOWN_FOR_SECONDS = 60  # what else the machine does changes


@dataclass(frozen=True, slots=True)
class Settled:
    """A number that was found best, why, and when, on the monotonic clock."""

    count: int
    why: str
    at: float


class SideBySide:
    """Settles the number while a run lasts.

    Args:
        most: Batches at most: one a core.
    """

    _known: ClassVar[dict[int, Settled]] = {}

    def __init__(self, most: int) -> None:
        self._most = most
        self._best = self.count = most
        self._rates: list[float] = []  # frames a second: as many as best, half of them, as many as best again
        self._skip = 0
        self._since: float | None = None
        self._frames = self._batches = 0
        self.settled = most == 1
        self.why = "there is one core" if most == 1 else "one batch a core; the run was too short to try fewer"
        known = SideBySide._known.get(most)
        if known is not None and time.monotonic() - known.at < KNOWN_FOR_SECONDS:
            self.settled, self._best, self.count, self.why = True, known.count, known.count, known.why
        self._change(self.count)

    def note(self, frames: int, now: float) -> bool:
        """Learn from a batch whose results have arrived; True where another number is to be taken from here on.

        Args:
            frames: Of the batch.
            now: Seconds on a clock that does not stand still.
        """
        if self.settled:
            return False
        if self._skip:  # batches that were begun beside another number of others
            self._skip -= 1
            self._since = now
            return False
        if self._since is None:
            self._since = now
            return False
        self._frames, self._batches = self._frames + frames, self._batches + 1
        seconds = now - self._since
        if seconds < SECONDS_OF_A_TRIAL or self._batches < 2 * self.count:
            return False
        self._rates.append(self._frames / seconds)
        return self._next()

    def _next(self) -> bool:
        """After a trial: the next number, or the end of trying."""
        before = self.count
        half = max(1, self._best // 2)
        if len(self._rates) == 1:
            self._change(half)
        elif len(self._rates) == 2:
            self._change(self._best)
        else:
            first, fewer, again = self._rates
            ratio = fewer / max(first, again)
            self._rates = []
            if ratio >= WORTH_IT:
                self._best = half
                self.why = f"measured: {ratio:.1f} times as fast as {2 * half} side by side"
            else:
                self.why = self.why if self._best < self._most else f"measured: {half} side by side are {_than(ratio)}"
            if ratio < WORTH_IT or half == 1:
                self.settled = True
                SideBySide._known[self._most] = Settled(self._best, self.why, time.monotonic())
            self._change(self._best)
        return self.count != before

    def _change(self, count: int) -> None:
        self.count = count
        self._skip, self._since = 2 * self._most, None
        self._frames = self._batches = 0


def _than(ratio: float) -> str:
    return f"{1 / ratio:.1f} times slower" if ratio < 1 / WORTH_IT else "no faster"
