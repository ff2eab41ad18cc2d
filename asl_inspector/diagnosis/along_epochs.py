"""Several files of one run on the same clips: where does a collapse begin, and which file should be used?

Collapse. A point is beyond its null where more than a fifth of the clips come out empty (the limit of `blanks`), or
where the answers are narrower than the 5 % quantile of draws from the labels (the null of `collapse`). A collapse begins
at the first epoch from which every scored one is beyond it until the end.

Guards: a network starts with blanks and few glosses, so an epoch that is not beyond the null must come first; at least
two epochs must show it; clip by clip the answers must differ from the last epoch before (exact McNemar for emptiness,
an exchange of answers between the two files for narrowness, both p < 0.01); and weak networks are narrow anyway, so
the effective number must fall to less than half.

The best file. The file with most clips right is the best of several looks at the same clips. Whether it is better than
the inspected one is tested clip by clip (McNemar, exact) and corrected by Holm's method for all files that were
compared. Whether it is better than guessing is asked for the best of as many guesses.

Sources: McNemar 1947; Holm 1979; Hill 1973 for the effective number; diagnosis.md, C2 and C3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis import blanks, collapse, metadata
from asl_inspector.diagnosis.chance import SURE
from asl_inspector.diagnosis.epoch_records import AlongEpochs, Collapse, EpochPoint
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.limits import MANY_EMPTY, SHOWN
from asl_inspector.diagnosis.measures import accuracy, best_of, effective_classes, p_of_guessing, paired_p
from asl_inspector.inference.predictions import NO_BLANK

IntArray = NDArray[np.int64]
Ids = NDArray[np.integer]
BoolArray = NDArray[np.bool_]

DIFFERENT = 0.01
EXCHANGES = 999
SEED = 20_261_123
LEAST_SPOKEN = 10  # answers; the variety of fewer says nothing
LEAST_POINTS = 2
FALLEN_TO = 0.5


@dataclass(frozen=True)
class Answered:
    """What one file answers, without its frames. N clips.

    Attributes:
        answers: (N,), gloss by the chosen decoder.
        spoken: (N,), gloss by the majority of frames; the blank where the clip comes out empty.
        ran: (N,), clips that ran.
        empty: (N,), clips that ran and are all blank.
        blank_share: Share of blank frames, or None without a blank.
        loss: Mean loss by the ids of the file, or None.
        glosses: Glosses that the network can say.
    """

    answers: Ids
    spoken: Ids
    ran: BoolArray
    empty: BoolArray
    blank_share: float | None
    loss: float | None
    glosses: int


@dataclass(frozen=True)
class Entry:
    """One file of the run: its answers, or why it has none."""

    path: Path
    epoch: int | None
    inspected: bool
    answered: Answered | None
    problem: str = ""


def answers_of(scored: Scored) -> Answered:
    """What is kept of a run."""
    predictions = scored.predictions
    figures = blanks.measure(predictions)
    has_blank = predictions.blank != NO_BLANK
    spoken = scored.majority.astype(np.int32)
    return Answered(
        answers=spoken if scored.answer is scored.majority else scored.answer.astype(np.int32),
        spoken=spoken,
        ran=predictions.ran,
        empty=predictions.ran & scored.empty & has_blank,
        blank_share=figures.argmax_valid if figures is not None else None,
        loss=metadata.measure_losses(scored).mean_of_clips,
        glosses=predictions.glosses,
    )


class Judge:
    """Judges the files of a run, again after each one, on the same labels.

    Args:
        truth: (N,), true ids.
        labelled: (N,), clips that have one.
        by_name: True where `truth` comes from gloss names.
    """

    def __init__(self, truth: IntArray, labelled: BoolArray, *, by_name: bool) -> None:
        self._truth, self._labelled, self._by_name = truth, labelled, by_name
        self._nulls: dict[tuple[bytes, int], tuple[float, float]] = {}

    def judge(self, entries: Sequence[Entry], waiting: Sequence[str] = ()) -> AlongEpochs:
        """Everything that can be said of the files that were scored."""
        entries = sorted(entries, key=lambda one: (one.epoch is None, one.epoch or 0, one.path.name))
        points = [self._point(one) for one in entries]
        known = {index: one.answered for index, one in enumerate(entries) if one.answered is not None}
        common = self._labelled.copy()
        for answered in known.values():
            common &= answered.ran
        right = {index: (one.answers == self._truth)[common] for index, one in known.items()}
        main = next((index for index in known if points[index].inspected), None)
        if main is not None:
            points = _tested(points, right, main)
        best = _best(right, main) if common.any() else None
        p_guessing = self._p_guessing(known[best], right[best], len(right)) if best is not None else None
        in_order = [(points[index], one) for index, one in known.items() if points[index].epoch is not None]
        found = _blank_collapse(in_order) or _narrowing(in_order)
        return AlongEpochs(
            points=tuple(points),
            waiting=tuple(waiting),
            by_name=self._by_name,
            clips=int(common.sum()),
            collapse=found,
            never_spoke=len(in_order) > LEAST_POINTS and all(_is_mute(point) for point, _ in in_order),
            best=best,
            shown=_shown(points, best, main),
            p_guessing=p_guessing,
            above_guessing=p_guessing is not None and p_guessing < SURE,
        )

    def _point(self, entry: Entry) -> EpochPoint:
        point = EpochPoint(entry.path, entry.epoch, entry.inspected, problem=entry.problem)
        found = entry.answered
        if found is None:
            return point
        scored = found.ran & self._labelled
        spoken = found.spoken[found.ran & ~found.empty].astype(np.int64)
        low, high = self._null(scored, len(spoken))
        return replace(
            point,
            clips=int(found.ran.sum()),
            accuracy=accuracy((found.answers == self._truth)[scored]),
            blank_share=found.blank_share,
            empty_share=float(found.empty[found.ran].mean()),
            effective=effective_classes(spoken) if len(spoken) else None,
            null_low=low,
            null_high=high,
            loss=None if self._by_name else found.loss,
        )

    def _null(self, scored: BoolArray, count: int) -> tuple[float | None, float | None]:
        """Quantiles of the variety of `count` labels, drawn once for each count of the same clips."""
        labels = self._truth[scored]
        if not len(labels) or not count:
            return None, None
        key = (np.packbits(scored).tobytes(), count)
        if key not in self._nulls:
            self._nulls[key] = collapse.null_of(labels, count)
        return self._nulls[key]

    def _p_guessing(self, found: Answered, right: BoolArray, looks: int) -> float:
        """The best of so many files beside as many guesses; always saying the most frequent gloss needs no luck."""
        correct, of = int(right.sum()), len(right)
        p = best_of(p_of_guessing(correct, of, 1 / max(found.glosses, 1)), looks)
        _, counts = np.unique(self._truth[self._labelled], return_counts=True)
        constant = p_of_guessing(correct, of, float(counts.max() / counts.sum()))
        return max(p, constant if constant >= SHOWN else 0.0)


def _tested(points: Sequence[EpochPoint], right: Mapping[int, BoolArray], main: int) -> list[EpochPoint]:
    """The points with paired probabilities against the inspected one."""
    p = {index: paired_p(right[main], mine) for index, mine in right.items() if index != main}
    corrected = holm(p)
    return [
        replace(point, p=p[index], p_corrected=corrected[index]) if index in p else point
        for index, point in enumerate(points)
    ]


def holm(p: Mapping[int, float]) -> dict[int, float]:
    """Holm's step-down correction."""
    corrected: dict[int, float] = {}
    worst = 0.0
    for rank, index in enumerate(sorted(p, key=lambda key: p[key])):
        worst = max(worst, min(1.0, (len(p) - rank) * p[index]))
        corrected[index] = worst
    return corrected


def _best(right: Mapping[int, BoolArray], main: int | None) -> int | None:
    """The file with most clips right; of equal ones the inspected one, else the earliest."""
    if not right:
        return None
    return max(right, key=lambda index: (int(right[index].sum()), index == main, -index))


def _shown(points: Sequence[EpochPoint], best: int | None, main: int | None) -> bool | None:
    if best is None or main is None:
        return None
    if best == main:
        return False
    p = points[best].p_corrected
    return p is not None and p < SHOWN


# -- collapse -------------------------------------------------------------------------------------------------------

Ordered = Sequence[tuple[EpochPoint, Answered]]


def _is_mute(point: EpochPoint) -> bool:
    return point.empty_share is not None and point.empty_share > MANY_EMPTY


def _is_narrow(point: EpochPoint) -> bool:
    return point.effective is not None and point.null_low is not None and point.effective < point.null_low


def _split(found: Ordered, beyond: Callable[[EpochPoint], bool]) -> tuple[tuple[EpochPoint, Answered], Ordered] | None:
    """The last file that is not beyond the null and those after it, or None where they are too few or never began."""
    start = len(found)
    while start and beyond(found[start - 1][0]):
        start -= 1
    if not start:
        return None
    before = found[start - 1]
    after = [one for one in found[start:] if one[0].epoch != before[0].epoch]  # two files of one epoch that disagree
    return (before, after) if len({point.epoch for point, _ in after}) >= LEAST_POINTS else None


def _blank_collapse(found: Ordered) -> Collapse | None:
    split = _split(found, _is_mute)
    if split is None:
        return None
    before, after = split
    ps = [_p_emptier(before[1], one) for _, one in after]
    if max(ps) >= DIFFERENT:
        return None
    shares = [point.empty_share or 0.0 for point, _ in after]
    epochs = (before[0].epoch or 0, after[0][0].epoch or 0)
    return Collapse("blank", *epochs, len(after), min(shares), max(shares), before[0].empty_share or 0.0, max(ps))


def _p_emptier(before: Answered, after: Answered) -> float:
    both = before.ran & after.ran
    return (
        paired_p(before.empty[both], after.empty[both]) if after.empty[both].sum() > before.empty[both].sum() else 1.0
    )


def _narrowing(found: Ordered) -> Collapse | None:
    found = [(point, one) for point, one in found if int((one.ran & ~one.empty).sum()) >= LEAST_SPOKEN]
    split = _split(found, _is_narrow)
    if split is None:
        return None
    before, after = split
    was = before[0].effective or 0.0
    now = [point.effective or 0.0 for point, _ in after]
    if max(now) >= FALLEN_TO * was:
        return None
    ps = [_p_narrower(before[1], one) for one in (after[0][1], after[-1][1])]
    if max(ps) >= DIFFERENT:
        return None
    epochs = (before[0].epoch or 0, after[0][0].epoch or 0)
    return Collapse("narrow", *epochs, len(after), max(now), min(now), was, max(ps))


def _p_narrower(before: Answered, after: Answered) -> float:
    """How often exchanging the two files' answers clip by clip gives such a fall of the effective number."""
    both = before.ran & after.ran & ~before.empty & ~after.empty
    if int(both.sum()) < LEAST_SPOKEN:
        return 1.0
    _, codes = np.unique(np.stack([before.spoken[both], after.spoken[both]]), return_inverse=True)
    codes = codes.reshape(2, -1)
    size = int(codes.max()) + 1
    seen = _variety(codes[0], size) - _variety(codes[1], size)
    random = np.random.default_rng(SEED)
    at_least = 0
    for _ in range(EXCHANGES):
        swap = random.random(codes.shape[1]) < 0.5
        one = np.where(swap, codes[1], codes[0])
        other = np.where(swap, codes[0], codes[1])
        at_least += _variety(one, size) - _variety(other, size) >= seen
    return (at_least + 1) / (EXCHANGES + 1)


def _variety(codes: IntArray, size: int) -> float:
    counts = np.bincount(codes, minlength=size)
    shares = counts[counts > 0] / len(codes)
    return float(np.exp(-(shares * np.log(shares)).sum()))
