"""Was the training over when this file was written?

Measure: the accuracy on the training clips in evaluation mode, and whether the printed training loss went on falling
after the file's epoch. A network that does not even fit its training clips has not been trained enough, or cannot
learn them; the history tells which. A file of an early epoch may have most training clips right already: it is early where the
training loss went on to fall by 40 % and the validation accuracies printed afterwards lie above that of its own epoch.
Null: a run that is over moves around its own figure, so that the mean of all later epochs, which no choice of a best one
lifts, differs from it by sampling alone (exact binomial, 0.05; and by 5 points at least).

Without the training clips the training loss that the file states is held against two marks: ln K, the loss of guessing
among K classes, and the loss on the validation clips. Thresholds: above 0.9 ln K nothing was learned; below a tenth of
ln K it was, and then a validation loss five times as large is a gap, and one above ln K + 1 is worse than guessing: the
network is surely wrong, as labels or features of another kind make it.

Source: diagnosis.md, A2 and C2, for the marks.
"""

from __future__ import annotations

import math

from scipy.stats import binomtest

from asl_inspector.diagnosis import metadata
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Trial
from asl_inspector.diagnosis.measures import accuracy

POOR_FIT = 0.5
UNLEARNED = 0.9  # of ln K
LEARNED = 0.1  # of ln K
TIMES = 5.0
APART = 0.3  # of ln K: a smaller validation loss is no gap worth a name
STILL_FALLING = 0.6  # the later training loss over that of the file's epoch
CLEARLY_LATER = 0.05
FEWEST_LATER = 3


def ask(evidence: Evidence) -> Answers:
    """Findings on how far the training had come."""
    if evidence.train is None:
        return _from_stored_loss(evidence)
    fit = accuracy(evidence.train.right(evidence.train.answer))
    epoch = evidence.checkpoint.contents.epoch if evidence.checkpoint else None
    if fit is None:
        return Answers()
    if fit.high > POOR_FIT:
        early = _early(evidence, epoch)
        if early is None:
            return Answers()
        trial = Trial("later epochs of the run are better", float(str(early.evidence["p"])), early.id)
        return Answers((early,), trials=(trial,))
    facts: dict[str, Fact] = {"train_correct": fit.correct, "train_of": fit.of, "epoch": epoch}
    later = _later_loss(evidence, epoch)
    poor = f"Only {fit.correct} of {fit.of} training clips ({100 * fit.value:.1f} %) are right"
    if later is not None:
        at_file, lowest, last_epoch = later
        facts |= {"train_loss_at_epoch": at_file, "lowest_train_loss": lowest}
        if lowest < STILL_FALLING * at_file:
            sentence = (
                f"{poor}: the file is of epoch {epoch}, and the training loss fell from {at_file:.2f} to {lowest:.2f} "
                f"by epoch {last_epoch}."
            )
            return Answers((Finding("early-file", "training", "warning", sentence, facts, "training"),))
    return Answers((Finding("poor-fit", "training", "warning", f"{poor}.", facts, "samples"),))


def _early(evidence: Evidence, epoch: int | None) -> Finding | None:
    """A file whose run became clearly better afterwards, by the history; None where it did not or nobody knows."""
    later, history = _later_loss(evidence, epoch), evidence.history
    if later is None or history is None or not history.val_acc or evidence.validation is None:
        return None
    at_file, lowest, last_epoch = later
    printed = [(n, one) for n, one in zip(history.epochs, history.val_acc, strict=True) if one is not None]
    own = next((one for number, one in printed if number == epoch), None)
    after = [one for number, one in printed if epoch is not None and number > epoch]
    clips = int(evidence.validation.labelled.sum())
    if own is None or len(after) < FEWEST_LATER or not clips or lowest >= STILL_FALLING * at_file:
        return None
    mean = sum(after) / len(after)
    if mean - own < CLEARLY_LATER or not 0 < mean < 1:
        return None
    p = float(binomtest(round(own * clips), clips, mean, alternative="less").pvalue)
    if p >= CLEARLY_LATER:
        return None
    facts: dict[str, Fact] = {
        "epoch": epoch,
        "train_loss_at_epoch": at_file,
        "lowest_train_loss": lowest,
        "val_acc_at_epoch": own,
        "mean_val_acc_later": mean,
        "p": p,
    }
    sentence = (
        f"The file is of epoch {epoch}, and the run was not over: the training loss fell from {at_file:.2f} to {lowest:.2f} by "
        f"epoch {last_epoch}, and the later epochs have {100 * mean:.1f} % of the validation clips right on average instead of "
        f"{100 * own:.1f} %."
    )
    return Finding("early-file", "training", "warning", sentence, facts, "training")


def _from_stored_loss(evidence: Evidence) -> Answers:
    """What the stated training loss tells beside the validation clips, where the training clips are not at hand."""
    scored, architecture = evidence.validation, evidence.architecture
    stated = evidence.checkpoint.contents.stored.get("train_loss") if evidence.checkpoint else None
    if stated is None or not math.isfinite(stated) or architecture is None or architecture.classes < 2:
        return Answers()
    guessing = math.log(architecture.classes)
    facts: dict[str, Fact] = {"train_loss": stated, "loss_of_guessing": guessing}
    if stated > UNLEARNED * guessing:
        sentence = (
            f"The file states a training loss of {stated:.2f}, which is that of guessing among {architecture.classes} classes "
            f"({guessing:.2f}): nothing was learned yet."
        )
        return Answers((Finding("stated-loss-of-guessing", "training", "warning", sentence, facts, "keys:train_loss"),))
    measured = metadata.measure_losses(scored).mean_of_clips if scored is not None else None
    if measured is None or stated > LEARNED * guessing or measured < TIMES * stated:
        return Answers()
    facts["val_loss"] = measured
    figures = f"The file states a training loss of {stated:.2f}, and the validation clips have {measured:.2f}"
    if measured > guessing + 1:
        sentence = (
            f"{figures}, more than guessing ({guessing:.2f}): the network is sure and wrong. Check labels and features."
        )
        return Answers((Finding("surely-wrong", "training", "warning", sentence, facts, "keys:train_loss"),))
    if measured < APART * guessing:
        return Answers()
    sentence = f"{figures}: overfitting is suspected, but the training clips alone can show it."
    return Answers((Finding("stated-losses-part", "training", "info", sentence, facts, "keys:train_loss"),))


def _later_loss(evidence: Evidence, epoch: int | None) -> tuple[float, float, int] | None:
    """Training loss at the file's epoch, the lowest afterwards and its epoch; None where the history lacks them."""
    history = evidence.history
    if history is None or epoch is None or not history.train_loss:
        return None
    points = [(n, loss) for n, loss in zip(history.epochs, history.train_loss, strict=True) if loss is not None]
    at_file = next((loss for number, loss in points if number == epoch), None)
    later = [(loss, number) for number, loss in points if number > epoch]
    if at_file is None or not later:
        return None
    lowest, last = min(later)
    return at_file, lowest, last
