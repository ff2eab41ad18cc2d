"""Tensors as numbers: those of `torch.save`, and those that plain pickling nests as a stream of their own.

A tensor is a window into a storage; the window is checked against the storage before it is used.

Source: torch 2.13, torch/_utils.py (`_rebuild_tensor_v2`) and torch/serialization.py (`_legacy_save`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from asl_inspector.errors import InspectorError
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import bytes_of
from asl_inspector.inert_pickle.plain import arguments_of, class_of, items_of
from asl_inspector.inert_pickle.records import Buffer, Built, ByteSpan, Global, Items, Persistent, Pickle
from asl_inspector.samples.nodes import Array, Numbers
from asl_inspector.samples.records import BFLOAT16

LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
DTYPES = {
    "DoubleStorage": "<f8",
    "FloatStorage": "<f4",
    "HalfStorage": "<f2",
    "BFloat16Storage": BFLOAT16,
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "|i1",
    "ByteStorage": "|u1",
    "BoolStorage": "|b1",
}
REBUILD = {("torch._utils", "_rebuild_tensor_v2"), ("torch._utils", "_rebuild_tensor")}
NESTED = ("torch.storage", "_load_from_bytes")


@dataclass(frozen=True, slots=True)
class Stored:
    """A storage: its type, and its bytes with their place in the file, or None where they are not in it."""

    dtype: str
    content: Buffer
    start: int | None


Finder = Callable[[str, str], Stored | None]


class TorchTensors:
    """Knows tensors among inert values.

    Args:
        source: What the stream was read from.
        in_file: True where `source` is the file.
        find: Gives the storage of a key and a type, for streams of `torch.save`.
    """

    def __init__(self, source: Buffer, *, in_file: bool, find: Finder | None = None) -> None:
        self.source = source
        self.in_file = in_file
        self.find = find

    def numbers_of(self, value: object) -> Numbers | None:
        """The tensor that `value` stands for, or None."""
        made_by = class_of(value)
        if not isinstance(value, Built) or made_by is None:
            return None
        given = arguments_of(value)
        if made_by == ("torch._utils", "_rebuild_parameter") and given:
            return self.numbers_of(given[0])
        if made_by == ("torch._tensor", "_rebuild_from_type_v2") and len(given) >= 3:
            inner = Built("REDUCE", given[0], given[2], None, 0)
            return self.numbers_of(inner)
        if made_by not in REBUILD or len(given) < 4:
            return None
        stored = self._storage(given[0])
        return _window(stored, given[1], _sizes(given[2]), _sizes(given[3])) if stored is not None else None

    def _storage(self, value: object) -> Stored | None:
        if isinstance(value, Persistent):
            asked = storage_of(value.identity)
            return self.find(*asked) if asked is not None and self.find is not None else None
        if class_of(value) != NESTED or not isinstance(value, Built):
            return None
        raw = bytes_of((arguments_of(value) or [None])[0])
        if isinstance(raw, ByteSpan):
            content = memoryview(self.source)[raw.start : raw.start + raw.size]
            return _nested(content, raw.start if self.in_file else None)
        return _nested(raw, None) if raw is not None else None


def storage_of(identity: object) -> tuple[str, str] | None:
    """Key and type of the storage that a persistent id names, or None."""
    parts = items_of(identity)
    if parts is None or len(parts) < 5 or parts[0] != "storage" or not isinstance(parts[2], str):
        return None
    kind = parts[1]
    if not isinstance(kind, Global) or kind.module not in ("torch", "torch.storage", "torch.cuda"):
        return None
    dtype = DTYPES.get(kind.name)
    return None if dtype is None else (parts[2], dtype)


def legacy_root(source: Buffer, read: list[Pickle] | None = None) -> tuple[object, dict[str, Stored]] | None:
    """The object of a stream that torch wrote before version 1.6, and its storages; None where it is none.

    Args:
        source: The file.
        read: Takes the streams that were read.

    Raises:
        MalformedPickle: If a stream breaks off.
    """
    magic = read_pickle(source)
    if magic.value != LEGACY_MAGIC:
        return None
    protocol = read_pickle(source, magic.end)
    system = read_pickle(source, protocol.end)
    tree = read_pickle(source, system.end)
    keys = read_pickle(source, tree.end)
    if read is not None:
        read += (magic, protocol, system, tree, keys)
    named: dict[str, str] = {}
    for one in _persistent(tree.value):
        asked = storage_of(one)
        if asked is not None:
            named[asked[0]] = asked[1]
    position, found = keys.end, {}
    for key in items_of(keys.value) or []:
        dtype = named.get(str(key))
        count = int.from_bytes(bytes(source[position : position + 8]), "little")
        if dtype is None or count > len(source):
            return None
        start = position + 8
        position = start + count * _item_size(dtype)
        found[str(key)] = Stored(dtype, memoryview(source)[start:position], start)
    return tree.value, found


def _persistent(root: object) -> list[object]:
    """The identities of all persistent ids in a tree."""
    todo, seen, found = [root], set(), []
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        if isinstance(value, Persistent):
            found.append(value.identity)
        elif isinstance(value, Built):
            seen.add(id(value))
            todo += [value.arguments, *value.states, *value.items]
            todo += [part for pair in value.pairs for part in pair]
        elif isinstance(value, Items):
            seen.add(id(value))
            todo += value.values
        elif hasattr(value, "pairs"):
            seen.add(id(value))
            todo += [part for pair in value.pairs for part in pair]
    return found


def _nested(content: Buffer, start: int | None) -> Stored | None:
    """The storage in a nested stream: its object is the storage itself."""
    try:
        found = legacy_root(content)
    except InspectorError:
        return None
    if found is None or not isinstance(found[0], Persistent):
        return None
    asked = storage_of(found[0].identity)
    stored = found[1].get(asked[0]) if asked is not None else None
    if stored is None or stored.start is None:
        return None
    return Stored(stored.dtype, stored.content, None if start is None else start + stored.start)


def _item_size(dtype: str) -> int:
    return 2 if dtype == BFLOAT16 else np.dtype(dtype).itemsize


def _sizes(value: object) -> tuple[int, ...] | None:
    if class_of(value) == ("torch", "Size") and isinstance(value, Built):
        value = (arguments_of(value) or [value])[0]
    sizes = items_of(value)
    if sizes is None or len(sizes) > 32:
        return None
    known = tuple(
        size for size in sizes if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 1 << 62
    )
    return known if len(known) == len(sizes) else None


def _window(
    stored: Stored, offset: object, shape: tuple[int, ...] | None, strides: tuple[int, ...] | None
) -> Numbers | None:
    """A tensor as a checked window into its storage."""
    if shape is None or strides is None or len(shape) != len(strides) or not isinstance(offset, int) or offset < 0:
        return None
    size = _item_size(stored.dtype)
    count = int(np.prod(shape, dtype=object)) if shape else 1
    last = offset + sum((length - 1) * step for length, step in zip(shape, strides, strict=True)) + 1
    if count and (last * size > len(stored.content) or count * size > len(stored.content)):
        return None  # beyond the storage, or expanded far over it
    steps = tuple(step * size for step in strides)

    def rows(start: int, stop: int) -> Array:
        kind = np.dtype("<u2" if stored.dtype == BFLOAT16 else stored.dtype)
        if not count:
            return np.zeros(shape or (0,), kind)
        held: Array = np.ndarray(shape, kind, stored.content, offset * size, steps)
        cut = held[start:stop] if shape else held
        return (cut.astype(np.uint32) << 16).view(np.float32) if stored.dtype == BFLOAT16 else cut

    start = None if stored.start is None else stored.start + offset * size
    return Numbers(stored.dtype, shape, rows, start, steps)
