"""The nodes of a checkpoint's keys as a tree for a view."""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.gui import theme
from asl_inspector.gui.key_nodes import (
    FIRST_MEASURED,
    MEASURED_TITLES,
    NUMBERS,
    SHAPE,
    SHARE,
    SHOWN_AT_ONCE,
    SIZE,
    TITLES,
    Node,
    cell,
    measures,
)
from asl_inspector.gui.numbers import local
from asl_inspector.visible_text import visible

AnyIndex = QModelIndex | QPersistentModelIndex
FIGURES = (NUMBERS, SHARE, SIZE)
TIPS = {
    SHARE: "Part of the weights; outside of the state dict, part of the file. Shared memory counts once",
    NUMBERS: "Numbers in it and below it; memory that tensors share counts once",
}


class KeyModel(QAbstractItemModel):
    """The tree for a view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("", None)
        self._is_inserting = False
        self.measured: dict[int, TensorStatistics] = {}
        self.labels: dict[tuple[str, ...], str] = {}  # of folders: what they are about

    def set_root(self, root: Node) -> None:
        """Show another tree."""
        self.beginResetModel()
        self._root = root
        self.endResetModel()

    def node(self, index: AnyIndex) -> Node:
        """The node behind an index; the root for the invalid one."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else self._root

    def nodes(self) -> Iterator[Node]:
        """All nodes from top to bottom."""
        todo = list(reversed(self._root.children))
        while todo:
            node = todo.pop()
            yield node
            todo += reversed(node.children)

    def find(self, name: str) -> QModelIndex:
        """The first node whose dotted path ends in `name`, or the invalid index."""
        for node in self.nodes():
            path = node.tensor.name if node.tensor else ".".join(node.value.path) if node.value else node.name
            if path == name or path.endswith("." + name) or node.name == name:
                return self.index_of(node)
        return QModelIndex()

    def find_path(self, path: tuple[str, ...]) -> QModelIndex:
        """The node with these names from the root, or the invalid index."""
        node = self._root
        for name in path:
            child = next((one for one in node.children if one.name == name), None)
            if child is None:
                return QModelIndex()
            node = child
        return self.index_of(node)

    def index_of(self, node: Node) -> QModelIndex:
        """A node's index; the rows up to it are made known to the view first."""
        if node is self._root:
            return QModelIndex()
        chain = [node]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        for parent, child in zip(reversed(chain), list(reversed(chain))[1:], strict=False):
            if child.row >= parent.shown:
                self._show(parent, child.row + 1)
        return self.createIndex(node.row, 0, node)

    def _show(self, node: Node, count: int) -> None:
        count = min(count, len(node.children))
        above = QModelIndex() if node is self._root else self.createIndex(node.row, 0, node)
        self._is_inserting = True  # whoever hears of it must not fetch more before it is done
        self.beginInsertRows(above, node.shown, count - 1)
        node.shown = count
        self.endInsertRows()
        self._is_inserting = False

    def canFetchMore(self, parent: AnyIndex) -> bool:
        node = self.node(parent)
        return node.shown < len(node.children) and not self._is_inserting

    def fetchMore(self, parent: AnyIndex) -> None:
        node = self.node(parent)
        if self.canFetchMore(parent):
            self._show(node, node.shown + SHOWN_AT_ONCE)

    def hasChildren(self, parent: AnyIndex | None = None) -> bool:
        if parent is not None and parent.isValid() and parent.column() > 0:
            return False
        return bool((self.node(parent) if parent is not None else self._root).children)

    def index(self, row: int, column: int, parent: AnyIndex | None = None) -> QModelIndex:
        node = self.node(parent) if parent is not None else self._root
        if not (0 <= row < node.shown and 0 <= column < self.columnCount()):
            return QModelIndex()
        return self.createIndex(row, column, node.children[row])

    def parent(self, index: AnyIndex) -> QModelIndex:  # type: ignore[override]
        above = self.node(index).parent if index.isValid() else None
        if above is None or above is self._root:
            return QModelIndex()
        return self.createIndex(above.row, 0, above)

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        if parent is not None and parent.isValid() and parent.column() > 0:
            return 0
        return (self.node(parent) if parent is not None else self._root).shown

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return len(TITLES) + len(MEASURED_TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return (TITLES + MEASURED_TITLES)[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(section))
        if role == Qt.ItemDataRole.ToolTipRole:
            return TIPS.get(section)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node, column = self.node(index), index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            text = self.text(node, column)
            return local(text) if column in FIGURES or column >= FIRST_MEASURED else text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(column))
        if role == Qt.ItemDataRole.UserRole:
            return node.share if column == SHARE else None
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(node, column)
        if role == Qt.ItemDataRole.ToolTipRole and node.tensor is not None:
            return _tensor_tip(node.tensor)
        return None

    def text(self, node: Node, column: int) -> str:
        """What a cell says."""
        if column == SHAPE and self.labels and node.tensor is None and node.value is None:
            return visible(self.labels.get(node.path, "")) or cell(node, column)
        if column < FIRST_MEASURED:
            return cell(node, column)
        facts = self.measured.get(node.index)
        if facts is None:
            return ""
        number = measures(facts)[column - FIRST_MEASURED]
        if number is None:
            return ""
        return f"{number:,}" if isinstance(number, int) else f"{number:.4g}"

    def _colour(self, node: Node, column: int) -> QColor | None:
        colours = theme.current()
        if node.tensor is not None and node.tensor.trouble and node.tensor.device != "meta":
            return QColor(colours.danger)
        facts = self.measured.get(node.index)
        if column >= FIRST_MEASURED and facts is not None and (facts.nans or facts.infinities):
            return QColor(colours.danger)
        return QColor(colours.muted) if column else None


class ShareDelegate(QStyledItemDelegate):
    """Draws a share as a bar, with its percentage beside it."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        super().paint(painter, option, index)
        share = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(share, float) or share <= 0:
            return
        colours = theme.current()
        area: QRect = option.rect.adjusted(10, 0, -8, 0)
        width = max(2, round((area.width() - 46) * share))
        bar = QRect(area.left(), area.center().y() - 3, width, 7)
        painter.fillRect(bar, QColor(colours.series_1))


def _alignment(column: int) -> Qt.AlignmentFlag:
    right = column in FIGURES or column >= FIRST_MEASURED
    side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _tensor_tip(tensor: TensorRecord) -> str:
    lines = [visible(tensor.name), f"saved on {visible(tensor.device)}, memory “{visible(tensor.storage)}”"]
    if tensor.role:
        lines.append(tensor.role)
    if tensor.trouble:
        lines.append(tensor.trouble)
    return "\n".join(lines)
