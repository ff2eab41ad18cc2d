"""Are the clips themselves sound, and are training and validation really apart?

Checks: numbers that are not finite, clips without frames, clips that are the same in both splits bit for bit, or nearly
(`data.neighbours`), or carry the same name, signers in both, features on another scale (`data.shift`).

Threshold of the scale check: a feature whose mean in validation lies more than 3 training standard deviations off, or
whose spread differs by a factor of 3, in at least a fifth of the features. Different signers move features by fractions
of a standard deviation; units and normalisation move all of them by more. Constant features are set aside.

Guard: a true difference between signers is not a fault, and the sentence says "differ".
"""

from __future__ import annotations

import numpy as np

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import ColumnFacts, DataMeasures, Pair
from asl_inspector.data.shift import FEWEST_CLIPS, enough_to_compare, extreme_columns, looks_like_time, raw_columns
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity, Undetermined
from asl_inspector.inference.predictions import Outcome, Predictions
from asl_inspector.samples.records import Clips

MOST_NAMED = 3
FAR = 3.0
MANY_FEATURES = 0.2
LEAK_IS_CRITICAL = 0.05
CONSTANT = 1e-6
HARDLY = 0.01  # of the usual spread: a flag that is seldom set
SAME = 1e-4  # of the usual distance
LEFT_OUT = {
    Outcome.NO_FRAMES: ("clips-without-frames", "no frames"),
    Outcome.FEATURES_NOT_FINITE: ("features-not-finite", "NaN or infinite features"),
    Outcome.OUTPUTS_NOT_FINITE: ("outputs-not-finite", "outputs that are NaN or infinite"),
    Outcome.TOO_SHORT: ("clips-too-short", "fewer frames than the network needs"),
    Outcome.TOO_LONG: ("clips-too-long", "more frames than the network has positions for"),
}


def ask(evidence: Evidence, data: DataMeasures | None) -> Answers:
    """Findings on the clips."""
    findings: list[Finding] = []
    for scored, what in ((evidence.validation, "validation"), (evidence.train, "training")):
        if scored is not None and (evidence.saved is None or what == "training"):
            findings += _not_run(scored.clips, scored.predictions, what)
    validation, train = evidence.case.validation, evidence.case.train
    if data is None:
        return Answers(tuple(findings))
    if validation is not None and train is not None:
        findings += _leaks(validation, train, data)
        findings += _signers(data)
    ours = data.validation.columns if data.validation else None
    theirs = data.train.columns if data.train else None
    undetermined: tuple[Undetermined, ...] = ()
    if ours is not None and theirs is not None:
        if enough_to_compare(data):
            findings += _scales(ours, theirs)
        else:
            undetermined = (_too_few(data),)
    known = [(facts, what) for facts, what in ((ours, "validation"), (theirs, "training")) if facts is not None]
    if known and all(raw_columns(facts) for facts, _ in known):
        findings += _raw(*known[0])
    return Answers(tuple(findings), undetermined)


def _too_few(data: DataMeasures) -> Undetermined:
    here, there = (found.clips if found is not None else 0 for found in (data.validation, data.train))
    return Undetermined(
        "Are the features prepared alike?",
        f"{here} validation and {there} training clips are too few to compare: what one clip shows differs as much.",
        f"Add files with at least {FEWEST_CLIPS} clips each.",
    )


def _not_run(clips: Clips, predictions: Predictions, what: str) -> list[Finding]:
    """Clips that cannot be run, by what kept them from it; those that an interrupted run has not reached are none."""
    findings = []
    outcomes = predictions.outcomes
    if outcomes is None:
        failed = np.where(clips.lengths > 0, Outcome.FEATURES_NOT_FINITE, Outcome.NO_FRAMES)
        outcomes = np.where(predictions.ran, Outcome.RAN, failed).astype(np.uint8)
    for outcome, (id_, why) in LEFT_OUT.items():
        indices = np.flatnonzero(outcomes == outcome)
        if len(indices):
            names = ", ".join(f"“{clips.ids[index]}”" for index in indices[:MOST_NAMED].tolist())
            more = f" and {len(indices) - MOST_NAMED} more" if len(indices) > MOST_NAMED else ""
            verb = "has" if len(indices) == 1 else "have"
            noun = "clip" if len(indices) == 1 else "clips"
            sentence = (
                f"{len(indices)} of {len(clips)} {what} {noun} ({names}{more}) {verb} {why} and "
                f"{'was' if len(indices) == 1 else 'were'} left out of every figure."
            )
            facts: dict[str, Fact] = {
                "clips": len(indices),
                "of": len(clips),
                "ids": [clips.ids[i] for i in indices[:20].tolist()],
            }
            severity: Severity = "critical" if id_ == "features-not-finite" and what == "training" else "warning"
            findings.append(Finding(id_, "data_quality", severity, sentence, facts, "samples"))
    return findings


def _leaks(validation: Clips, train: Clips, data: DataMeasures) -> list[Finding]:
    """Clips that stand in both files, as they are or nearly so."""
    same, near = data.same_features, _near_only(data)
    facts: dict[str, Fact] = {"same_features": len(same), "same_name": data.same_name, "of": len(validation)}
    findings = []
    if same:
        severity: Severity = "critical" if len(same) > LEAK_IS_CRITICAL * len(validation) else "warning"
        example = f"“{validation.ids[same[0][0]]}” is “{train.ids[same[0][1]]}”"
        sentence = (
            f"{len(same)} of {len(validation)} validation clips are bit for bit training clips ({example}): "
            "the validation accuracy is too good."
        )
        findings.append(Finding("validation-in-training", "data_quality", severity, sentence, facts, "data"))
    if near or data.shared_frames:
        findings.append(_near_finding(validation, data, near, facts))
    if findings:
        return findings
    if data.same_name:
        sentence = f"{data.same_name} validation clips have the name of a training clip, but other features."
        return [Finding("same-names", "data_quality", "info", sentence, facts, "data")]
    how = "bit for bit or nearly" if data.neighbours is not None else "bit for bit"
    sentence = f"No validation clip is a training clip, {how}, and no name occurs in both."
    return [Finding("no-leak", "data_quality", "info", sentence, facts, "data")]


def _near_finding(validation: Clips, data: DataMeasures, near: list[Pair], facts: dict[str, Fact]) -> Finding:
    """Validation clips that are nearly training clips, or were cut from one."""
    names = {pair.validation for pair in near} | {one.validation for one in data.shared_frames}
    if data.shared_frames:
        first = data.shared_frames[0]
        example = f"“{first.validation}” has {first.frames} of its {first.of} frames in common with “{first.train}”, bit for bit"
    else:
        pair = near[0]
        example = (
            f"“{pair.validation}” is “{pair.train}” but for rounding, or for a feature on another scale"
            if pair.ratio < SAME
            else f"“{pair.validation}” lies from “{pair.train}” at {100 * pair.ratio:.0f} % of the distance that is usual "
            "between two clips of one gloss"
        )
    verb = "clip is nearly a training clip" if len(names) == 1 else "clips are nearly training clips"
    sentence = f"{len(names)} of {len(validation)} validation {verb}: {example}."
    severity: Severity = "critical" if len(names) > LEAK_IS_CRITICAL * len(validation) else "warning"
    cut: list[Fact] = [[one.validation, one.train] for one in data.shared_frames[:20]]
    listed: list[Fact] = cut + [[pair.validation, pair.train] for pair in near[:20]]
    more: dict[str, Fact] = facts | {"near": len(names), "pairs": listed}
    return Finding("near-duplicates", "data_quality", severity, sentence, more, "data")


def _near_only(data: DataMeasures) -> list[Pair]:
    """Near pairs that are not the same bit for bit."""
    copies = {(one.validation, one.train) for one in data.copies}
    pairs = data.neighbours.pairs if data.neighbours is not None else ()
    return [pair for pair in pairs if (pair.validation, pair.train) not in copies]


def _signers(data: DataMeasures) -> list[Finding]:
    if data.validation is None or data.train is None or not data.validation.signers or not data.train.signers:
        return []
    ours, shared = len(set(data.validation.signers)), len(data.same_signers)
    facts: dict[str, Fact] = {"signers": ours, "shared": shared}
    if not shared:
        sentence = "By the names of the clips, no signer is in both training and validation."
        return [Finding("signers-apart", "data_quality", "info", sentence, facts, "data")]
    sentence = (
        f"By the names of the clips, {shared} of {ours} validation signers are in training too: the accuracy says little "
        "about signers that the network has never seen."
    )
    return [Finding("signers-shared", "data_quality", "info", sentence, facts, "data")]


def _scales(ours: ColumnFacts, theirs: ColumnFacts) -> list[Finding]:
    if len(ours.mean) != len(theirs.mean):
        return []
    extreme = extreme_columns(ours, theirs)
    with np.errstate(invalid="ignore"):
        moving = (ours.spread > CONSTANT) & (theirs.spread > CONSTANT)
    facts: dict[str, Fact] = {"features": int(moving.sum()), "extreme_features": list(extreme)}
    if moving.any():
        shift = np.abs(ours.mean - theirs.mean)[moving] / theirs.spread[moving]
        ratio = np.maximum(ours.spread[moving] / theirs.spread[moving], theirs.spread[moving] / ours.spread[moving])
        far = (shift > FAR) | (ratio > FAR)
        facts |= {
            "far_features": int(far.sum()),
            "largest_shift": float(shift.max()),
            "largest_ratio": float(ratio.max()),
        }
        if far.mean() >= MANY_FEATURES:
            sentence = (
                f"{int(far.sum())} of {int(moving.sum())} features differ in scale between training and validation (by up "
                f"to {_times(float(shift.max()))} standard deviations in the mean and {_times(float(ratio.max()))} times in "
                "the spread)."
            )
            return [Finding("scales-differ", "data_quality", "critical", sentence, facts, "data")]
    still = _still(ours, theirs)
    if still:
        facts |= {"still_features": list(still)}
        sentence = (
            f"In validation {column_words(still)} never change{'s' if len(still) == 1 else ''}, and in training "
            f"{'it does' if len(still) == 1 else 'they do'}: something that training was given was not computed here."
        )
        return [Finding("features-still-in-validation", "data_quality", "warning", sentence, facts, "data")]
    if extreme:
        return [
            Finding(
                "feature-on-another-scale",
                "data_quality",
                "critical",
                _extreme_words(ours, theirs, extreme),
                facts,
                "data",
            )
        ]
    if not moving.any():
        return []
    sentence = "The features of training and validation are on one scale."
    return [Finding("same-scale", "data_quality", "info", sentence, facts, "data")]


def _still(ours: ColumnFacts, theirs: ColumnFacts) -> tuple[int, ...]:
    """Features that move in training and hold one value in validation; those that hardly move in training say nothing."""
    with np.errstate(invalid="ignore"):
        moves = theirs.spread > CONSTANT
        usual = float(np.median(theirs.spread[moves])) if moves.any() else 0.0
        still = (ours.spread <= CONSTANT) & (theirs.spread > HARDLY * usual)
    return tuple(np.flatnonzero(still).tolist())


def _extreme_words(ours: ColumnFacts, theirs: ColumnFacts, extreme: tuple[int, ...]) -> str:
    """What is on another scale, with the numbers of the first such feature."""
    first = extreme[0]
    here, there = f"{ours.mean[first]:.3g}", f"{theirs.mean[first]:.3g}"
    times = " Numbers of that size are seconds since 1970: a raw time was left among the features."
    is_time = looks_like_time(ours, first) != looks_like_time(theirs, first)
    verb = "is" if len(extreme) == 1 else "are"
    sentence = (
        f"{column_words(extreme).capitalize()} {verb} on another scale in validation than in training: {here} on average "
        f"against {there}{'' if len(extreme) == 1 else f' (feature {first})'}, while the others agree."
    )
    return sentence + (times if is_time else "")


def _raw(facts: ColumnFacts, what: str) -> list[Finding]:
    """Features of another order than the others, where nothing to compare with is at hand or both files have them."""
    columns = raw_columns(facts)
    if not columns:
        return []
    first = columns[0]
    size = max(abs(facts.low[first]), abs(facts.high[first]))
    time = ", as seconds since 1970 are: a raw time" if looks_like_time(facts, first) else ""
    sentence = (
        f"In the {what} clips {column_words(columns)} reach{'es' if len(columns) == 1 else ''} {size:.3g} among features of "
        f"far smaller numbers{time}. A network learns little beside such a column."
    )
    told: dict[str, Fact] = {"columns": list(columns), "size": float(size)}
    return [Finding("raw-feature", "data_quality", "warning", sentence, told, "data")]


def _times(value: float) -> str:
    return f"{value:.1f}" if value < 1000 else f"{value:.2g}"
