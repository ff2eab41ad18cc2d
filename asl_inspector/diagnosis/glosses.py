"""How well is each gloss recognised, and what is it taken for?

Idea: every sign is paired with its answer; all figures are counts over pairs. Of clips with one gloss a clip is a pair;
of continuous clips the fewest edits (`inference.word_errors`) tell which answer belongs to which gloss signed.

Conventions: the accuracy over the clips of a gloss is its recall; its interval is Wilson's at 95 %. A figure whose
denominator is 0 is NaN, never 0. The place G, one past the last gloss, stands for nothing: an empty answer, or of
continuous clips an insertion.

Order by similarity: let P be the confusion matrix with each row divided by its support, and S = (P + P') / 2 + I. Two
glosses are near where their rows of S point the same way (cosine): where one is taken for the other, or both for a
third. Average linkage on that distance gives a tree, and its leaves the order.

Source: Wilson 1927; Sokal and Michener 1958 (average linkage); Bar-Joseph et al. 2001 (order of the leaves, for few).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.fixed_arrays import fixed_counts, read_only

Z = 1.959963984540054  # 97.5 % quantile of the normal distribution
MOST_CLUSTERED = 2_500  # glosses; the tree of more takes seconds and hundreds of megabytes
MOST_OPTIMAL = 300  # glosses whose leaves are put in the best order; its time grows with the square and more
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


def measure(
    names: Sequence[str],
    numbers: IntArray,
    clips: IntArray,
    true: IntArray,
    answer: IntArray,
    *,
    decoder: str,
    left_out: int = 0,
) -> GlossMeasures:
    """Count pairs.

    Args:
        names: (G,), the glosses.
        numbers: (G,), their outputs, -1 for none.
        clips: (P,), the clip of each pair.
        true: (P,), place of what was signed among `names`, G for nothing.
        answer: (P,), place of what was answered, G for nothing.
        decoder: Told back.
        left_out: Told back.
    """
    count = len(names)
    support = np.bincount(true, minlength=count + 1)[:count]
    said = np.bincount(answer, minlength=count + 1)[:count]
    cells, counts = np.unique(true * (count + 1) + answer, return_counts=True)
    cell_true, cell_answer = np.divmod(cells, count + 1)
    right = np.zeros(count, np.int64)
    hits = (cell_true == cell_answer) & (cell_true < count)
    right[cell_true[hits]] = counts[hits]
    low, high = wilson(right, support)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision, recall = right / said, right / support
        f1 = 2 * right / (said + support)
    confused_with, confused = _most_confused(count, cell_true[~hits], cell_answer[~hits], counts[~hits])
    return GlossMeasures(
        decoder=decoder,
        names=tuple(names),
        numbers=fixed_counts(numbers),
        support=fixed_counts(support),
        said=fixed_counts(said),
        right=fixed_counts(right),
        low=read_only(low),
        high=read_only(high),
        precision=read_only(precision),
        recall=read_only(recall),
        f1=read_only(np.where((said > 0) & (support > 0), f1, np.nan)),
        confused_with=fixed_counts(confused_with),
        confused=fixed_counts(confused),
        similar=fixed_counts(order_by_similarity(count, cell_true, cell_answer, counts, support)),
        clips=fixed_counts(clips),
        true=fixed_counts(true),
        answer=fixed_counts(answer),
        cell_true=fixed_counts(cell_true),
        cell_answer=fixed_counts(cell_answer),
        cell_count=fixed_counts(counts),
        left_out=left_out,
    )


def wilson(right: IntArray, of: IntArray) -> tuple[FloatArray, FloatArray]:
    """(G,), (G,): 95 % limits of `right` of `of`, in [0, 1]; NaN where `of` is 0."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share, n = right / of, of.astype(np.float64)
        middle = share + Z**2 / (2 * n)
        half = Z * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
        low, high = (middle - half) / (1 + Z**2 / n), (middle + half) / (1 + Z**2 / n)
    return np.where(right == 0, 0.0 * low, low), np.where(right == of, 1.0 + 0.0 * high, high)  # free of rounding


def _most_confused(count: int, true: IntArray, answer: IntArray, counts: IntArray) -> tuple[IntArray, IntArray]:
    """(G,), (G,): the most frequent wrong answer of each gloss, ties to the lowest place; -1 and 0 where there is none."""
    what, times = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    order = np.lexsort((-answer, counts))  # the last assignment to a gloss holds: its largest count, lowest place
    order = order[true[order] < count]
    what[true[order]], times[true[order]] = answer[order], counts[order]
    return what, times


def order_by_similarity(
    count: int, cell_true: IntArray, cell_answer: IntArray, cell_count: IntArray, support: IntArray
) -> IntArray:
    """(G,), the glosses so that those confused lie side by side; empty for more than `MOST_CLUSTERED`."""
    if count > MOST_CLUSTERED:
        return np.zeros(0, np.int64)
    if count < 3:
        return np.arange(count)
    from scipy.cluster.hierarchy import leaves_list, linkage

    inside = (cell_true < count) & (cell_answer < count)
    rows, columns = cell_true[inside], cell_answer[inside]
    shares = np.zeros((count, count), np.float32)
    shares[rows, columns] = cell_count[inside] / support[rows]
    alike = (shares + shares.T) / 2
    alike[np.arange(count), np.arange(count)] += 1
    alike /= np.linalg.norm(alike, axis=1, keepdims=True)
    above = np.triu_indices(count, 1)
    distance = np.clip(1.0 - (alike @ alike.T)[above].astype(np.float64), 0, None)
    tree = linkage(distance, "average", optimal_ordering=count <= MOST_OPTIMAL)
    return np.asarray(leaves_list(tree), np.int64)
