"""The Checkpoint keys panel: the whole file as a tree, and one entry looked at closely."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QTreeView, QVBoxLayout, QWidget

from asl_inspector.checkpoints.records import Checkpoint, WouldRun, parameter_count
from asl_inspector.engine.messages import CaseView, TensorView
from asl_inspector.gui import theme
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.gui.key_tree import KeyModel, Node, build_tree, shape_text
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.plots.bars import HistogramPlot
from asl_inspector.gui.widgets import Card, Elided, Foldable, Scrolled, Text, empty
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.report.sizes import size_text

SEARCH_DELAY_MS = 200
WIDTHS = (290, 84, 160, 90, 80)
MOST_EXPANDED = 400
MOST_RUNS = 30


class KeysPanel(Panel):
    """Search, look, copy; nothing in the file is run."""

    title = "Checkpoint keys"
    empty_title = "Everything that is in the checkpoint"
    empty_advice = "Drop a checkpoint. Nothing in it is executed."
    wants_tensor = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._jobs.succeeded.connect(self._on_job)
        self._checkpoint: Checkpoint | None = None
        self._wanted = ""
        self._selected = ""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        layout.addLayout(self._header())
        self._banner = QVBoxLayout()
        layout.addLayout(self._banner)
        self._model = KeyModel(self)
        self._tree = QTreeView()
        self._tree.setModel(self._model)
        self._tree.setAccessibleName("Keys of the checkpoint")
        self._tree.setUniformRowHeights(True)
        self._tree.setAllColumnsShowFocus(True)
        self._tree.header().setFont(theme.font(theme.SMALL))
        self._tree.header().setStretchLastSection(True)
        for column, width in enumerate(WIDTHS):
            self._tree.setColumnWidth(column, width)
        self._tree.selectionModel().currentChanged.connect(self._select)
        self._detail = EntryCard()
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.GAP)
        splitter.addWidget(self._tree)
        splitter.addWidget(self._detail)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([760, 330])
        layout.addWidget(splitter, 1)
        self.set_content(content)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self._rebuild)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def _header(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Text("Checkpoint keys", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._facts = Elided(tone="muted")
        bar.addWidget(self._facts, 1)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search key, type, shape or value")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(260)
        self._search.textChanged.connect(self._search_soon)
        bar.addWidget(self._search)
        return bar

    def show_case(self, case: CaseView) -> None:
        checkpoint = case.checkpoint
        if checkpoint is None:
            self._checkpoint = None
            self.show_empty()
            return
        if checkpoint == self._checkpoint:
            return
        self._checkpoint = checkpoint
        self._detail.show_nothing()
        parameters = parameter_count(checkpoint.tensors)
        self._facts.set_whole(
            f"{checkpoint.format}, {size_text(checkpoint.bytes)}, {len(checkpoint.tensors):,} tensors, {parameters:,} parameters"
        )
        self._show_banner(checkpoint)
        self._rebuild()
        self.show_content()
        self.figure_changed.emit(f"{len(checkpoint.tensors):,}")

    def _show_banner(self, checkpoint: Checkpoint) -> None:
        empty(self._banner)
        if checkpoint.would_run:
            self._banner.addWidget(_would_run_card(checkpoint.would_run))
        if checkpoint.notes:
            card = Card(margins=(14, 8, 14, 8), spacing=2)
            card.setProperty("kind", "banner")
            for note in checkpoint.notes:
                card.body.addWidget(Text(note, tone="caution"))
            self._banner.addWidget(card)

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot()
    def _rebuild(self) -> None:
        checkpoint, search = self._checkpoint, self._search.text()
        if checkpoint is None:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            return build_tree(checkpoint, search)

        self._jobs.start("keys", work)

    @Slot(str, object)
    def _on_job(self, lane: str, result: object) -> None:
        if lane != "keys" or not isinstance(result, Node):
            return
        self._model.set_root(result)
        if self._search.text():
            self._tree.expandAll()
        elif sum(len(child.children) for child in result.children) < MOST_EXPANDED:
            self._tree.expandToDepth(0)
        if self._wanted:
            self._show_wanted()

    def go_to(self, place: str) -> None:
        """Select a key."""
        self._wanted = place.partition(":")[2]
        if self._search.text():
            self._search.clear()
        elif self._wanted:
            self._show_wanted()

    def _show_wanted(self) -> None:
        found = self._model.find(self._wanted)
        if found.isValid():
            self._wanted = ""
            self._tree.setCurrentIndex(found)
            self._tree.scrollTo(found)
            self._tree.expand(found)

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        node = self._model.node(current)
        self._selected = node.tensor.name if node.tensor else ""
        self._detail.show_node(node)
        if node.tensor is not None and not node.tensor.trouble:
            self.wants_tensor.emit(node.tensor.name)

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """A tensor's numbers arrived."""
        if view is not None and view.name == self._selected:
            self._detail.show_tensor(view)

    @Slot()
    def _copy(self) -> None:
        index = self._tree.currentIndex()
        if index.isValid():
            node = self._model.node(index)
            text = node.tensor.name if node.tensor else node.value.text if node.value else node.name
            QGuiApplication.clipboard().setText(text)

    def text(self) -> str:
        checkpoint = self._checkpoint
        if checkpoint is None:
            return ""
        rows = [f"{one.name}\t{one.dtype}\t{shape_text(one.shape)}" for one in checkpoint.tensors]
        rows += [f"{'.'.join(one.path)}\t{one.type}\t{one.text}" for one in checkpoint.values]
        return "\n".join(rows)


def _would_run_card(runs: tuple[WouldRun, ...]) -> Card:
    card = Card(margins=(14, 8, 14, 8), spacing=2)
    card.setProperty("kind", "banner")
    names = list(dict.fromkeys(run.call for run in runs))
    head = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
    card.body.addWidget(
        Text(f"An ordinary load of this file would import or call {head}. Nothing of it was run here.", tone="caution")
    )
    lines = [f"{run.call}{run.arguments}   at byte {run.offset:,}" for run in runs[:MOST_RUNS]]
    if len(runs) > MOST_RUNS:
        lines.append(f"and {len(runs) - MOST_RUNS:,} more")
    card.body.addWidget(Foldable("Show each", Text("\n".join(lines), mono=True, size=theme.SMALL, selectable=True)))
    return card


class EntryCard(Card):
    """One entry of the tree: its place, its numbers or its text."""

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 0, 0))
        page = Scrolled(margins=(16, 14, 16, 14))
        self.body.addWidget(page)
        self._title = Text(weight=QFont.Weight.DemiBold, selectable=True)
        self._facts = Text(tone="muted", selectable=True)
        self._plot = HistogramPlot(x_title="value", y_title="numbers", height=200)
        self._plot.setAccessibleName("Histogram of the tensor's numbers")
        self._numbers = Text(selectable=True, mono=True, size=theme.SMALL)
        for widget in (self._title, self._facts, self._plot, self._numbers):
            page.column.addWidget(widget)
        page.column.addStretch(1)
        self.setMinimumWidth(250)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No entry is selected."""
        self._title.setText("Select a key")
        self._facts.setText("Tensors show their extremes, moments and a histogram; everything else its text.")
        self._plot.hide()
        self._numbers.setText("")

    def show_node(self, node: Node) -> None:
        """What is known without reading numbers."""
        self._plot.hide()
        self._numbers.setText("")
        tensor, value = node.tensor, node.value
        path = tensor.path if tensor else value.path if value else (node.name,)
        self._title.setText("\n".join(path))
        if tensor is not None:
            lines = [
                f"{tensor.dtype}, {shape_text(tensor.shape) or 'one number'}",
                f"{tensor.count:,} numbers, {size_text(tensor.nbytes)}",
                f"saved on {tensor.device}" + (f", {tensor.role}" if tensor.role else ""),
            ]
            self._facts.setText("\n".join([*lines, tensor.trouble] if tensor.trouble else lines))
        elif value is not None:
            self._facts.setText(value.type)
            self._numbers.setText(value.text)
        else:
            self._facts.setText(f"{len(node.children)} entries, {node.numbers:,} numbers, {size_text(node.nbytes)}")

    def show_tensor(self, view: TensorView) -> None:
        """Extremes, moments and the histogram."""
        facts = view.statistics
        if facts is None:
            self._numbers.setText(view.trouble)
            return
        rows = [
            ("min", facts.minimum),
            ("max", facts.maximum),
            ("mean", facts.mean),
            ("std", facts.std),
            ("norm", facts.norm),
        ]
        lines = [f"{name:<6}{value:>14.6g}" for name, value in rows if value is not None]
        lines += [f"{'zeros':<6}{facts.zeros:>14,}"]
        lines += [f"{name:<6}{count:>14,}" for name, count in (("NaN", facts.nans), ("inf", facts.infinities)) if count]
        lines += [
            "",
            "first numbers",
            *(f"{number:>20}" if isinstance(number, str) else f"{number:>20.6g}" for number in view.first),
        ]
        self._numbers.setText("\n".join(lines))
        self._plot.setVisible(len(view.counts) > 1)
        if len(view.counts) > 1:
            self._plot.show_counts(view.counts, view.edges)
