"""What would early stopping have done?

Rules: stop once the validation loss, or the accuracy, has not improved for p epochs, p in 3, 5, 10, and keep the best
epoch so far. A third rule is seen in notebooks: stop once the accuracy has been more than one point below its best for
five epochs running.

What it costs is the best accuracy of the whole run minus that of the epoch kept, with Newcombe's limits. Both are
measured on the same clips, whose agreement a log does not tell, so the limits are wider than they need be.

Null: none; this is a replay. Guard: the best accuracy of many epochs is partly luck, so a small cost is none.

Source: Prechelt 1998, "Early stopping - but when?"; Newcombe 1998, method 10.
"""

from __future__ import annotations

from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.diagnosis.overfitting import gap_interval
from asl_inspector.diagnosis.run_records import EarlyStop, Watched
from asl_inspector.history.records import History, Points

PATIENCES = (3, 5, 10)
DROP_PATIENCE = 5
DROP = 0.01


def replay(history: History, clips: int | None) -> tuple[EarlyStop, ...]:
    """All rules over the epochs of a history.

    Args:
        history: The run.
        clips: Validation clips, for the limits.
    """
    rules: list[tuple[Watched, int]] = []
    if sum(value is not None for value in history.val_loss) > 1:
        rules += [("val_loss", patience) for patience in PATIENCES]
    if sum(value is not None for value in history.val_acc) > 1:
        rules += [("val_acc", patience) for patience in PATIENCES]
        rules.append(("drop", DROP_PATIENCE))
    return tuple(_replayed(history, clips, watched, patience) for watched, patience in rules)


def _replayed(history: History, clips: int | None, watched: Watched, patience: int) -> EarlyStop:
    if watched == "drop":
        stop, kept = stop_on_drop(history.val_acc, patience)
    else:
        values = history.val_loss if watched == "val_loss" else history.val_acc
        stop, kept = stop_on(values, patience, rising=watched == "val_acc")
    known = [value for value in history.val_acc if value is not None]
    here = history.val_acc[kept] if history.val_acc else None
    forgone = low = high = None
    if here is not None and known:
        forgone = max(known) - here
        if clips:
            best, kept_accuracy = accuracy_of(round(max(known) * clips), clips), accuracy_of(round(here * clips), clips)
            if best is not None and kept_accuracy is not None:
                low, high = gap_interval(best, kept_accuracy)
    stopped = None if stop is None else history.epochs[stop]
    return EarlyStop(watched, patience, stopped, history.epochs[kept], here, forgone, low, high)


def stop_on(values: Points, patience: int, *, rising: bool) -> tuple[int | None, int]:
    """Index at which to stop, or None, and index of the best so far; gaps count as no improvement.

    Args:
        values: One an epoch.
        patience: Epochs without improvement.
        rising: True where more is better.
    """
    best, kept, waited = None, 0, 0
    for index, value in enumerate(values):
        better = value is not None and (best is None or (value > best if rising else value < best))
        if better:
            best, kept, waited = value, index, 0
            continue
        waited += 1
        if waited >= patience:
            return index, kept
    return None, kept


def stop_on_drop(values: Points, patience: int) -> tuple[int | None, int]:
    """The same for accuracies that lie more than `DROP` below the best for `patience` epochs running."""
    best, kept, waited = -1.0, 0, 0
    for index, value in enumerate(values):
        if value is None:
            continue
        if value > best:
            best, kept = value, index
        waited = waited + 1 if value < best - DROP else 0
        if waited >= patience:
            return index, kept
    return None, kept
