"""Do padded frames have a say in the answers?

Unpacking fills the end of a batch with zeros, so that every padded frame has the logits of the classifier's bias alone. A loop
without a mask counts them: where the bias favours a gloss, short clips among long ones are answered with it.

Measure: the majority rule with padded frames counted, in batches of 16 in file order (`what_if`), beside the same without them;
exact McNemar test.

Reading: this program masks them, so its figures do not suffer. Where the accuracy that the file states is the one with padding
counted, and masking gives more, the run was scored wrongly. That supports "decoder-mismatch", with a weight set by hand: a
stated figure that one way of counting gives and no other is nearly a fact, but it may meet by luck.

Threshold: 5 points and p under 0.01, as between decoding rules. Source: diagnosis.md, A1 and C3.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis import what_if
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.probe_records import PaddingMeasures
from asl_inspector.diagnosis.records import Counterfactual
from asl_inspector.diagnosis.what_if_records import WhatIf

MOST_FRAMES = 5_000_000  # a second or two
STATED = "stated-by-counting-padding"


def measure(scored: Scored | None, truth: np.ndarray | None) -> PaddingMeasures | str:
    """Both accuracies, or why there are none.

    Args:
        scored: Predictions on the validation clips.
        truth: (N,), true ids to score by instead of the file's own.
    """
    if scored is None:
        return "Nothing was predicted."
    if scored.predictions.padding_lead is None or scored.predictions.one_answer_a_clip:
        return "Padded frames give no answer of their own in this network, or it is not known which."
    if len(scored.predictions.best_gloss) > MOST_FRAMES:
        return "There are too many frames to be decoded once more."
    said = what_if.decoded(scored.predictions, WhatIf(mask_padding=False))
    right, masked_right = scored.right(said, truth), scored.right(scored.majority, truth)
    counted, masked = accuracy(right), accuracy(masked_right)
    if counted is None or masked is None:
        return "No clip is labelled."
    changed = int((said != scored.majority)[scored.labelled].sum())
    return PaddingMeasures(counted, masked, changed, paired_p(right, masked_right))


def is_stated(found: PaddingMeasures | None, stated: float | None) -> bool:
    """True where the stated accuracy is the one with padding counted, and counting matters."""
    if found is None or stated is None or not found.matters:
        return False
    return abs(found.counted.value - stated) < 0.5 / found.counted.of


def counterfactual(found: PaddingMeasures | None, stated: float | None) -> Counterfactual | None:
    """The accuracy once padded frames are masked, where the stated one counts them."""
    if found is None or not is_stated(found, stated):
        return None
    how = "The same outputs by the same majority rule, padded frames masked."
    return Counterfactual(found.counted.value, found.masked.value, found.masked.low, found.masked.high, how)


def ask(found: PaddingMeasures | None, stated: float | None) -> Answers:
    """The finding on padding; `stated` is the accuracy that the file states, as a fraction, or None."""
    if found is None:
        return Answers()
    name = "masking padded frames changes the accuracy"
    facts: dict[str, Fact] = {
        "counted": found.counted.correct,
        "masked": found.masked.correct,
        "of": found.masked.of,
        "changed": found.changed,
        "p": found.p,
    }
    both = (
        f"With padded frames counted {found.counted.correct} of {found.counted.of} clips are right by the majority rule, without "
        f"them {found.masked.correct} ({100 * found.masked.value:.1f} %, 95 %: {100 * found.masked.low:.0f} to "
        f"{100 * found.masked.high:.0f})"
    )
    if is_stated(found, stated):
        sentence = f"{both}. The file states the accuracy with padding counted: the run was scored without a mask."
        told = Finding(STATED, "padding", "warning", sentence, facts, "blanks")
        return Answers((told,), trials=(Trial(name, found.p, told.id),))
    if found.matters:
        sentence = f"{both}. A loop without a mask would see the lower figure; here padding is masked."
        told = Finding("padding-changes-answers", "padding", "info", sentence, facts, "blanks")
        return Answers((told,), trials=(Trial(name, found.p, told.id),))
    sentence = f"{both}: padding decides {'no' if not found.changed else f'{found.changed}'} answers, and no difference is shown."
    told = Finding("padding-harmless", "padding", "info", sentence, facts, "blanks")
    return Answers((told,), trials=(Trial(name, found.p),))
