"""If this were fixed, what would the accuracy be? Computed on the outputs at hand, without training."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis import decoders
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import Accuracy, BlankSweep, Counterfactual, LabelAudit

SURE = 0.01
REMAP = "more clips are right by gloss name than by id"
FEWEST_LEFT = 5  # clips: with fewer the interval says nothing


def by_gloss_name(scored: Scored | None, labels: LabelAudit | None) -> Accuracy | None:
    """Majority predictions scored by the id that each clip's gloss has in training, or None without names."""
    if scored is None or labels is None or not labels.certain:
        return None
    return accuracy(scored.right(scored.majority, labels.learned_ids))


def remap(scored: Scored | None, labels: LabelAudit | None) -> tuple[Counterfactual | None, Answers]:
    """Score by gloss name instead of by id, where they differ."""
    if scored is None or labels is None or not labels.certain or labels.agree == labels.of:
        return None, Answers()
    right_now = scored.right(scored.answer)
    right_then = scored.right(scored.answer, labels.learned_ids)
    now, then = accuracy(right_now), accuracy(right_then)
    if now is None or then is None:
        return None, Answers()
    how = f"The same predictions, scored by the id that each clip's gloss has in {labels.reference}."
    counterfactual = Counterfactual(now.value, then.value, then.low, then.high, how)
    p = paired_p(right_now, right_then)
    facts: dict[str, Fact] = {"now": now.correct, "by_name": then.correct, "of": then.of, "p": p}
    if then.correct > now.correct and p < SURE:
        sentence = (
            f"Scored by gloss name, {then.correct} instead of {now.correct} of {then.of} clips are right "
            f"({100 * then.value:.1f} %, 95 %: {100 * then.low:.0f} to {100 * then.high:.0f})."
        )
        helps = Finding("remap-helps", "labels", "info", sentence, facts, "samples")
        return counterfactual, Answers((helps,), trials=(Trial(REMAP, p, helps.id),))
    sentence = (
        f"Scored by gloss name this file is at {then.correct} of {then.of}, no better than by id: it was chosen by an "
        "accuracy that meant nothing. Score the other checkpoints of the run by name."
    )
    found = Finding("remap-does-not-help", "labels", "info", sentence, facts, "samples")
    return counterfactual, Answers((found,), trials=(Trial(REMAP, p),))


def without_blank(swept: BlankSweep | None) -> Counterfactual | None:
    """The best bias on the blank, on clips that it was not chosen on."""
    if swept is None or swept.best_bias == 0:
        return None
    how = (
        f"{swept.best_bias:g} taken off the blank's logit; chosen on half of the clips and scored on the other half, "
        "and the other way round."
    )
    return Counterfactual(swept.before.value, swept.after.value, swept.after.low, swept.after.high, how)


def without_copies(
    scored: Scored | None, data: DataMeasures | None, truth: NDArray[np.int64] | None
) -> Counterfactual | None:
    """The accuracy on the validation clips that are no training clips, or None where none is or too few are left."""
    if scored is None or data is None:
        return None
    named = {one.validation for one in data.shared_frames}
    if data.neighbours is not None:
        named |= {one.validation for one in data.neighbours.pairs}
    copied = np.array([name in named for name in scored.clips.ids], bool)
    copied[[index for index, _ in data.same_features]] = True
    kept = ~copied[scored.labelled]
    right = scored.right(scored.answer, truth)
    now, then = accuracy(right), accuracy(right[kept])
    if now is None or then is None or kept.all() or then.of < FEWEST_LEFT:
        return None
    how = f"The same answers, on the {then.of} validation clips that are no training clips; what is left is the honest figure."
    return Counterfactual(now.value, then.value, then.low, then.high, how)


def best_decoder(
    scored: Scored | None, labels: LabelAudit | None, stated_by: str | None = None
) -> Counterfactual | None:
    """The best of the decoders, beside the one that the run was scored by where that is known."""
    if scored is None:
        return None
    truth = labels.learned_ids if labels is not None and labels.certain else None
    plain = accuracy(scored.right(scored.by_decoder.get(stated_by or "", scored.answer), truth))
    name = decoders.best_rule(scored, truth)
    best = accuracy(scored.right(scored.rules[name], truth))
    if plain is None or best is None or best.correct <= plain.correct:
        return None
    how = f"The same outputs, decoded by {decoders.NAMES[name]}, the best of the rules."
    return Counterfactual(plain.value, best.value, best.low, best.high, how)
