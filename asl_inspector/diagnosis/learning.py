"""Would more clips a gloss help? (`data.learning` says how a nearest neighbour is asked.)

Measure: the accuracy of a nearest neighbour with 1, 2, 4 ... training clips a gloss; and of the network itself on glosses with
fewer and with more training clips than the middle one.

Null of the last doubling: no gain (p in `data.learning`). Of the network: how many clips a gloss has makes no difference, 999
exchanges of the counts among glosses, rank correlation (Spearman).

Reading: a rise of more than 3 points with p under 0.01 in the last doubling says that the curve is not flat yet. It supports no
cause by itself, for every sound set rises; it tells what to expect of more data.

Source: diagnosis.md, C5.
"""

from __future__ import annotations

from collections import Counter
from statistics import median

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from asl_inspector.data.records import LearningCurve, LinearProbe
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, accuracy_of
from asl_inspector.samples.records import UNLABELLED

CLEAR = 0.03
SURE = 0.01
FEWEST_GLOSSES = 8
DRAWS = 999
SEED = 20_261_131


def ask(
    found: LearningCurve | None,
    linear: LinearProbe | None,
    scored: Scored | None,
    train: Scored | None,
    truth: NDArray[np.int64] | None,
) -> Answers:
    """The findings on more clips.

    Args:
        found: The curve, or None.
        linear: What a linear classifier gets right, or None.
        scored: The network's answers on the validation clips, or None.
        train: The same on the training clips, for their number by gloss.
        truth: (N,), ids by gloss name where the file's own are wrong.
    """
    findings: list[Finding] = []
    trials: list[Trial] = []
    if found is not None:
        rising, trial = _curve(found)
        findings.append(rising)
        trials.append(trial)
    told = accuracy_of(linear.correct, linear.of) if linear is not None else None
    if told is not None:
        sentence = (
            f"A linear classifier on the means of clips has {told.correct} of {told.of} validation clips right "
            f"({100 * told.value:.0f} %, 95 %: {100 * told.low:.0f} to {100 * told.high:.0f}): that much lies plainly in the features."
        )
        facts: dict[str, Fact] = {"correct": told.correct, "of": told.of}
        findings.append(Finding("linear-baseline", "learning", "info", sentence, facts, "data"))
    by_support = _support(scored, train, truth)
    if by_support is not None:
        findings.append(by_support[0])
        trials.append(by_support[1])
    return Answers(tuple(findings), trials=tuple(trials))


def is_rising(found: LearningCurve | None) -> bool:
    """True where the last doubling clearly gained."""
    if found is None or len(found.points) < 2:
        return False
    return found.points[-1].accuracy - found.points[-2].accuracy > CLEAR and found.p < SURE


def words_of(found: LearningCurve) -> str:
    """The curve in words."""
    told = ", ".join(f"{100 * one.accuracy:.0f} % with {one.clips}" for one in found.points)
    last = found.points[-1]
    return f"{told} (95 % of the last: {100 * last.low:.0f} to {100 * last.high:.0f})"


def _curve(found: LearningCurve) -> tuple[Finding, Trial]:
    name = "twice the clips a gloss help a nearest neighbour"
    facts: dict[str, Fact] = {
        "clips_a_gloss": [one.clips for one in found.points],
        "accuracy": [one.accuracy for one in found.points],
        "low": [one.low for one in found.points],
        "high": [one.high for one in found.points],
        "glosses": found.glosses,
        "p": found.p,
    }
    told = f"A nearest neighbour on these features has, by training clips a gloss ({found.glosses} glosses), {words_of(found)} right"
    if is_rising(found):
        gain = 100 * (found.points[-1].accuracy - found.points[-2].accuracy)
        sentence = f"{told}: the last doubling still gains {gain:.0f} points, so more clips would help."
        rises = Finding("more-clips-would-help", "learning", "info", sentence, facts, "data")
        return rises, Trial(name, found.p, rises.id)
    sentence = f"{told}: the last doubling gains nothing that these clips can show."
    return Finding("learning-curve-flat", "learning", "info", sentence, facts, "data"), Trial(name, found.p)


def _support(
    scored: Scored | None, train: Scored | None, truth: NDArray[np.int64] | None
) -> tuple[Finding, Trial] | None:
    """The network on glosses with few and with many training clips."""
    if scored is None or train is None:
        return None
    ids = scored.clips.gloss_ids if truth is None else truth
    counts = Counter(number for number in train.clips.gloss_ids.tolist() if number != UNLABELLED)
    mask = scored.labelled & np.isin(ids, list(counts))
    glosses = sorted(set(ids[mask].tolist()))
    support = np.array([counts[number] for number in glosses])
    if len(glosses) < FEWEST_GLOSSES or len(set(support.tolist())) < 2:
        return None
    right = np.equal(scored.answer, ids)
    shares = np.array([float(right[mask & (ids == number)].mean()) for number in glosses])
    middle = median(support.tolist())
    rare = np.isin(ids, [number for number, count in zip(glosses, support.tolist(), strict=True) if count < middle])
    few, many = accuracy(right[mask & rare]), accuracy(right[mask & ~rare])
    if few is None or many is None:
        return None
    correlation, p = correlated(support, shares)
    facts: dict[str, Fact] = {
        "middle": float(middle),
        "few": few.value,
        "many": many.value,
        "correlation": correlation,
        "p": p,
    }
    name = "glosses with more training clips are answered better"
    told = (
        f"On glosses with fewer than {middle:g} training clips the network has {few.correct} of {few.of} right ({100 * few.value:.0f} "
        f"%, 95 %: {100 * few.low:.0f} to {100 * few.high:.0f}), on the others {many.correct} of {many.of} "
        f"({100 * many.value:.0f} %, {100 * many.low:.0f} to {100 * many.high:.0f})"
    )
    if p < SURE and correlation > 0:
        sentence = f"{told}: it knows what it saw often."
        more = Finding("rare-glosses-worse", "learning", "info", sentence, facts, "samples")
        return more, Trial(name, p, more.id)
    sentence = f"{told}: how many clips a gloss has makes no difference that shows."
    return Finding("rare-glosses-alike", "learning", "info", sentence, facts, "samples"), Trial(name, p)


def correlated(support: NDArray[np.int64], shares: NDArray[np.float64]) -> tuple[float, float]:
    """Rank correlation, and the share of exchanges of the counts that reach it."""
    first, second = (rankdata(one) - (len(one) + 1) / 2 for one in (support, shares))
    size = float(np.sqrt((first**2).sum() * (second**2).sum()))
    if size <= 0:
        return 0.0, 1.0
    random = np.random.default_rng(SEED)
    reached = float(first @ second)
    null = np.array([random.permutation(first) @ second for _ in range(DRAWS)])
    return reached / size, float(((null >= reached - 1e-9).sum() + 1) / (DRAWS + 1))
