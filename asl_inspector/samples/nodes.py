"""What the readers of all formats hand to the search for clips: a tree of fields, sequences, numbers and plain values.

A reader gives one function, `Look`, which says what a raw value of its format is. Only what the search asks for is
looked at, so a file of 100,000 clips costs a few looks a clip.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from asl_inspector.samples.records import BFLOAT16, THE_FILE

Array = NDArray[np.generic]
Scalar = bool | int | float | str


@dataclass(slots=True)
class Fields:
    """A dict, a group, an archive: named raw values in file order. Names may repeat; the last one counts."""

    pairs: list[tuple[str, object]]
    _by_name: dict[str, object] | None = None

    @property
    def by_name(self) -> dict[str, object]:
        """The raw values by name."""
        if self._by_name is None:
            self._by_name = dict(self.pairs)
        return self._by_name


@dataclass(slots=True)
class Sequence:
    """A list, tuple or array of objects: raw values in order."""

    items: list[object]


@dataclass(slots=True)
class Numbers:
    """An array of numbers.

    Attributes:
        dtype: NumPy's short form, or "bfloat16".
        shape: Sizes of the dimensions.
        rows: Gives the entries `start` to `stop` along the first axis as an array; the whole of an array without axes.
        start: Byte of its first number in the file, or None where the file does not hold it plainly.
        strides: Bytes between neighbours along each dimension, where `start` is known.
        decoder: Kind and name for decoding on demand, where `start` is None; None to unpack it at once.
        part: The part of the content that holds it, where `start` is known.
    """

    dtype: str
    shape: tuple[int, ...]
    rows: Callable[[int, int], Array]
    start: int | None = None
    strides: tuple[int, ...] = ()
    decoder: tuple[str, str] | None = None
    part: str = THE_FILE

    @property
    def count(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def item_size(self) -> int:
        """Bytes of one element."""
        return 2 if self.dtype == BFLOAT16 else np.dtype(self.dtype).itemsize

    @property
    def is_whole(self) -> bool:
        """True for whole numbers and truth values."""
        return self.dtype != BFLOAT16 and np.dtype(self.dtype).kind in "biu"

    def all(self) -> Array:
        """The whole array."""
        return self.rows(0, self.shape[0] if self.shape else 1)


Node = Fields | Sequence | Numbers | Scalar | None
Look = Callable[[object], Node]


class Sink(Protocol):
    """Takes numbers that had to be decoded."""

    def put(self, block: bytes | memoryview) -> int:
        """Keep a block; returns the place of its first byte."""

    def align(self) -> int:
        """Make the next block start at a multiple of 16 bytes; returns that place."""


def dense_strides(shape: tuple[int, ...], item_size: int, *, fortran: bool = False) -> tuple[int, ...]:
    """Bytes between neighbours along each dimension of an array without gaps."""
    strides = [item_size] * len(shape)
    order = range(1, len(shape)) if fortran else range(len(shape) - 2, -1, -1)
    for axis in order:
        neighbour = axis - 1 if fortran else axis + 1
        strides[axis] = strides[neighbour] * shape[neighbour]
    return tuple(strides)


def from_array(array: Array) -> Numbers:
    """Numbers that are in memory already and will be sent on."""
    return Numbers(array.dtype.str, array.shape, lambda start, stop: array[start:stop] if array.ndim else array)


def described(name: str, node: Node) -> str:
    """A field for a list to choose from: "keypoints: float32 (80, 133)"."""
    if isinstance(node, Numbers):
        kind = node.dtype if node.dtype == BFLOAT16 else np.dtype(node.dtype).name
        return f"{name}: {kind} {node.shape}"
    if isinstance(node, Fields):
        return f"{name}: {len(node.pairs):,} fields"
    if isinstance(node, Sequence):
        return f"{name}: {len(node.items):,} entries"
    return f"{name}: {'text' if isinstance(node, str) else type(node).__name__}"
