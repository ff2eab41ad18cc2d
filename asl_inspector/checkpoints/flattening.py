"""An inert tree as flat rows: its tensors, and everything else as text. Iterative, and bounded in rows and depth."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from asl_inspector.checkpoints.records import TensorRecord, ValueRecord, with_changes
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.torch_values import inner_state
from asl_inspector.inert_pickle.numpy_arrays import OBJECT, NumpyArray, array_of, scalar_of, text_of_array
from asl_inspector.inert_pickle.plain import (
    arguments_of,
    attributes_of,
    class_of,
    items_of,
    key_text,
    pairs_of,
    type_name,
)
from asl_inspector.inert_pickle.records import Buffer, Built, ByteSpan, Items, Pairs, Persistent
from asl_inspector.inert_pickle.text import render
from asl_inspector.progress import CancelToken

MOST_VALUES = 200_000
MOST_TENSORS = 150_000  # thirty times the largest model; a reader has twenty seconds
MOST_NODES = 5_000_000
MOST_TEXT = 48 << 20  # characters of all rows, their paths included: one long key may stand above many rows
MOST_RENDERED = 2 << 20  # characters of objects and long lists
LEVEL_COST = 16  # an element of a path counts as so many characters more
DEEPEST = 500
LONGEST_TEXT = 2_000
LONGEST_EXPANDED_LIST = 2_000  # longer lists of plain values are one row
NODES_BETWEEN_CHECKS = 4096
UNPLACED = "the array is packed and has no place of its own in the file"
TORCH_NAMES = {"f2": "float16", "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128", "b1": "bool"}
TORCH_NAMES |= {f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)}
TORCH_NAMES |= {f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)}

RESTORE_TYPE = ("torch.jit._pickle", "restore_type_tag")  # a value and the name of its TorchScript type
TensorReader = Callable[[object], TensorRecord | None]


@dataclass(frozen=True, slots=True)
class Nested:
    """The object of a stream inside the stream, how its tensors are read, and its bytes."""

    root: object
    read_tensor: TensorReader
    region: Region


@dataclass(slots=True)
class FlatTree:
    """The rows of a tree; `is_cut` where it had too many."""

    tensors: list[TensorRecord] = field(default_factory=list)
    values: list[ValueRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    is_cut: bool = False
    text: int = 0
    rendered: int = 0

    def add_value(self, path: tuple[str, ...], kind: str, text: str) -> None:
        """A row that is no tensor."""
        self.values.append(ValueRecord(path, kind, text))
        self.text += len(text)

    def shown(self, value: object) -> str:
        """A value as text; objects only as long as there are not very many, since each takes its time."""
        if not isinstance(value, Built | Items):
            return render(value, limit=LONGEST_TEXT)
        if self.rendered > MOST_RENDERED:
            return f"{type_name(value)}(...)"
        text = render(value, limit=LONGEST_TEXT)
        self.rendered += len(text)
        return text

    def is_full(self, nodes: int) -> bool:
        """True where the budget is spent."""
        return (
            nodes > MOST_NODES
            or len(self.values) > MOST_VALUES
            or len(self.tensors) > MOST_TENSORS
            or self.text > MOST_TEXT
        )


Child = tuple[str | None, object]  # without a name where it takes the place of its parent


@dataclass(frozen=True, slots=True)
class _Frame:
    """A container whose children are being visited."""

    path: tuple[str, ...]
    length: int
    identity: int
    children: Iterator[Child]
    stream: Nested


def flatten(
    root: object,
    read_tensor: TensorReader,
    *,
    pickle_offset: int | None,
    cancel: CancelToken,
    source: Buffer = b"",
    open_nested: Callable[[object], Nested | None] = lambda _: None,
) -> FlatTree:
    """Rows for `root` and all below it.

    Args:
        root: An inert value.
        read_tensor: Tells whether a value is a tensor.
        pickle_offset: Where the stream starts in the file, or None where it is compressed; NumPy arrays lie in it.
        cancel: Asked now and then.
        source: The bytes that the stream was read from, for arrays without a place in the file.
        open_nested: Tells whether a value is a stream of its own.
    """
    tree = FlatTree()
    outermost = Nested(root, read_tensor, Region(memoryview(source), pickle_offset))
    frames = [_Frame((), 0, 0, iter([(None, root)]), outermost)]
    open_containers: set[int] = set()
    nodes = 0
    while frames:
        frame = frames[-1]
        child = next(frame.children, None)
        if child is None:
            open_containers.discard(frame.identity)
            frames.pop()
            continue
        nodes += 1
        if nodes % NODES_BETWEEN_CHECKS == 0:
            cancel.raise_if_cancelled()
        if tree.is_full(nodes):
            tree.notes.append(f"Only the first {nodes - 1:,} entries are shown; the rest is too much.")
            tree.is_cut = True
            break
        inner = _enter(tree, frame, child, open_containers, open_nested)
        if inner is not None:
            open_containers.add(inner.identity)
            frames.append(inner)
    return tree


def _enter(
    tree: FlatTree,
    frame: _Frame,
    child: Child,
    open_containers: set[int],
    open_nested: Callable[[object], Nested | None],
) -> _Frame | None:
    """Write the rows of one value; where it is a container, its frame."""
    name, value = child[0], _untagged(child[1])
    path, length, stream = frame.path, frame.length, frame.stream
    if name is not None:
        path, length = (*path, name), length + len(name) + LEVEL_COST
    rows = len(tree.values) + len(tree.tensors)
    children: Iterable[Child] | None = None
    if id(value) in open_containers or len(path) > DEEPEST:
        why = "contains itself" if id(value) in open_containers else "nested too deeply to show"
        tree.add_value(path, type_name(value), f"({why})")
    else:
        children = _visit(tree, path, value, stream)
        nested = open_nested(value) if children is None else None
        if nested is not None:
            children, stream = [(None, nested.root)], nested
        elif children is None:
            children = _children_of_unknown(tree, path, value)
    tree.text += length * (len(tree.values) + len(tree.tensors) - rows)
    return _Frame(path, length, id(value), iter(children), stream) if children else None


def _untagged(value: object) -> object:
    """A value of TorchScript without the name of its type."""
    for _ in range(DEEPEST):
        if not isinstance(value, Built) or class_of(value) != RESTORE_TYPE or not arguments_of(value):
            break
        value = arguments_of(value)[0]
    return value


def _visit(tree: FlatTree, path: tuple[str, ...], value: object, stream: Nested) -> Iterable[Child] | None:
    """Write the row of one value; return its children, or None for a value of no known kind, which has no row yet."""
    tensor = stream.read_tensor(value) if isinstance(value, Built | Persistent) else None
    if tensor is not None:
        tree.tensors.append(with_changes(tensor, path=path))
        return _keyed(pairs_of(inner_state(value)))
    array = array_of(value)
    if array is not None:
        return _visit_array(tree, path, array, stream.region)
    pairs = pairs_of(value)
    if pairs is not None:
        if not pairs:
            tree.add_value(path, type_name(value), "{}")
        return _keyed(pairs)
    items = items_of(value)
    if items and (len(items) <= LONGEST_EXPANDED_LIST or _hold_objects(items)):
        return ((str(index), held) for index, held in enumerate(items))
    return None


def _keyed(pairs: Iterable[tuple[object, object]] | None) -> Iterable[Child]:
    """Children as they are asked for: a container may be long, and stand in many places."""
    return ((key_text(key), held) for key, held in pairs) if pairs else ()


def _children_of_unknown(tree: FlatTree, path: tuple[str, ...], value: object) -> Iterable[Child]:
    """Write the row of a plain value or of an object of any class; return its attributes, entries and arguments."""
    scalar = scalar_of(value)
    shown = value if scalar is None else scalar
    tree.add_value(path, type_name(shown), tree.shown(shown))
    if not isinstance(value, Built) or scalar is not None:
        return ()
    return _children_of_built(value)


def _children_of_built(value: Built) -> Iterator[Child]:
    attributes = attributes_of(value) or []
    yield from _keyed(attributes)
    yield from _keyed(value.pairs)
    if not attributes and not value.pairs:
        yield from (("state", held) for held in value.states if _has_parts(held))
    if items_of(value) is None:
        yield from ((str(index), held) for index, held in enumerate(value.items))
        yield from ((f"argument {index}", held) for index, held in enumerate(arguments_of(value)) if _has_parts(held))


def _hold_objects(items: Sequence[object]) -> bool:
    """True where entries are tensors or other objects, or hold some, as far as the first few tell."""
    for item in items[:4]:
        inside = items_of(item) or [held for _, held in pairs_of(item) or []]
        if any(isinstance(held, Built | Persistent) for held in (item, *inside[:8])):
            return True
    return False


def _has_parts(value: object) -> bool:
    """True for an object, and for a container that is not empty."""
    if isinstance(value, Items):
        return bool(value.values)
    return bool(value.pairs) if isinstance(value, Pairs) else isinstance(value, Built)


def _visit_array(tree: FlatTree, path: tuple[str, ...], array: NumpyArray, region: Region) -> Iterable[Child]:
    """An array of numbers is a tensor, one of objects has children, one of text is a value."""
    if array.dtype[1:] in TORCH_NAMES:
        tree.tensors.append(array_record(path, array, region))
        return ()
    kind = f"numpy.ndarray of {'objects' if array.dtype == OBJECT else 'text'}"
    if not isinstance(array.data, tuple):
        text = text_of_array(array, region.content, limit=LONGEST_TEXT)
        tree.add_value(path, kind, f"<{array.count} items of {array.dtype}>" if text is None else text)
        return ()
    is_long = len(array.data) > LONGEST_EXPANDED_LIST and not _hold_objects(array.data)
    if is_long or not array.data:
        tree.add_value(path, kind, render(Items("list", list(array.data[:LONGEST_TEXT])), limit=LONGEST_TEXT))
        return ()
    return ((_index_text(array, index), held) for index, held in enumerate(array.data))


def _index_text(array: NumpyArray, index: int) -> str:
    """The place of the entry with this number, as Python writes indices."""
    if len(array.shape) < 2:
        return str(index)
    places = []
    for length in array.shape if array.fortran else reversed(array.shape):
        index, here = divmod(index, length)
        places.append(str(here))
    return ",".join(places if array.fortran else reversed(places))


def array_record(path: tuple[str, ...], array: NumpyArray, region: Region) -> TensorRecord:
    """A NumPy array of numbers as a tensor row; `region` is what its byte strings are counted from."""
    span = array.data if isinstance(array.data, ByteSpan) else None
    place = region.span(span) if span is not None else None
    inline = array.data if isinstance(array.data, bytes) else None
    if place is not None and place.offset is None:
        inline = span.content if span is not None and not place.content.nbytes else bytes(place.content)
    sizes = list(array.shape)
    strides = [1] * len(sizes)
    order = range(1, len(sizes)) if array.fortran else range(len(sizes) - 2, -1, -1)
    for axis in order:
        neighbour = axis - 1 if array.fortran else axis + 1
        strides[axis] = strides[neighbour] * sizes[neighbour]
    return TensorRecord(
        path=path,
        dtype=TORCH_NAMES[array.dtype[1:]],
        shape=array.shape,
        strides=tuple(strides),
        storage=f"array at byte {span.start}" if span else "array in the pickle stream",
        storage_bytes=span.size if span else array.count * int(array.dtype[2:]),
        storage_offset=0,
        file_offset=place.offset if place is not None else None,
        role="other",
        trouble="" if inline is not None or (place is not None and place.offset is not None) else UNPLACED,
        inline=inline,
        big_endian=array.dtype[0] == ">",
    )
