"""Can a classifier tell training clips from validation clips?

Each clip gives the means of its features. A ridge classifier is trained on four fifths of the clips of both files and scores the
rest, five times over; the area under its curve (AUC) is the probability that a validation clip looks more like validation than a
training clip does, 0.5 where nothing differs. Of wide features the 50 leading directions are taken; of many clips a seeded choice.

Null: the file of each clip is exchanged at random, 199 times, and the classifier trained anew each time. These areas
lie around 0.5 as a normal distribution does, whose tail gives p; counting them could not tell 0.99 from 0.8.

Reference: other people look different without any fault. Where at least four signers of training are known, the same AUC between
halves of these signers tells how much.

Source: Lopez-Paz and Oquab 2017, arXiv:1610.06545 (classifier two-sample tests); Fawcett 2006 for the area.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from asl_inspector.data.records import ClipSurvey, Separation

FEWEST_CLIPS = 20  # of each file
MOST_CLIPS = 600
MOST_DIRECTIONS = 50
FOLDS = 5
DRAWS = 199
FAR = 10.0  # spreads; beyond it a feature on another scale would be all that counts
RIDGE = 0.1  # of the mean variance
FEWEST_SIGNERS = 4
HALVINGS = 5
SEED = 20_261_128
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def separate(validation: ClipSurvey, train: ClipSurvey) -> Separation | None:
    """The AUC between the two files, or None where clips are few or their features differ in number."""
    ours, theirs = validation.means, train.means
    if ours.shape[1] != theirs.shape[1] or not ours.shape[1]:
        return None
    random = np.random.default_rng(SEED)
    here, there = (_chosen(_known(one), random) for one in (ours, theirs))
    if min(len(here), len(there)) < FEWEST_CLIPS:
        return None
    clips = np.concatenate([ours[here], theirs[there]])
    from_validation = np.arange(len(clips)) < len(here)
    found = areas(clips, from_validation, DRAWS, random)
    null = found[1:]
    return Separation(
        auc=float(found[0]),
        p=float(norm.sf((found[0] - null.mean()) / max(float(null.std(ddof=1)), 1e-9))),
        null_high=float(np.quantile(null, 0.95)),
        between_signers=_between_signers(train, random),
        validation=len(here),
        train=len(there),
    )


def _known(means: FloatArray) -> NDArray[np.intp]:
    """Rows with any number."""
    return np.flatnonzero(np.isfinite(means).any(axis=1))


def _chosen(rows: NDArray[np.intp], random: np.random.Generator) -> NDArray[np.intp]:
    return rows if len(rows) <= MOST_CLIPS else np.sort(random.choice(rows, MOST_CLIPS, replace=False))


def areas(clips: FloatArray, positive: BoolArray, draws: int, random: np.random.Generator) -> FloatArray:
    """(1 + draws,), the cross-fitted AUC as the clips are, and where the files are exchanged at random.

    Args:
        clips: (n, F).
        positive: (n,), clips of one of the two files.
        draws: How often they are exchanged.
        random: Of the folds and the draws.
    """
    points = directions(clips)
    sides = np.column_stack([positive, *(random.permutation(positive) for _ in range(draws))]).astype(np.float64)
    fold = np.empty(len(points), np.int64)
    for side in (positive, ~positive):  # as many of each file in every fold
        rows = np.flatnonzero(side)
        fold[rows] = random.permutation(len(rows)) % FOLDS
    scores = np.zeros(sides.shape)
    for number in range(FOLDS):
        held = fold == number
        kept, target = points[~held], sides[~held]
        centre, middle = kept.mean(axis=0), target.mean(axis=0)
        moved = kept - centre
        products = moved.T @ moved
        ridge = RIDGE * max(float(np.trace(products)) / len(products), 1e-12)
        weights = np.linalg.solve(products + ridge * np.eye(len(products)), moved.T @ (target - middle))
        scores[held] = (points[held] - centre) @ weights
    return np.array([area(scores[:, one], sides[:, one] > 0.5) for one in range(sides.shape[1])])


def area(scores: FloatArray, positive: BoolArray) -> float:
    """Probability that a positive clip scores higher than another one, ties counting half."""
    ranks = rankdata(scores)
    count = int(positive.sum())
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(scores) - count)))


def directions(clips: FloatArray) -> FloatArray:
    """(n, D), clips with each feature over its spread; of many features the leading directions."""
    filled = np.where(np.isfinite(clips), clips, np.nan)
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(np.nansum(filled, axis=0) / np.maximum(np.isfinite(filled).sum(axis=0), 1))
    filled = np.where(np.isfinite(filled), filled, mean) - mean
    spread = filled.std(axis=0)
    moving = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    points = np.clip(filled[:, moving] / spread[moving], -FAR, FAR)
    if not points.shape[1]:
        return np.zeros((len(clips), 1))
    if points.shape[1] <= MOST_DIRECTIONS:
        return np.asarray(points, np.float64)
    left, values, _ = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)
    leading: FloatArray = left[:, :MOST_DIRECTIONS] * values[:MOST_DIRECTIONS]
    return leading


def _between_signers(train: ClipSurvey, random: np.random.Generator) -> float | None:
    """Median AUC between halves of the signers of training, or None where too few are known."""
    names = sorted(set(train.signers))
    if len(names) < FEWEST_SIGNERS or len(train.signers) != len(train.means):
        return None
    rows = _chosen(_known(train.means), random)
    people = np.array(train.signers)[rows]
    found = []
    for _ in range(HALVINGS):
        first = np.isin(people, random.permutation(names)[: len(names) // 2])
        if min(int(first.sum()), int((~first).sum())) >= FEWEST_CLIPS:
            found.append(float(areas(train.means[rows], first, 0, random)[0]))
    return float(np.median(found)) if found else None
