"""From the names and numbers that training scripts write to the few figures that the program knows.

Names are told by their words: one that names a side (training or validation) and one that names the figure, with
fillers such as "mean" or "epoch" left out. "val/acc", "Validation Accuracy", "eval_accuracy" and "acc_val" are one.
A name with any other word in it ("ctc loss", "top-5 accuracy") is another figure and is left alone.

Accuracies are fractions. A percent sign settles an accuracy; without one a column with any value above 1 is a column of
percentages, for a run writes all its epochs alike.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

from asl_inspector.history.records import FIGURE_NAMES, FigureName, History, Points

Side = Literal["train", "val", "test"]

TRAIN_WORDS = {"train", "training", "trn", "tr"}
VALIDATION_WORDS = {"val", "valid", "validation", "validate", "validating", "dev", "eval", "evaluation", "evaluate"}
TEST_WORDS = {"test", "testing", "best", "final", "improved"}  # figures of the whole run are no figures of an epoch
FILLERS = {"mean", "avg", "average", "epoch", "total", "set", "current", "the", "history", "log", "loop", "metrics"}
LOSSES = {("loss",), ("losses",)}
ACCURACIES = {
    ("acc",),
    ("accs",),
    ("accuracy",),
    ("accuracies",),
    ("acc1",),
    ("top1",),
    ("acc", "1"),
    ("top", "1"),
    ("top1", "acc"),
    ("top1", "accuracy"),
    ("top", "1", "acc"),
    ("top", "1", "accuracy"),
    ("categorical", "accuracy"),
    ("sparse", "categorical", "accuracy"),
    ("multiclass", "accuracy"),
    ("binary", "accuracy"),
}
RATES = {("lr",), ("lrs",), ("learning", "rate"), ("learning", "rates"), ("lr", "adam"), ("lr", "adamw"), ("lr", "sgd")}
WORD = re.compile(r"[a-z]+\d*|\d+")


@lru_cache(maxsize=4_096)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, "trainLoss/epoch" giving train, loss, epoch."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(WORD.findall(spaced.lower()))


def side_of(words: Iterable[str]) -> Side | None:
    """Which clips the words speak of, or None where they do not say."""
    for word in words:
        if word in TEST_WORDS:
            return "test"
        if word in VALIDATION_WORDS:
            return "val"
        if word in TRAIN_WORDS:
            return "train"
    return None


@lru_cache(maxsize=4_096)
def figure_of(name: str, side: Side | None = None) -> FigureName | None:
    """The figure that a name stands for, or None.

    Args:
        name: As the script writes it.
        side: What the surroundings say where the name does not; training where they do not either.
    """
    words = words_of(name)
    told = side_of(words)
    if told == "test":
        return None
    known = TRAIN_WORDS | VALIDATION_WORDS | FILLERS
    rest = tuple(word for word in words if word not in known)
    if rest in RATES:
        return "learning_rate"
    on_validation = (told or side) == "val"
    if (told or side) == "test":
        return None
    if rest in LOSSES or (not rest and told is not None and set(words) <= TRAIN_WORDS | VALIDATION_WORDS):
        return "val_loss" if on_validation else "train_loss"
    if rest in ACCURACIES:
        return "val_acc" if on_validation else "train_acc"
    return None


@dataclass(slots=True)
class Epoch:
    """One epoch while it is being read.

    Attributes:
        number: As printed.
        where: Where it was found.
        figures: Raw numbers; accuracies as printed.
        passing: Names whose number came from a progress bar, so that a later one replaces it.
        percent: Names whose number carried a percent sign or was a count of clips, so that it is settled.
        parts: Further parts of the loss.
    """

    number: int
    where: str = ""
    figures: dict[FigureName, float] = field(default_factory=dict)
    passing: set[FigureName] = field(default_factory=set)
    settled: set[FigureName] = field(default_factory=set)
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """True where there is a loss or an accuracy."""
        return any(name != "learning_rate" for name in self.figures)

    def take(
        self, name: FigureName, value: float, *, percent: bool, share: bool = False, passing: bool = False
    ) -> None:
        """Write one figure; the first of a name counts, but what a progress bar showed in passing is replaced."""
        if name in self.figures and name not in self.passing:
            return
        self.figures[name] = value / 100 if percent and name.endswith("acc") else value
        (self.settled.add if (percent or share) else self.settled.discard)(name)
        (self.passing.add if passing else self.passing.discard)(name)


def is_bare_side(name: str) -> bool:
    """True for "train" or "val" alone, which means a loss only in lines of figures."""
    return set(words_of(name)) <= TRAIN_WORDS | VALIDATION_WORDS


def scaled(values: Points) -> Points:
    """A column of accuracies as fractions; percentages where any value is above 1."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    if known and max(known) > 1:
        return tuple(None if value is None else value / 100 for value in values)
    return values


def build(source: str, epochs: Sequence[Epoch], *, kind: str, axis: str = "epoch") -> History:
    """The history that epochs amount to; epochs without figures are left out."""
    told = [epoch for epoch in epochs if epoch.tells]

    def column(name: FigureName) -> Points:
        values = tuple(epoch.figures.get(name) for epoch in told)
        if all(value is None for value in values):
            return ()
        if not name.endswith("acc"):
            return values
        loose = scaled(tuple(None if name in one.settled else value for one, value in zip(told, values, strict=True)))
        return tuple(
            value if name in one.settled else free for one, value, free in zip(told, values, loose, strict=True)
        )

    named = Counter(name for epoch in told for name in epoch.parts)
    part_names = [name for name, count in named.items() if 2 * count > len(told)]
    columns = {name: column(name) for name in FIGURE_NAMES}
    return History(
        source=source,
        epochs=tuple(epoch.number for epoch in told),
        parts=tuple((name, tuple(epoch.parts.get(name) for epoch in told)) for name in part_names),
        kind=kind,
        axis=axis,
        places=tuple(epoch.where for epoch in told) if any(epoch.where for epoch in told) else (),
        **columns,  # type: ignore[arg-type]
    )


def last_of_several(epochs: Sequence[Epoch]) -> tuple[list[Epoch], list[str]]:
    """The longest of the runs that one source tells one after another (the last of equally long ones), and a note.

    A new run starts where the number goes back.
    """
    runs: list[list[Epoch]] = []
    for epoch in epochs:
        if not epoch.tells:
            continue
        if runs and epoch.number > runs[-1][-1].number:
            runs[-1].append(epoch)
        else:
            runs.append([epoch])
    if not runs:
        return [], []
    chosen = max(enumerate(runs), key=lambda pair: (len(pair[1]), pair[0]))[1]
    others = [run for run in runs if run is not chosen and len(run) > 1]
    if not others:
        return chosen, []
    lengths = ", ".join(f"{run[0].number} to {run[-1].number}" for run in others[:4])
    return chosen, [
        f"It tells of {len(others) + 1} runs one after another; epochs {chosen[0].number} to {chosen[-1].number} are "
        f"shown, and epochs {lengths} of {'another run' if len(others) == 1 else 'other runs'} are left out."
    ]
