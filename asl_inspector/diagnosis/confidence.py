"""Is the network as often right as it is sure?

Measure: the probability of each clip's best gloss (the exact CTC probability of the gloss alone, or the mean posterior of a
network without a blank) beside whether that gloss is right; the expected calibration error over bins of equally many clips,
at most 15 and at least 10 clips each.

Null: confidences that are all true. A perfectly calibrated network of n clips has an error too, by sampling alone; it is
drawn here by calling each clip right with its own confidence, and an error is told as one only beyond the 95 % point of that.

Reading: sure and wrong is what wrong labels, other features and learning by heart look like, and none of them is told apart
by it; unsure and right is what few steps, strong dropout and noisy labels leave. So the finding carries no weight for a cause.

Sources: Guo et al. 2017, arXiv:1706.04599, for the error; Nixon et al. 2019, arXiv:1904.01685, for equal bins.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial

MOST_BINS, FEWEST_IN_A_BIN = 15, 10
DRAWS = 500
SEED = 20_261_124
FEWEST_CLIPS = 30
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def calibration_error(confidence: FloatArray, right: BoolArray) -> float:
    """Mean gap between confidence and accuracy over bins of equally many clips, in [0, 1].

    Args:
        confidence: (n,), of the answers.
        right: (n,), whether they are right.
    """
    order = np.argsort(confidence, kind="stable")
    bins = max(1, min(MOST_BINS, len(order) // FEWEST_IN_A_BIN))
    gaps = [
        abs(float(confidence[part].mean() - right[part].mean())) * len(part) for part in np.array_split(order, bins)
    ]
    return sum(gaps) / len(order)


def null_of(confidence: FloatArray) -> FloatArray:
    """(500,), errors where every confidence is true."""
    random = np.random.default_rng(SEED)
    drawn = [calibration_error(confidence, random.random(len(confidence)) < confidence) for _ in range(DRAWS)]
    return np.array(drawn)


def ask(scored: Scored | None, truth: NDArray[np.int64] | None) -> Answers:
    """The finding on confidence.

    Args:
        scored: Predictions on the validation clips.
        truth: (N,), true ids to score by instead of the file's own.
    """
    if scored is None or not scored.predictions.probabilities or int(scored.labelled.sum()) < FEWEST_CLIPS:
        return Answers()
    confidence = np.exp(scored.predictions.top_log_prob[scored.labelled, 0].astype(np.float64)).clip(0, 1)
    right = scored.right(scored.score, truth)
    error, null = calibration_error(confidence, right), null_of(confidence)
    sampling = float(np.quantile(null, 0.95))
    p = float(((null >= error).sum() + 1) / (DRAWS + 1))
    wrong = confidence[~right]
    facts: dict[str, Fact] = {
        "error": error,
        "by_sampling": sampling,
        "p": p,
        "mean_confidence": float(confidence.mean()),
        "accuracy": float(right.mean()),
        "confidence_where_wrong": float(wrong.mean()) if len(wrong) else None,
    }
    mean = f"{100 * confidence.mean():.0f} %"
    figures = f"It is right in {100 * right.mean():.0f} % by the exact score, with {mean} confidence on average"
    if error <= sampling:
        sentence = (
            f"{figures}: as sure as it may be (calibration error {error:.2f}, by sampling alone up to {sampling:.2f})."
        )
        return _told(Finding("as-sure-as-right", "confidence", "info", sentence, facts, "samples"), p)
    if confidence.mean() > right.mean():
        more = f", and where it is wrong with {100 * wrong.mean():.0f} %" if len(wrong) else ""
        sentence = f"{figures}{more}: too sure (calibration error {error:.2f}, by sampling alone up to {sampling:.2f})."
        return _told(Finding("too-sure", "confidence", "info", sentence, facts, "samples"), p)
    sentence = f"{figures}: less sure than it is right (calibration error {error:.2f}, by sampling alone up to {sampling:.2f})."
    return _told(Finding("too-unsure", "confidence", "info", sentence, facts, "samples"), p)


def _told(finding: Finding, p: float) -> Answers:
    shown = finding.id if finding.id != "as-sure-as-right" else ""
    return Answers((finding,), trials=(Trial("confidence and accuracy differ", p, shown),))
