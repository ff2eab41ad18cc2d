"""Do the decoding rules disagree on the same outputs?

The rules look at identical logits, so a paired test applies (exact McNemar). A difference matters beyond 5 points.

Sources: McNemar 1947; Graves et al. 2006 for the exact probability of a hypothesis.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import Accuracy

CLEAR_GAIN = 0.05
SURE = 0.01
NAMES = {
    "majority": "the majority of frames",
    "first_token": "the first token",
    "score": "the exact CTC probability",
    "beam": "a prefix beam search",
}


def ask(scored: Scored | None, truth: np.ndarray | None, stated_by: str | None = None) -> Answers:
    """The finding on decoders.

    Args:
        scored: Predictions on the validation clips.
        truth: (N,), true ids to score by instead of the file's own.
        stated_by: The decoder that reproduces the accuracy which the checkpoint states, or None.
    """
    if scored is None or scored.predictions.one_answer_a_clip:
        return Answers()
    right = {name: scored.right(ids, truth) for name, ids in scored.by_decoder.items()}
    measured: dict[str, Accuracy] = {name: found for name, one in right.items() if (found := accuracy(one)) is not None}
    if len(measured) < len(right):
        return Answers()
    best = max(measured, key=lambda name: measured[name].correct)
    plain = measured["majority"]
    p = paired_p(right["majority"], right[best])
    facts: dict[str, Fact] = {name: one.correct for name, one in measured.items()} | {"of": plain.of, "p": p}
    if measured[best].value - plain.value > CLEAR_GAIN and p < SURE:
        sentence = (
            f"The network knows more than the majority rule shows: by {NAMES[best]} {measured[best].correct} instead of "
            f"{plain.correct} of {plain.of} clips are right."
        )
        return Answers((Finding("decoder-hides-answers", "decoders", "warning", sentence, facts, "samples"),))
    stated = measured.get(stated_by or "")
    if stated is not None and stated_by is not None and measured[best].value - stated.value > CLEAR_GAIN:
        p = paired_p(right[stated_by], right[best])
        if p < SURE:
            sentence = (
                f"The stated accuracy is that of {NAMES[stated_by]} ({stated.correct} of {stated.of}); by {NAMES[best]} "
                f"{measured[best].correct} of the same answers are right."
            )
            facts |= {"stated_by": stated_by, "p": p}
            return Answers((Finding("stated-by-weaker-decoder", "decoders", "warning", sentence, facts, "samples"),))
    sentence = "The decoding rules agree: " + ", ".join(
        f"{one.correct} right by {NAMES[name]}" for name, one in measured.items()
    )
    return Answers((Finding("decoders-agree", "decoders", "info", sentence + ".", facts, "samples"),))
