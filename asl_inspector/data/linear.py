"""What would a linear classifier on the means of clips answer?

Each training clip gives the means of its features, each over its spread in training, at most 50 leading directions of them; ridge
regression on one column a gloss (a regularised linear discriminant, Hastie, Buja and Tibshirani 1995); the gloss with the highest
answer. No time, no network: what it gets right lies plainly in the features.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.data.neighbours import labels_of
from asl_inspector.data.records import ClipSurvey, LinearProbe
from asl_inspector.samples.records import Clips

RIDGE = 0.1  # of the mean variance
MOST_DIRECTIONS = 50
FAR = 10.0  # spreads
FEWEST_CLIPS = 20
MOST_GLOSSES = 5_000


def linear_probe(validation: Clips, train: Clips, ours: ClipSurvey, theirs: ClipSurvey) -> LinearProbe | None:
    """How many validation clips it gets right, or None where labels are missing or clips are few."""
    if ours.means.shape[1] != theirs.means.shape[1] or not theirs.means.shape[1]:
        return None
    here, there = labels_of(validation, train)[0], labels_of(train, validation)[0]
    taught = [row for row, label in enumerate(there) if label is not None and np.isfinite(theirs.means[row]).any()]
    asked = [row for row, label in enumerate(here) if label is not None and np.isfinite(ours.means[row]).any()]
    numbers = {label: number for number, label in enumerate(dict.fromkeys(there[row] for row in taught))}
    if min(len(taught), len(asked)) < FEWEST_CLIPS or not 2 <= len(numbers) <= MOST_GLOSSES:
        return None
    known = theirs.means[taught]
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num(np.nansum(known, axis=0) / np.maximum(np.isfinite(known).sum(axis=0), 1))
        filled = np.where(np.isfinite(known), known, mean)
    spread = filled.std(axis=0)
    moving = spread > 1e-12 * np.maximum(1.0, np.abs(mean))
    if not moving.any():
        return None

    def scaled(rows: np.ndarray) -> np.ndarray:
        whole = np.where(np.isfinite(rows), rows, mean)[:, moving]
        return np.asarray(np.clip((whole - mean[moving]) / spread[moving], -FAR, FAR), np.float64)

    points = scaled(known)
    directions = np.linalg.svd(points - points.mean(axis=0), full_matrices=False)[2][:MOST_DIRECTIONS].T
    points, questions = points @ directions, scaled(ours.means[asked]) @ directions
    codes = np.array([numbers[there[row]] for row in taught])
    target = np.zeros((len(codes), len(numbers)))
    target[np.arange(len(codes)), codes] = 1.0
    centre, share = points.mean(axis=0), target.mean(axis=0)
    products = (points - centre).T @ (points - centre)
    ridge = RIDGE * float(np.trace(products)) / len(products)
    weights = np.linalg.solve(products + ridge * np.eye(len(products)), (points - centre).T @ (target - share))
    said = ((questions - centre) @ weights + share).argmax(axis=1)
    true = np.array([numbers.get(here[row], -1) for row in asked])
    return LinearProbe(int((said == true).sum()), len(asked))
