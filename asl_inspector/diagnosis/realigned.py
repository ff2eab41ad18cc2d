"""Would the network know the validation clips if their features were brought back to those of training?

Measure: the same network on the same validation clips after a repair (`data.realigning`); exact McNemar test against the
clips as they are, times the repairs that were tried.

Threshold: a gain of more than 10 points with p below 0.01. Bringing other signers onto the training mean helps a little
as well; what was prepared otherwise leaps.

Without training clips there is nothing to bring features back to, and many factors are tried (`data.realigning`). Then the
repair is chosen on one half of the clips and scored on the other, and the other way round, and p must be below 0.001.

The features alone may tell it too: where they drive more than half of the first layer's gates to their ends, the weights were
trained on smaller ones (`inference.saturation`).

Beside it, what the numbers alone show: a group of features whose spread differs by one common factor while the others
agree, as velocities of another frame rate do.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import BlankSweep, Counterfactual

CLEAR_GAIN = 0.10
SURE = 0.01
FEW_REPAIRS = 3
SURE_OF_MANY = 0.001
WRONG_ON_MOST = 0.7
MOST_AT_END = 0.5
MOST_FRAMES = 20_000  # twenty more runs over so many take a few seconds
GROUP = 3  # features
ONE_FACTOR = 0.15  # spread of the logarithms of the ratios within a group
OTHERS_AGREE = 0.25
OTHER_FACTOR = 0.45  # logarithm: 1.57 times
CONSTANT = 1e-6
WORDS = {
    "scale": "every feature is brought to its mean and spread in training",
    "order": "two blocks of features are exchanged in the clips that fit training better so",
    "standardised": "every feature is taken less its mean and over its spread",
    "sign": "features that have the opposite sign are turned round",
}


def best(
    scored: Scored | None,
    realigned: Mapping[str, Scored],
    truth: NDArray[np.int64] | None,
    swept: BlankSweep | None = None,
) -> tuple[str, Counterfactual, float] | None:
    """The repair that helps most, what it gives and its p, or None where none clearly helps.

    Args:
        scored: Predictions on the clips as they are.
        realigned: Predictions after each repair.
        truth: (N,), true ids to score by instead of the file's own.
        swept: What a bias on the blank gives: larger features outvote a blank too, and prove nothing then.
    """
    if scored is None or not realigned:
        return None
    right_now = scored.right(scored.answer, truth)
    if len(realigned) > FEW_REPAIRS:
        found = _best_of_many(scored, realigned, truth)
        by_bias = swept.after.value if swept is not None else 0.0
        return None if found is None or found[1].accuracy_if_fixed < by_bias + CLEAR_GAIN else found
    name, other = max(realigned.items(), key=lambda pair: int(pair[1].right(pair[1].answer, truth).sum()))
    right_then = other.right(other.answer, truth)
    if len(right_then) != len(right_now):
        return None
    now, then = accuracy(right_now), accuracy(right_then)
    if now is None or then is None or then.value - now.value <= CLEAR_GAIN:
        return None
    p = min(1.0, len(realigned) * paired_p(right_now, right_then))
    if p >= SURE:
        return None
    how = f"The same network on the same clips after {words_of(name)}."
    return name, Counterfactual(now.value, then.value, then.low, then.high, how), p


def _best_of_many(
    scored: Scored, realigned: Mapping[str, Scored], truth: NDArray[np.int64] | None
) -> tuple[str, Counterfactual, float] | None:
    """The same where the repair is one of many: chosen on one half, scored on the other."""
    right_now = scored.right(scored.answer, truth)
    right = {name: one.right(one.answer, truth) for name, one in realigned.items()}
    right = {name: one for name, one in right.items() if len(one) == len(right_now)}
    if not right:
        return None
    half = np.arange(len(right_now)) % 2 == 0
    then = right_now.copy()
    for chosen in (half, ~half):
        best_there = max(right, key=lambda name: int(right[name][chosen].sum()))
        then[~chosen] = right[best_there][~chosen]
    now, after = accuracy(right_now), accuracy(then)
    p = paired_p(right_now, then)
    if now is None or after is None or after.value - now.value <= CLEAR_GAIN or p >= SURE_OF_MANY:
        return None
    name = max(right, key=lambda one: int(right[one].sum()))
    how = f"The same network on the same clips after {words_of(name)}; chosen on the other half of the clips."
    return name, Counterfactual(now.value, after.value, after.low, after.high, how), p


def words_of(name: str) -> str:
    """A repair as a clause."""
    return WORDS.get(name, f"every feature is taken {name}")


def worth_trying(scored: Scored | None) -> bool:
    """True where the network is wrong on most validation clips, so that many repairs may be tried on them."""
    found = accuracy(scored.right(scored.answer)) if scored is not None else None
    frames = len(scored.predictions.best_gloss) if scored is not None else 0
    return found is not None and found.value < WRONG_ON_MOST and frames <= MOST_FRAMES


def ask(
    found: tuple[str, Counterfactual, float] | None,
    data: DataMeasures | None,
    saturated: float | None = None,
    *,
    tried: bool = False,
) -> Answers:
    """Findings on features that were prepared otherwise.

    Args:
        found: What `best` found.
        data: The clips.
        saturated: Share of the first layer's gates that the features drive to their ends, or None.
        tried: True where repairs were tried, whatever came of it.
    """
    findings = _saturated(saturated)
    if found is not None:
        name, counterfactual, p = found
        facts: dict[str, Fact] = {
            "repair": name,
            "now": counterfactual.accuracy_now,
            "repaired": counterfactual.accuracy_if_fixed,
            "p": p,
        }
        sentence = (
            f"With {words_of(name).replace(' is ', ' ').replace(' are ', ' ')}, the network has "
            f"{100 * counterfactual.accuracy_if_fixed:.1f} % of the validation clips right instead of "
            f"{100 * counterfactual.accuracy_now:.1f} %: they were prepared otherwise than those of training."
        )
        if name in WORDS and name != "standardised":
            findings.append(Finding("realigning-helps", "realigned", "critical", sentence, facts, "data"))
        else:
            findings.append(Finding("another-scale-helps", "realigned", "warning", sentence, facts, "data"))
    helping = next((one.id for one in findings if one.id in ("realigning-helps", "another-scale-helps")), "")
    findings += _group(data)
    p = found[2] if found is not None else 1.0
    return Answers(tuple(findings), trials=(Trial("a repair of the features helps", p, helping),) if tried else ())


def _saturated(share: float | None) -> list[Finding]:
    if share is None or share <= MOST_AT_END:
        return []
    sentence = (
        f"The validation features drive {100 * share:.0f} % of the gates of the first layer to their ends: weights that were "
        "trained on features of this size would be smaller. They look to be on another scale than those of training."
    )
    return [Finding("features-saturate-gates", "realigned", "warning", sentence, {"share": share}, "data")]


def _group(data: DataMeasures | None) -> list[Finding]:
    """Features whose spread differs by one factor, where the others agree."""
    ours = data.validation.columns if data is not None and data.validation is not None else None
    theirs = data.train.columns if data is not None and data.train is not None else None
    if ours is None or theirs is None or len(ours.spread) != len(theirs.spread):
        return []
    moving = np.flatnonzero((ours.spread > CONSTANT) & (theirs.spread > CONSTANT))
    if len(moving) < 2 * GROUP:
        return []
    logs = np.log(ours.spread[moving] / theirs.spread[moving])
    apart = np.abs(logs) > OTHER_FACTOR
    group, others = logs[apart], logs[~apart]
    if len(group) < GROUP or len(others) < GROUP or group.std() > ONE_FACTOR:
        return []
    if np.quantile(np.abs(others), 0.9) > OTHERS_AGREE:
        return []
    columns = tuple(moving[apart].tolist())
    factor = float(np.exp(np.median(group)))
    facts: dict[str, Fact] = {"columns": list(columns), "factor": factor}
    times = f"{factor:.2g} times" if factor > 1 else f"1/{1 / factor:.2g} of"
    sentence = (
        f"In validation {column_words(columns)} vary by {times} what they do in training, all alike, while the others "
        "agree: so it looks when velocities are of another frame rate, or a part was scaled otherwise."
    )
    return [Finding("group-on-another-scale", "realigned", "warning", sentence, facts, "data")]
