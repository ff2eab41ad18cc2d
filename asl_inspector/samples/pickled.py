"""Clips in a pickle stream, read as data; arrays stay where they lie.

The seed's cache is a dict `{clip id: {"features": (T, F), "gloss": str, "gloss_id": int, ...}}`; older ones hold the bare
array under the clip id; Phoenix-style files are a list of dicts with torch tensors.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from asl_inspector.inert_pickle.numpy_arrays import NumpyArray, array_of, bytes_of, scalar_of, to_numpy
from asl_inspector.inert_pickle.plain import class_of, items_of, key_text, pairs_of, type_name
from asl_inspector.inert_pickle.records import Buffer, Built, ByteSpan, Global, Items, Pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.gathering import Source, clips_in
from asl_inspector.samples.job import Job
from asl_inspector.samples.nodes import Array, Fields, Node, Numbers, Sequence, dense_strides, from_array
from asl_inspector.samples.records import Clips
from asl_inspector.samples.torch_tensors import TorchTensors

MASKED = ("numpy.ma.core", "_mareconstruct"), ("numpy.ma", "_mareconstruct")
AS_THEY_ARE = frozenset({type(None), bool, int, float, str, Numbers, Fields, Sequence})
RECONSTRUCT = Global("numpy.core.multiarray", "_reconstruct", 0)


LARGE = 256  # entries
MOST_KEPT = 1_024  # containers that are remembered


class PickleLook:
    """Says what an inert value is.

    Args:
        source: What the stream was read from.
        in_file: True where `source` is the file, so that arrays can stay in it.
        tensors: Knows torch tensors, or None where there can be none.
    """

    def __init__(self, source: Buffer, *, in_file: bool, tensors: TorchTensors | None = None) -> None:
        self.source = source
        self.in_file = in_file
        self.tensors = tensors or TorchTensors(source, in_file=in_file)
        self.masked = 0
        self._large: dict[int, tuple[object, Node]] = {}

    def __call__(self, value: object) -> Node:
        """A node for any value of the tree; a large container that many hold is looked through once."""
        kind = type(value)
        if kind in AS_THEY_ARE:
            return cast("Node", value)
        known = self._large.get(id(value))
        if known is not None:
            return known[1]
        node = self._node(value, kind)
        large = (isinstance(node, Fields) and len(node.pairs) >= LARGE) or (
            isinstance(node, Sequence) and len(node.items) >= LARGE
        )
        if large and len(self._large) < MOST_KEPT:
            self._large[id(value)] = value, node
        return node

    def _node(self, value: object, kind: type) -> Node:
        if kind is Built and (array := array_of(value)) is not None:
            return self._array(array)
        if (pairs := pairs_of(value)) is not None:
            return Fields([(key if isinstance(key, str) else _key(key), held) for key, held in pairs])
        if (items := items_of(value)) is not None:
            return Sequence(items)
        if isinstance(value, ByteSpan):
            return value.head.decode("utf-8", "replace") if value.content is not None else None
        if (scalar := scalar_of(value)) is not None:
            return scalar
        if class_of(value) in MASKED and isinstance(value, Built):
            return self._masked(value)
        return self.tensors.numbers_of(value)

    def _array(self, array: NumpyArray) -> Node:
        if isinstance(array.data, tuple):
            return Sequence(list(array.data)) if array.shape else self(array.data[0])
        if array.dtype[1] in "SU":
            texts = [_as_text(text) for text in to_numpy(array, self.source).reshape(-1).tolist()]
            return Sequence(list(texts)) if array.shape else texts[0]
        if array.dtype[1] == "c":
            return None
        if self.in_file and isinstance(array.data, ByteSpan):
            strides = dense_strides(array.shape, int(array.dtype[2:]), fortran=array.fortran)
            return Numbers(array.dtype, array.shape, lambda a, b: self._rows(array, a, b), array.data.start, strides)
        return Numbers(array.dtype, array.shape, lambda a, b: self._rows(array, a, b))

    def _rows(self, array: NumpyArray, start: int, stop: int) -> Array:
        held: Array = to_numpy(array, self.source)
        return held[start:stop] if array.shape else held

    def _masked(self, value: Built) -> Node:
        """A masked array: its numbers with zero where they are masked."""
        state = items_of(value.states[-1]) if value.states else None
        if state is None or len(state) < 6:
            return None
        plain = Built("REDUCE", RECONSTRUCT, Items("tuple", []), None, 0, states=[Items("tuple", state[:5])])
        array, mask = array_of(plain), bytes_of(state[5])
        if array is None or isinstance(array.data, tuple) or mask is None or array.dtype[1] not in "fiub":
            return None
        size = mask.size if isinstance(mask, ByteSpan) else len(mask)
        if size != array.count:
            return None
        hidden = NumpyArray("|b1", array.shape, array.fortran, mask)
        held = to_numpy(array, self.source)
        absent = np.asarray(to_numpy(hidden, self.source), bool)
        self.masked += 1
        return from_array(np.where(absent, np.zeros((), held.dtype), held))


def _key(key: object) -> str:
    if pairs_of(key) is not None or (isinstance(key, Items) and key.kind in ("list", "set")):
        return type_name(key)  # no load could make it a key; a stream of millions of them is not worth their texts
    scalar = scalar_of(key)
    return key_text(key) if scalar is None else str(scalar)


def _as_text(text: object) -> str:
    return text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)


def read_pickled_clips(file: MappedFile, pickle: Pickle, job: Job) -> Clips | None:
    """The clips of a pickle file, or None where it holds none.

    Args:
        file: The file.
        pickle: Its stream, read.
        job: How to read.

    Raises:
        DataError: If most entries are no clips.
    """
    look = PickleLook(file.view, in_file=True)
    return clips_of_tree(file, "pickle", look(pickle.value), look, job)


def clips_of_tree(
    file: MappedFile, words: str, root: Node, look: PickleLook, job: Job, *, may_be_weights: bool = False
) -> Clips | None:
    """The clips of an inert tree; masked arrays are noted."""
    source = Source(file.path, words, root, look, job, may_be_weights)
    clips = clips_in(source)
    if clips is None or not look.masked:
        return clips
    from dataclasses import replace

    return replace(clips, notes=(*clips.notes, "Masked numbers were read as zero, as missing landmarks are."))
