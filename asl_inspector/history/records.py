"""Curves of a training run and what the run printed about itself."""

from __future__ import annotations

from dataclasses import dataclass

Points = tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Printed:
    """A line that the run printed and that says whether pre-trained weights were loaded.

    Attributes:
        text: The line.
        where: Where it was printed ("cell 13", "line 51").
        loaded: What it claims.
    """

    text: str
    where: str
    loaded: bool


@dataclass(frozen=True, slots=True)
class History:
    """One run as one source tells it; None stands where an epoch has no such figure.

    Attributes:
        source: File name, or "checkpoint".
        epochs: Epoch numbers as printed.
        train_loss: One an epoch.
        val_loss: One an epoch.
        val_acc: Fractions in [0, 1], one an epoch.
        train_acc: Fractions in [0, 1], one an epoch.
        parts: Further parts of the loss by name ("CTC", "Blank Penalty").
        stage1: What was printed about pre-trained weights, in order.
        errors: Error messages that the run printed.
    """

    source: str
    epochs: tuple[int, ...] = ()
    train_loss: Points = ()
    val_loss: Points = ()
    val_acc: Points = ()
    train_acc: Points = ()
    parts: tuple[tuple[str, Points], ...] = ()
    stage1: tuple[Printed, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def tells_of_a_run(self) -> bool:
        """False for text that is neither a log of epochs nor speaks of pre-trained weights."""
        return bool(self.epochs or self.stage1)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the highest validation accuracy, or the lowest validation loss where there is none."""
        accuracies = [(value, -index) for index, value in enumerate(self.val_acc) if value is not None]
        if accuracies:
            return self.epochs[-max(accuracies)[1]]
        losses = [(value, index) for index, value in enumerate(self.val_loss) if value is not None]
        return self.epochs[min(losses)[1]] if losses else None
