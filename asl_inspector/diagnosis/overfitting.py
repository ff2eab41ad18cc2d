"""Has the network learned its training clips by heart?

Measure: accuracy on training clips and on validation clips, both in evaluation mode with the same decoder. The
difference is overfitting only if the labels mean the same on both sides and the validation accuracy is above chance;
a label mismatch looks exactly like it. At chance it is named where all else is cleared: the ids mean the same glosses, the features are
those of training, and neighbours find the validation clips as well as those of training, so that nothing but the network
is left to blame.

Threshold: the difference must exceed 10 points with a 95 % interval that excludes 0 (every network fits its training
data somewhat better). It is critical where validation keeps less than a third of the training accuracy: with little or
hard data an honest network keeps half or less (docs/benchmark.md).

Without the training clips only the loss curves can suggest it.

Source: Newcombe 1998, method 10, for the interval of a difference.
"""

from __future__ import annotations

import math

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity, Trial, Undetermined
from asl_inspector.diagnosis.measures import accuracy, unpaired_p
from asl_inspector.diagnosis.records import Accuracy

CLEAR_GAP = 0.10
LARGE_GAP = 0.20
KEPT_SHARE = 1 / 3
RISEN = 1.25  # validation loss at the end over its lowest


def gap_interval(train: Accuracy, validation: Accuracy) -> tuple[float, float]:
    """95 % limits of the training accuracy minus the validation accuracy."""
    difference = train.value - validation.value
    below = math.hypot(train.value - train.low, validation.high - validation.value)
    above = math.hypot(train.high - train.value, validation.value - validation.low)
    return difference - below, difference + above


def ask(evidence: Evidence, *, labels_wrong: bool, above_chance: bool | None, cleared: bool = False) -> Answers:
    """Findings on the gap between training and validation.

    Args:
        evidence: The case.
        labels_wrong: True where validation ids mean other glosses.
        above_chance: Whether the validation accuracy is above chance.
        cleared: True where neither the features nor the labels of validation can be blamed.
    """
    if evidence.train is None or evidence.validation is None:
        return _from_history(evidence, labels_wrong=labels_wrong)
    train = accuracy(evidence.train.right(evidence.train.answer))
    validation = accuracy(evidence.validation.right(evidence.validation.answer))
    if train is None or validation is None:
        return Answers()
    low, high = gap_interval(train, validation)
    facts: dict[str, Fact] = {
        "train_correct": train.correct,
        "train_of": train.of,
        "validation_correct": validation.correct,
        "validation_of": validation.of,
        "gap": train.value - validation.value,
        "gap_low": low,
        "gap_high": high,
        "p": unpaired_p(train, validation),
    }
    figures = f"Train {100 * train.value:.1f} %, validation {100 * validation.value:.1f} %"
    if labels_wrong:
        reason = f"{figures}, but the validation labels are wrong, so the gap says nothing yet. Judge it after the ids are corrected."
        return Answers(undetermined=(Undetermined("Is it overfitting?", reason),))
    if low <= 0 or train.value - validation.value <= CLEAR_GAP:
        sentence = f"{figures}: no gap that these clips can show."
        return _told(Finding("no-gap", "overfitting", "info", sentence, facts, "samples"), shown=False)
    if not above_chance and cleared:
        sentence = (
            f"{figures}: validation is at chance although its ids mean the same glosses, its features are those of training and "
            "its nearest training clips are right as often as in training. The network knows its training clips by heart."
        )
        found = Finding("gap-with-all-else-cleared", "overfitting", "warning", sentence, facts, "samples")
        return _told(found)
    if not above_chance:
        reason = f"{figures}, and validation cannot be told from guessing: a gap of this kind has other causes first."
        sentence = f"{figures}: validation is at chance."
        at_chance = Finding("gap-at-chance", "overfitting", "warning", sentence, facts, "samples")
        return _told(at_chance, Undetermined("Is it overfitting?", reason))
    severity: Severity = "info"
    if validation.value < KEPT_SHARE * train.value:
        severity = "critical"
    elif train.value - validation.value > LARGE_GAP:
        severity = "warning"
    sentence = f"{figures}: a real gap of {100 * low:.0f} to {100 * high:.0f} points."
    return _told(Finding("train-validation-gap", "overfitting", severity, sentence, facts, "samples"))


def _told(finding: Finding, *undetermined: Undetermined, shown: bool = True) -> Answers:
    p = finding.evidence["p"]
    trial = Trial(
        "training clips are right more often than validation clips", float(str(p)), finding.id if shown else ""
    )
    return Answers((finding,), undetermined, (trial,))


def _from_history(evidence: Evidence, *, labels_wrong: bool) -> Answers:
    """Without training clips: does the printed validation loss rise while the training loss falls?"""
    if evidence.train is not None and evidence.validation is None:
        sentence, needs = (
            "The accuracy on clips that were not trained on was never measured.",
            "Add the validation clips.",
        )
    else:
        sentence = "The training accuracy in evaluation mode was never measured."
        needs = "Add the training clips." if evidence.saved is None else "Add the checkpoint and the training clips."
    if evidence.case.train is not None and evidence.train is None and evidence.saved is None:
        sentence = "Nothing was predicted on the training clips."
        needs = "Add the checkpoint of these clips." if evidence.checkpoint is None else ""
    missing = Undetermined("Is it overfitting?", sentence, needs)
    history = evidence.history
    losses = [loss for loss in history.val_loss if loss is not None] if history else []
    falling = [loss for loss in history.train_loss if loss is not None] if history else []
    if labels_wrong or len(losses) < 3 or len(falling) < 3:
        return Answers(undetermined=(missing,))
    if losses[-1] > RISEN * min(losses) and falling[-1] < 0.5 * falling[0]:
        facts: dict[str, Fact] = {
            "lowest_val_loss": min(losses),
            "last_val_loss": losses[-1],
            "train_loss": falling[-1],
        }
        sentence = (
            f"The printed validation loss rose from {min(losses):.2f} to {losses[-1]:.2f} while the training loss fell to "
            f"{falling[-1]:.2f}: overfitting is suspected, but wrong labels look the same."
        )
        return Answers((Finding("losses-part", "overfitting", "info", sentence, facts, "training"),), (missing,))
    return Answers(undetermined=(missing,))
