"""Histories that checkpoints hold: lists of losses and accuracies in one, or one point in each of several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from asl_inspector.history.figures import Epoch, build, figure_of
from asl_inspector.history.records import FIGURE_NAMES, FigureName, History

STORED: dict[str, FigureName] = {
    "train_loss": "train_loss",
    "val_loss": "val_loss",
    "val_acc": "val_acc",
    "train_acc": "train_acc",
}


@dataclass(frozen=True, slots=True)
class StoredPoint:
    """What one checkpoint says of its epoch.

    Attributes:
        name: File name.
        epoch: As stated.
        figures: By the names that `checkpoints.contents` gives them; accuracies as stated.
    """

    name: str
    epoch: int
    figures: Mapping[str, float]


def from_lists(source: str, curves: Mapping[str, Sequence[float]]) -> History:
    """The history in lists of a checkpoint, by their names; epochs count from 1.

    Args:
        source: Name of the file.
        curves: Lists by dotted name ("train_losses", "history.val_loss").
    """
    columns: dict[FigureName, Sequence[float]] = {}
    for name, values in curves.items():
        figure = figure_of(name)
        if figure is not None and len(values) > len(columns.get(figure, ())):
            columns[figure] = values
    epochs = []
    for index in range(max(map(len, columns.values()), default=0)):
        epoch = Epoch(index + 1, f"entry {index + 1}")
        for figure, values in columns.items():
            if index < len(values):
                epoch.take(figure, float(values[index]), percent=False)
        epochs.append(epoch)
    return build(source, epochs, kind="checkpoint")


def from_points(points: Sequence[StoredPoint]) -> History:
    """The history that several checkpoints of one run tell, each a point; the places are their names.

    Of two that state the same epoch the first is taken: a "best" file is often a copy of a numbered one.
    """
    epochs: dict[int, Epoch] = {}
    for point in sorted(points, key=lambda one: (one.epoch, one.name)):
        epoch = epochs.setdefault(point.epoch, Epoch(point.epoch, point.name))
        for name in FIGURE_NAMES:
            value = next(
                (point.figures[key] for key, known in STORED.items() if known == name and key in point.figures), None
            )
            if value is not None:
                epoch.take(name, value, percent=False)
    source = points[0].name if len(points) == 1 else f"{len(points)} checkpoints"
    return build(source, list(epochs.values()), kind="checkpoints")
