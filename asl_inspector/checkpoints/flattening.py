"""An inert tree as flat rows: its tensors, and everything else as text. Iterative, and bounded in rows and depth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
MOST_TENSORS = 500_000
MOST_NODES = 5_000_000
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
    """The rows of a tree."""

    tensors: list[TensorRecord] = field(default_factory=list)
    values: list[ValueRecord] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class _Leave:
    """Marks the place on the stack where a container's children are done."""

    __slots__ = ("identity",)

    def __init__(self, identity: int) -> None:
        self.identity = identity


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
    todo: list[tuple[tuple[str, ...], object, Nested]] = [((), root, outermost)]
    open_containers: set[int] = set()
    nodes = 0
    while todo:
        path, value, stream = todo.pop()
        if isinstance(value, _Leave):
            open_containers.discard(value.identity)
            continue
        nodes += 1
        if nodes % NODES_BETWEEN_CHECKS == 0:
            cancel.raise_if_cancelled()
        if nodes > MOST_NODES or len(tree.values) > MOST_VALUES or len(tree.tensors) > MOST_TENSORS:
            tree.notes.append(f"Only the first {nodes - 1:,} entries are shown.")
            break
        value = _untagged(value)
        children = _visit(tree, path, value, stream)
        inner = open_nested(value) if children is None else None
        if inner is not None:
            children, stream = [("", inner.root)], inner
        if children is None:
            children = _children_of_unknown(tree, path, value)
        if not children:
            continue
        if id(value) in open_containers or len(path) >= DEEPEST:
            why = "contains itself" if id(value) in open_containers else "nested too deeply to show"
            tree.values.append(ValueRecord(path, type_name(value), f"({why})"))
            continue
        open_containers.add(id(value))
        todo.append((path, _Leave(id(value)), stream))
        todo.extend(((*path, name) if name else path, child, stream) for name, child in reversed(children))
    return tree


def _untagged(value: object) -> object:
    """A value of TorchScript without the name of its type."""
    for _ in range(DEEPEST):
        if not isinstance(value, Built) or class_of(value) != RESTORE_TYPE or not arguments_of(value):
            break
        value = arguments_of(value)[0]
    return value


def _visit(tree: FlatTree, path: tuple[str, ...], value: object, stream: Nested) -> list[tuple[str, object]] | None:
    """Write the row of one value; return its children, or None for a value of no known kind, which has no row yet."""
    tensor = stream.read_tensor(value) if isinstance(value, Built | Persistent) else None
    if tensor is not None:
        tree.tensors.append(with_changes(tensor, path=path))
        return [(key_text(key), held) for key, held in pairs_of(inner_state(value)) or []]
    array = array_of(value)
    if array is not None:
        return _visit_array(tree, path, array, stream.region)
    pairs = pairs_of(value)
    if pairs is not None:
        if not pairs:
            tree.values.append(ValueRecord(path, type_name(value), "{}"))
        return [(key_text(key), held) for key, held in pairs]
    items = items_of(value)
    if items and (len(items) <= LONGEST_EXPANDED_LIST or _hold_objects(items)):
        return [(str(index), held) for index, held in enumerate(items)]
    return None


def _children_of_unknown(tree: FlatTree, path: tuple[str, ...], value: object) -> list[tuple[str, object]]:
    """Write the row of a plain value or of an object of any class; return its attributes, entries and arguments."""
    scalar = scalar_of(value)
    shown = value if scalar is None else scalar
    tree.values.append(ValueRecord(path, type_name(shown), render(shown, limit=LONGEST_TEXT)))
    if not isinstance(value, Built) or scalar is not None:
        return []
    children = [*(attributes_of(value) or []), *value.pairs]
    if not children:
        children += [("state", held) for held in value.states if _has_parts(held)]
    if items_of(value) is None:
        children += [(str(index), held) for index, held in enumerate(value.items)]
        children += [(f"argument {index}", held) for index, held in enumerate(arguments_of(value)) if _has_parts(held)]
    return [(key_text(key), held) for key, held in children]


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


def _visit_array(tree: FlatTree, path: tuple[str, ...], array: NumpyArray, region: Region) -> list[tuple[str, object]]:
    """An array of numbers is a tensor, one of objects has children, one of text is a value."""
    if array.dtype[1:] in TORCH_NAMES:
        tree.tensors.append(array_record(path, array, region))
        return []
    kind = f"numpy.ndarray of {'objects' if array.dtype == OBJECT else 'text'}"
    if not isinstance(array.data, tuple):
        text = text_of_array(array, region.content, limit=LONGEST_TEXT)
        tree.values.append(ValueRecord(path, kind, f"<{array.count} items of {array.dtype}>" if text is None else text))
        return []
    is_long = len(array.data) > LONGEST_EXPANDED_LIST and not _hold_objects(array.data)
    if is_long or not array.data:
        tree.values.append(ValueRecord(path, kind, render(Items("list", list(array.data)), limit=LONGEST_TEXT)))
        return []
    return [(_index_text(array, index), held) for index, held in enumerate(array.data)]


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
