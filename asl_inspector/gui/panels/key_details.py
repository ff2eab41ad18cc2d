"""One entry of the key tree, looked at closely: facts, histogram, gates, numbers, optimizer state, health."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QVBoxLayout, QWidget

from asl_inspector.checkpoints.gates import RecurrentPart
from asl_inspector.checkpoints.health_records import HealthNote
from asl_inspector.checkpoints.optimizer_states import MOMENTS, ParameterState
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.engine.tensor_messages import TensorView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Line, Scrolled, empty
from asl_inspector.gui.key_nodes import Node, shape_text
from asl_inspector.gui.numbers import local
from asl_inspector.gui.panels.key_numbers import NumbersView
from asl_inspector.gui.plots.bars import HistogramPlot
from asl_inspector.gui.widgets import Text, link_button
from asl_inspector.report.sizes import size_text

MOST_SHARED = 6


class EntryCard(Card):
    """One entry of the tree: its place, its numbers or its text."""

    wants_key = Signal(object)  # path in the file

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 0, 0))
        page = Scrolled(margins=(16, 14, 16, 14))
        page.column.setSpacing(8)
        self.body.addWidget(page)
        self._title = Text(weight=QFont.Weight.DemiBold, selectable=True, exact=True)
        self._facts = Text(tone="muted", selectable=True)
        self._gates = Text(size=theme.SMALL, selectable=True)
        self._plot = HistogramPlot(x_title="value", y_title="numbers", height=180)
        self._plot.setAccessibleName("Histogram of the tensor's numbers")
        self._numbers = Text(selectable=True, mono=True, size=theme.SMALL)
        self.slices = NumbersView()
        self._more = QVBoxLayout()
        self._more.setSpacing(4)
        for widget in (self._title, self._facts, self._gates, self._plot, self._numbers, self.slices):
            page.column.addWidget(widget)
        page.column.addLayout(self._more)
        page.column.addStretch(1)
        self.setMinimumWidth(250)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No entry is selected."""
        self._clear()
        self._title.setText("Select a key")
        self._facts.setText(
            "Tensors show their extremes, moments, a histogram and any slice; everything else its text."
        )

    def _clear(self) -> None:
        for widget in (self._plot, self._gates, self._numbers):
            widget.hide()
        self._numbers.setText("")
        self.slices.show_tensor(-1, None)
        self.clear_related()

    def clear_related(self) -> None:
        """Take away what `show_sharing`, `show_state` and `show_health` showed."""
        empty(self._more)

    def show_node(self, node: Node) -> None:
        """What is known without reading numbers."""
        self._clear()
        tensor, value = node.tensor, node.value
        path = tensor.path if tensor else value.path if value else node.path
        self._title.setText("\n".join(path) or "(the whole file)")
        if tensor is not None:
            self._facts.setText("\n".join(_facts(tensor)))
            self.slices.show_tensor(node.index, tensor)
        elif value is not None:
            self._facts.setText(value.type)
            self._say(value.text)
        else:
            parts = [f"{node.tensors:,} tensors", f"{node.numbers:,} numbers ({100 * node.share:.1f} % of the file)"]
            self._facts.setText("\n".join([*parts, size_text(node.nbytes)]) if node.tensors else _children(node))

    def _say(self, text: str) -> None:
        self._numbers.setText(text)
        self._numbers.setVisible(bool(text))

    def show_gates(self, part: RecurrentPart | None) -> None:
        """What the rows of a recurrent tensor are."""
        if part is None:
            return
        rows = [f"rows {gate.start} to {gate.stop - 1}: {gate.name} ({gate.letter})" for gate in part.gates]
        self._gates.setText("\n".join([part.sentence + ".", *rows]))
        self._gates.show()

    def show_sharing(self, others: Sequence[TensorRecord]) -> None:
        """Tensors that have the same memory."""
        if others:
            self._head("Shares its memory with")
            for other in others[:MOST_SHARED]:
                self._link(other.name, other.path)

    def show_state(self, state: ParameterState, step: float | None, note: str) -> None:
        """What the optimizer keeps for the parameter."""
        self._head("Optimizer state")
        told = [f"parameter {state.index}, group {state.group}"]
        told += [f"step {step:,.0f}"] if step is not None else []
        told += [] if state.has_state else ["nothing kept: no gradient ever reached it"]
        self._more.addWidget(Text(", ".join(told), size=theme.SMALL, selectable=True))
        for name, tensor in state.tensors.items():
            if name != "step":
                self._link(f"{name} ({MOMENTS.get(name, 'kept tensor')})", tensor.path)
        self._more.addWidget(Text(note, size=theme.SMALL, tone="muted"))

    def show_health(self, notes: Sequence[HealthNote]) -> None:
        """What was found amiss with the tensor."""
        bad = [note for note in notes if note.verdict in ("ill", "suspect")]
        if bad:
            self._head("Health")
            for note in bad:
                tone = "danger" if note.verdict == "ill" else "caution"
                self._more.addWidget(Text(note.sentence, size=theme.SMALL, tone=tone, selectable=True))

    def _head(self, text: str) -> None:
        self._more.addWidget(Line())
        self._more.addWidget(Text(text, size=theme.SMALL, weight=QFont.Weight.DemiBold))

    def _link(self, text: str, path: tuple[str, ...]) -> None:
        button = link_button(text)
        button.setProperty("path", list(path))
        button.clicked.connect(self._follow)
        line = QWidget()
        inside = QVBoxLayout(line)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(button, alignment=Qt.AlignmentFlag.AlignLeft)
        self._more.addWidget(line)

    @Slot()
    def _follow(self) -> None:
        path = self.sender().property("path")
        if isinstance(path, list):
            self.wants_key.emit(tuple(path))

    def show_tensor(self, view: TensorView) -> None:
        """Extremes, moments and the histogram."""
        if view.statistics is None:
            self._say(view.trouble)
            return
        self._say(local(statistics_text(view.statistics)))
        self._plot.setVisible(len(view.counts) > 1)
        if len(view.counts) > 1:
            self._plot.show_counts(view.counts, view.edges)


def statistics_text(facts: TensorStatistics) -> str:
    """Facts, one a line, the numbers below each other."""
    rows = [
        ("min", facts.minimum),
        ("max", facts.maximum),
        ("mean", facts.mean),
        ("std", facts.std),
        ("norm", facts.norm),
    ]
    cells = [f"{name:<5}{value:>12.6g}" for name, value in rows if value is not None]
    share = f" ({100 * facts.zeros / facts.count:.1f} %)" if facts.zeros and facts.count else ""
    cells.append(f"{'zeros':<5}{facts.zeros:>12,}{share}")
    cells += [f"{name:<5}{count:>12,}" for name, count in (("NaN", facts.nans), ("inf", facts.infinities)) if count]
    return "\n".join(cells)


def _facts(tensor: TensorRecord) -> list[str]:
    lines = [
        f"{tensor.dtype}, {shape_text(tensor.shape) or 'one number'}",
        f"{tensor.count:,} numbers, {size_text(tensor.nbytes)}",
        f"saved on {tensor.device}" + (f", {tensor.role}" if tensor.role else ""),
    ]
    if tensor.file_offset is not None:
        lines.append(f"storage {tensor.storage}, at byte {tensor.file_offset:,} of {tensor.part or 'the file'}")
    if tensor.layout != "strided":
        lines.append(f"kept as {tensor.layout}")
    return [*lines, tensor.trouble] if tensor.trouble else lines


def _children(node: Node) -> str:
    return f"{len(node.children):,} entries"
