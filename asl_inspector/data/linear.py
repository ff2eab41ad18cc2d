"""What would a linear classifier on the means of clips answer?

Each training clip gives the means of its features, each over its spread in training, at most 50 leading directions of them; ridge
regression on one column a gloss (a regularised linear discriminant, Hastie, Buja and Tibshirani 1995); the gloss with the highest
answer. No time, no network: what it gets right lies plainly in the features. Of many
clips a seeded choice of glosses is looked at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.neighbours import labels_of
from asl_inspector.data.records import ClipSurvey, LinearProbe
from asl_inspector.samples.records import Clips

RIDGE = 0.1  # of the mean variance
MOST_DIRECTIONS = 50
FAR = 10.0  # spreads
FEWEST_CLIPS = 20
MOST_CLIPS = 4_000
BLOCK = 256
SEED = 20_261_133
FloatArray = NDArray[np.float64]


def linear_probe(validation: Clips, train: Clips, ours: ClipSurvey, theirs: ClipSurvey) -> LinearProbe | None:
    """How many validation clips it gets right, or None where labels are missing or clips are few."""
    if ours.means.shape[1] != theirs.means.shape[1] or not theirs.means.shape[1]:
        return None
    here, there = labels_of(validation, train)[0], labels_of(train, validation)[0]
    chosen = _glosses(there)
    taught = _rows(there, chosen, theirs.means)
    asked = _rows(here, chosen, ours.means)[:MOST_CLIPS]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(there[row] for row in taught))}
    if min(len(taught), len(asked)) < FEWEST_CLIPS or len(numbers) < 2:
        return None
    known = theirs.means[taught]
    finite = np.isfinite(known)
    mean = np.where(finite, known, 0.0).sum(axis=0) / np.maximum(finite.sum(axis=0), 1)
    spread = np.where(finite, known, mean).std(axis=0)
    moving = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    if not moving.any():
        return None

    def scaled(rows: FloatArray) -> FloatArray:
        whole = np.where(np.isfinite(rows), rows, mean)[:, moving]
        return np.asarray(np.clip((whole - mean[moving]) / spread[moving], -FAR, FAR), np.float64)

    points, questions = scaled(known), scaled(ours.means[asked])
    centre = points.mean(axis=0)
    axes = np.linalg.eigh((points - centre).T @ (points - centre)).eigenvectors
    leading = axes[:, ::-1][:, :MOST_DIRECTIONS]  # the largest last
    points, questions = (points - centre) @ leading, (questions - centre) @ leading
    codes = np.array([numbers[there[row]] for row in taught])
    share = np.bincount(codes) / len(codes)
    sums = np.zeros((len(numbers), points.shape[1]))  # of the points of each gloss: points times one column a gloss
    np.add.at(sums, codes, points)
    products = points.T @ points
    ridge = RIDGE * float(np.trace(products)) / len(products)
    weights = np.linalg.solve(
        products + ridge * np.eye(len(products)), sums.T
    )  # the points sum to 0, so shares drop out
    true = np.array([numbers.get(here[row], -1) for row in asked])
    correct = 0
    for start in range(0, len(asked), BLOCK):
        block = questions[start : start + BLOCK] @ weights + share
        correct += int((block.argmax(axis=1) == true[start : start + BLOCK]).sum())
    return LinearProbe(correct, len(asked))


def _glosses(labels: Sequence[object]) -> set[object]:
    """All glosses, or of many clips a seeded choice of glosses with no more clips than can be looked at."""
    counts = Counter(label for label in labels if label is not None)
    names = list(counts)
    chosen: set[object] = set()
    left = MOST_CLIPS
    for index in np.random.default_rng(SEED).permutation(len(names)).tolist():
        if counts[names[index]] <= left:
            chosen.add(names[index])
            left -= counts[names[index]]
    return chosen


def _rows(labels: Sequence[object], chosen: set[object], means: FloatArray) -> list[int]:
    return [row for row, label in enumerate(labels) if label in chosen and np.isfinite(means[row]).any()]
