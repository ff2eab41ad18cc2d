"""What do the five nearest training clips say a clip is, in training and in validation?

A training clip is judged by the other training clips, a validation clip by all of them, in the same way. Both shares
should be alike, or training a little better, for it has the same signers. Two differences tell something that the network
cannot hide:

- training far below validation: the labels of training clips do not fit their neighbours, those of validation do;
- validation far below training: what is alike in training is not in validation; its features or its labels differ.

Which of the two differs, the clips of each file tell among themselves, with as many clips a gloss on both sides and three
voters ("alone"): labels that fit no neighbour are wrong whatever the features are, and labels that fit are right whatever
the other file says. Wrong labels that are exchanged in pairs of glosses show nowhere else, because a validation clip asks
training clips that are as wrong.

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
    Scaling,
    labels_of,
    resampled,
    scaling_of,
    squared_distances,
)
from asl_inspector.data.records import Among, ColumnFacts, Votes
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.records import Clips

VOTERS = 5
FEWEST = 8  # training clips of a gloss that is judged
ALONE_VOTERS = 3
ALONE_FEWEST = 4  # clips of a gloss in each file
DRAWS = 3  # choices of as many clips a gloss as the other file has
SEED = 1
COPY = 1e-5  # of the usual size of a clip, squared


def count_votes(
    validation: Clips,
    train: Clips,
    columns: ColumnFacts,
    *,
    own_columns: ColumnFacts | None = None,
    ignored: tuple[int, ...] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Votes | None:
    """How often the neighbours are right on both sides, or None where labels are missing or no gloss has clips enough.

    Args:
        validation: Clips of the same features.
        train: The clips that vote.
        columns: Of the training clips, for the scale of each feature.
        own_columns: Of the validation clips, for judging them by each other; without it they are not.
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
    scaling = _scaling(columns, ignored)
    polled = _Poll(resampled(train, scaling, "training", progress, cancel), theirs, enough)
    asked = resampled(validation, scaling, "validation", progress, cancel)
    alone = (0, 0, 0, 0)
    if own_columns is not None:
        own_clips = resampled(validation, _scaling(own_columns, ignored), "validation", progress, cancel)
        alone = _alone((polled.clips, theirs), (own_clips, ours), cancel)
    return Votes(
        *polled.judge(polled.clips, theirs, cancel, leave_out=True),
        *polled.judge(asked, ours, cancel, leave_out=False),
        *alone,
    )


def nearest_among(
    clips: Clips, columns: ColumnFacts, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> Among:
    """The nearest other clips of each clip of one file, by the scale of its own features.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    found = resampled(clips, _scaling(columns, ()), "validation", progress, cancel)
    poll = _Poll(found, [None] * len(clips), set(), voters=ALONE_VOTERS)
    nearest, squared = poll.neighbours(cancel)
    for array in (nearest, squared):
        array.flags.writeable = False
    return Among(nearest, squared)


def _scaling(columns: ColumnFacts, ignored: tuple[int, ...]) -> Scaling:
    spread = columns.spread.copy()
    spread[list(ignored)] = np.nan
    return scaling_of(columns.mean, spread)


def _alone(
    train: tuple[Matrix, Sequence[object]], validation: tuple[Matrix, Sequence[object]], cancel: CancelToken
) -> tuple[int, int, int, int]:
    """Each file's clips judged by its own, with as many clips a gloss on both sides: the mean of a few choices."""
    counts = [Counter(label for label in labels if label is not None) for _, labels in (train, validation)]
    kept = {
        label: min(count, counts[1][label])
        for label, count in counts[0].items()
        if min(count, counts[1][label]) >= ALONE_FEWEST
    }
    if len(kept) < 2:
        return (0, 0, 0, 0)
    told = []
    for clips, labels in (train, validation):
        total = np.zeros(2, np.int64)
        random = np.random.default_rng(SEED)
        for _ in range(DRAWS):
            rows = _as_many(labels, kept, random)
            chosen, names = clips[rows], [labels[row] for row in rows]
            poll = _Poll(chosen, names, set(kept), voters=ALONE_VOTERS)
            total += poll.judge(chosen, names, cancel, leave_out=True)
        told += [round(float(one) / DRAWS) for one in total]
    return told[0], told[1], told[2], told[3]


def _as_many(labels: Sequence[object], kept: dict[object, int], random: np.random.Generator) -> list[int]:
    """Rows of a random choice of as many clips as each gloss may have, in file order."""
    left = dict(kept)
    found = []
    for row in random.permutation(len(labels)).tolist():
        if left.get(labels[row], 0):
            left[labels[row]] -= 1
            found.append(row)
    return sorted(found)


class _Poll:
    """The training clips that vote, (N, D), with their labels, and the glosses that are judged."""

    def __init__(self, clips: Matrix, labels: Sequence[object], enough: set[object], *, voters: int = VOTERS) -> None:
        self.clips, self.labels, self.enough, self.most = clips, labels, enough, voters
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
            nearest = np.argsort(squared, axis=1)[:, : self.most]
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

    def neighbours(self, cancel: CancelToken) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(N, voters) rows of the nearest others and their squared distances; -1 and infinity where there are none."""
        rows = np.full((len(self.clips), self.most), -1, np.int64)
        far = np.full(rows.shape, np.inf)
        for start in range(0, len(self.clips), BLOCK):
            cancel.raise_if_cancelled()
            block = self.clips[start : start + BLOCK]
            squared = squared_distances(np.nan_to_num(block), self._voters, self._norms)
            squared[np.arange(len(block)), np.arange(len(block)) + start] = np.inf
            squared[np.less_equal(squared, np.full(squared.shape, self._copy))] = np.inf
            chosen = np.argsort(squared, axis=1)[:, : self.most]
            held = np.take_along_axis(squared, chosen, axis=1).astype(np.float64)
            whole = np.asarray(np.isfinite(block).all(axis=1), bool)
            usable = np.isfinite(held) & whole[:, None]
            rows[start : start + len(block), : chosen.shape[1]] = np.where(usable, chosen, -1)
            far[start : start + len(block), : chosen.shape[1]] = np.where(usable, held, np.inf)
        return rows, far

    def _elected(self, squared: Matrix, nearest: NDArray[np.intp]) -> object | None:
        """The label with most votes, each over its squared distance; None where nobody votes."""
        votes: defaultdict[object, float] = defaultdict(float)
        for column in nearest.tolist():
            if np.isfinite(squared[column]):
                votes[self.labels[column]] += 1 / (float(squared[column]) + 1e-12)
        return max(votes, key=lambda label: votes[label]) if votes else None
