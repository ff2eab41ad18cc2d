"""Two tensors of one shape, read side by side in blocks, so that memory stays bounded however large they are.

A block is a window into the tensor's storage: a `TensorRecord` of its own, read like any other. Tensors that lie in row
order on both sides are cut into flat blocks, others into slices along their first dimension. Pages of the mapped file
are handed back once they were read, so that a file of any size costs no more memory than the blocks under way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.blocks import row_strides
from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.checkpoints.tensor_bytes import tensor_block
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.mapped_file import Content, forget_pages

BLOCK = 1 << 17  # numbers at a time: two blocks and their difference fit the second cache
VIEWED = {"float64", "float32", "float16"}  # types that are views of the file's bytes
RELEASE_BYTES = 32 << 20  # pages are handed back after so many bytes of a tensor
Array = NDArray[np.generic]


class Reader:
    """One tensor's numbers, by blocks.

    Raises:
        UnreadableCheckpoint: From the constructor or while reading, if the numbers are not to be had.
    """

    def __init__(self, tensor: TensorRecord, content: Content) -> None:
        self.tensor = tensor
        self.content = content
        self.row_order = tensor.strides == row_strides(tensor.shape)
        self.by_row = not self.row_order or (tensor.quantizer is not None and tensor.quantizer.axis is not None)
        # types that NumPy has are views, which cost nothing; a compressed storage is inflated once, not once a block
        is_view = tensor.dtype in VIEWED and tensor.quantizer is None
        self._whole = read_array(tensor, content) if is_view or tensor.packed_bytes is not None else None
        self._released = 0

    def flat(self, start: int, stop: int) -> Array:
        """Numbers `start` to `stop` in row order; the tensor must lie so."""
        if self._whole is not None:
            return self._whole.reshape(-1)[start:stop]  # in row order, so no copy
        tensor = self.tensor
        offset = tensor.storage_offset + start
        return read_array(replace(tensor, shape=(stop - start,), strides=(1,), storage_offset=offset), self.content)

    def slices(self, start: int, stop: int) -> Array:
        """Slices `start` to `stop` along the first dimension."""
        if self._whole is not None:
            return self._whole[start:stop]
        tensor, quantizer = self.tensor, self.tensor.quantizer
        if quantizer is not None and quantizer.axis == 0:
            scales, zero_points = quantizer.scales[start:stop], quantizer.zero_points[start:stop]
            quantizer = replace(quantizer, scales=scales, zero_points=zero_points)
        offset = tensor.storage_offset + start * tensor.strides[0]
        shape = (stop - start, *tensor.shape[1:])
        return read_array(replace(tensor, shape=shape, storage_offset=offset, quantizer=quantizer), self.content)

    def raw(self) -> memoryview | None:
        """All bytes in row order where the file has them so, else None."""
        if not self.row_order or self.tensor.layout != "strided" or not self.tensor.count:
            return None
        return tensor_block(self.tensor, self.content)

    def release(self, numbers: int) -> None:
        """Hand back the pages of the first `numbers` numbers, once there are enough of them."""
        size = numbers * ITEM_SIZES.get(self.tensor.dtype, 1)
        if size - self._released >= RELEASE_BYTES:
            release_pages(self.tensor, self.content, self._released, size)
            self._released = size


def paired_blocks(a: Reader, b: Reader) -> Iterator[tuple[Array, Array]]:
    """The numbers of two tensors of one shape, in the same order, block by block."""
    count = a.tensor.count
    if not a.by_row and not b.by_row:
        for start in range(0, count, BLOCK):
            stop = min(count, start + BLOCK)
            yield a.flat(start, stop), b.flat(start, stop)
            a.release(stop)
            b.release(stop)
    elif a.tensor.shape and count:
        rows, width = a.tensor.shape[0], count // a.tensor.shape[0]
        step = max(1, BLOCK // width)
        for start in range(0, rows, step):
            stop = min(rows, start + step)
            yield a.slices(start, stop).reshape(-1), b.slices(start, stop).reshape(-1)
    elif count:
        yield read_array(a.tensor, a.content).reshape(-1), read_array(b.tensor, b.content).reshape(-1)


def release_pages(tensor: TensorRecord, content: Content, start: int = 0, stop: int | None = None) -> None:
    """Take a tensor's pages, or those of its bytes `start` to `stop`, out of this process's memory.

    They stay in the system's cache. Where the system or the kind of file does not allow it, nothing happens.
    """
    stop = tensor.nbytes if stop is None else stop
    view = content.get(tensor.part) if isinstance(content, Mapping) else content
    if tensor.file_offset is None or tensor.packed_bytes is not None or not isinstance(view, memoryview):
        return
    first = tensor.file_offset + tensor.storage_offset * ITEM_SIZES.get(tensor.dtype, 1)
    forget_pages(view, first + start, first + stop)
