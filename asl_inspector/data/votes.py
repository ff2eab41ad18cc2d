"""What do the five nearest training clips say a clip is, in training and in validation?

A training clip is judged by the other training clips, a validation clip by all of them, in the same way. Both shares
should be alike, or training a little better, for it has the same signers. Two differences tell something that the network
cannot hide:

- training far below validation: the labels of training clips do not fit their neighbours, those of validation do;
- validation far below training: what is alike in training is not in validation; its features or its labels differ.

Guards: copies (distance nearly 0) have no vote and are not judged, so that neither a leak nor an oversampled gloss counts
for agreement; glosses with fewer than eight training clips are left out on both sides, because leaving out one clip of two
halves the voters.

Source: leave-one-out k nearest neighbours, Fix and Hodges 1951; noisy labels by neighbours, Wilson 1972 (edited nearest
neighbours).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.neighbours import (
    BLOCK,
    Matrix,
    labels_of,
    resampled,
    scaling_of,
    squared_distances,
)
from asl_inspector.data.records import ColumnFacts, Votes
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.records import Clips

VOTERS = 5
FEWEST = 8  # training clips of a gloss that is judged
COPY = 1e-5  # of the usual size of a clip, squared


def count_votes(
    validation: Clips,
    train: Clips,
    columns: ColumnFacts,
    *,
    ignored: tuple[int, ...] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Votes | None:
    """How often the neighbours are right on both sides, or None where labels are missing or no gloss has clips enough.

    Args:
        validation: Clips of the same features.
        train: The clips that vote.
        columns: Of the training clips, for the scale of each feature.
        ignored: Features to leave out.
        progress: Told how far it is.
        cancel: Asked between blocks.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    theirs, ours = labels_of(train, validation)[0], labels_of(validation, train)[0]
    counts = Counter(label for label in theirs if label is not None)
    enough = {label for label, count in counts.items() if count >= FEWEST}
    if len(enough) < 2:
        return None
    spread = columns.spread.copy()
    spread[list(ignored)] = np.nan
    scaling = scaling_of(columns.mean, spread)
    polled = _Poll(resampled(train, scaling, "training", progress, cancel), theirs, enough)
    asked = resampled(validation, scaling, "validation", progress, cancel)
    return Votes(
        *polled.judge(polled.clips, theirs, cancel, leave_out=True), *polled.judge(asked, ours, cancel, leave_out=False)
    )


class _Poll:
    """The training clips that vote, (N, D), with their labels, and the glosses that are judged."""

    def __init__(self, clips: Matrix, labels: Sequence[object], enough: set[object]) -> None:
        self.clips, self.labels, self.enough = clips, labels, enough
        usable = np.asarray(np.isfinite(clips).all(axis=1), dtype=bool)
        clips = np.where(usable[:, None], clips, np.float32(0))
        self._voters = clips
        self._norms = np.where(usable, np.einsum("ij,ij->i", clips, clips), np.float32(np.inf))
        self._copy = COPY * (float(np.median(self._norms[usable])) if usable.any() else 0.0)

    def judge(
        self, asked: Matrix, labels: Sequence[object], cancel: CancelToken, *, leave_out: bool
    ) -> tuple[int, int]:
        """`(right, judged)` of the clips asked; with `leave_out` they are the voters themselves."""
        right = judged = 0
        for start in range(0, len(asked), BLOCK):
            cancel.raise_if_cancelled()
            block = asked[start : start + BLOCK]
            squared = squared_distances(np.nan_to_num(block), self._voters, self._norms)
            rows = np.arange(len(block))
            if leave_out:
                squared[rows, rows + start] = np.inf
            copied = np.less_equal(squared, np.full(squared.shape, self._copy))
            squared[copied] = np.inf
            nearest = np.argsort(squared, axis=1)[:, :VOTERS]
            for row in rows.tolist():
                label = labels[start + row]
                if label not in self.enough or not np.isfinite(block[row]).all():
                    continue
                if not leave_out and copied[row].any():
                    continue
                said = self._elected(squared[row], nearest[row])
                judged += said is not None
                right += said == label
        return right, judged

    def _elected(self, squared: Matrix, nearest: NDArray[np.intp]) -> object | None:
        """The label with most votes, each over its squared distance; None where nobody votes."""
        votes: defaultdict[object, float] = defaultdict(float)
        for column in nearest.tolist():
            if np.isfinite(squared[column]):
                votes[self.labels[column]] += 1 / (float(squared[column]) + 1e-12)
        return max(votes, key=lambda label: votes[label]) if votes else None
