"""Do the decoding rules disagree on the same outputs?

The rules look at identical logits, so a paired test applies (exact McNemar). A difference matters beyond 5 points.

Beside the decoders that can be chosen two more rules are tried, which a run may be scored by: the mean logit over the frames,
the blank left out, and the highest posterior in any frame. One of them is named only where it is better than every other rule by
as much: the exact probability is the rule that CTC gives reasons for.

Null: the rules are right equally often. The best of several rules was chosen by this very figure, so p is told times the number of
rules that it was chosen from.

Sources: McNemar 1947; Graves et al. 2006 for the exact probability of a hypothesis; diagnosis.md, C3.
"""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import Accuracy

CLEAR_GAIN = 0.05
SURE = 0.01
DIFFER = "the decoding rules differ"
NAMES = {
    "majority": "the majority of frames",
    "first_token": "the first token",
    "score": "the exact CTC probability",
    "beam": "a prefix beam search",
    "mean_logit": "the mean logit without the blank",
    "max_over_time": "the highest posterior in a frame",
}


def ask(scored: Scored | None, truth: np.ndarray | None, stated_by: str | None = None) -> Answers:
    """The finding on decoders.

    Args:
        scored: Predictions.
        truth: (N,), true ids to score by instead of the file's own.
        stated_by: The decoder that gives the accuracy which the checkpoint states, or None.
    """
    if scored is None or scored.predictions.one_answer_a_clip:
        return Answers()
    right = {name: scored.right(ids, truth) for name, ids in scored.rules.items()}
    measured: dict[str, Accuracy] = {name: found for name, one in right.items() if (found := accuracy(one)) is not None}
    if len(measured) < len(right):
        return Answers()
    best = best_rule(scored, truth)
    plain = measured["majority"]
    others = len(measured) - 1
    p = paired_p(right["majority"], right[best])
    told = min(1.0, others * p)
    facts: dict[str, Fact] = {name: one.correct for name, one in measured.items()} | {"of": plain.of, "p": p}
    if measured[best].value - plain.value > CLEAR_GAIN and p < SURE:
        sentence = (
            f"The network knows more than the majority rule shows: by {NAMES[best]} {measured[best].correct} instead of "
            f"{plain.correct} of {plain.of} clips are right."
        )
        hides = Finding("decoder-hides-answers", "decoders", "warning", sentence, facts, "samples")
        return Answers((hides,), trials=(Trial(DIFFER, told, hides.id),))
    stated = measured.get(stated_by or "")
    if stated is not None and stated_by is not None and measured[best].value - stated.value > CLEAR_GAIN:
        p = paired_p(right[stated_by], right[best])
        if p < SURE:
            sentence = (
                f"The stated accuracy is that of {NAMES[stated_by]} ({stated.correct} of {stated.of}); by {NAMES[best]} "
                f"{measured[best].correct} of the same answers are right."
            )
            facts |= {"stated_by": stated_by, "p": p}
            weaker = Finding("stated-by-weaker-decoder", "decoders", "warning", sentence, facts, "samples")
            return Answers((weaker,), trials=(Trial(DIFFER, min(1.0, others * p), weaker.id),))
    sentence = "No decoding rule is clearly better than the majority of frames: " + ", ".join(
        f"{one.correct} right by {NAMES[name]}" for name, one in measured.items()
    )
    agree = Finding("decoders-agree", "decoders", "info", sentence + ".", facts, "samples")
    return Answers((agree,), trials=(Trial(DIFFER, told),))


def best_rule(scored: Scored, truth: np.ndarray | None) -> str:
    """The rule with most clips right: one of the decoders, unless another is clearly better than each of them."""
    right = {name: scored.right(ids, truth) for name, ids in scored.rules.items()}
    best = max(scored.by_decoder, key=lambda name: int(right[name].sum()))
    other = max(right, key=lambda name: int(right[name].sum()))
    clearly = int(right[other].sum()) - int(right[best].sum()) > CLEAR_GAIN * len(right[best])
    return other if clearly and paired_p(right[best], right[other]) < SURE else best
