"""The keys of a checkpoint as a tree: the file's own nesting, and below a state dict its modules."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from asl_inspector.checkpoints.modules import levels, place_of, shared_places
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, ValueRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.gui import theme
from asl_inspector.gui.key_search import parse_search
from asl_inspector.gui.numbers import local
from asl_inspector.report.sizes import size_text
from asl_inspector.visible_text import visible

AnyIndex = QModelIndex | QPersistentModelIndex
TITLES = ("key", "type", "shape or value", "numbers", "share", "size")
MEASURED_TITLES = ("min", "max", "mean", "std", "norm", "zeros", "NaN", "inf")
KEY, TYPE, SHAPE, NUMBERS, SHARE, SIZE = range(len(TITLES))
FIRST_MEASURED = len(TITLES)
FIGURES = (NUMBERS, SHARE, SIZE)
LONGEST_VALUE = 200
SHOWN_AT_ONCE = 500  # rows of one folder; more are fetched when the view comes near them
TIPS = {
    SHARE: "Part of the weights; outside of the state dict, part of the file. Shared memory counts once",
    NUMBERS: "Numbers in it and below it; memory that tensors share counts once",
}


@dataclass(slots=True, eq=False)
class Node:
    """One line of the tree: a folder, a tensor or another value.

    Attributes:
        name: Last element of its path.
        parent: Or None for the root.
        row: Place among its siblings.
        tensor: The tensor, or None.
        index: The tensor's place in the checkpoint's list, or -1.
        value: The other value, or None.
        numbers: Numbers in it and below it; shared memory once.
        nbytes: Bytes in it and below it; shared memory once.
        share: Its part of the weights' numbers, or of the file's where it is no weight; in [0, 1].
        tensors: Tensors in it and below it.
        children: In file order, or as sorted.
        shown: How many of the children the view knows of.
    """

    name: str
    parent: Node | None
    row: int = 0
    tensor: TensorRecord | None = None
    index: int = -1
    value: ValueRecord | None = None
    numbers: int = 0
    nbytes: int = 0
    share: float = 0.0
    tensors: int = 0
    children: list[Node] = field(default_factory=list)
    shown: int = 0

    @property
    def path(self) -> tuple[str, ...]:
        """Names from the root of the tree."""
        names = []
        node: Node | None = self
        while node is not None and node.parent is not None:
            names.append(node.name)
            node = node.parent
        return tuple(reversed(names))


def build_tree(
    checkpoint: Checkpoint,
    search: str = "",
    measured: Mapping[int, TensorStatistics] | None = None,
    order: tuple[int, bool] | None = None,
) -> Node:
    """The tree of the rows that a search finds.

    Args:
        checkpoint: The opened file.
        search: As `key_search.parse_search` takes it.
        measured: Facts of tensors by their place in the list.
        order: Column to sort siblings by, and whether the largest comes first; None is the order of the file.
    """
    facts = measured or {}
    wanted = parse_search(search)
    root = Node("", None)
    folders: dict[tuple[str, ...], Node] = {(): root}
    shared = shared_places(checkpoint.tensors)
    met: set[tuple[int, object]] = set()
    for index, tensor in enumerate(checkpoint.tensors):
        if (wanted.text or wanted.number) and not wanted.finds_tensor(tensor, facts.get(index)):
            continue
        leaf = _add(folders, levels(tensor))
        leaf.tensor, leaf.index = tensor, index
        place = place_of(tensor) if shared else None
        is_shared, numbers, nbytes = place in shared, tensor.count, tensor.nbytes
        node: Node | None = leaf
        while node is not None:
            node.tensors += 1
            if not is_shared or (id(node), place) not in met:
                node.numbers += numbers
                node.nbytes += nbytes
            if is_shared:
                met.add((id(node), place))
            node = node.parent
    for value in checkpoint.values:
        if wanted.text and not wanted.finds_value(value):
            continue
        _add(folders, value.path or ("(the whole file)",)).value = value
    _share_out(root, folders.get(checkpoint.contents.weights_path, root))
    if order is not None:
        sort_tree(root, facts, *order)
    return root


def _share_out(root: Node, weights: Node) -> None:
    """Give every node its share: of the weights below the state dict, of the whole file elsewhere."""
    todo = [(root, root)]
    while todo:
        node, whole = todo.pop()
        node.share = node.numbers / whole.numbers if whole.numbers else 0.0
        node.shown = min(len(node.children), SHOWN_AT_ONCE)
        inner = node if node is weights else whole
        todo += [(child, inner) for child in node.children]


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


def sort_tree(root: Node, measured: Mapping[int, TensorStatistics], column: int, descending: bool) -> None:
    """Put siblings in order; what has no value in the column comes last either way."""
    key = _sort_key(column, measured)
    todo = [root]
    while todo:
        node = todo.pop()
        known = [child for child in node.children if key(child) is not None]
        known.sort(key=key, reverse=descending)  # type: ignore[arg-type]
        node.children = known + [child for child in node.children if key(child) is None]
        for row, child in enumerate(node.children):
            child.row = row
        todo += node.children


def _sort_key(column: int, measured: Mapping[int, TensorStatistics]) -> Callable[[Node], object]:
    if column >= FIRST_MEASURED:
        place = column - FIRST_MEASURED
        return lambda node: _measures(measured[node.index])[place] if node.index in measured else None
    keys: dict[int, Callable[[Node], object]] = {
        KEY: lambda node: _natural(node.name),
        TYPE: lambda node: _cell(node, TYPE) or None,
        SHAPE: lambda node: node.tensor.shape if node.tensor else None,
    }
    return keys.get(column, lambda node: (node.nbytes if column == SIZE else node.numbers) or None)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers by their value: layer 10 after layer 9."""
    return (0, int(name), "") if name.isdecimal() and len(name) < 10 else (1, 0, name.casefold())


def _measures(facts: TensorStatistics) -> tuple[float | None, ...]:
    """In the order of `MEASURED_TITLES`."""
    moments = (facts.minimum, facts.maximum, facts.mean, facts.std, facts.norm)
    return (*moments, facts.zeros, facts.nans, facts.infinities)


def shape_text(shape: tuple[int, ...]) -> str:
    """`512 × 36`; one number has no shape."""
    return " × ".join(str(size) for size in shape)


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
            return visible(self.labels.get(node.path, "")) or _cell(node, column)
        if column < FIRST_MEASURED:
            return _cell(node, column)
        facts = self.measured.get(node.index)
        if facts is None:
            return ""
        number = _measures(facts)[column - FIRST_MEASURED]
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


def _cell(node: Node, column: int) -> str:
    tensor, value = node.tensor, node.value
    if column == KEY:
        return node.name
    if column == TYPE:
        return tensor.dtype if tensor else value.type if value else ""
    if column == SHAPE:
        if tensor is not None:
            return shape_text(tensor.shape)
        return visible(value.text)[:LONGEST_VALUE] if value else _entries(node)
    if column == NUMBERS:
        return f"{node.numbers:,}" if node.numbers else ""
    if column == SHARE:
        if not node.share:
            return ""
        return f"{100 * node.share:.0f} %" if node.share >= 0.01 else "< 1 %"
    return size_text(node.nbytes) if node.nbytes else ""


def _entries(node: Node) -> str:
    count = node.tensors or len(node.children)
    noun = "tensor" if node.tensors else "entry"
    many = "tensors" if node.tensors else "entries"
    return f"{count:,} {noun if count == 1 else many}"


def _tensor_tip(tensor: TensorRecord) -> str:
    lines = [visible(tensor.name), f"saved on {visible(tensor.device)}, memory “{visible(tensor.storage)}”"]
    if tensor.role:
        lines.append(tensor.role)
    if tensor.trouble:
        lines.append(tensor.trouble)
    return "\n".join(lines)
