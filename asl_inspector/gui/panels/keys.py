"""The Checkpoint keys panel: the whole file as a tree, one entry looked at closely, and what lies beside the weights."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QProgressBar,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.engine.messages import CaseView
from asl_inspector.engine.tensor_messages import HealthView, OptimizerView, SliceView, StatisticsPart, TensorView
from asl_inspector.gui import theme
from asl_inspector.gui.jobs import Jobs, Publish
from asl_inspector.gui.key_search import needs_measures, parse_search
from asl_inspector.gui.key_tree import (
    FIRST_MEASURED,
    MEASURED_TITLES,
    SHARE,
    SIZE,
    TITLES,
    KeyModel,
    Node,
    ShareDelegate,
)
from asl_inspector.gui.panels.key_details import EntryCard
from asl_inspector.gui.panels.key_lists import HealthPage, ListPage, show_optimizers, show_runs
from asl_inspector.gui.panels.key_pages import KeysPage, Relations, prepare
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.widgets import Card, Elided, Text, empty, link_button
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.keys_csv import keys_csv
from asl_inspector.report.writing import write_atomically

SEARCH_DELAY_MS = 200
LOOK_DELAY_MS = 60  # an arrow key held down passes many tensors; only the one it stops at is read
WIDTHS = (232, 74, 98, 80, 84, 78)
MEASURED_WIDTH = 94
MOST_EXPANDED = 400
PAGES = ("Tensors", "Optimizer", "Values", "Health", "What loading would run")


class KeysPanel(Panel):
    """Search, look, measure, copy; nothing in the file is run."""

    title = "Checkpoint keys"
    empty_title = "Everything that is in the checkpoint"
    empty_advice = "Drop a checkpoint. Nothing in it is executed."
    wants_tensor = Signal(int)
    wants_part = Signal(object)  # SliceRequest
    wants_optimizers = Signal()
    wants_measures = Signal()
    wants_stop = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._jobs.succeeded.connect(self._on_job)
        self._checkpoint: Checkpoint | None = None
        self._relations: Relations | None = None
        self._optimizers: tuple[OptimizerView, ...] = ()
        self._health: HealthView | None = None
        self._order: tuple[int, bool] | None = None
        self._wanted = ""
        self._selected: Node | None = None
        self._measuring = False
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        layout.addLayout(self._header())
        self._banner = QVBoxLayout()
        layout.addLayout(self._banner)
        layout.addLayout(self._page_bar())
        self._pages = QStackedWidget()
        self._pages.addWidget(self._tensor_page())
        self._optimizer_page = ListPage("Optimizer state by parameter")
        self._value_page = ListPage("Values beside the weights")
        self._health_page = HealthPage()
        self._run_page = ListPage("What loading this file would have run")
        for page in (self._optimizer_page, self._value_page, self._health_page, self._run_page):
            self._pages.addWidget(page)
        for page in (self._optimizer_page, self._value_page, self._health_page):
            page.wants_key.connect(self._go_to_path)
        layout.addWidget(self._pages, 1)
        self.set_content(content)
        self._timer = self._delay(SEARCH_DELAY_MS, self._rebuild)
        self._look = self._delay(LOOK_DELAY_MS, self._ask_for_tensor)
        self._add_shortcuts(content)

    # -- set-up -----------------------------------------------------------------------------------------------------

    def _delay(self, milliseconds: int, work: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(milliseconds)
        timer.timeout.connect(work)
        return timer

    def _header(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Text("Checkpoint keys", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._facts = Elided(tone="muted")
        bar.addWidget(self._facts, 1)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search name, 512x36, float16, NaN")
        self._search.setToolTip("A part of a name, type or value; a shape (512x36 or [512, 36]); NaN, inf or zero")
        self._search.setAccessibleName("Search keys")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(250)
        self._search.textChanged.connect(self._search_soon)
        self._search.returnPressed.connect(self._enter_tree)
        self._measure = QPushButton("Measure all")
        self._measure.setToolTip("Read every number once: extremes, moments, NaN, and the health of the weights")
        self._measure.clicked.connect(self.measure)
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the list of tensors as CSV")
        self._csv.clicked.connect(self._ask_csv)
        for widget in (self._search, self._measure, self._csv):
            bar.addWidget(widget)
        return bar

    def _page_bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(2)
        self._tabs = []
        for number, name in enumerate(PAGES):
            tab = QPushButton(name)
            tab.setCheckable(True)
            tab.setAutoExclusive(True)
            tab.setProperty("look", "segment")
            tab.clicked.connect(partial(self.show_page, number))
            bar.addWidget(tab)
            self._tabs.append(tab)
        self._tabs[0].setChecked(True)
        bar.addStretch(1)
        self._progress_words = Text(size=theme.SMALL, tone="muted", wrap=False)
        self._progress = QProgressBar()
        self._progress.setTextVisible(False)
        self._progress.setFixedWidth(140)
        self._stop = link_button("Cancel")
        self._stop.clicked.connect(self.wants_stop)
        for widget in (self._progress_words, self._progress, self._stop):
            bar.addWidget(widget)
            widget.hide()
        return bar

    def _tensor_page(self) -> QWidget:
        self._model = KeyModel(self)
        self._tree = tree = QTreeView()
        tree.setModel(self._model)
        tree.setAccessibleName("Keys of the checkpoint")
        tree.setUniformRowHeights(True)
        tree.setAllColumnsShowFocus(True)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setItemDelegateForColumn(SHARE, ShareDelegate(tree))
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.customContextMenuRequested.connect(self._show_menu)
        header = tree.header()
        header.setFont(theme.font(theme.SMALL))
        header.setStretchLastSection(False)
        header.setSectionsClickable(True)
        header.setSortIndicatorShown(True)
        header.setSortIndicatorClearable(True)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        header.sortIndicatorChanged.connect(self._sort)
        for column, width in enumerate((*WIDTHS, *(MEASURED_WIDTH,) * len(MEASURED_TITLES))):
            tree.setColumnWidth(column, width)
            tree.setColumnHidden(column, column >= FIRST_MEASURED)
        for column in (SHARE, SIZE):  # measures stand beside the numbers, and the bars at the end
            header.moveSection(header.visualIndex(column), header.count() - 1)
        tree.selectionModel().currentChanged.connect(self._select)
        self._detail = EntryCard()
        self._detail.wants_key.connect(self._go_to_path)
        self._detail.slices.wants_part.connect(self.wants_part)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.GAP)
        splitter.addWidget(tree)
        splitter.addWidget(self._detail)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setSizes([690, 350])
        return splitter

    def _add_shortcuts(self, content: QWidget) -> None:
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)
        find = QShortcut(QKeySequence(QKeySequence.StandardKey.Find), content)
        find.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        find.activated.connect(self._search.setFocus)

    # -- the case ---------------------------------------------------------------------------------------------------

    def show_case(self, case: CaseView) -> None:
        checkpoint = case.checkpoint
        if checkpoint is None:
            self._checkpoint = None
            self._jobs.cancel("keys")
            self.wants_stop.emit()
            self.show_empty()
            return
        known, search, order = self._checkpoint, self._search.text(), self._order
        if checkpoint is known:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            if checkpoint == known:
                return None
            return prepare(checkpoint, None, search, {}, order)

        self._show_banner(checkpoint)
        self.show_content()
        self.figure_changed.emit(f"{len(checkpoint.tensors):,}")
        self._jobs.start("keys", work)

    def _show_checkpoint(self, page: KeysPage) -> None:
        """A file that was not shown before."""
        checkpoint = self._checkpoint = page.checkpoint
        self.wants_stop.emit()
        self._model.measured, self._model.labels = {}, {}
        self._optimizers, self._health, self._selected = (), None, None
        self._detail.show_nothing()
        for column in range(FIRST_MEASURED, FIRST_MEASURED + len(MEASURED_TITLES)):
            self._tree.hideColumn(column)
        show_optimizers(self._optimizer_page, (), {})
        self._value_page.words.setText(page.relations.value_words)
        self._value_page.show_rows(page.relations.value_columns, page.relations.value_paths)
        show_runs(self._run_page, checkpoint.would_run)
        self._health_page.say("")
        self._tabs[-1].setText(f"{PAGES[-1]} ({len(checkpoint.would_run)})" if checkpoint.would_run else PAGES[-1])
        self.wants_optimizers.emit()

    def _show_banner(self, checkpoint: Checkpoint) -> None:
        empty(self._banner)
        if checkpoint.would_run:
            names = list(dict.fromkeys(run.call for run in checkpoint.would_run))
            head = ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
            card = _banner()
            words = f"An ordinary load of this file would import or call {head}. Nothing of it was run here."
            line = QHBoxLayout()
            line.addWidget(Text(words, tone="caution"), 1)
            more = link_button("Show each")
            more.clicked.connect(partial(self.show_page, len(PAGES) - 1))
            line.addWidget(more)
            card.body.addLayout(line)
            self._banner.addWidget(card)
        if checkpoint.notes:
            card = _banner()
            for note in checkpoint.notes:
                card.body.addWidget(Text(note, tone="caution"))
            self._banner.addWidget(card)

    # -- search and sort --------------------------------------------------------------------------------------------

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot(int, Qt.SortOrder)
    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._order = None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder)
        self._rebuild()

    @Slot()
    def _rebuild(self) -> None:
        checkpoint, relations, search = self._checkpoint, self._relations, self._search.text()
        measured, order = dict(self._model.measured), self._order
        if checkpoint is None:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            return prepare(checkpoint, relations, search, measured, order)

        self._jobs.start("keys", work)

    @Slot(str, object)
    def _on_job(self, lane: str, result: object) -> None:
        if lane != "keys" or not isinstance(result, KeysPage):
            return
        is_new = result.checkpoint is not self._checkpoint
        self._relations = result.relations
        if is_new:
            self._show_checkpoint(result)
        self._show_tree(result, is_new)
        self._say_found(result)

    def _show_tree(self, page: KeysPage, is_new: bool) -> None:
        expanded = [] if is_new else self._expanded()
        current = self._selected.path if self._selected is not None else ()
        self._model.set_root(page.root)
        if self._search.text().strip() and page.found <= MOST_EXPANDED:
            self._tree.expandAll()
        elif expanded:
            for path in expanded:
                self._tree.expand(self._model.find_path(path))
        elif sum(len(child.children) for child in page.root.children) < MOST_EXPANDED:
            self._tree.expandToDepth(0)
        if self._wanted:
            self._show_wanted()
        elif current:
            place = self._model.find_path(current)
            if place.isValid():
                self._tree.setCurrentIndex(place)

    def _expanded(self) -> list[tuple[str, ...]]:
        """Paths of the open folders, outermost first."""
        found: list[tuple[str, ...]] = []
        todo = [QModelIndex()]
        while todo and len(found) < MOST_EXPANDED:
            parent = todo.pop()
            for row in range(min(self._model.rowCount(parent), MOST_EXPANDED)):
                index = self._model.index(row, 0, parent)
                if self._tree.isExpanded(index):
                    found.append(self._model.node(index).path)
                    todo.append(index)
        return sorted(found, key=len)

    def _say_found(self, page: KeysPage) -> None:
        words = page.relations.words
        text = self._search.text().strip()
        if text:
            words = f"{page.found:,} found" if page.found else f"Nothing matches “{text}”"
            if needs_measures(parse_search(text), self._model.measured, len(page.checkpoint.tensors)):
                words += f" among the {len(self._model.measured):,} measured tensors; Measure all looks at every number"
        self._facts.set_whole(words)

    @Slot()
    def _enter_tree(self) -> None:
        self._tree.setFocus()
        first = self._model.index(0, 0)
        if first.isValid() and not self._tree.currentIndex().isValid():
            self._tree.setCurrentIndex(first)

    # -- one entry --------------------------------------------------------------------------------------------------

    def go_to(self, place: str) -> None:
        """Select a key."""
        self._wanted = place.partition(":")[2]
        self.show_page(0)
        if self._search.text():
            self._search.clear()
        elif self._wanted:
            self._show_wanted()

    @Slot(object)
    def _go_to_path(self, path: tuple[str, ...]) -> None:
        self.go_to(f"keys:{'.'.join(path)}")

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
        if self._selected is not None and node.path == self._selected.path and node.tensor is self._selected.tensor:
            self._selected = node
            return
        self._selected = node
        self._detail.show_node(node)
        if node.tensor is None:
            return
        if self._relations is not None:
            self._detail.show_gates(self._relations.part(node.index))
            self._detail.show_sharing(self._relations.others(node.tensor))
        self._show_related(node)
        if not node.tensor.trouble:
            self._look.start()

    def _show_related(self, node: Node) -> None:
        """The optimizer's state and the health of the tensor."""
        key = self._relations.keys.get(node.index) if self._relations is not None else None
        if key is None:
            return
        for view in self._optimizers:
            for state, step in zip(view.optimizer.states, view.steps, strict=True):
                if state.parameter == key:
                    self._detail.show_state(state, step, view.optimizer.note)
        if self._health is not None:
            self._detail.show_health([note for note in self._health.notes if key in note.keys])

    @Slot()
    def _ask_for_tensor(self) -> None:
        if self._selected is not None and self._selected.index >= 0:
            self.wants_tensor.emit(self._selected.index)

    @Slot(object)
    def show_tensor(self, view: TensorView | None) -> None:
        """A tensor's numbers arrived."""
        if view is None or self._selected is None or view.index != self._selected.index:
            return
        self._detail.show_tensor(view)
        if view.statistics is not None:
            self._model.measured[view.index] = view.statistics
            self._tree.viewport().update()

    @Slot(object)
    def show_part(self, view: SliceView) -> None:
        """A rectangle of a tensor arrived."""
        self._detail.slices.show_part(view)

    # -- measures ---------------------------------------------------------------------------------------------------

    @Slot()
    def measure(self) -> None:
        """Measure every tensor."""
        if self._checkpoint is not None and not self._measuring:
            self._show_measuring(is_on=True)
            self.wants_measures.emit()

    def _show_measuring(self, *, is_on: bool) -> None:
        self._measuring = is_on
        self._measure.setEnabled(not is_on)
        self._progress.setRange(0, 0)
        self._progress_words.setText("Measuring" if is_on else "")
        for widget in (self._progress_words, self._progress, self._stop):
            widget.setVisible(is_on)

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far the measuring is."""
        if step.total:
            self._progress.setRange(0, step.total)
            self._progress.setValue(step.done)
            self._progress_words.setText(f"{step.what}: {step.done:,} of {step.total:,} {step.unit}")

    @Slot(object)
    def show_statistics(self, part: StatisticsPart) -> None:
        """Facts of some tensors arrived."""
        if self._checkpoint is not None:
            facts = part.facts()
            self._model.measured.update(facts)
            self._show_measures(facts)

    def _show_measures(self, facts: dict[int, TensorStatistics]) -> None:
        if facts and self._tree.isColumnHidden(FIRST_MEASURED):
            for column in range(FIRST_MEASURED, FIRST_MEASURED + len(MEASURED_TITLES)):
                self._tree.showColumn(column)
        self._tree.viewport().update()

    @Slot(object)
    def show_health(self, view: HealthView) -> None:
        """The answers on the weights arrived."""
        checkpoint = self._checkpoint
        if checkpoint is None:
            return
        self._health = view
        self._health_page.show_notes(view.notes, checkpoint.contents.weights_path)
        bad = sum(note.verdict in ("ill", "suspect") for note in view.notes)
        self._tabs[3].setText(f"{PAGES[3]} ({bad})" if bad else PAGES[3])

    @Slot(str)
    def show_measured(self, how: str) -> None:
        """The measuring ended."""
        self._show_measuring(is_on=False)
        if how and how != "Cancelled":
            self._facts.set_whole(how)
        self._show_optimizers()
        if self._order is not None or parse_search(self._search.text()).number is not None:
            self._rebuild()

    @Slot(object)
    def show_optimizers(self, views: tuple[OptimizerView, ...]) -> None:
        """The optimizers' states arrived."""
        self._optimizers = views
        self._model.labels = {
            (*view.optimizer.path, "state", str(state.index)): state.parameter
            for view in views
            for state in view.optimizer.states
            if state.parameter is not None
        }
        self._tree.viewport().update()
        self._show_optimizers()
        if self._selected is not None and self._selected.tensor is not None:
            self._show_related(self._selected)

    def _show_optimizers(self) -> None:
        checkpoint = self._checkpoint
        if checkpoint is None or not self._optimizers:
            return
        measured = {checkpoint.tensors[index].name: facts for index, facts in self._model.measured.items()}
        show_optimizers(self._optimizer_page, self._optimizers, measured)

    # -- pages, copies ----------------------------------------------------------------------------------------------

    def show_page(self, number: int, _checked: bool = False) -> None:
        """Show one of the panel's pages."""
        self._pages.setCurrentIndex(number)
        self._tabs[number].setChecked(True)
        if PAGES[number] == "Health" and self._health is None:
            self.measure()

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        index = self._tree.indexAt(place)
        if not index.isValid():
            return
        node = self._model.node(index)
        menu = QMenu(self)
        menu.addAction("Copy key", partial(_put, key_text(node)))
        menu.addAction("Copy as Python", partial(_put, python_text(node)))
        menu.addAction("Copy rows", self.copy_rows)
        if node.children:
            menu.addSeparator()
            menu.addAction("Open all below", partial(self._tree.expandRecursively, index.siblingAtColumn(0)))
            menu.addAction("Close", partial(self._tree.collapse, index.siblingAtColumn(0)))
        menu.exec(self._tree.viewport().mapToGlobal(place))
        menu.deleteLater()

    @Slot()
    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, as tab-separated text with a heading."""
        rows = [self._model.node(index) for index in self._tree.selectionModel().selectedRows()]
        if not rows:
            return
        count = len(TITLES) + len(MEASURED_TITLES) if self._model.measured else len(TITLES)
        lines = ["\t".join((TITLES + MEASURED_TITLES)[:count])]
        lines += [self._row_text(node, count) for node in rows]
        _put("\n".join(lines))

    def _row_text(self, node: Node, count: int) -> str:
        cells = [key_text(node), *(self._model.text(node, column) for column in range(1, count))]
        return "\t".join(cell.replace("\t", " ") for cell in cells)

    @Slot()
    def _ask_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save the list of tensors", "tensors.csv", "CSV files (*.csv)")
        if path:
            self.write_csv(Path(path))

    def write_csv(self, path: Path) -> None:
        """Write one row a tensor, with statistics where they were measured."""
        checkpoint, measured = self._checkpoint, dict(self._model.measured)
        if checkpoint is None:
            return

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> object:
            rows = {
                index: (f.minimum, f.maximum, f.mean, f.std, f.norm, f.zeros, f.nans, f.infinities)
                for index, f in measured.items()
            }
            write_atomically(path, keys_csv(checkpoint.tensors, rows).encode())
            return path

        self._jobs.start("keys csv", work)

    def text(self) -> str:
        checkpoint = self._checkpoint
        if checkpoint is None:
            return ""
        page = self._pages.currentWidget()
        if isinstance(page, ListPage | HealthPage):
            return page.text()
        count = len(TITLES) + len(MEASURED_TITLES) if self._model.measured else len(TITLES)
        lines = ["\t".join((TITLES + MEASURED_TITLES)[:count])]
        shown = (node for node in self._model.nodes() if node.tensor is not None or node.value is not None)
        lines += [self._row_text(node, count) for node in shown]
        return "\n".join(lines)


def key_text(node: Node) -> str:
    """The dotted path of an entry."""
    path = node.tensor.path if node.tensor else node.value.path if node.value else node.path
    return ".".join(path)


def python_text(node: Node) -> str:
    """How Python would reach an entry of the loaded file."""
    path = node.tensor.path if node.tensor else node.value.path if node.value else node.path
    return "checkpoint" + "".join(f"[{name!r}]" for name in path)


def _put(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


def _banner() -> Card:
    card = Card(margins=(14, 8, 14, 8), spacing=2)
    card.setProperty("kind", "banner")
    return card
