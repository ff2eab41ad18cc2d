"""The keys of a checkpoint as nodes: the file's own nesting, and below a state dict its modules; searched and sorted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from asl_inspector.checkpoints.modules import levels, place_of, shared_places
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, ValueRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.gui.key_search import parse_search
from asl_inspector.report.sizes import size_text
from asl_inspector.visible_text import visible

TITLES = ("key", "type", "shape or value", "numbers", "share", "size")
MEASURED_TITLES = ("min", "max", "mean", "std", "norm", "zeros", "NaN", "inf")
KEY, TYPE, SHAPE, NUMBERS, SHARE, SIZE = range(len(TITLES))
FIRST_MEASURED = len(TITLES)
LONGEST_VALUE = 200
SHOWN_AT_ONCE = 500  # rows of one folder; more are fetched when the view comes near them


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
        return lambda node: measures(measured[node.index])[place] if node.index in measured else None
    keys: dict[int, Callable[[Node], object]] = {
        KEY: lambda node: _natural(node.name),
        TYPE: lambda node: cell(node, TYPE) or None,
        SHAPE: lambda node: node.tensor.shape if node.tensor else None,
    }
    return keys.get(column, lambda node: (node.nbytes if column == SIZE else node.numbers) or None)


def _natural(name: str) -> tuple[int, int, str]:
    """Numbers by their value: layer 10 after layer 9."""
    return (0, int(name), "") if name.isdecimal() and len(name) < 10 else (1, 0, name.casefold())


def measures(facts: TensorStatistics) -> tuple[float | None, ...]:
    """In the order of `MEASURED_TITLES`."""
    moments = (facts.minimum, facts.maximum, facts.mean, facts.std, facts.norm)
    return (*moments, facts.zeros, facts.nans, facts.infinities)


def shape_text(shape: tuple[int, ...]) -> str:
    """`512 × 36`; one number has no shape."""
    return " × ".join(str(size) for size in shape)


def cell(node: Node, column: int) -> str:
    """What a column says of a node; empty where it has nothing to say."""
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
