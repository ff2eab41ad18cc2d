"""Accuracies with their intervals, and the tests that compare them with chance and with each other.

Conventions: k clips right of n, C glosses. Intervals are Wilson's at 95 %. An undefined measure is None.

Sources: Wilson 1927; Brown, Cai and DasGupta 2001 (why Wilson); McNemar 1947.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, fisher_exact

from asl_inspector.diagnosis.records import Accuracy

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def accuracy(right: BoolArray) -> Accuracy | None:
    """Accuracy over clips, or None where there are none.

    Args:
        right: (N,), True where the prediction is the true gloss.
    """
    return accuracy_of(int(right.sum()), len(right))


def accuracy_of(correct: int, of: int) -> Accuracy | None:
    """Accuracy from counts, or None where nothing was counted."""
    if of <= 0:
        return None
    interval = binomtest(correct, of).proportion_ci(confidence_level=0.95, method="wilson")
    return Accuracy(correct, of, float(interval.low), float(interval.high))


def p_of_guessing(correct: int, of: int, chance: float) -> float:
    """Probability that guessing gets `correct` or more of `of` clips right."""
    return float(binomtest(correct, of, min(1.0, max(0.0, chance)), alternative="greater").pvalue)


def best_of(p: float, tries: int) -> float:
    """Probability that the best of `tries` independent looks is as extreme as one with probability `p`."""
    return float(-np.expm1(tries * np.log1p(-min(p, 1 - 1e-16))))


def paired_p(first: BoolArray, second: BoolArray) -> float:
    """Exact McNemar test: probability of such a difference between two predictors on the same clips."""
    gained = int((second & ~first).sum())
    lost = int((first & ~second).sum())
    return 1.0 if gained + lost == 0 else float(binomtest(gained, gained + lost, 0.5).pvalue)


def unpaired_p(first: Accuracy, second: Accuracy) -> float:
    """Fisher's exact test of two accuracies on different clips."""
    table = np.array([[first.correct, first.of - first.correct], [second.correct, second.of - second.correct]])
    return float(fisher_exact(table).pvalue)


def effective_classes(ids: IntArray) -> float:
    """exp of the entropy of the ids: how many equally frequent classes would be as varied.

    Source: Hill 1973, diversity of order 1.
    """
    _, counts = np.unique(ids, return_counts=True)
    shares = counts / counts.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
