"""Could the validation features be those of training, prepared otherwise? Repairs that may be tried on them.

A repair is proposed where the numbers call for it, and proves itself only where the network answers better after it
(`diagnosis.realigned`): that the distributions differ is no fault, for signers do.

- "scale": each feature brought to the mean and spread that it has in training. Proposed where the spread of some feature
  differs by half as much again, or its mean by 1.5 training spreads: the sets of signers that were looked at move
  features by less.
- "order": two blocks of features exchanged, as the left and the right hand are, so that means and spreads fit those of
  training. Each clip takes the order that fits it better, since only some may be exchanged: the blocks are sought on the
  clips that lie farther from the training means than 99 % of the training clips do, where these are a fifth or more.
  Proposed where the exchange takes 40 % off what the two blocks are away from training; of all pairs of blocks the one
  that saves most is taken.
- "sign": features turned round so that they move together as in training (`data.structure`), or all of them, where the
  means of clips ask for it. Proposed where turning brings the two files from below 0.7 to 0.85 of agreement, or takes
  40 % off what the means are away from training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipSurvey, ColumnFacts, DataMeasures

Matrix = NDArray[np.float32]
FloatArray = NDArray[np.float64]
OTHER_SPREAD = 1.5
OTHER_MEAN = 1.5  # training spreads
CHEAPER = 0.6
FAR_FROM = 0.99  # quantile of the training clips
FAR_SHARE = 0.2
WIDEST = 300  # features among which blocks are sought
FEWEST = 2  # features of a block
CONSTANT = 1e-6
APART, TOGETHER = 0.7, 0.85  # agreement of the structure before and after features are turned
NAMED_MEAN = 0.5  # training spreads: a mean that far from 0 has a sign of its own


@dataclass(frozen=True, slots=True)
class Repair:
    """A change of features that may bring validation back to training.

    Attributes:
        name: What it changes: "scale", "order", "sign"; without training clips "standardised" or "times 0.25".
        sentence: The same in words.
        apply: (T, F) -> (T, F).
        columns: How many features it moves by much.
    """

    name: str
    sentence: str
    apply: Callable[[Matrix], Matrix]
    columns: int


def repairs_for(data: DataMeasures) -> tuple[Repair, ...]:
    """What may be tried on the validation features; nothing where training and validation cannot be compared."""
    if data.validation is None or data.train is None:
        return ()
    ours, theirs = data.validation.columns, data.train.columns
    if ours is None or theirs is None:
        return ()
    means, train_means = data.validation.means, data.train.means
    if len(ours.mean) != len(theirs.mean):
        return ()
    with np.errstate(invalid="ignore"):
        moving: NDArray[np.bool_] = (ours.spread > CONSTANT) & (theirs.spread > CONSTANT)
    if moving.sum() < 2:
        return ()
    mean = _of_far_clips(ours, theirs, moving, means, train_means)
    found = (_scale(ours, theirs, moving), _order(mean, ours, theirs, moving), _sign(data, ours, theirs, moving))
    return tuple(one for one in found if one is not None)


def repairs_alone(found: ClipSurvey | None) -> tuple[Repair, ...]:
    """What may be tried where no training clips are at hand: every feature by one factor, or standardised by its own spread.

    Factors of two, from 1/1024 to 1024: between them a network answers alike. Pixels of any image lie within.
    """
    columns = found.columns if found is not None else None
    if columns is None:
        return ()
    with np.errstate(invalid="ignore"):
        spread = np.where(columns.spread > CONSTANT, columns.spread, 1.0)
    mean = np.nan_to_num(columns.mean)

    def standardised(features: Matrix) -> Matrix:
        return np.asarray((features - mean) / spread, np.float32)

    def times(factor: float) -> Callable[[Matrix], Matrix]:
        return lambda features: np.asarray(features * np.float32(factor), np.float32)

    factors = [2.0**power for power in range(-10, 11) if power]
    moved = tuple(
        Repair(f"times {factor:g}", f"every feature times {factor:g}", times(factor), len(mean)) for factor in factors
    )
    return (*moved, Repair("standardised", "every feature less its mean, over its spread", standardised, len(mean)))


def _of_far_clips(
    ours: ColumnFacts, theirs: ColumnFacts, moving: NDArray[np.bool_], means: FloatArray, train_means: FloatArray
) -> FloatArray:
    """(F,), mean features of the clips that lie far from training, or of all where those are few."""

    def distance(of: FloatArray) -> FloatArray:
        with np.errstate(invalid="ignore"):
            apart = np.abs(of[:, moving] - theirs.mean[moving]) / theirs.spread[moving]
        return np.asarray(np.nan_to_num(apart).mean(axis=1), np.float64)

    far = distance(means) > np.quantile(distance(train_means), FAR_FROM)
    if far.mean() < FAR_SHARE:
        return ours.mean
    known = np.nan_to_num(means[far])
    return np.asarray(known.mean(axis=0), np.float64)


def _scale(ours: ColumnFacts, theirs: ColumnFacts, moving: NDArray[np.bool_]) -> Repair | None:
    factor, shift = np.ones(len(moving)), np.zeros(len(moving))
    factor[moving] = theirs.spread[moving] / ours.spread[moving]
    shift[moving] = theirs.mean[moving] - factor[moving] * ours.mean[moving]
    other = np.zeros(len(moving), bool)
    other[moving] = (np.maximum(factor[moving], 1 / factor[moving]) > OTHER_SPREAD) | (
        np.abs(ours.mean - theirs.mean)[moving] > OTHER_MEAN * theirs.spread[moving]
    )
    if not other.any():
        return None

    def apply(features: Matrix) -> Matrix:
        return np.asarray(features * factor + shift, np.float32)

    return Repair("scale", "every feature brought to its mean and spread in training", apply, int(other.sum()))


def _order(own_mean: FloatArray, ours: ColumnFacts, theirs: ColumnFacts, moving: NDArray[np.bool_]) -> Repair | None:
    columns = np.flatnonzero(moving)
    if len(columns) > WIDEST:
        return None
    mean, spread = theirs.mean[columns], theirs.spread[columns]
    cost = np.abs(own_mean[columns][:, None] - mean) / spread + np.abs(
        np.log(ours.spread[columns][:, None] / spread)
    )  # (ours, theirs)
    found = _best_exchange(cost)
    if found is None:
        return None
    first, second, width = found
    taken = np.arange(len(moving))
    a, b = columns[first : first + width], columns[second : second + width]
    taken[a], taken[b] = b, a

    def distance(features: Matrix) -> float:
        return float((np.abs(features[:, columns].mean(axis=0) - mean) / spread).sum())

    def apply(features: Matrix) -> Matrix:
        exchanged = features[:, taken]
        return exchanged if distance(exchanged) < distance(features) else features

    return Repair("order", f"{width} features exchanged with {width} others", apply, 2 * width)


def _sign(data: DataMeasures, ours: ColumnFacts, theirs: ColumnFacts, moving: NDArray[np.bool_]) -> Repair | None:
    """Features turned round; which of the two groups is the wrong one, the means tell."""
    structure = data.structure
    turned = np.zeros(len(moving), bool)
    proven = structure is not None and structure.alike < APART and structure.alike_if_turned >= TOGETHER
    if structure is not None and proven:
        turned[list(structure.turned)] = True
    with np.errstate(invalid="ignore", divide="ignore"):
        size = np.where(moving, np.abs(theirs.mean) / theirs.spread, 0.0) > NAMED_MEAN

    def away(flipped: NDArray[np.bool_]) -> float:
        means = np.where(flipped, -ours.mean, ours.mean)
        return float((np.abs(means - theirs.mean)[size] / theirs.spread[size]).sum())

    chosen = min((turned, moving & ~turned), key=away)
    if not chosen.any() or (not proven and away(chosen) > CHEAPER * away(np.zeros_like(chosen))):
        return None
    factor = np.where(chosen, -1.0, 1.0)
    shift = np.where(chosen, theirs.mean + ours.mean, 0.0)  # turned about the middle, wherever the axis started

    def apply(features: Matrix) -> Matrix:
        return np.asarray(features * factor + shift, np.float32)

    return Repair("sign", f"{int(chosen.sum())} features turned round", apply, int(chosen.sum()))


def _best_exchange(cost: FloatArray) -> tuple[int, int, int] | None:
    """`(first, second, width)` of the two blocks whose exchange saves most, or None where none saves enough.

    Args:
        cost: (F, F), of our feature `i` standing for the training feature `j`.
    """
    plain = np.diag(cost)
    best, found = 0.0, None
    for lag in range(FEWEST, len(cost) - FEWEST + 1):
        here = plain[:-lag] + plain[lag:]
        saved = np.concatenate([[0.0], np.cumsum(here - np.diag(cost, lag) - np.diag(cost, -lag))])
        for width in range(FEWEST, min(lag, len(saved) - 1) + 1):
            gains = saved[width:] - saved[:-width]
            start = int(gains.argmax())
            if gains[start] > best and gains[start] > (1 - CHEAPER) * here[start : start + width].sum():
                best, found = float(gains[start]), (start, start + lag, width)
    return found
