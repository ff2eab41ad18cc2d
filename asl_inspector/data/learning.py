"""What would a nearest neighbour reach with fewer training clips a gloss?

The network cannot be trained again here, but a nearest neighbour can: for 1, 2, 4, 8 ... training clips of each gloss, drawn
anew a dozen times, the share of the validation clips whose nearest clip among those drawn has their gloss. A curve that still
rises at its end says that more clips of the same kind would help whatever learns from these features; one that is flat says
that something else is wrong.

The glosses are the same at every point: those with as many training clips as the last point needs, at least half of all that
both files have, so that the curve does not mix in rarer ones. Copies of training clips (distance nearly 0) are not counted.

Null of the last doubling: it makes no difference; one-sided paired t-test over validation clips of the mean over draws.

Of large files a seeded choice of glosses is looked at. Source: Cortes, Jackel, Solla, Vapnik and Denker 1993 for learning curves;
clips are compared as in `neighbours`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.gains import p_of_gain
from asl_inspector.data.neighbours import labels_of, resampled, scaling_of, squared_distances
from asl_inspector.data.records import ColumnFacts, LearningCurve, LearningPoint
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.records import Clips

DRAWS = 12
FEWEST_GLOSSES = 2
FEWEST_CLIPS = 20
HALF = 0.5
COPY = 1e-5  # of the usual squared size of a clip
MOST_WORK = 1_000_000  # pairs of clips times features over 36
SEED = 20_261_129


@dataclass(frozen=True)
class Chosen:
    """Rows of both files by the glosses that are looked at."""

    ours: list[int]
    theirs: list[int]


def learning_curve(
    validation: Clips,
    train: Clips,
    columns: ColumnFacts,
    *,
    ignored: tuple[int, ...] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> LearningCurve | None:
    """The curve, or None where labels are missing or no gloss has two training clips.

    Args:
        validation: Clips of the same features.
        train: The clips that are drawn from.
        columns: Of the training clips, for the scale of each feature.
        ignored: Features to leave out.
        progress: Told how far it is.
        cancel: Asked now and then.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    ours, theirs = labels_of(validation, train)[0], labels_of(train, validation)[0]
    most = last_point(ours, theirs)
    if most is None:
        return None
    chosen = _choose(ours, theirs, most, (validation.feature_count or 36) / 36)
    if len(chosen.ours) < FEWEST_CLIPS:
        return None
    spread = columns.spread.copy()
    spread[list(ignored)] = np.nan
    scaling = scaling_of(columns.mean, spread)
    asked = resampled(validation, scaling, "validation", progress, cancel, rows=chosen.ours)
    drawn = resampled(train, scaling, "training", progress, cancel, rows=chosen.theirs)
    usable = np.isfinite(drawn).all(axis=1)
    drawn[~usable] = 0
    norms = np.einsum("ij,ij->i", drawn, drawn)
    copy = COPY * float(np.median(norms[usable])) if usable.any() else 0.0
    norms[~usable] = np.inf
    squared = squared_distances(np.nan_to_num(asked), drawn, norms)
    kept = ~np.less_equal(squared, np.full(squared.shape, copy)).any(axis=1) & np.isfinite(asked).all(axis=1)
    if int(kept.sum()) < FEWEST_CLIPS:
        return None
    answers = [label for label, one in zip((ours[row] for row in chosen.ours), kept.tolist(), strict=True) if one]
    return curve(squared[kept], answers, [theirs[row] for row in chosen.theirs], most, cancel)


def last_point(ours: Sequence[object], theirs: Sequence[object]) -> int | None:
    """The highest power of two that at least half of the shared glosses have training clips for; None below two."""
    there: defaultdict[object, int] = defaultdict(int)
    for label in theirs:
        there[label] += 1
    shared = [there[label] for label in {one for one in ours if one is not None} if there[label]]
    found = None
    points = 2
    while shared and sum(count >= points for count in shared) >= max(FEWEST_GLOSSES, HALF * len(shared)):
        found, points = points, 2 * points
    return found


def curve(
    squared: NDArray[np.float32], ours: Sequence[object], theirs: Sequence[object], most: int, cancel: CancelToken
) -> LearningCurve:
    """The curve from the distances.

    Args:
        squared: (N, M), validation clips by training clips.
        ours: (N,), glosses.
        theirs: (M,), glosses, each at least `most` times.
        most: The last point.
        cancel: Asked between draws.
    """
    numbers = {label: number for number, label in enumerate(dict.fromkeys(theirs))}
    codes = np.array([numbers[label] for label in theirs])
    truth = np.array([numbers.get(label, -1) for label in ours])
    random = np.random.default_rng(SEED)
    sizes = [2**step for step in range(most.bit_length())]
    right = np.zeros((len(sizes), len(truth)))
    for _ in range(DRAWS):
        cancel.raise_if_cancelled()
        order = random.permutation(len(codes))
        place = np.empty(len(codes), np.int64)  # (M,), which clip of its gloss each is in this draw
        for number in range(len(numbers)):
            mine = order[codes[order] == number]
            place[mine] = np.arange(len(mine))
        for index, size in enumerate(sizes):
            drawn = np.flatnonzero(place < size)
            right[index] += codes[drawn][squared[:, drawn].argmin(axis=1)] == truth
    right /= DRAWS
    points = tuple(
        LearningPoint(size, float(one.mean()), *_limits(one)) for size, one in zip(sizes, right, strict=True)
    )
    return LearningCurve(points, len(numbers), len(truth), p_of_gain(right[-2], right[-1]))


def _limits(right: NDArray[np.float64]) -> tuple[float, float]:
    """95 % limits of a mean over clips, each a share of draws."""
    error = 1.96 * float(right.std(ddof=1)) / np.sqrt(len(right))
    middle = float(right.mean())
    return max(0.0, middle - error), min(1.0, middle + error)


def _choose(ours: Sequence[object], theirs: Sequence[object], most: int, width: float) -> Chosen:
    """Rows of the glosses with clips enough; of many glosses a seeded choice that keeps the work small."""
    here: defaultdict[object, list[int]] = defaultdict(list)
    there: defaultdict[object, list[int]] = defaultdict(list)
    for row, label in enumerate(ours):
        if label is not None:
            here[label].append(row)
    for row, label in enumerate(theirs):
        there[label].append(row)
    glosses = [label for label in here if len(there.get(label, ())) >= most]
    order = np.random.default_rng(SEED).permutation(len(glosses)).tolist()
    chosen = Chosen([], [])
    for index in order:
        first, second = chosen.ours + here[glosses[index]], chosen.theirs + there[glosses[index]]
        if chosen.ours and len(first) * len(second) * width > MOST_WORK:
            break
        chosen = Chosen(first, second)
    return chosen
