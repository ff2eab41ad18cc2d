"""The engine's comparisons: opens what is not open yet, keeps the last pair for a closer look."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asl_inspector.case.records import Case
from asl_inspector.checkpoints.comparing_checkpoints import compare_checkpoints
from asl_inspector.checkpoints.pair_samples import paired_sample
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.state_dicts import parts_of, weights_of
from asl_inspector.engine.messages import CompareSide, CompareView, PairView
from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import Content, MappedFile, MappedParts
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.workers.calling import open_checkpoint

BINS = 61
MOST_NUMBERS = 1 << 18  # of a pair, for the histogram
MOST_POINTS = 1_500  # for the scatter
MOST_KEPT = 4  # files that are not of the case and stay open


@dataclass(frozen=True, slots=True)
class _Open:
    """An opened checkpoint and its bytes."""

    checkpoint: Checkpoint
    content: Content


@dataclass(frozen=True, slots=True)
class _Side:
    """The weights of one side of the last comparison, by key."""

    weights: dict[str, TensorRecord]
    content: Content


class Comparer:
    """Compares checkpoints, and remembers the last two."""

    def __init__(self) -> None:
        self._others: dict[Path, MappedFile | MappedParts] = {}
        self._opened: dict[Path, _Open] = {}
        self._last: tuple[_Side, _Side] | None = None

    def compare(
        self, case: Case, a: CompareSide, b: CompareSide, progress: Progress, cancel: CancelToken
    ) -> CompareView:
        """Compare two checkpoints.

        Raises:
            InspectorError: If one cannot be opened or holds no weights.
            Cancelled: If `cancel` was set.
        """
        progress(Step("Opening the checkpoints"))
        one, other = (self._open(case, side.path, cancel) for side in (a, b))
        compared = compare_checkpoints(
            one.checkpoint,
            one.content,
            other.checkpoint,
            other.content,
            part_a=a.part,
            part_b=b.part,
            cancel=cancel,
            progress=progress,
        )
        self._last = (
            _Side(weights_of(one.checkpoint, a.part)[1], one.content),
            _Side(weights_of(other.checkpoint, b.part)[1], other.content),
        )
        parts = [tuple(".".join(path) for path in parts_of(held.checkpoint)) for held in (one, other)]
        return CompareView(a, b, compared, parts[0], parts[1])

    def pair(self, a: str, b: str, cancel: CancelToken) -> PairView:
        """Two corresponding tensors of the last comparison; trouble where their numbers are not to be had."""
        nothing = (np.zeros(0, np.int64), np.zeros(0), np.zeros(0), np.zeros(0), 0, 0)
        last = self._last
        if last is None or a not in last[0].weights or b not in last[1].weights:
            return PairView(a, b, *nothing, trouble="These tensors are not of the last comparison.")
        one, other = last[0].weights[a], last[1].weights[b]
        try:
            x, y = paired_sample(one, last[0].content, other, last[1].content, MOST_NUMBERS, cancel)
        except InspectorError as error:
            return PairView(a, b, *nothing, trouble=error.sentence)
        apart = x - y
        good = np.isfinite(apart)
        counts, edges = np.histogram(apart[good], bins=BINS) if good.any() else (np.zeros(0, np.int64), np.zeros(0))
        step = -(-len(x) // MOST_POINTS) or 1
        points = good[::step]
        return PairView(a, b, counts.astype(np.int64), edges, x[::step][points], y[::step][points], len(x), one.count)

    def _open(self, case: Case, path: Path, cancel: CancelToken) -> _Open:
        """The file as the case has it, else opened here; opened again where it changed on disk."""
        for one in case.files:
            is_it = one.row.path == path and one.file is not None and one.file.is_current()
            if is_it and isinstance(one.opened, Checkpoint) and one.file is not None:
                return _Open(one.opened, one.file.view)
        file = self._others.get(path)
        if file is None or not file.is_current():
            file, checkpoint = open_checkpoint(path, cancel=cancel)
            self._opened[path] = _Open(checkpoint, file.view)
            self._others[path] = file
            for old in list(self._others)[:-MOST_KEPT]:
                del self._others[old], self._opened[old]
        return self._opened[path]
