"""A tensor's numbers block by block, in no particular order, so that memory stays bounded whatever its size.

What was read is given back to the system: a file of many gigabytes does not stay in the process's memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.checkpoints.slices import flattened, narrowed, selected
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content, descriptor_of, forget_pages, read_into

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

BLOCK = 1 << 18  # numbers: as float32 they fit the second-level cache
ROOM = BLOCK * 8  # bytes of the largest block that is read
KEPT_BYTES = 16 << 20  # bytes of the file that may stay in memory
AS_THEY_LIE = {
    "float64",
    "float32",
    "float16",
    "int64",
    "int32",
    "int16",
    "int8",
    "uint64",
    "uint32",
    "uint16",
    "uint8",
}
MOST_REPEATED = 64  # a tensor that stands for more numbers than this for each one that its memory holds is refused


def without_repeats(tensor: TensorRecord) -> tuple[TensorRecord, int]:
    """The tensor without the dimensions along which memory repeats (stride 0), and how often each number counts."""
    repeats = math.prod(size for size, step in zip(tensor.shape, tensor.strides, strict=True) if step == 0 and size > 0)
    for axis in reversed(range(len(tensor.shape))):
        of_scale = tensor.quantizer is not None and tensor.quantizer.axis == axis
        if tensor.strides[axis] == 0 and tensor.shape[axis] > 0:
            if of_scale:
                return tensor, 1
            tensor = selected(tensor, axis, 0)
    return tensor, repeats


def blocks(tensor: TensorRecord, content: Content) -> Iterator[NDArray[np.generic]]:
    """Every number of a strided tensor once, in one-dimensional arrays of at most `BLOCK` numbers.

    Raises:
        UnreadableCheckpoint: If the numbers are not to be had.
    """
    if tensor.layout != "strided":
        raise UnreadableCheckpoint(f"“{tensor.name}” is sparse ({tensor.layout}) and is not made dense.")
    if tensor.chunks:
        yield from _pieces(tensor, content)
        return
    held = max(1, tensor.storage_bytes // ITEM_SIZES.get(tensor.dtype, 1))
    if tensor.count > MOST_REPEATED * held + BLOCK and tensor.inline is None:
        raise UnreadableCheckpoint(
            f"“{tensor.name}” stands for {tensor.count:,} numbers in a memory of {tensor.storage_bytes:,} bytes."
        )
    flat = flattened(tensor)
    if flat is None:
        yield from _scattered(tensor, content)
    elif flat.dtype in AS_THEY_LIE and flat.quantizer is None:
        yield from _as_they_lie(flat, content)
    else:
        for start in range(0, flat.count, BLOCK):
            yield read_array(narrowed(flat, 0, start, start + BLOCK), content)
        _forget(flat, content, 0, flat.count)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Numbers that lie in one row in an open file, as NumPy has them.

    Attributes:
        descriptor: The open file.
        offset: Byte of the first one.
        count: How many.
        dtype: NumPy's name of their type.
    """

    descriptor: int
    offset: int
    count: int
    dtype: str


def stretch_of(tensor: TensorRecord, content: Content) -> Stretch | None:
    """Where a tensor's numbers lie in a large file; None where `blocks` has to be asked for them.

    That is the case for all but whole tensors that lie in their own type.
    """
    if tensor.dtype not in AS_THEY_LIE or tensor.layout != "strided" or tensor.trouble or tensor.big_endian:
        return None
    odd = tensor.quantizer is not None or tensor.chunks or tensor.conjugate or tensor.negative
    if odd or tensor.strides != row_strides(tensor.shape):
        return None
    place = _place(tensor, content)
    descriptor = None if place is None else descriptor_of(place[0])
    return None if place is None or descriptor is None else Stretch(descriptor, place[1], tensor.count, tensor.dtype)


def read_blocks(stretch: Stretch, room: NDArray[np.uint8]) -> Iterator[NDArray[np.generic]]:
    """The blocks of a stretch, read one after the other, which is faster than touching pages.

    Args:
        stretch: The numbers.
        room: (ROOM,), memory for a block, which is gone when the next one comes.

    Raises:
        EOFError: If the file is not so long any more.
    """
    numbers = room[: BLOCK * ITEM_SIZES[stretch.dtype]].view(stretch.dtype)
    for first in range(0, stretch.count, BLOCK):
        held = numbers[: stretch.count - first]
        if not read_into(stretch.descriptor, stretch.offset + first * held.itemsize, held.data):
            raise EOFError
        yield held


def row_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Strides, in numbers, of a tensor of this shape that lies in row order without gaps."""
    steps, step = [], 1
    for size in reversed(shape):
        steps.append(step)
        step *= size
    return tuple(reversed(steps))


def _pieces(tensor: TensorRecord, content: Content) -> Iterator[NDArray[np.generic]]:
    """The numbers of a tensor that lies in pieces, piece by piece; the pieces must cover it without overlap."""
    boxes = [
        tuple((start, start + size) for start, size in zip(chunk.offsets, chunk.tensor.shape, strict=True))
        for chunk in tensor.chunks
    ]
    meet = any(
        all(
            low < other_high and other_low < high for (low, high), (other_low, other_high) in zip(one, two, strict=True)
        )
        for one, two in combinations(boxes, 2)
    )
    if meet or sum(chunk.tensor.count for chunk in tensor.chunks) != tensor.count:
        raise UnreadableCheckpoint(f"The pieces of “{tensor.name}” do not cover all of it once.")
    for chunk in tensor.chunks:
        yield from blocks(chunk.tensor, content)


def _as_they_lie(flat: TensorRecord, content: Content) -> Iterator[NDArray[np.generic]]:
    """Views of the file's own bytes; one array is made, and sliced."""
    numbers = read_array(flat, content)
    kept = KEPT_BYTES // ITEM_SIZES[flat.dtype]
    for start in range(0, flat.count, kept):
        stop = min(start + kept, flat.count)
        for place in range(start, stop, BLOCK):
            yield numbers[place : min(place + BLOCK, stop)]
        _forget(flat, content, start, stop)


def _scattered(tensor: TensorRecord, content: Content) -> Iterator[NDArray[np.generic]]:
    """Numbers with gaps between them, or with a scale for each index of a dimension."""
    if not tensor.count:
        return
    quantizer = tensor.quantizer
    if tensor.count <= BLOCK:
        yield read_array(tensor, content).reshape(-1)
    elif quantizer is not None and quantizer.axis is not None:
        for index in range(tensor.shape[quantizer.axis]):
            yield from blocks(selected(tensor, quantizer.axis, index), content)
    else:
        longest = max(range(len(tensor.shape)), key=lambda axis: tensor.shape[axis])
        others = tensor.count // tensor.shape[longest]
        step = max(1, BLOCK // others)
        for start in range(0, tensor.shape[longest], step):
            part = narrowed(tensor, longest, start, start + step)
            if part.count <= BLOCK:
                yield read_array(part, content).reshape(-1)
            else:
                yield from _scattered(selected(part, longest, 0), content)


def _place(flat: TensorRecord, content: Content) -> tuple[bytes | memoryview, int, int] | None:
    """The file in which numbers lie in one row as they are, where in it, and the bytes of one; None where they do not."""
    size = ITEM_SIZES.get(flat.dtype)
    if size is None or flat.file_offset is None or flat.packed_bytes is not None or flat.inline is not None:
        return None
    view = content.get(flat.part) if isinstance(content, Mapping) else content
    return None if view is None else (view, flat.file_offset + flat.storage_offset * size, size)


def _forget(flat: TensorRecord, content: Content, start: int, stop: int) -> None:
    """Give the pages of a part that was read back to the system."""
    place = _place(flat, content)
    if place is not None:
        view, first, size = place
        forget_pages(view, first + start * size, first + stop * size)


def sampled(tensor: TensorRecord, count: int) -> TensorRecord | None:
    """About `count` numbers spread evenly over a tensor, or None where they have no common step."""
    flat = flattened(tensor)
    if flat is None:
        return None
    step = max(1, flat.count // max(1, count))
    if len(tensor.shape) > 1 and step > 1 and tensor.shape[-1] % step == 0:
        step += 1  # a step that divides the row length would take the same columns only
    return replace(flat, shape=(-(-flat.count // step),), strides=(step,)) if flat.count else flat
