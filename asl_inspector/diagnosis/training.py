"""Was the training over when this file was written?

Measure: the accuracy on the training clips in evaluation mode, and whether the printed training loss went on falling
after the file's epoch. A network that does not even fit its training clips has not been trained enough, or cannot
learn them; the history tells which.
"""

from __future__ import annotations

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.diagnosis.measures import accuracy

POOR_FIT = 0.5
STILL_FALLING = 0.6  # the later training loss over that of the file's epoch


def ask(evidence: Evidence) -> Answers:
    """Findings on how far the training had come."""
    if evidence.train is None:
        return Answers()
    fit = accuracy(evidence.train.right(evidence.train.answer))
    if fit is None or fit.high > POOR_FIT:
        return Answers()
    epoch = evidence.checkpoint.contents.epoch if evidence.checkpoint else None
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
