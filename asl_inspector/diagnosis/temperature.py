"""Would one temperature on the scores mend the confidence?

Measure: the loss of the true gloss among all glosses, softmax(score / t), for twelve temperatures (0.25 to 11.3, each 1.41
times the one before); the best one of one half of the clips is judged on the other half, and the other way round. The
calibration error before and after (`confidence.calibration_error`), with 95 % limits over 400 draws of clips.

The score is the exact CTC log probability of one gloss, or without a blank the mean log posterior. Dividing by a temperature
changes no order, so no answer and no accuracy.

Null: the temperature that was chosen on other clips lowers the loss by luck alone (one-sided paired t-test over clips).

Reading: a loss that falls far was confidence alone, as a rising validation loss beside a steady accuracy is; what it leaves is
wrong answers. It carries no weight: overfitting, noise and shift all make a network too sure.

Threshold: p under 0.01 and an error lower by 0.02, below which nobody would act. Guards: sixty labelled clips; not where the
labels mean other glosses, for then the loss is not of the true gloss.

Source: Guo et al. 2017, arXiv:1706.04599, section 4.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.gains import p_of_gain
from asl_inspector.diagnosis.confidence import calibration_error
from asl_inspector.diagnosis.evidence import Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.probe_records import Temperature
from asl_inspector.inference.predictions import TEMPERATURES

FEWEST_CLIPS = 60
SURE = 0.01
CLEAR = 0.02
DRAWS = 400
SEED = 20_261_126
AS_IT_IS = TEMPERATURES.index(1.0)
FloatArray = NDArray[np.float64]


def measure(scored: Scored | None, *, labels_wrong: bool) -> Temperature | str:
    """The temperature, or why there is none."""
    if scored is None:
        return "Nothing was predicted."
    if labels_wrong:
        return "The validation ids mean other glosses, so the loss is not that of the true gloss."
    predictions = scored.predictions
    if predictions.sharpness is None or not predictions.probabilities:
        return "The scores of all glosses were not kept, or are no probabilities."
    known = scored.labelled & np.isfinite(predictions.loss) & np.isfinite(predictions.sharpness).all(axis=1)
    if int(known.sum()) < FEWEST_CLIPS:
        return f"Fewer than {FEWEST_CLIPS} labelled clips."
    sharpness = predictions.sharpness[known].astype(np.float64)  # (n, 12)
    behind = (
        predictions.top_log_prob[known, 0].astype(np.float64) + predictions.loss[known]
    )  # (n,), best minus true score
    losses = behind[:, None] / np.array(TEMPERATURES) + sharpness
    half = np.arange(len(losses)) % 2 == 0
    picked = [int(losses[chosen].mean(axis=0).argmin()) for chosen in (~half, half)]
    column = np.where(half, picked[0], picked[1])
    rows = np.arange(len(losses))
    after, before = losses[rows, column], losses[:, AS_IT_IS]
    right = np.equal(scored.score, scored.clips.gloss_ids)[known]
    sure_before, sure_after = np.exp(-sharpness[:, AS_IT_IS]), np.exp(-sharpness[rows, column])
    low, high = _limits(sure_after, right)
    return Temperature(
        chosen=(TEMPERATURES[picked[0]], TEMPERATURES[picked[1]]),
        before=calibration_error(sure_before, right),
        after=calibration_error(sure_after, right),
        low=low,
        high=high,
        loss_before=float(before.mean()),
        loss_after=float(after.mean()),
        p=p_of_gain(after, before),
        clips=len(losses),
    )


def _limits(confidence: FloatArray, right: NDArray[np.bool_]) -> tuple[float, float]:
    random = np.random.default_rng(SEED)
    drawn = []
    for _ in range(DRAWS):
        rows = random.integers(0, len(right), len(right))
        drawn.append(calibration_error(confidence[rows], right[rows]))
    low, high = np.quantile(drawn, [0.025, 0.975]).tolist()
    return low, high


def ask(found: Temperature | None) -> Answers:
    """The finding on a temperature."""
    if found is None:
        return Answers()
    facts: dict[str, Fact] = {
        "temperatures": list(found.chosen),
        "error_before": found.before,
        "error_after": found.after,
        "error_after_low": found.low,
        "error_after_high": found.high,
        "loss_before": found.loss_before,
        "loss_after": found.loss_after,
        "p": found.p,
    }
    name = "a temperature lowers the loss"
    figures = (
        f"With the scores divided by {_times(found.chosen)}, chosen on the other half of the clips, the calibration error goes "
        f"from {found.before:.2f} to {found.after:.2f} (95 %: {found.low:.2f} to {found.high:.2f}) and the loss from "
        f"{found.loss_before:.2f} to {found.loss_after:.2f}; no answer changes"
    )
    if found.p < SURE and found.before - found.after > CLEAR:
        sentence = f"{figures}: that much of the loss is confidence alone."
        mends = Finding("temperature-mends-confidence", "temperature", "info", sentence, facts, "samples")
        return Answers((mends,), trials=(Trial(name, found.p, mends.id),))
    sentence = f"No temperature mends the confidence clearly. {figures}."
    return Answers(
        (Finding("temperature-mends-little", "temperature", "info", sentence, facts, "samples"),),
        trials=(Trial(name, found.p),),
    )


def _times(chosen: tuple[float, float]) -> str:
    first, second = sorted(chosen)
    return f"{first:.2g}" if first == second else f"{first:.2g} and {second:.2g}"
