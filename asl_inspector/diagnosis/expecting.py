"""What to expect once a cause is mended, from the data at hand and from no table.

Where the outputs at hand were scored as if it were mended, that is the answer. Where another training would be needed, a nearest
neighbour on the same features says what a network that learned from them should reach at least, and the training clips what it
can reach at most. Where the files tell neither, the sentence says which would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from asl_inspector.data.records import DataMeasures
from asl_inspector.diagnosis import learning
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Finding
from asl_inspector.diagnosis.measures import accuracy, accuracy_of
from asl_inspector.diagnosis.records import Accuracy, ChanceTest, Counterfactual, Reproduction
from asl_inspector.diagnosis.scored_words import scored_words

SHOWN_BY_TWO_RUNS = 2.8  # standard errors: found in four of five comparisons at 5 %


@dataclass(frozen=True)
class Known:
    """What the sentences are made of.

    Attributes:
        evidence: The case.
        data: The clips.
        chance: The accuracy now, by gloss name where ids are wrong.
        findings: All of them, by id.
        reproduction: Stored figures against measured ones.
    """

    evidence: Evidence
    data: DataMeasures | None
    chance: ChanceTest | None
    findings: dict[str, Finding]
    reproduction: Reproduction


def expectation(cause: str, counterfactual: Counterfactual | None, known: Known) -> str:
    """The sentence for a cause."""
    if counterfactual is not None:
        return scored_words(cause, counterfactual)
    told = {
        "class-count-mismatch": _without_output,
        "stale-metadata": _stale,
        "validation-leak": _leak,
        "ctc-infeasible": _infeasible,
        "too-little-data": _more_clips,
        "label-noise": _labels,
        "missing-landmarks": _hands,
        "stage1-not-loaded": _two_runs,
        "stage1-partly-loaded": _two_runs,
        "label-map-mismatch": _names,
        "decoder-mismatch": _rules,
    }.get(cause)
    own = told(known) if told is not None else ""
    return own or _bounds(known)


def _share(found: Accuracy) -> str:
    return f"{100 * found.value:.0f} % (95 %: {100 * found.low:.0f} to {100 * found.high:.0f})"


def _neighbour(known: Known) -> Accuracy | None:
    found = known.data.neighbours if known.data is not None else None
    return accuracy_of(found.correct, found.of) if found is not None else None


def _bounds(known: Known) -> str:
    """From below by a nearest neighbour, from above by the training clips."""
    nearest, train = _neighbour(known), known.evidence.train
    fit = accuracy(train.right(train.answer)) if train is not None else None
    said = []
    if nearest is not None:
        said.append(
            f"A nearest neighbour on these features gets {_share(nearest)}, and a network that has learned from them should "
            "reach about that at least"
        )
    if fit is not None and known.chance is not None and fit.value > known.chance.accuracy.value:
        said.append(
            f"its own training clips are right in {_share(fit)}, more than which no validation accuracy should be hoped for"
        )
    if said:
        return f"{'; '.join(said)}."
    if known.evidence.case.train is None:
        return "These files do not tell what to expect: with the training clips a nearest neighbour on the same features would."
    return "These files do not tell what to expect: no training clip can be compared with a validation clip."


def _without_output(known: Known) -> str:
    found = known.findings.get("ids-outside-outputs")
    clips = found.evidence.get("clips") if found is not None else None
    return (
        f"{clips} clips cannot be right now, and can be then; the others stay as they are." if clips is not None else ""
    )


def _stale(known: Known) -> str:
    told = known.reproduction
    if told.measured_correct is None or not told.of:
        return "No answer changes; the file will state the accuracy of its own weights."
    found = accuracy_of(told.measured_correct, told.of)
    return (
        f"No answer changes: these weights have {_share(found)}, whatever the file states." if found is not None else ""
    )


def _leak(known: Known) -> str:
    if known.data is None:
        return ""
    copied = len(known.data.same_features) + len(known.data.shared_frames)
    return f"The accuracy falls to that of clips that were not trained on; at least {copied} clips are concerned."


def _infeasible(known: Known) -> str:
    found = known.findings.get("targets-too-long") or known.findings.get("some-targets-too-long")
    if found is None:
        return ""
    return (
        f"{found.evidence['clips']} of {found.evidence['of']} clips have a loss that nothing can lower now; they begin to be learned, "
        "and the others are not slowed by them."
    )


def _more_clips(known: Known) -> str:
    found = known.data.learning if known.data is not None else None
    if found is None:
        return ""
    if not learning.is_rising(found):
        return (
            f"By clips a gloss a nearest neighbour has {learning.words_of(found)}: the curve is flat, so expect little."
        )
    gain = 100 * (found.points[-1].accuracy - found.points[-2].accuracy)
    twice = 2 * found.points[-1].clips
    return (
        f"By clips a gloss a nearest neighbour has {learning.words_of(found)}. The last doubling gained {gain:.0f} points, so {twice} "
        "a gloss may give about as many again, or somewhat fewer."
    )


def _labels(known: Known) -> str:
    found = next((one for one in known.findings.values() if "noise" in one.evidence), None)
    noise = found.evidence["noise"] if found is not None else None
    if not isinstance(noise, float):
        return ""
    told = f"About {100 * noise:.0f} % of the training labels look wrong; mended, that many more clips teach what they show."
    return f"{told} {_bounds(known)}"


def _hands(known: Known) -> str:
    """The network on clips with few and with many lost frames."""
    survey, scored = known.data.validation if known.data is not None else None, known.evidence.validation
    if survey is None or scored is None or not survey.missing.shape[1] or len(survey.missing) != len(scored.clips):
        return ""
    hands = [index for index, part in enumerate(survey.parts) if "hand" in part] or list(range(survey.missing.shape[1]))
    lost = np.nan_to_num(survey.missing[:, hands].mean(axis=1), nan=1.0)[scored.labelled]
    right = scored.right(scored.answer)
    many = lost > np.median(lost)
    few, rest = accuracy(right[~many]), accuracy(right[many])
    if few is None or rest is None:
        return ""
    return (
        f"The half of the clips that lost fewer hands is right in {_share(few)}, the other half in {_share(rest)}: no more than the "
        "difference can be won by finding them."
    )


def _two_runs(known: Known) -> str:
    """What a comparison of two runs on these clips could show at all."""
    if known.chance is None:
        return ""
    of, value = known.chance.accuracy.of, known.chance.accuracy.value
    shown = 100 * SHOWN_BY_TWO_RUNS * math.sqrt(2 * max(value * (1 - value), 0.01) / of)
    return (
        f"Only a run with it tells what pre-training gives here; on {of} clips two runs must lie about {shown:.0f} points apart to be "
        f"told from luck. {_bounds(known)}"
    )


def _names(known: Known) -> str:
    if known.evidence.validation is None:
        return "With the checkpoint the same answers can be scored by gloss name, without training."
    return "With gloss names on both sides the same answers can be scored by name, without training."


def _rules(known: Known) -> str:
    return "Every rule was tried on these outputs, and none gives clearly more." if known.chance is not None else ""
