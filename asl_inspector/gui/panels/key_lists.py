"""Sides of a checkpoint beside its tree: the optimizers, the other values, the health, what a load would have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QTableView, QVBoxLayout, QWidget

from asl_inspector.checkpoints.health_records import QUESTIONS, HealthNote
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, WouldRun
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.engine.tensor_messages import OptimizerView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Scrolled, empty
from asl_inspector.gui.key_nodes import shape_text
from asl_inspector.gui.tables import Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Badge, Text, link_button
from asl_inspector.visible_text import visible

KINDS = (
    ("scheduler", ("sched",)),
    ("optimizer", ("optim",)),
    ("RNG state", ("rng", "random_state")),
    ("callback", ("callback",)),
    ("loop", ("loops",)),
    ("vocabulary", ("gloss", "vocab", "label_map", "class_names")),
    ("hyperparameter", ("config", "param", "args", "cfg", "hidden", "layers", "dropout", "lr", "batch")),
    ("curve or metric", ("loss", "acc", "history", "epoch", "step", "best", "score")),
)
VERDICTS = {
    "ill": ("critical", "ill"),
    "suspect": ("warning", "suspect"),
    None: ("info", "unknown"),
    "sound": ("good", "sound"),
}
MOST_LINKS = 6
NAN = float("nan")


def kind_of(path: tuple[str, ...]) -> str:
    """What a value is about, by the names on its path; the outermost decides."""
    for name in path:
        folded = name.casefold()
        for kind, words in KINDS:
            if any(word in folded for word in words):
                return kind
    return "other"


class ListPage(QWidget):
    """A sentence, and a table below it whose rows lead to keys of the tree."""

    wants_key = Signal(object)  # path in the file

    def __init__(self, name: str) -> None:
        super().__init__()
        self._paths: list[tuple[str, ...]] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        self.words = Text(tone="muted", selectable=True)
        self.words.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)  # alone, it has the whole page
        self.model = ColumnModel(self)
        self.table: QTableView = new_table(self.model, name)
        self.table.activated.connect(self._follow)
        layout.addWidget(self.words)
        layout.addWidget(self.table, 1)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy)

    def show_rows(self, columns: Sequence[Column], paths: list[tuple[str, ...]]) -> None:
        """Show a table; `paths` says where each row leads."""
        self._paths = paths
        self.model.set_columns(columns)
        for number, column in enumerate(columns):
            self.table.setColumnWidth(number, column.width)
        self.table.setVisible(bool(paths))

    @Slot(QModelIndex)
    def _follow(self, index: QModelIndex) -> None:
        path = self._paths[self.model.source_row(index.row())]
        if path:
            self.wants_key.emit(path)

    @Slot()
    def copy(self) -> None:
        """Copy the selected rows."""
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        if rows:
            QGuiApplication.clipboard().setText(self.model.text_rows(rows))

    def text(self) -> str:
        """The page as plain text."""
        return f"{self.words.text()}\n{self.model.text_rows(range(self.model.rowCount()))}"


def _texts(title: str, texts: Sequence[str], width: int, tip: str = "") -> Column:
    return Column(title, np.array(texts, dtype=object), lambda row: texts[row], tip, width=width)


def _numbers(title: str, numbers: Sequence[float | None], width: int, tip: str, form: str = ",.0f") -> Column:
    values = np.array([NAN if number is None else number for number in numbers], float)
    return Column(
        title,
        values,
        lambda row: "" if values[row] != values[row] else format(values[row], form),
        tip,
        numeric=True,
        width=width,
    )


def show_optimizers(page: ListPage, views: Sequence[OptimizerView], measured: Mapping[str, TensorStatistics]) -> None:
    """One row a parameter of every optimizer.

    Args:
        page: Where to show them.
        views: The optimizers.
        measured: Facts of tensors by name.
    """
    if not views:
        page.words.setText("The file holds no optimizer. What was trained, and how far, only its weights can tell.")
        page.show_rows((), [])
        return
    words = []
    for view in views:
        for number, group in enumerate(view.optimizer.groups):
            told = ", ".join(f"{name} {text}" for name, text in group.items() if text not in ("None", "False"))
            words.append(f"{'.'.join(view.optimizer.path)}, group {number}: {told}")
        words.append(view.optimizer.note)
    page.words.setText("\n".join(words))
    rows = [
        (view, state, step) for view in views for state, step in zip(view.optimizer.states, view.steps, strict=True)
    ]

    def moment(state_tensors: Mapping[str, TensorRecord], name: str) -> TensorStatistics | None:
        tensor = state_tensors.get(name)
        return measured.get(tensor.name) if tensor is not None else None

    first = [moment(state.tensors, "exp_avg") or moment(state.tensors, "momentum_buffer") for _, state, _ in rows]
    second = [moment(state.tensors, "exp_avg_sq") or moment(state.tensors, "square_avg") for _, state, _ in rows]
    columns = [
        _numbers("#", [float(state.index) for _, state, _ in rows], 50, "Number in the optimizer"),
        _texts("parameter", [visible(state.parameter or "unknown") for _, state, _ in rows], 300),
        _texts("shape", [shape_text(state.shape or ()) for _, state, _ in rows], 110),
        _numbers("group", [float(state.group) for _, state, _ in rows], 60, "Parameter group"),
        _numbers("step", [step for _, _, step in rows], 70, "Steps that this parameter took"),
        _numbers(
            "norm of momentum",
            [facts.norm if facts else None for facts in first],
            130,
            "Norm of the first moment; measure the file to see it",
            ".4g",
        ),
        _numbers(
            "mean square gradient",
            [facts.mean if facts else None for facts in second],
            150,
            "Mean of the second moment, exactly 0 where no gradient came; measure the file to see it",
            ".4g",
        ),
        _texts("kept", [", ".join((*state.tensors, *state.values)) or "nothing" for _, state, _ in rows], 220),
    ]
    places = [next((tensor.path for tensor in state.tensors.values()), ()) for _, state, _ in rows]
    page.show_rows(columns, places)


def value_table(checkpoint: Checkpoint) -> tuple[str, list[Column], list[tuple[str, ...]]]:
    """Everything that is neither a weight nor the optimizer's: a sentence, columns, and the path of each row."""
    rows = [
        (kind_of(value.path), value.path, value.type, visible(value.text))
        for value in checkpoint.values
        if "param_groups" not in value.path  # the page of the optimizer tells them
    ]
    rows += [
        (kind_of(tensor.path), tensor.path, "tensor", f"{tensor.dtype}, {shape_text(tensor.shape) or 'one number'}")
        for tensor in checkpoint.tensors
        if tensor.role == "other"
    ]
    count = len(rows)
    words = (
        f"{count:,} values beside the weights, shown as inert text. Custom objects are named, never made."
        if count
        else "The file holds nothing but tensors."
    )
    columns = [
        _texts("about", [row[0] for row in rows], 130, "What the names on its path speak of"),
        _texts("key", [visible(".".join(row[1])) or "(the whole file)" for row in rows], 330),
        _texts("type", [visible(row[2]) for row in rows], 150),
        _texts("value", [row[3] for row in rows], 300),
    ]
    return words, columns, [row[1] for row in rows]


def show_runs(page: ListPage, runs: Sequence[WouldRun]) -> None:
    """What loading this file would have run."""
    if runs:
        page.words.setText(
            "An ordinary load of this file would import or call the following beyond rebuilding tensors and plain "
            "containers. Nothing of it was run here. Offsets are bytes of the pickle stream in the file."
        )
    else:
        page.words.setText(
            "An ordinary load of this file would run nothing but the rebuilding of tensors and plain containers."
        )
    columns = [
        _numbers("byte", [float(run.offset) for run in runs], 110, "Offset in the pickle stream"),
        _texts("imports or calls", [visible(run.call) for run in runs], 280),
        _texts("arguments", [visible(run.arguments) for run in runs], 480),
    ]
    page.show_rows(columns, [()] * len(runs))


class HealthPage(Scrolled):
    """The answers on the weights, the gravest first."""

    wants_key = Signal(object)  # path in the file

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 8, 0))
        self._notes: tuple[HealthNote, ...] = ()
        self._list = QVBoxLayout()
        self._list.setSpacing(8)
        self.column.addLayout(self._list)
        self.column.addStretch(1)
        self.say("")

    def say(self, text: str) -> None:
        """A sentence in place of answers."""
        self._notes = ()
        empty(self._list)
        words = text or "Measure the file to judge its weights: the numbers are read once, nothing is run."
        self._list.addWidget(Text(words, tone="muted"))

    def show_notes(self, notes: tuple[HealthNote, ...], weights_path: tuple[str, ...]) -> None:
        """Show all answers."""
        self._notes = notes
        empty(self._list)
        if not notes:
            self._list.addWidget(Text("The file holds no weights to judge.", tone="muted"))
        for note in notes:
            card = Card(margins=(14, 10, 14, 10), spacing=4)
            head = QHBoxLayout()
            kind, word = VERDICTS[note.verdict]
            head.addWidget(Text(QUESTIONS[note.question], weight=QFont.Weight.DemiBold, wrap=False))
            head.addStretch(1)
            head.addWidget(Badge(word, kind))
            card.body.addLayout(head)
            card.body.addWidget(Text(note.sentence, tone="muted" if note.verdict == "sound" else "", selectable=True))
            for key in note.keys[:MOST_LINKS]:
                button = link_button(visible(key))
                button.setProperty("path", [*weights_path, key])
                button.clicked.connect(self._follow)
                card.body.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
            if len(note.keys) > MOST_LINKS:
                more = f"and {len(note.keys) - MOST_LINKS:,} more"
                card.body.addWidget(Text(more, size=theme.SMALL, tone="muted"))
            self._list.addWidget(card)

    @Slot()
    def _follow(self) -> None:
        path = self.sender().property("path")
        if isinstance(path, list):
            self.wants_key.emit(tuple(path))

    def text(self) -> str:
        """The answers as plain text."""
        return "\n".join(f"{VERDICTS[note.verdict][1]}: {note.sentence}" for note in self._notes)
