"""Do the figures that the file states about itself belong to its weights?

A common way of saving (`torch.save(best)` in a periodic branch) writes the metadata of the best epoch with tensors that
went on training, because `state_dict()` aliases them. Two witnesses tell: the stored accuracy or loss is not what the
weights score on the same clips, and the optimizer has taken more steps than the stated epoch has.

Guard: a network rebuilt wrongly, or other clips, would also fail to reproduce the stored figures. The cause is only
named where the optimizer's steps, the file's name or the history point to another epoch. The history does so by itself
where the measured loss is, to all printed decimals, that of one epoch and no other: of E epochs whose losses lie within a
range of R, another one would agree by accident with probability E * 1e-4 / R.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis.findings import Answers, Fact, Finding
from asl_inspector.diagnosis.measures import accuracy
from asl_inspector.diagnosis.padding import is_stated
from asl_inspector.diagnosis.probe_records import PaddingMeasures
from asl_inspector.diagnosis.records import Losses, Reproduction
from asl_inspector.history.records import History

PADDED = "majority_padded"
LOSS_TOLERANCE = 2e-4  # relative; sums in another order
BATCH_SIZES = (1, 2, 4, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 256, 512)
PRINTED = 6e-5  # of a loss in four decimals, and of an accuracy
EPOCH_IN_NAME = re.compile(r"(?:epoch|ep|e)[_-]?0*(\d+)", re.IGNORECASE)


def measure_losses(scored: Scored) -> Losses:
    """Both means; None where a clip of a batch has no loss."""
    values = scored.predictions.loss[scored.labelled].astype(float)
    values = values[values == values]  # labels that the network has no output for have no loss
    if not len(values):
        return Losses(None, None)
    whole = scored.predictions.loss.astype(float)
    means = []
    for start in range(0, len(whole), 16):
        part = whole[start : start + 16]
        part = part[part == part]
        if len(part):
            means.append(float(part.mean()))
    return Losses(float(values.mean()), sum(means) / len(means))


def reproduce(evidence: Evidence, losses: Losses | None, padded: PaddingMeasures | None = None) -> Reproduction:
    """Compare what the checkpoint states with what was measured on the validation clips.

    Args:
        evidence: The case.
        losses: Measured on the validation clips, or None.
        padded: The accuracy with padded frames counted, which a run without a mask states; None where it is not known.
    """
    stored = evidence.checkpoint.contents.stored if evidence.checkpoint else {}
    scored = evidence.validation
    wanted = stored.get("val_acc")
    fraction = None if wanted is None else wanted / 100 if wanted > 1 else wanted
    if scored is None:
        return Reproduction(None, None, None, None, None, fraction)
    measured = {name: accuracy(scored.right(ids)) for name, ids in scored.by_decoder.items()}
    majority = measured["majority"]
    if majority is None:
        return Reproduction(None, None, None, None, None, fraction)
    decoder = None
    if wanted is not None:
        candidates = (wanted, wanted / 100)  # a fraction or a percentage
        decoder = next(
            (
                name
                for name, one in measured.items()
                if one is not None and any(abs(one.value - value) < 0.5 / one.of for value in candidates)
            ),
            None,
        )
    if decoder is None and is_stated(padded, fraction):
        decoder = PADDED
    loss = stored.get("val_loss")
    close = None
    if loss is not None and losses is not None and losses.mean_of_clips is not None:
        options = (losses.mean_of_clips, losses.mean_of_batches)
        close = any(one is not None and abs(one - loss) <= LOSS_TOLERANCE * max(1.0, abs(loss)) for one in options)
    return Reproduction(
        None if wanted is None else decoder is not None, close, decoder, majority.correct, majority.of, fraction
    )


def ask(evidence: Evidence, reproduction: Reproduction, losses: Losses | None = None) -> Answers:
    """Findings on what the file says of itself.

    Args:
        evidence: The case.
        reproduction: Stored figures against measured ones.
        losses: Measured on the validation clips, or None.
    """
    if evidence.checkpoint is None:
        return Answers()
    findings: list[Finding] = []
    told = [value for value in (reproduction.val_acc, reproduction.val_loss) if value is not None]
    stored = evidence.checkpoint.contents.stored
    facts: dict[str, Fact] = {
        "stored_val_acc": stored.get("val_acc"),
        "stored_val_loss": stored.get("val_loss"),
        "measured_correct": reproduction.measured_correct,
        "of": reproduction.of,
    }
    if told and all(told):
        what = "The saved outputs reproduce" if evidence.saved is not None else "The rebuilt network reproduces"
        sentence = f"{what} the stored {_stored_words(reproduction, stored)} exactly."
        findings.append(Finding("stored-figures-reproduced", "metadata", "info", sentence, facts, "keys:val_acc"))
    elif told:
        measured = (
            f"{100 * reproduction.measured_correct / reproduction.of:.2f} % are measured"
            if reproduction.measured_correct is not None and reproduction.of
            else "other figures are measured"
        )
        sentence = f"The stored {_stored_words(reproduction, stored)} is not reproduced: {measured} on these clips."
        findings.append(
            Finding("stored-figures-not-reproduced", "metadata", "warning", sentence, facts, "keys:val_acc")
        )
        findings += _other_epoch(evidence, reproduction, losses)
    return Answers(tuple(findings))


def _stored_words(reproduction: Reproduction, stored: dict[str, float]) -> str:
    if reproduction.val_acc is not None and reproduction.stored_acc is not None:
        return f"validation accuracy of {100 * reproduction.stored_acc:.2f} %"
    return f"validation loss of {stored.get('val_loss', float('nan')):.4f}"


def _other_epoch(evidence: Evidence, reproduction: Reproduction, losses: Losses | None) -> list[Finding]:
    """Witnesses that the weights are of another epoch than the file states."""
    checkpoint = evidence.checkpoint
    if checkpoint is None or checkpoint.contents.epoch is None:
        return []
    epoch = checkpoint.contents.epoch
    witnesses: dict[str, int] = {}
    steps = checkpoint.contents.optimizer.step if checkpoint.contents.optimizer else None
    train_clips = len(evidence.case.train) if evidence.case.train else None
    by_steps = epoch_of_steps(steps, epoch, train_clips, batch_size_of(checkpoint.contents.hyperparameters))
    if by_steps is not None and by_steps != epoch:
        witnesses["the optimizer's steps"] = by_steps
    named = EPOCH_IN_NAME.search(checkpoint.path.stem)
    if named and int(named[1]) != epoch:
        witnesses["the file's name"] = int(named[1])
    by_loss = epoch_of_loss(evidence.history, losses)
    if by_loss is not None and by_loss != epoch and evidence.history is not None:
        witnesses[f"the validation loss printed in “{evidence.history.source}”"] = by_loss
    found = _epochs_with(evidence.history, reproduction)
    if found and epoch not in found:
        for other in witnesses.values():
            if other in found:
                witnesses[f"the accuracy printed in {evidence.history.source if evidence.history else ''}"] = other
                break
    if not witnesses:
        return []
    other = max(witnesses.values())
    facts: dict[str, Fact] = {"stated_epoch": epoch, "actual_epoch": other, "optimizer_steps": steps}
    sentence = (
        f"The file says epoch {epoch}, but {' and '.join(witnesses)} say{'s' if len(witnesses) == 1 else ''} "
        f"epoch {other}: the metadata is of an earlier, better epoch than the weights."
    )
    return [Finding("weights-of-another-epoch", "metadata", "warning", sentence, facts, "keys:epoch")]


def batch_size_of(settings: Mapping[str, object]) -> int | None:
    """The batch size that the file states, or None."""
    found = [value for key, value in settings.items() if key.rpartition(".")[2] in ("batch_size", "train_batch_size")]
    return next(
        (value for value in found if isinstance(value, int) and not isinstance(value, bool) and value > 0), None
    )


def epoch_of_loss(history: History | None, losses: Losses | None) -> int | None:
    """The one epoch whose printed validation loss is the measured one to four decimals, or None."""
    measured = [one for one in (losses.mean_of_clips, losses.mean_of_batches) if one is not None] if losses else []
    if history is None or not history.val_loss or not measured:
        return None
    found = [
        epoch
        for epoch, value in zip(history.epochs, history.val_loss, strict=True)
        if value is not None and any(abs(value - one) < PRINTED for one in measured)
    ]
    return found[0] if len(found) == 1 else None


def epoch_of_steps(
    steps: int | None, stated: int, train_clips: int | None, batch_size: int | None = None
) -> int | None:
    """The epoch that the optimizer's steps amount to, or None where that cannot be told.

    With N training clips in batches of B an epoch has ceil(N / B) steps, or one less where the rest is dropped. With the
    batch size that the file states, the steps tell the epoch; without it an epoch count that divides the steps with such
    a quotient is possible, and of several the one nearest to the stated epoch is taken.
    """
    if not steps or stated <= 0:
        return None
    if train_clips and batch_size:
        for per_epoch in (-(-train_clips // batch_size), train_clips // batch_size):
            if per_epoch and steps % per_epoch == 0:
                return steps // per_epoch
    if train_clips:
        possible = {-(-train_clips // size) for size in BATCH_SIZES} | {train_clips // size for size in BATCH_SIZES}
        epochs = [steps // per_epoch for per_epoch in possible if per_epoch and steps % per_epoch == 0]
        return min(epochs, key=lambda candidate: (abs(candidate - stated), candidate)) if epochs else None
    if steps % stated == 0:
        return stated
    return next((stated + more for more in (1, 2, 3) if steps % (stated + more) == 0), None)


def _epochs_with(history: History | None, reproduction: Reproduction) -> set[int]:
    """Epochs of the history whose printed accuracy is the measured one, to the printed two decimals."""
    if history is None or not history.val_acc or reproduction.measured_correct is None or not reproduction.of:
        return set()
    measured = reproduction.measured_correct / reproduction.of
    return {
        epoch
        for epoch, value in zip(history.epochs, history.val_acc, strict=True)
        if value is not None and abs(value - measured) < PRINTED
    }
