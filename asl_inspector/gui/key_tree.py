"""The keys of a checkpoint as a tree: the file's own nesting, and below a state dict its modules."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor

from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, ValueRecord
from asl_inspector.gui import theme
from asl_inspector.report.sizes import size_text
from asl_inspector.visible_text import visible

AnyIndex = QModelIndex | QPersistentModelIndex
TITLES = ("key", "type", "shape or value", "numbers", "size")
NUMBERS, SIZE = 3, 4
LONGEST_VALUE = 200


@dataclass(slots=True, eq=False)
class Node:
    """One line of the tree: a folder, a tensor or another value.

    Attributes:
        name: Last element of its path.
        parent: Or None for the root.
        row: Place among its siblings.
        tensor: The tensor, or None.
        value: The other value, or None.
        numbers: Numbers in it and below it.
        nbytes: Bytes in it and below it.
        children: In file order.
    """

    name: str
    parent: Node | None
    row: int = 0
    tensor: TensorRecord | None = None
    value: ValueRecord | None = None
    numbers: int = 0
    nbytes: int = 0
    children: list[Node] = field(default_factory=list)


def build_tree(checkpoint: Checkpoint, search: str = "") -> Node:
    """The tree of all rows whose path, type or shape contains `search`."""
    wanted = search.strip().casefold()
    root = Node("", None)
    folders: dict[tuple[str, ...], Node] = {(): root}
    for tensor in checkpoint.tensors:
        if wanted and wanted not in f"{tensor.name} {tensor.dtype} {shape_text(tensor.shape)}".casefold():
            continue
        parts = (*tensor.path[:-1], *(tensor.path[-1].split(".") if tensor.path else ()))
        leaf = _add(folders, parts)
        leaf.tensor = tensor
        node: Node | None = leaf
        while node is not None:
            node.numbers += tensor.count
            node.nbytes += tensor.nbytes
            node = node.parent
    for value in checkpoint.values:
        if wanted and wanted not in f"{'.'.join(value.path)} {value.type} {value.text}".casefold():
            continue
        _add(folders, value.path or ("(the whole file)",)).value = value
    return root


def _add(folders: dict[tuple[str, ...], Node], path: tuple[str, ...]) -> Node:
    """The node at `path`, made with its folders where it is not there yet."""
    missing = []
    while path not in folders:
        missing.append(path)
        path = path[:-1]
    node = folders[path]
    for place in reversed(missing):
        child = Node(visible(place[-1]), node, len(node.children))
        node.children.append(child)
        folders[place] = child
        node = child
    return node


def shape_text(shape: tuple[int, ...]) -> str:
    """`512 × 36`; one number has no shape."""
    return " × ".join(str(size) for size in shape)


class KeyModel(QAbstractItemModel):
    """The tree for a view."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("", None)

    def set_root(self, root: Node) -> None:
        """Show another tree."""
        self.beginResetModel()
        self._root = root
        self.endResetModel()

    def node(self, index: AnyIndex) -> Node:
        """The node behind an index; the root for the invalid one."""
        found = index.internalPointer() if index.isValid() else None
        return found if isinstance(found, Node) else self._root

    def find(self, name: str) -> QModelIndex:
        """The first node whose dotted path ends in `name`, or the invalid index."""
        todo = [self._root]
        while todo:
            node = todo.pop()
            path = node.tensor.name if node.tensor else ".".join(node.value.path) if node.value else node.name
            if node is not self._root and (path == name or path.endswith("." + name) or node.name == name):
                return self.createIndex(node.row, 0, node)
            todo.extend(reversed(node.children))
        return QModelIndex()

    def index(self, row: int, column: int, parent: AnyIndex | None = None) -> QModelIndex:
        node = self.node(parent) if parent is not None else self._root
        if not (0 <= row < len(node.children) and 0 <= column < len(TITLES)):
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
        return len((self.node(parent) if parent is not None else self._root).children)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return len(TITLES)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return TITLES[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(section))
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        node = self.node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return _cell(node, index.column())
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(_alignment(index.column()))
        if role == Qt.ItemDataRole.ForegroundRole:
            if node.tensor is not None and node.tensor.trouble and node.tensor.device != "meta":
                return QColor(theme.current().danger)
            return QColor(theme.current().muted) if index.column() else None
        if role == Qt.ItemDataRole.ToolTipRole and node.tensor is not None:
            return _tensor_tip(node.tensor)
        return None


def _alignment(column: int) -> Qt.AlignmentFlag:
    side = Qt.AlignmentFlag.AlignRight if column in (NUMBERS, SIZE) else Qt.AlignmentFlag.AlignLeft
    return side | Qt.AlignmentFlag.AlignVCenter


def _cell(node: Node, column: int) -> str:
    tensor, value = node.tensor, node.value
    if column == 0:
        return node.name
    if column == 1:
        return tensor.dtype if tensor else value.type if value else ""
    if column == 2:
        if tensor is not None:
            return shape_text(tensor.shape)
        return visible(value.text)[:LONGEST_VALUE] if value else f"{len(node.children)} entries"
    if column == NUMBERS:
        return f"{node.numbers:,}" if node.numbers else ""
    return size_text(node.nbytes) if node.nbytes else ""


def _tensor_tip(tensor: TensorRecord) -> str:
    lines = [visible(tensor.name), f"saved on {visible(tensor.device)}, memory “{visible(tensor.storage)}”"]
    if tensor.role:
        lines.append(tensor.role)
    if tensor.trouble:
        lines.append(tensor.trouble)
    return "\n".join(lines)
