"""Are the clips themselves sound, and are training and validation really apart?

Checks: numbers that are not finite, clips without frames, clips that are bit for bit the same in both splits or carry
the same name, features on another scale.

Threshold of the scale check: a feature whose mean in validation lies more than 3 training standard deviations off, or
whose spread differs by a factor of 3, in at least a fifth of the features. Different signers move features by fractions
of a standard deviation; units and normalisation move all of them by more. Constant features are set aside.

Guard: a true difference between signers is not a fault, and the sentence says "differ".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity
from asl_inspector.progress import CancelToken
from asl_inspector.samples.records import Clips

MOST_NAMED = 3
FAR = 3.0
MANY_FEATURES = 0.2
LEAK_IS_CRITICAL = 0.05
CONSTANT = 1e-6
FloatArray = NDArray[np.float64]


def ask(evidence: Evidence, cancel: CancelToken) -> Answers:
    """Findings on the clips."""
    findings: list[Finding] = []
    for scored, what in ((evidence.validation, "validation"), (evidence.train, "training")):
        if scored is not None:
            findings += _not_run(scored.clips, scored.predictions.ran, what)
    validation, train = evidence.case.validation, evidence.case.train
    if validation is not None and train is not None:
        findings += _leaks(validation, train, cancel)
        findings += _scales(validation, train, cancel)
    return Answers(tuple(findings))


def _not_run(clips: Clips, ran: NDArray[np.bool_], what: str) -> list[Finding]:
    findings = []
    empty = np.flatnonzero(~ran & (clips.lengths == 0))
    broken = np.flatnonzero(~ran & (clips.lengths > 0))
    for indices, id_, why in (
        (empty, "clips-without-frames", "no frames"),
        (broken, "features-not-finite", "NaN or infinite features"),
    ):
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


def _hashes(clips: Clips, cancel: CancelToken) -> Iterator[tuple[int, bytes]]:
    for index in range(len(clips)):
        if index % 256 == 0:
            cancel.raise_if_cancelled()
        if clips.lengths[index]:
            yield index, hashlib.blake2b(clips.features(index).tobytes(), digest_size=16).digest()


def _leaks(validation: Clips, train: Clips, cancel: CancelToken) -> list[Finding]:
    """Clips that stand in both files."""
    known = {digest: index for index, digest in _hashes(train, cancel)}
    same = [(index, known[digest]) for index, digest in _hashes(validation, cancel) if digest in known]
    train_names = set(train.ids)
    same_name = [index for index, name in enumerate(validation.ids) if name in train_names]
    findings = []
    facts: dict[str, Fact] = {"same_features": len(same), "same_name": len(same_name), "of": len(validation)}
    if same:
        severity: Severity = "critical" if len(same) > LEAK_IS_CRITICAL * len(validation) else "warning"
        example = f"“{validation.ids[same[0][0]]}” is “{train.ids[same[0][1]]}”"
        sentence = (
            f"{len(same)} of {len(validation)} validation clips are bit for bit training clips ({example}): "
            "the validation accuracy is too good."
        )
        findings.append(Finding("validation-in-training", "data_quality", severity, sentence, facts, "samples"))
    elif same_name:
        sentence = f"{len(same_name)} validation clips have the name of a training clip, but other features."
        findings.append(Finding("same-names", "data_quality", "info", sentence, facts, "samples"))
    else:
        sentence = "No validation clip is bit for bit a training clip, and no name occurs in both."
        findings.append(Finding("no-leak", "data_quality", "info", sentence, facts, "samples"))
    return findings


def _moments(clips: Clips, cancel: CancelToken) -> tuple[FloatArray, FloatArray] | None:
    """Mean and standard deviation of each feature over all frames: (F,), (F,)."""
    if clips.feature_count is None:
        return None
    count, total, squares = 0, np.zeros(clips.feature_count), np.zeros(clips.feature_count)
    for index in range(len(clips)):
        if index % 256 == 0:
            cancel.raise_if_cancelled()
        features = clips.features(index).astype(np.float64)
        if features.size and np.isfinite(features).all():
            count += len(features)
            total += features.sum(axis=0)
            squares += (features**2).sum(axis=0)
    if not count:
        return None
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0))


def _scales(validation: Clips, train: Clips, cancel: CancelToken) -> list[Finding]:
    ours, theirs = _moments(validation, cancel), _moments(train, cancel)
    if ours is None or theirs is None or len(ours[0]) != len(theirs[0]):
        return []
    (mean, spread), (train_mean, train_spread) = ours, theirs
    moving = (spread > CONSTANT) & (train_spread > CONSTANT)
    if not moving.any():
        return []
    shift = np.abs(mean - train_mean)[moving] / train_spread[moving]
    ratio = np.maximum(spread[moving] / train_spread[moving], train_spread[moving] / spread[moving])
    far = (shift > FAR) | (ratio > FAR)
    facts: dict[str, Fact] = {
        "features": int(moving.sum()),
        "far_features": int(far.sum()),
        "largest_shift": float(shift.max()),
        "largest_ratio": float(ratio.max()),
    }
    if far.mean() < MANY_FEATURES:
        sentence = "The features of training and validation are on one scale."
        return [Finding("same-scale", "data_quality", "info", sentence, facts, "samples")]
    sentence = (
        f"{int(far.sum())} of {int(moving.sum())} features differ in scale between training and validation (by up to "
        f"{shift.max():.1f} standard deviations in the mean and {ratio.max():.1f} times in the spread)."
    )
    return [Finding("scales-differ", "data_quality", "critical", sentence, facts, "samples")]
