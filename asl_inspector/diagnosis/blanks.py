"""Blanks: how many frames say nothing, and is that a fault?

A healthy CTC network for one gloss in thirty frames answers with one spike and is blank elsewhere: 90 to 98 % of
frames. The share alone is therefore no fault at any value. A fault is that clips come out empty although the network
knows better, which is tested by taking a bias off the blank's logit: if accuracy leaps, the blank was in the way.

Two ways of counting differ: padded frames, which unpacking fills with zeros, all read as one class and are usually
counted by mistake. Only valid frames are counted here; the other figure is shown beside it.

It is critical where the blank hides at least as many answers as it leaves, or leaves more than half of the clips empty; a
network that trained a little short of its spikes hides a few.

Guards: the bias is chosen on one half of the clips and scored on the other, and the other way round.

Source: Zeyer, Schlüter and Ney 2021, arXiv:2105.14849 (peaky behaviour of CTC).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity, Trial, Undetermined
from asl_inspector.diagnosis.limits import MANY_EMPTY
from asl_inspector.diagnosis.measures import accuracy, paired_p
from asl_inspector.diagnosis.records import BiasPoint, BlankMeasures, BlankSweep
from asl_inspector.inference import decoding
from asl_inspector.inference.predictions import NO_BLANK, TEMPERATURES, Predictions

BATCH_OF_THE_SNIPPET = 16
SWEEP = tuple(np.arange(-4.0, 10.5, 0.5).tolist())
MOSTLY_EMPTY = 0.5
CLEAR_GAIN = 0.05
SURE = 0.001  # the two halves are not quite independent: each chose the other's bias
PROFILE_BINS = 20
TRAINING_GAIN = 0.03
TRAINING_SURE = 0.05
HIDES = "a bias on the blank helps"
HIDES_IN_TRAINING = "a bias on the blank helps on training clips"
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


def padded_batches(lengths: NDArray[np.int64]) -> list[tuple[int, int, int]]:
    """`(first clip, clips, padded frames)` of batches of 16 in file order, each padded to its longest clip."""
    batches = []
    for start in range(0, len(lengths), BATCH_OF_THE_SNIPPET):
        part = lengths[start : start + BATCH_OF_THE_SNIPPET]
        batches.append((start, len(part), int(part.max() * len(part) - part.sum())))
    return batches


def measure(predictions: Predictions) -> BlankMeasures | None:
    """Blank figures of all clips that ran; None for a network that has no blank."""
    if predictions.blank == NO_BLANK:
        return None
    frames = predictions.frame_argmax() == predictions.blank  # (M,)
    counts = np.add.reduceat(np.append(frames, False).astype(np.int64), predictions.starts[:-1])
    lengths = predictions.lengths
    counts = np.where(lengths > 0, counts, 0)
    padding_is_blank = predictions.padding_reads_as == predictions.blank
    shares = []
    padded = padded_blank = 0
    for start, size, pad in padded_batches(lengths):
        blank = int(counts[start : start + size].sum()) + (pad if padding_is_blank else 0)
        shares.append(blank / max(1, int(lengths[start : start + size].sum()) + pad))
        padded += pad
        padded_blank += blank
    with np.errstate(invalid="ignore"):
        per_clip = counts / lengths
    return BlankMeasures(
        argmax_valid=float(frames.mean()),
        argmax_padded=padded_blank / (len(frames) + padded),
        mean_of_batches=float(np.mean(shares)),
        posterior_valid=float(predictions.blank_posterior.mean(dtype=np.float64)),
        empty_share=float((counts[predictions.ran] == lengths[predictions.ran]).mean()),
        padding_reads_as=predictions.padding_reads_as,
        padded_frames=padded,
        per_clip=per_clip,
        profile=_profile(predictions, frames),
        outcomes=outcomes(predictions),
    )


def outcomes(predictions: Predictions) -> tuple[float, float, float] | None:
    """Mean exact probabilities of no gloss, one gloss and several, over the clips that ran; None where they are not known.

    All clips of one gloss sum to the best one's probability times the sum of exp(score - best), which is `sharpness` at 1.
    """
    if predictions.sharpness is None or not predictions.probabilities or not predictions.ran.any():
        return None
    ran = predictions.ran
    best = predictions.top_log_prob[ran, 0].astype(np.float64)
    one = np.exp(np.minimum(best + predictions.sharpness[ran, TEMPERATURES.index(1.0)], 0.0))
    none = np.exp(predictions.empty_log_prob[ran].astype(np.float64))
    several = np.clip(1 - one - none, 0.0, 1.0)
    return float(none.mean()), float(one.mean()), float(several.mean())


def _profile(predictions: Predictions, blank_frames: NDArray[np.bool_]) -> FloatArray:
    """Share of blank frames by relative time."""
    clips = predictions.frame_clip
    position = np.arange(len(clips)) - predictions.starts[clips]
    bins = np.minimum((position * PROFILE_BINS) // predictions.lengths[clips], PROFILE_BINS - 1)
    total = np.bincount(bins, minlength=PROFILE_BINS)
    with np.errstate(invalid="ignore"):
        share: FloatArray = np.bincount(bins, weights=blank_frames, minlength=PROFILE_BINS) / total
    return share


def sweep(scored: Scored, truth: NDArray[np.int64] | None = None) -> BlankSweep | None:
    """Accuracy against a bias on the blank, or None with fewer than 20 labelled clips.

    Args:
        scored: Predictions and labels.
        truth: (N,), true ids to score by instead of the file's own.
    """
    mask = scored.labelled
    if scored.predictions.blank == NO_BLANK:
        return None
    labels = (scored.clips.gloss_ids if truth is None else truth)[mask]
    if len(labels) < 20:
        return None
    decoded = [decoding.majority(scored.predictions, bias)[mask].astype(np.int64) for bias in SWEEP]
    plain = SWEEP.index(0.0)
    right_before = decoded[plain] == labels
    right_after = right_before.copy()
    halves = np.arange(len(labels)) % 2 == 0
    best = plain
    for chosen_on in (~halves, halves):
        best = _best(decoded, labels, chosen_on, plain)
        right_after[~chosen_on] = (decoded[best] == labels)[~chosen_on]
    before, after = accuracy(right_before), accuracy(right_after)
    if before is None or after is None:
        return None
    blank = scored.predictions.blank
    points = [
        BiasPoint(bias, int((guess == labels).sum()), len(labels), float((guess == blank).mean()))
        for bias, guess in zip(SWEEP, decoded, strict=True)
    ]
    return BlankSweep(tuple(points), SWEEP[best], before, after, paired_p(right_before, right_after))


def ask_training(swept: BlankSweep | None) -> Answers:
    """Does the blank hide answers on the clips that were trained on?

    Training would have moved the blank's bias by itself: where another one is better on the training clips, it was changed
    afterwards, or the training was not over.

    Threshold: 3 points with p below 0.05, because a trained network has none of its own clips empty.
    """
    if swept is None:
        return Answers()
    if swept.after.value - swept.before.value < TRAINING_GAIN or swept.p >= TRAINING_SURE:
        return Answers(trials=(Trial(HIDES_IN_TRAINING, swept.p),))
    facts: dict[str, Fact] = {"before": swept.before.correct, "after": swept.after.correct, "of": swept.after.of}
    sentence = (
        f"The blank hides answers on the training clips too: with a bias taken off, {swept.after.correct} instead of "
        f"{swept.before.correct} of {swept.after.of} are right. Training would have found that bias itself, so it was changed "
        "afterwards, or the training was not over."
    )
    found = Finding("blank-hides-training-answers", "blanks", "warning", sentence, facts, "blanks")
    return Answers((found,), trials=(Trial(HIDES_IN_TRAINING, swept.p, found.id),))


def _best(decoded: list[IntArray], labels: IntArray, clips: BoolArray, plain: int) -> int:
    """Which bias gets most of these clips right; none where none gets more."""
    right = [int((guess == labels)[clips].sum()) for guess in decoded]
    best = int(np.argmax(right))
    return plain if right[best] == right[plain] else best


def ask(measures: BlankMeasures | None, swept: BlankSweep | None, *, no_blank: bool = False) -> Answers:
    """Findings on blanks; `no_blank` says that clips were run through a network without any."""
    if no_blank:
        reason = "The network was trained without a blank, so nothing can be empty or hidden under blanks."
        return Answers(undetermined=(Undetermined("Does the blank win too often?", reason),))
    if measures is None:
        return Answers()
    facts: dict[str, Fact] = {
        "argmax_valid": measures.argmax_valid,
        "argmax_padded": measures.argmax_padded,
        "posterior_valid": measures.posterior_valid,
        "empty_share": measures.empty_share,
        "padding_reads_as": measures.padding_reads_as,
    }
    if measures.outcomes is not None:
        facts |= dict(zip(("says_nothing", "says_one", "says_several"), measures.outcomes, strict=True))
    share, empty = f"{100 * measures.argmax_valid:.1f} %", f"{100 * measures.empty_share:.1f} %"
    helps = swept is not None and _helps(swept)
    findings = []
    if measures.empty_share > MANY_EMPTY and helps and swept is not None:
        facts |= {"bias": swept.best_bias, "before": swept.before.value, "after": swept.after.value, "p": swept.p}
        sentence = (
            f"{empty} of the clips come out empty, and the network knows better: with {swept.best_bias:g} taken off the "
            f"blank's logit, {swept.after.correct} instead of {swept.before.correct} of {swept.after.of} clips are right."
        )
        hides_half = swept.after.correct >= 2 * swept.before.correct or measures.empty_share > MOSTLY_EMPTY
        grave: Severity = "critical" if hides_half else "warning"
        findings.append(Finding("blank-hides-answers", "blanks", grave, sentence, facts, "blanks"))
    elif measures.empty_share > MANY_EMPTY:
        sentence = (
            f"{empty} of the clips come out empty ({share} blank frames), but taking a bias off the blank does not help: "
            "the blank is a symptom here, not the cause."
        )
        findings.append(Finding("many-empty-clips", "blanks", "warning", sentence, facts, "blanks"))
    else:
        empties = f"{empty} of the clips come out empty" if measures.empty_share else "no clip comes out empty"
        sentence = f"Blank wins {share} of the valid frames and {empties}: normal for CTC."
        findings.append(Finding("blanks-normal", "blanks", "info", sentence, facts, "blanks"))
    if measures.padded_frames and abs(measures.argmax_padded - measures.argmax_valid) > CLEAR_GAIN:
        sentence = (
            f"Counted with padding, as training loops often do, the share would be {100 * measures.argmax_padded:.1f} %: "
            f"all {measures.padded_frames:,} padded frames read as class {measures.padding_reads_as}."
        )
        findings.append(Finding("padding-counted", "blanks", "info", sentence, dict(facts), "blanks"))
    hiding = next((one.id for one in findings if one.id == "blank-hides-answers"), "")
    return Answers(tuple(findings), trials=(Trial(HIDES, swept.p, hiding),) if swept is not None else ())


def _helps(swept: BlankSweep) -> bool:
    """True where the bias gains clearly, on clips that it was not chosen on."""
    return swept.after.value - swept.before.value > CLEAR_GAIN and swept.p < SURE
