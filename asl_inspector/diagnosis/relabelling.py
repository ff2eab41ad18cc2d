"""Would the answers fit if the labels were numbered otherwise?

Where a file gives ids without gloss names, the answers alone can tell whether its ids are those of training. Four kinds of
numbering are tried:

- "shift": every id moved by the same number, up to 30, as a blank or a class more or less does;
- "order": an order-preserving map, as numbering by split makes it where glosses without a clip are left out (longest
  common subsequence by dynamic programming);
- "sorted": ids in the order of their text ("10" before "2"), or backwards;
- "any": any one-to-one map (Hungarian method).

Null: a map with many choices fits noise too; the best one-to-one map "recovers" 44 % of 168 clips of 100 glosses from
answers that have nothing to do with the labels. So the same search is made on answers that were permuted over the clips
(Ojala and Garriga 2010), the p-values of the kinds are corrected together (Benjamini and Hochberg 1995), and the accuracy
that is told is cross-fitted: the map is chosen on one half of the clips and scored on the other, and the other way round.
A raw figure of a fitted map is never told.

Threshold: corrected p of 0.05, and a cross-fitted gain of more than 10 points whose exact McNemar p is below 0.001, because
only such a gain is worth renumbering for. The gain is counted from the decoding rule that fits the labels best as they are: what
another rule explains needs no other numbering.

Among all tests of a diagnosis (`multiplicity`) it is this gain that counts, times the kinds that were tried: a hundred permuted
answers cannot give a p below 0.01, however clear the case is.

Source: diagnosis.md, C4.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import Accuracy, Counterfactual
from asl_inspector.progress import CancelToken, Progress, Step, silent

IntArray = NDArray[np.int64]
FAR_SHIFT = 30
DRAWS, DRAWS_OF_MANY = 199, 99
MANY = 400  # glosses: above, fewer draws
MOST_FOR_ANY = 600  # glosses: above, no map but an ordered one can be told from noise anyway
FEWEST_CLIPS = 20
CLEAR_GAIN = 0.10
SURE = 0.001
CORRECTED = 0.05
SEED = 20_261_123
KNOWN = "labels-renumbered"
OTHERWISE = "the labels fit once they are numbered otherwise"
Fit = Callable[[IntArray, IntArray, int], IntArray]


@dataclass(frozen=True)
class Renumbering:
    """A numbering that makes the labels fit.

    Attributes:
        kind: "shift", "order", "sorted" or "any".
        ids: By the id in the file, the id in training; -1 where the map says nothing.
        now: Accuracy as the labels are.
        then: Cross-fitted accuracy once they are renumbered.
        p: Of the search on permuted answers, corrected over the kinds.
        p_gain: Exact McNemar probability of the cross-fitted gain, times the kinds that were tried.
    """

    kind: str
    ids: Mapping[int, int]
    now: Accuracy
    then: Accuracy
    p: float
    p_gain: float


def counts_of(labels: IntArray, answers: IntArray, size: int) -> NDArray[np.float64]:
    """(K, K), clips by label and answer."""
    table = np.bincount(labels * size + answers, minlength=size * size)
    return np.asarray(table.reshape(size, size), np.float64)


def best_shift(labels: IntArray, answers: IntArray, size: int) -> IntArray:
    """(K,), the map of the shift that fits most clips; the nearest to none of equal ones."""
    far = min(FAR_SHIFT, size - 1)
    shifts = sorted(range(-far, far + 1), key=abs)
    fits = np.bincount(answers - labels + size, minlength=2 * size + 1)
    best = max(shifts, key=lambda shift: int(fits[shift + size]))
    moved = np.arange(size, dtype=np.int64) + best
    return np.where((moved >= 0) & (moved < size), moved, -1)


def best_order(labels: IntArray, answers: IntArray, size: int) -> IntArray:
    """(K,), the order-preserving map that fits most clips. Labels between two that are mapped take the shift of the lower."""
    return _between(in_order(labels, answers, size), size)


def in_order(labels: IntArray, answers: IntArray, size: int) -> IntArray:
    """(K,), the order-preserving map that fits most clips; -1 for labels that no clip needs mapped."""
    table = counts_of(labels, answers, size)
    reached = np.zeros((size + 1, size + 1))
    for row in range(size):
        taken = reached[row, :-1] + table[row]
        reached[row + 1, 1:] = np.maximum.accumulate(np.maximum(taken, reached[row, 1:]))
    mapped = np.full(size, -1, np.int64)
    row, column = size, size
    while row and column:
        if reached[row, column] == reached[row - 1, column]:
            row -= 1
        elif reached[row, column] == reached[row, column - 1]:
            column -= 1
        else:
            row, column = row - 1, column - 1
            mapped[row] = column
    return mapped


def _between(mapped: IntArray, size: int) -> IntArray:
    """The map with its gaps filled by the shift of the nearest lower label that is mapped, or else of the nearest higher."""
    known = np.flatnonzero(mapped >= 0)
    if not len(known):
        return mapped
    place = np.clip(np.searchsorted(known, np.arange(size), side="right") - 1, 0, len(known) - 1)
    filled = np.arange(size) + (mapped[known] - known)[place]
    return np.where(mapped >= 0, mapped, np.where((filled >= 0) & (filled < size), filled, -1))


def best_of_any(labels: IntArray, answers: IntArray, size: int) -> IntArray:
    """(K,), the one-to-one map that fits most clips; -1 where no clip speaks for one."""
    table = counts_of(labels, answers, size)
    rows, columns = linear_sum_assignment(table, maximize=True)
    found = np.full(size, -1, np.int64)
    found[rows] = np.where(table[rows, columns] > 0, columns, -1)
    return found


def best_sorting(labels: IntArray, answers: IntArray, size: int) -> IntArray:
    """(K,), the better of a few fixed orders: by text, from 0 or 1, and backwards. The map of a label that is too high is -1."""
    found = [np.arange(size, dtype=np.int64)]
    for first in (0, 1):
        numbers = list(range(first, size))
        by_text = sorted(numbers, key=str)
        for ours, theirs in ((numbers, by_text), (by_text, numbers), (numbers, numbers[::-1])):
            one = np.full(size, -1, np.int64)
            one[ours] = theirs
            found.append(one)
    return max(found, key=lambda one: int((one[labels] == answers).sum()))


FITS: dict[str, Fit] = {"shift": best_shift, "order": best_order, "sorted": best_sorting, "any": best_of_any}


def matched(kind: str, labels: IntArray, answers: IntArray, size: int) -> int:
    """Clips that the fitted map gets right, in the sample that it was fitted on; what is filled in between counts nothing."""
    if kind == "order":
        return _most_in_order(labels, answers, size)
    return int((FITS[kind](labels, answers, size)[labels] == answers).sum())


def _most_in_order(labels: IntArray, answers: IntArray, size: int) -> int:
    """The clips that `in_order` gets right, without the map."""
    reached = np.zeros(size + 1)
    for row in counts_of(labels, answers, size):
        if row.any():
            reached[1:] = np.maximum.accumulate(np.maximum(reached[:-1] + row, reached[1:]))
    return int(reached[-1])


def cross_fitted(fit: Fit, labels: IntArray, answers: IntArray, size: int) -> NDArray[np.bool_]:
    """(N,), which clips are right by the map that was fitted on the other half; the halves share every label evenly."""
    order = np.argsort(labels, kind="stable")
    half = np.zeros(len(labels), bool)
    half[order[::2]] = True
    right = np.zeros(len(labels), bool)
    for chosen in (half, ~half):
        mapped = fit(labels[chosen], answers[chosen], size)
        right[~chosen] = (mapped[labels] == answers)[~chosen]
    return right


def null_of(
    kind: str,
    labels: IntArray,
    answers: IntArray,
    size: int,
    draws: int,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> IntArray:
    """(draws,), what the search finds in answers that were permuted over the clips.

    Raises:
        Cancelled: If `cancel` was set.
    """
    random = np.random.default_rng(SEED)
    found = np.zeros(draws, np.int64)
    for draw in range(draws):
        if cancel is not None:
            cancel.raise_if_cancelled()
        progress(Step("Numbering the labels of permuted answers otherwise", draw, draws, "draws"))
        found[draw] = matched(kind, labels, random.permutation(answers), size)
    return found


def corrected(values: list[float]) -> list[float]:
    """The p-values after Benjamini and Hochberg (1995), in their order."""
    order = sorted(range(len(values)), key=lambda index: values[index], reverse=True)
    found = [1.0] * len(values)
    lowest = 1.0
    for rank, index in enumerate(order):
        lowest = min(lowest, values[index] * len(values) / (len(values) - rank))
        found[index] = lowest
    return found


def find(
    scored: Scored | None, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> Renumbering | None:
    """The numbering that makes the labels fit the answers, or None where none clearly does.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    if scored is None:
        return None
    said, true = scored.answer[scored.labelled], scored.clips.gloss_ids[scored.labelled]
    size = max(scored.predictions.classes, int(true.max(initial=0)) + 1)
    blank = scored.predictions.blank
    spoken = (said != blank) & (said >= 0)
    labels, answers = true[spoken].astype(np.int64), said[spoken].astype(np.int64)
    as_they_are = max((scored.right(ids) for ids in scored.by_decoder.values()), key=lambda one: int(one.sum()))
    now = accuracy(as_they_are)
    if now is None or len(labels) < FEWEST_CLIPS or now.value > 1 - CLEAR_GAIN:
        return None
    gains: list[tuple[str, NDArray[np.bool_]]] = []
    tried = [kind for kind in FITS if kind != "any" or size <= MOST_FOR_ANY]
    for kind in tried:
        cancel.raise_if_cancelled()
        right = np.zeros(len(true), bool)
        right[spoken] = cross_fitted(FITS[kind], labels, answers, size)
        if right.mean() - now.value > CLEAR_GAIN and paired_p(as_they_are, right) < SURE:
            gains.append((kind, right))
    if not gains:
        return None  # no null is needed where there is nothing to judge
    draws = DRAWS if size <= MANY else DRAWS_OF_MANY
    told = dict.fromkeys(tried, 1.0)
    for kind, _ in gains:
        cancel.raise_if_cancelled()
        reached = matched(kind, labels, answers, size)
        null = null_of(kind, labels, answers, size, draws, progress=progress, cancel=cancel)
        told[kind] = (int((null >= reached).sum()) + 1) / (draws + 1)
    q = dict(zip(tried, corrected([told[kind] for kind in tried]), strict=True))
    sure = [(kind, right) for kind, right in gains if q[kind] <= CORRECTED]
    if not sure:
        return None
    kind, right = max(sure, key=lambda one: (int(one[1].sum()), -tried.index(one[0])))
    then = accuracy(right)
    mapped = FITS[kind](labels, answers, size)
    ids = {one: int(mapped[one]) for one in np.unique(true).tolist()}
    gain = min(1.0, len(tried) * paired_p(as_they_are, right))
    return None if then is None else Renumbering(kind, ids, now, then, q[kind], gain)


WORDS = {
    "shift": "moved by {shift:+d}",
    "order": "numbered as in training, without leaving out the glosses that have no clip here",
    "sorted": "put in another order (as text, or backwards)",
    "any": "exchanged one for one",
}


def counterfactual(found: Renumbering | None) -> Counterfactual | None:
    """The accuracy once every label is renumbered."""
    if found is None:
        return None
    how = f"The same answers, scored with ids {_words(found)}; the map was chosen on the other half of the clips."
    return Counterfactual(found.now.value, found.then.value, found.then.low, found.then.high, how)


def _words(found: Renumbering) -> str:
    first = next(((here, there) for here, there in found.ids.items() if there >= 0), (0, 0))
    return WORDS[found.kind].format(shift=first[1] - first[0])


def ask(found: Renumbering | None, *, tried: bool = True) -> Answers:
    """The finding on a numbering that fits; `tried` is False where none was sought."""
    if found is None:
        return Answers(trials=(Trial(OTHERWISE, 1.0),) if tried else ())
    sentence = (
        f"The ids of the validation clips are not those that the network learned: with ids {_words(found)}, {found.then.correct} "
        f"instead of {found.now.correct} of {found.then.of} clips are right ({100 * found.now.value:.0f} % -> "
        f"{100 * found.then.value:.0f} % ({100 * found.then.low:.0f}-{100 * found.then.high:.0f}), on clips that the map was not "
        "chosen on)."
    )
    facts: dict[str, Fact] = {
        "kind": found.kind,
        "now": found.now.correct,
        "renumbered": found.then.correct,
        "of": found.then.of,
        "p": found.p,
        "p_gain": found.p_gain,
        "ids": [[here, there] for here, there in sorted(found.ids.items())],
    }
    told = Finding(KNOWN, "labels", "critical", sentence, facts, "samples")
    return Answers((told,), trials=(Trial(OTHERWISE, found.p_gain, KNOWN),))
