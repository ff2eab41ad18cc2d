"""An inert tree as flat rows: its tensors, and everything else as text. Iterative, and bounded in rows and depth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.records import TensorRecord, ValueRecord
from asl_inspector.inert_pickle.numpy_arrays import NumpyArray, array_of, scalar_of
from asl_inspector.inert_pickle.plain import attributes_of, items_of, key_text, pairs_of, type_name
from asl_inspector.inert_pickle.records import Built, ByteSpan
from asl_inspector.inert_pickle.text import render
from asl_inspector.progress import CancelToken

MOST_VALUES = 200_000
MOST_NODES = 5_000_000
DEEPEST = 500
LONGEST_TEXT = 2_000
LONGEST_EXPANDED_LIST = 2_000  # longer lists of plain values are one row
NODES_BETWEEN_CHECKS = 4096
TORCH_NAMES = {"f2": "float16", "f4": "float32", "f8": "float64", "c8": "complex64", "c16": "complex128", "b1": "bool"}
TORCH_NAMES |= {f"i{size}": f"int{8 * size}" for size in (1, 2, 4, 8)}
TORCH_NAMES |= {f"u{size}": f"uint{8 * size}" for size in (1, 2, 4, 8)}

TensorReader = Callable[[object], TensorRecord | None]


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


def flatten(root: object, read_tensor: TensorReader, *, pickle_offset: int | None, cancel: CancelToken) -> FlatTree:
    """Rows for `root` and all below it.

    Args:
        root: An inert value.
        read_tensor: Tells whether a value is a tensor.
        pickle_offset: Where the stream starts in the file, or None where it is compressed; NumPy arrays lie in it.
        cancel: Asked now and then.
    """
    tree = FlatTree()
    todo: list[tuple[tuple[str, ...], object]] = [((), root)]
    open_containers: set[int] = set()
    nodes = 0
    while todo:
        path, value = todo.pop()
        if isinstance(value, _Leave):
            open_containers.discard(value.identity)
            continue
        nodes += 1
        if nodes % NODES_BETWEEN_CHECKS == 0:
            cancel.raise_if_cancelled()
        if nodes > MOST_NODES or len(tree.values) > MOST_VALUES:
            tree.notes.append(f"Only the first {nodes - 1:,} entries are shown.")
            break
        children = _visit(tree, path, value, read_tensor, pickle_offset)
        if not children:
            continue
        if id(value) in open_containers or len(path) >= DEEPEST:
            why = "contains itself" if id(value) in open_containers else "nested too deeply to show"
            tree.values.append(ValueRecord(path, type_name(value), f"({why})"))
            continue
        open_containers.add(id(value))
        todo.append((path, _Leave(id(value))))
        todo.extend(((*path, name), child) for name, child in reversed(children))
    return tree


def _visit(
    tree: FlatTree, path: tuple[str, ...], value: object, read_tensor: TensorReader, pickle_offset: int | None
) -> list[tuple[str, object]]:
    """Write the row of one value; return its children."""
    tensor = read_tensor(value) if isinstance(value, Built) else None
    if tensor is not None:
        tree.tensors.append(replace(tensor, path=path))
        return []
    array = array_of(value)
    if array is not None and array.dtype[1:] in TORCH_NAMES:
        tree.tensors.append(array_record(path, array, pickle_offset))
        return []
    pairs = pairs_of(value)
    if pairs is not None:
        if not pairs:
            tree.values.append(ValueRecord(path, type_name(value), "{}"))
        return [(key_text(key), held) for key, held in pairs]
    items = items_of(value)
    if items is not None and 0 < len(items) <= LONGEST_EXPANDED_LIST:
        return [(str(index), held) for index, held in enumerate(items)]
    scalar = scalar_of(value)
    shown = value if scalar is None else scalar
    tree.values.append(ValueRecord(path, type_name(shown), render(shown, limit=LONGEST_TEXT)))
    return [(key_text(key), held) for key, held in attributes_of(value) or []]


def array_record(path: tuple[str, ...], array: NumpyArray, pickle_offset: int | None) -> TensorRecord:
    """A NumPy array of numbers as a tensor row."""
    span = array.data if isinstance(array.data, ByteSpan) else None
    inline = array.data if isinstance(array.data, bytes) else span.content if span else None
    swapped = array.dtype[0] == ">"
    mapped = span is not None and pickle_offset is not None and not swapped
    trouble = "" if mapped or inline is not None else "the array is packed and has no place of its own in the file"
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
        file_offset=(pickle_offset or 0) + span.start if mapped and span else None,
        role="other",
        trouble="its numbers are big-endian, which is not supported" if swapped else trouble,
        inline=None if mapped else inline,
    )
