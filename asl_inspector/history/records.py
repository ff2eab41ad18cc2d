"""Curves of a training run and what the run printed about itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Points = tuple[float | None, ...]
FigureName = Literal["train_loss", "val_loss", "val_acc", "train_acc", "learning_rate"]

FIGURE_NAMES: tuple[FigureName, ...] = ("train_loss", "val_loss", "val_acc", "train_acc", "learning_rate")


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
class Stated:
    """A figure that the run stated about the whole run, not about one epoch.

    Attributes:
        kind: "best" or "final".
        value: Validation accuracy as a fraction in [0, 1].
        epoch: The epoch it names, or None.
        text: The line.
        where: Where it was printed.
    """

    kind: Literal["best", "final"]
    value: float
    epoch: int | None
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class CodeHint:
    """Something in the text of the training code that is known to go wrong. The code was read, never run.

    Attributes:
        id: Stable name ("load-in-try").
        where: Cell or file, with the line in it ("cell 13, line 2").
        sentence: What was seen and what it does, for the user.
        text: The line of code.
    """

    id: str
    where: str
    sentence: str
    text: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two places that tell different things of one run.

    Attributes:
        sentence: With both values and both places.
        figure: Name of the figure ("val_acc"), or an empty string.
        epoch: The epoch it is about, or None.
    """

    sentence: str
    figure: str = ""
    epoch: int | None = None


@dataclass(frozen=True, slots=True)
class History:
    """One run as one source tells it, or as several tell it together; None stands where an epoch has no such figure.

    Attributes:
        source: File name, or "checkpoint"; of several the one that tells most.
        epochs: Epoch numbers as printed, rising; steps where `axis` says so.
        train_loss: One an epoch.
        val_loss: One an epoch.
        val_acc: Fractions in [0, 1], one an epoch.
        train_acc: Fractions in [0, 1], one an epoch.
        learning_rate: One an epoch.
        parts: Further parts of the loss by name ("CTC", "Blank Penalty").
        stage1: What was printed about pre-trained weights, in order.
        errors: Error messages that the run printed.
        kind: What the source is: "log", "notebook", "table", "events", "checkpoint", "checkpoints" or "code".
        axis: What `epochs` counts: "epoch" or "step".
        places: Where each epoch was found ("line 51"), or empty.
        stated: Figures stated about the whole run.
        hints: What the text of the code shows.
        notes: Sentences on what was left out or cut short.
        sources: Names of all sources that were laid over each other, this one's first; empty for a single one.
        contradictions: Where the sources disagree.
        names: What the code calls its things, as `(what, name)`; see `code_names`.
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
    learning_rate: Points = ()
    kind: str = "log"
    axis: str = "epoch"
    places: tuple[str, ...] = ()
    stated: tuple[Stated, ...] = ()
    hints: tuple[CodeHint, ...] = ()
    notes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    names: tuple[tuple[str, str], ...] = ()

    @property
    def tells_of_a_run(self) -> bool:
        """False for text that tells of no epoch, speaks of no pre-trained weights and holds no suspicious code."""
        return bool(self.epochs or self.stage1 or self.hints)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the highest validation accuracy, or the lowest validation loss where there is none."""
        index = self.best_index
        return None if index is None else self.epochs[index]

    @property
    def best_index(self) -> int | None:
        """Where in `epochs` the best epoch stands."""
        accuracies = [(value, -index) for index, value in enumerate(self.val_acc) if value is not None]
        if accuracies:
            return -max(accuracies)[1]
        losses = [(value, index) for index, value in enumerate(self.val_loss) if value is not None]
        return min(losses)[1] if losses else None

    @property
    def as_good(self) -> int:
        """How many other epochs have exactly the figure of the best one."""
        values = self.val_acc if any(value is not None for value in self.val_acc) else self.val_loss
        index = self.best_index
        return 0 if index is None else sum(value == values[index] for value in values) - 1

    def column(self, name: FigureName) -> Points:
        """The points of a figure by its name."""
        columns = {
            "train_loss": self.train_loss,
            "val_loss": self.val_loss,
            "val_acc": self.val_acc,
            "train_acc": self.train_acc,
            "learning_rate": self.learning_rate,
        }
        return columns[name]

    def place_of(self, index: int) -> str:
        """Where the figures of `epochs[index]` were found: "run.ipynb, cell 16"."""
        place = self.places[index] if index < len(self.places) else ""
        return ", ".join(part for part in (self.source, place) if part)
