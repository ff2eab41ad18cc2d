"""Batches that are exact: padding never changes an output.

A bidirectional network reads its last frames first, and a pooling network averages over all of them; a padded frame
would change every output. Clips of equal length need no padding at all, and such groups run fastest. Where only a few
clips have one length, clips of nearly equal length are put together, but only for networks that know how to leave the
padding out (`Network.ragged`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FIRST_FRAMES = {"cpu": 4_096, "cuda": 16_384, "mps": 8_192}
FIRST_PRODUCTS = 2_500_000_000  # parameters times frames that a CPU core manages in about 40 ms
MOST_FRAMES = {"cpu": 32_768, "cuda": 1 << 20, "mps": 65_536}
MOST_NUMBERS = {"cpu": 8 << 20, "cuda": 64 << 20, "mps": 16 << 20}  # frames times classes of one batch
LEAST_NUMBERS = 1 << 20  # of a batch beside others; smaller ones are slow
BYTES_A_NUMBER = 64  # logits, their logarithms, the sums over glosses, and what the layers below hold
SHARE_OF_FREE = 0.5  # other programs, and the window, need some too
LONGEST_SECONDS = 0.12  # a batch that takes longer would make cancelling slow
SHORTEST_SECONDS = 0.03  # a batch that takes less can grow
FEWEST_FRAMES = 512  # smaller batches only where the network, and not a busy machine, is slow:
SLOW_IN_A_ROW = 4


FEW_CLIPS = 12  # fewer clips of one length run faster together with clips of nearly that length
SHORTEST_SHARE = 0.8  # of the longest clip of a batch


class BatchPlan:
    """Hands out the clips, longest first so that a lack of memory shows at once, each once.

    Args:
        lengths: (N,), frames.
        wanted: (N,), False for clips to leave out.
        ragged: True where a batch may hold clips of nearly equal length.
    """

    def __init__(self, lengths: NDArray[np.int64], wanted: NDArray[np.bool_], *, ragged: bool = False) -> None:
        self._ragged = ragged
        chosen = np.flatnonzero(wanted)
        self._order = chosen[np.argsort(-lengths[chosen], kind="stable")]
        self._lengths = lengths[self._order]
        ends = np.flatnonzero(np.diff(self._lengths)) + 1
        self._ends = np.append(ends, len(self._order))  # where each group of one length ends
        self.frames_left = int(self._lengths.sum())  # of the clips that were not handed out yet
        self._group = 0
        self._next = 0

    def take(self, frames: int) -> NDArray[np.int64] | None:
        """The next clips, longest first, of at most `frames` frames (a longer clip comes alone); None at the end."""
        if self._next >= len(self._order):
            return None
        longest = int(self._lengths[self._next])
        most = max(1, frames // max(1, longest))
        end = int(self._ends[self._group])
        while self._ragged and end - self._next < min(FEW_CLIPS, most) and self._group + 1 < len(self._ends):
            following = int(self._ends[self._group + 1])
            if int(self._lengths[following - 1]) < SHORTEST_SHARE * longest or following - end >= FEW_CLIPS:
                break
            self._group += 1
            end = following
        pieces = -(-(end - self._next) // most)
        stop = self._next + -(-(end - self._next) // pieces)  # equal batches: a small rest would be slow
        batch = self._order[self._next : stop]
        self.frames_left -= int(self._lengths[self._next : stop].sum())
        self._next = stop
        self._group += stop == end
        return batch


class BatchSize:
    """How many frames a batch may have: bounded by memory, steered by time so that the user can always cancel.

    Args:
        kind: "cpu", "cuda" or "mps".
        classes: Outputs of the network.
        wanted: Most frames that the user wants, or None.
        parameters: Of the network; the first batch of a large one is small.
        workers: Batches that are in memory side by side.
        free: Bytes that are free on the device, or None where that is not known.
    """

    def __init__(
        self,
        kind: str,
        classes: int,
        wanted: int | None = None,
        parameters: int = 1,
        *,
        workers: int = 1,
        free: int | None = None,
    ) -> None:
        numbers = max(MOST_NUMBERS[kind] // workers, LEAST_NUMBERS)
        if free is not None:
            numbers = min(numbers, int(SHARE_OF_FREE * free) // (BYTES_A_NUMBER * workers))
        self._most = max(1, min(wanted or MOST_FRAMES[kind], numbers // max(1, classes)))
        first = FIRST_FRAMES[kind]
        if kind == "cpu":
            first = max(1, min(first, FIRST_PRODUCTS // max(1, parameters)))
        self.frames = min(self._most, first)
        self._slow = 0

    def note(self, frames: int, seconds: float) -> None:
        """Learn from a batch that ran."""
        if seconds > LONGEST_SECONDS:
            self._slow += 1
            least = 1 if self._slow >= SLOW_IN_A_ROW else min(self.frames, FEWEST_FRAMES)
            self.frames = max(least, min(self.frames, frames) // 2)
            return
        self._slow = 0
        if seconds < SHORTEST_SECONDS and 2 * frames >= self.frames:
            self.frames = min(2 * self.frames, self._most)

    def halve(self, frames: int) -> None:
        """Learn from a batch of `frames` frames that did not fit into memory; no later batch is as large."""
        self._most = self.frames = max(1, frames // 2)
