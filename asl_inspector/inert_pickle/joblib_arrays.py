"""Streams of joblib: a pickle stream with the bytes of each array in its midst.

joblib writes an object `NumpyArrayWrapper` where an array was, and after its state the bytes of the array itself: one
byte that tells how much padding follows, the padding, then the elements; an array of objects is a stream of its own
there. Reading the stream needs to step over them.

Source: joblib 1.5, joblib/numpy_pickle.py (`NumpyArrayWrapper`).
"""

from __future__ import annotations

import math
from dataclasses import replace

from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.numpy_arrays import JOBLIB_WRAPPER, OBJECT, dtype_of, item_size, shape_of
from asl_inspector.inert_pickle.plain import class_of, lookup
from asl_inspector.inert_pickle.records import LONGEST_HEAD, Buffer, Built, ByteSpan, Pickle
from asl_inspector.progress import CancelToken


def read_pickle_file(source: Buffer, *, cancel: CancelToken | None = None, salvage: bool = False) -> Pickle:
    """Read a pickle stream, joblib's included, without running any of it.

    Args:
        source: The bytes.
        cancel: Asked now and then.
        salvage: Take a stream that breaks off for what it holds up to there.

    Raises:
        MalformedPickle: If the stream is damaged.
        Cancelled: If `cancel` was set.
    """
    arrays = _Arrays(memoryview(source), cancel or CancelToken())
    outer = read_pickle(source, cancel=cancel, after_build=arrays.step_over, salvage=salvage)
    if not arrays.inner:
        return outer
    pickles = [outer, *arrays.inner]
    return replace(
        outer,
        globals=tuple(name for pickle in pickles for name in pickle.globals),
        built=tuple(built for pickle in pickles for built in pickle.built),
        notes=tuple(dict.fromkeys(note for pickle in pickles for note in pickle.notes)),
    )


class _Arrays:
    """Steps over the bytes of arrays and remembers the streams among them."""

    def __init__(self, source: memoryview, cancel: CancelToken) -> None:
        self.source = source
        self.cancel = cancel
        self.inner: list[Pickle] = []

    def step_over(self, built: Built, position: int) -> int:
        """Where the stream goes on after the state of `built` was set."""
        if class_of(built) != JOBLIB_WRAPPER or built.items:
            return position
        dtype, shape = dtype_of(lookup(built, "dtype")), shape_of(lookup(built, "shape"))
        if dtype is None or shape is None:
            return position
        if dtype == OBJECT:
            inner = read_pickle(self.source, position, cancel=self.cancel)
            self.inner.append(inner)
            built.items.append(inner.value)
            return inner.end
        if lookup(built, "numpy_array_alignment_bytes") is not None and position < len(self.source):
            position += 1 + self.source[position]
        size = math.prod(shape) * item_size(dtype)
        if position + size <= len(self.source):
            head = bytes(self.source[position : position + min(size, LONGEST_HEAD)])
            built.items.append(ByteSpan(position, size, head))
        return min(position + size, len(self.source))
