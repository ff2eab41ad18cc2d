"""The first page of the Checkpoint keys panel: the tree, and beside it the entry that is selected."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QMenu, QTreeView

from asl_inspector.checkpoints.health_records import HealthNote
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.engine.tensor_messages import OptimizerView, TensorView
from asl_inspector.gui import theme
from asl_inspector.gui.key_nodes import FIRST_MEASURED, MEASURED_TITLES, SHARE, SIZE, TITLES, Node
from asl_inspector.gui.key_tree import KeyModel, ShareDelegate
from asl_inspector.gui.panels.key_details import EntryCard
from asl_inspector.gui.panels.key_pages import KeysPage, Relations
from asl_inspector.gui.sort_keys import add_sorting
from asl_inspector.gui.splitter import Splitter

LOOK_DELAY_MS = 60  # an arrow key held down passes many tensors; only the one it stops at is read
WIDTHS = (236, 74, 116, 84, 88, 86)
MEASURED_WIDTH = 94
MEASURED_COLUMNS = range(FIRST_MEASURED, FIRST_MEASURED + len(MEASURED_TITLES))
MOST_EXPANDED = 400


class TensorPage(Splitter):
    """Shows a prepared tree; keeps what is open and selected when the tree is made again."""

    wants_tensor = Signal(int)
    wants_part = Signal(object)  # SliceRequest
    order_chosen = Signal(object)  # column and whether the largest comes first, or None for the order of the file

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.model = KeyModel(self)
        self.tree = self._new_tree()
        self.detail = EntryCard()
        self.detail.wants_key.connect(self.go_to_path)
        self.detail.slices.wants_part.connect(self.wants_part)
        self.addWidget(self.tree)
        self.addWidget(self.detail)
        self.setStretchFactor(0, 3)
        self.setStretchFactor(1, 2)
        self.setSizes([726, 316])
        self.selected: Node | None = None
        self._relations: Relations | None = None
        self._optimizers: tuple[OptimizerView, ...] = ()
        self._health: tuple[HealthNote, ...] = ()
        self._wanted = ""
        self._look = QTimer(self)
        self._look.setSingleShot(True)
        self._look.setInterval(LOOK_DELAY_MS)
        self._look.timeout.connect(self._ask_for_tensor)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self.tree)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self.copy_rows)

    def _new_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self.model)
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
        header.sortIndicatorChanged.connect(self._choose_order)
        for column, width in enumerate((*WIDTHS, *(MEASURED_WIDTH,) * len(MEASURED_TITLES))):
            tree.setColumnWidth(column, width)
            tree.setColumnHidden(column, column in MEASURED_COLUMNS)
        for column in (SHARE, SIZE):  # measures stand beside the numbers, and the bars at the end
            header.moveSection(header.visualIndex(column), header.count() - 1)
        tree.selectionModel().currentChanged.connect(self._select)
        return tree

    @Slot(int, Qt.SortOrder)
    def _choose_order(self, column: int, order: Qt.SortOrder) -> None:
        self.order_chosen.emit(None if column < 0 else (column, order == Qt.SortOrder.DescendingOrder))

    # -- what is shown ----------------------------------------------------------------------------------------------

    def forget(self) -> None:
        """Another checkpoint is coming: drop what was known of the last one."""
        self.model.measured, self.model.labels = {}, {}
        self.selected, self._optimizers, self._health = None, (), ()
        self.detail.show_nothing()
        for column in MEASURED_COLUMNS:
            self.tree.hideColumn(column)

    def show_tree(self, page: KeysPage, *, is_new: bool, is_searched: bool) -> None:
        """Show a tree; open what was open, select what was selected."""
        self._relations = page.relations
        expanded = [] if is_new else self._expanded()
        current = self.selected.path if self.selected is not None else ()
        self.model.set_root(page.root)
        if is_searched and page.found <= MOST_EXPANDED:
            self.tree.expandAll()
        elif expanded:
            for path in expanded:
                self.tree.expand(self.model.find_path(path))
        elif sum(len(child.children) for child in page.root.children) < MOST_EXPANDED:
            self.tree.expandToDepth(0)
        if self._wanted:
            self._show_wanted()
        elif current and (place := self.model.find_path(current)).isValid():
            self.tree.setCurrentIndex(place)

    def _expanded(self) -> list[tuple[str, ...]]:
        """Paths of the open folders, outermost first."""
        found: list[tuple[str, ...]] = []
        todo = [QModelIndex()]
        while todo and len(found) < MOST_EXPANDED:
            parent = todo.pop()
            for row in range(min(self.model.rowCount(parent), MOST_EXPANDED)):
                index = self.model.index(row, 0, parent)
                if self.tree.isExpanded(index):
                    found.append(self.model.node(index).path)
                    todo.append(index)
        return sorted(found, key=len)

    def take_measures(self, facts: dict[int, TensorStatistics]) -> None:
        """Facts of some tensors; their columns are shown from now on."""
        self.model.measured.update(facts)
        if facts and self.tree.isColumnHidden(FIRST_MEASURED):
            for column in MEASURED_COLUMNS:
                self.tree.showColumn(column)
        self.tree.viewport().update()

    def take_optimizers(self, views: tuple[OptimizerView, ...]) -> None:
        """The optimizers' states, whose folders get the names of their parameters."""
        self._optimizers = views
        self.model.labels = {
            (*view.optimizer.path, "state", str(state.index)): state.parameter
            for view in views
            for state in view.optimizer.states
            if state.parameter is not None
        }
        self.tree.viewport().update()
        self._show_related()

    def take_health(self, notes: tuple[HealthNote, ...]) -> None:
        """The answers on the weights."""
        self._health = notes
        self._show_related()

    # -- one entry --------------------------------------------------------------------------------------------------

    def go_to(self, name: str) -> None:
        """Select the first key whose dotted path ends in `name`, now or when the next tree has it."""
        self._wanted = name
        if name:
            self._show_wanted()

    @Slot(object)
    def go_to_path(self, path: tuple[str, ...]) -> None:
        """Select a key by its path in the file."""
        self.go_to(".".join(path))

    def _show_wanted(self) -> None:
        found = self.model.find(self._wanted)
        if found.isValid():
            self._wanted = ""
            self.tree.setCurrentIndex(found)
            self.tree.scrollTo(found)
            self.tree.expand(found)

    @Slot()
    def enter(self) -> None:
        """Give the tree the keyboard."""
        self.tree.setFocus()
        first = self.model.index(0, 0)
        if first.isValid() and not self.tree.currentIndex().isValid():
            self.tree.setCurrentIndex(first)

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid():
            return
        node, last = self.model.node(current), self.selected
        self.selected = node
        if last is not None and node.path == last.path and node.tensor is last.tensor:
            return
        self.detail.show_node(node)
        if node.tensor is None:
            return
        if self._relations is not None:
            self.detail.show_gates(self._relations.part(node.index))
        self._show_related()
        if not node.tensor.trouble:
            self._look.start()

    def _show_related(self) -> None:
        """Who shares the tensor's memory, the optimizer's state, and the health."""
        node, relations = self.selected, self._relations
        if node is None or node.tensor is None or relations is None:
            return
        self.detail.clear_related()
        self.detail.show_sharing(relations.others(node.tensor))
        key = relations.keys.get(node.index)
        if key is None:
            return
        for view in self._optimizers:
            for state, step in zip(view.optimizer.states, view.steps, strict=True):
                if state.parameter == key:
                    self.detail.show_state(state, step, view.optimizer.note)
        self.detail.show_health([note for note in self._health if key in note.keys])

    @Slot()
    def _ask_for_tensor(self) -> None:
        if self.selected is not None and self.selected.index >= 0:
            self.wants_tensor.emit(self.selected.index)

    def show_tensor(self, view: TensorView) -> None:
        """A tensor's numbers arrived."""
        if self.selected is None or view.index != self.selected.index:
            return
        self.detail.show_tensor(view)
        if view.statistics is not None:
            self.model.measured[view.index] = view.statistics
            self.tree.viewport().update()

    # -- copies -----------------------------------------------------------------------------------------------------

    @Slot(QPoint)
    def _show_menu(self, place: QPoint) -> None:
        """About the current row: a press of the right button makes it that, and the menu key tells another place."""
        index = self.tree.currentIndex()
        if not index.isValid():
            return
        row = self.tree.visualRect(index)
        if not row.top() <= place.y() <= row.bottom():
            place = row.bottomLeft()
        menu = self.new_menu(index)
        menu.exec(self.tree.viewport().mapToGlobal(place))
        menu.deleteLater()

    def new_menu(self, index: QModelIndex) -> QMenu:
        """What can be done with a key, and with the order of all."""
        node = self.model.node(index)
        menu = QMenu(self)
        menu.addAction("Copy key", partial(_put, key_text(node)))
        menu.addAction("Copy as Python", partial(_put, python_text(node)))
        menu.addAction("Copy rows", self.copy_rows)
        if node.children:
            menu.addSeparator()
            menu.addAction("Open all below", partial(self.tree.expandRecursively, index.siblingAtColumn(0)))
            menu.addAction("Close", partial(self.tree.collapse, index.siblingAtColumn(0)))
        menu.addSeparator()
        add_sorting(menu, self.tree.header())
        return menu

    @Slot()
    def copy_rows(self) -> None:
        """Put the selected rows on the clipboard, as tab-separated text with a heading."""
        nodes = [self.model.node(index) for index in self.tree.selectionModel().selectedRows()]
        if nodes:
            _put(self._table_text(nodes))

    def text(self) -> str:
        """Every tensor and value of the tree as tab-separated text."""
        return self._table_text(
            [node for node in self.model.nodes() if node.tensor is not None or node.value is not None]
        )

    def _table_text(self, nodes: list[Node]) -> str:
        count = len(TITLES) + len(MEASURED_TITLES) if self.model.measured else len(TITLES)
        rows = [(TITLES + MEASURED_TITLES)[:count]]
        rows += [(key_text(node), *(self.model.text(node, column) for column in range(1, count))) for node in nodes]
        return "\n".join("\t".join(cell.replace("\t", " ") for cell in row) for row in rows)


def _path(node: Node) -> tuple[str, ...]:
    return node.tensor.path if node.tensor else node.value.path if node.value else node.path


def key_text(node: Node) -> str:
    """The dotted path of an entry."""
    return ".".join(_path(node))


def python_text(node: Node) -> str:
    """How Python would reach an entry of the loaded file."""
    return "checkpoint" + "".join(f"[{name!r}]" for name in _path(node))


def _put(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
