"""Are all ids of the labels off by one?

Ids that start at 1 on one side and at 0 on the other, or a class that one side counts and the other does not, shift every
label by the same number. Without gloss names only the answers themselves can tell: the same answers are scored against
labels moved by 1 or 2.

Null: the exact McNemar test between the labels as they are and as they were moved, times the shifts that were tried.
Guards: a clear gain in points besides, because with many clips a small gain is soon significant; and a gain over the decoding
rule that fits the labels best as they are, because what another rule explains needs no other ids.
"""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import Accuracy, Counterfactual

SHIFTS = (-2, -1, 1, 2)
CLEAR_GAIN = 0.10
SURE = 0.001
FITS = "the labels fit once they are moved"


@dataclass(frozen=True, slots=True)
class Offset:
    """Labels that fit the answers far better once they are moved.

    Attributes:
        shift: What has to be added to every label.
        now: Accuracy as the labels are.
        then: Accuracy once they are moved.
        p: Probability of such a difference, times the shifts that were tried.
    """

    shift: int
    now: Accuracy
    then: Accuracy
    p: float


def find(scored: Scored | None) -> Offset | None:
    """The shift that makes the labels fit, or None where none clearly does."""
    if scored is None:
        return None
    labels = scored.clips.gloss_ids
    right_now = max((scored.right(ids) for ids in scored.by_decoder.values()), key=lambda one: int(one.sum()))
    best = max(SHIFTS, key=lambda shift: int(scored.right(scored.answer, labels + shift).sum()))
    right_then = scored.right(scored.answer, labels + best)
    now, then = accuracy(right_now), accuracy(right_then)
    if now is None or then is None or then.value - now.value <= CLEAR_GAIN:
        return None
    p = min(1.0, len(SHIFTS) * paired_p(right_now, right_then))
    return Offset(best, now, then, p) if p < SURE else None


def counterfactual(offset: Offset | None) -> Counterfactual | None:
    """The accuracy once every label is moved."""
    if offset is None:
        return None
    how = f"The same answers, scored with {offset.shift:+d} added to every label."
    return Counterfactual(offset.now.value, offset.then.value, offset.then.low, offset.then.high, how)


def ask(offset: Offset | None, *, tried: bool = True) -> Answers:
    """The finding on a shift; `tried` is False where none was sought."""
    if offset is None:
        return Answers(trials=(Trial(FITS, 1.0),) if tried else ())
    verb = f"{abs(offset.shift)} {'higher' if offset.shift < 0 else 'lower'} than"
    sentence = (
        f"The ids of the labels are {verb} those of the answers: moved, {offset.then.correct:,} instead of "
        f"{offset.now.correct:,} of {offset.then.of:,} clips are right."
    )
    facts: dict[str, Fact] = {
        "shift": offset.shift,
        "now": offset.now.correct,
        "moved": offset.then.correct,
        "of": offset.then.of,
        "p": offset.p,
    }
    found = Finding("labels-shifted", "labels", "critical", sentence, facts, "samples")
    return Answers((found,), trials=(Trial(FITS, offset.p, found.id),))
