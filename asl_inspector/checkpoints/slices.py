"""Parts of a tensor as tensors of their own: a record with another window, and not a byte is read.

A strided tensor is an offset, sizes and strides into a block of memory, so a part of it is another offset and fewer
sizes. What then reads the part touches only the pages of the file that hold it.
"""

from __future__ import annotations

from dataclasses import replace

from asl_inspector.checkpoints.records import Quantizer, TensorRecord
from asl_inspector.errors import UnreadableCheckpoint

LARGEST_VIEW = 1 << 20  # numbers of one look


def narrowed(tensor: TensorRecord, axis: int, start: int, stop: int) -> TensorRecord:
    """The tensor's indices from `start` up to `stop` along one dimension, cut to those that there are."""
    size = tensor.shape[axis]
    start = min(max(start, 0), size)
    stop = min(max(stop, start), size)
    shape = (*tensor.shape[:axis], stop - start, *tensor.shape[axis + 1 :])
    offset = tensor.storage_offset + (start * tensor.strides[axis] if stop > start else 0)
    return replace(tensor, shape=shape, storage_offset=offset, quantizer=_narrowed(tensor.quantizer, axis, start, stop))


def selected(tensor: TensorRecord, axis: int, index: int) -> TensorRecord:
    """The tensor at one index of a dimension, which is thereby gone."""
    return replace(
        tensor,
        shape=(*tensor.shape[:axis], *tensor.shape[axis + 1 :]),
        strides=(*tensor.strides[:axis], *tensor.strides[axis + 1 :]),
        storage_offset=tensor.storage_offset + index * tensor.strides[axis],
        quantizer=_selected(tensor.quantizer, axis, index),
    )


def thinned(tensor: TensorRecord, axis: int, step: int) -> TensorRecord:
    """Every `step`-th index of a dimension, from the first one."""
    if step == 1:
        return tensor
    size = -(-tensor.shape[axis] // step)
    shape = (*tensor.shape[:axis], size, *tensor.shape[axis + 1 :])
    strides = (*tensor.strides[:axis], tensor.strides[axis] * step, *tensor.strides[axis + 1 :])
    quantizer = tensor.quantizer
    if quantizer is not None and quantizer.axis == axis:
        quantizer = replace(quantizer, scales=quantizer.scales[::step], zero_points=quantizer.zero_points[::step])
    return replace(tensor, shape=shape, strides=strides, quantizer=quantizer)


def flattened(tensor: TensorRecord) -> TensorRecord | None:
    """The same numbers as one row in the order of memory, or None where they have gaps, repeat, or differ in scale."""
    if tensor.quantizer is not None and tensor.quantizer.axis is not None:
        return None
    expected = 1
    for stride, size in sorted(zip(tensor.strides, tensor.shape, strict=True)):
        if size == 1:
            continue
        if stride != expected:
            return None
        expected *= size
    return replace(tensor, shape=(tensor.count,), strides=(1,))


def table_of(
    tensor: TensorRecord,
    leading: tuple[int, ...],
    rows: tuple[int, int],
    columns: tuple[int, int],
    steps: tuple[int, int] = (1, 1),
) -> TensorRecord:
    """A rectangle of one matrix of the tensor.

    Args:
        tensor: Any strided tensor; of one dimension it is a column, a single number a column of one.
        leading: One index for each dimension but the last two.
        rows: First row, and the one after the last.
        columns: First column, and the one after the last.
        steps: Every how many rows and columns are taken.

    Returns:
        The record of (rows, columns).

    Raises:
        UnreadableCheckpoint: If there is no such part, or the tensor is sparse.
    """
    if tensor.layout != "strided":
        raise UnreadableCheckpoint(f"“{tensor.name}” is kept as {tensor.layout}, which has no rows to show.")
    if tensor.chunks:
        raise UnreadableCheckpoint(
            f"“{tensor.name}” lies in {len(tensor.chunks)} pieces in the files of a distributed checkpoint.",
            advice="Its facts and its first numbers can be shown, a table of it cannot.",
        )
    if len(leading) != max(0, len(tensor.shape) - 2):
        raise UnreadableCheckpoint(f"“{tensor.name}” has {len(tensor.shape)} dimensions.")
    for index in leading:
        if not 0 <= index < tensor.shape[0]:
            raise UnreadableCheckpoint(f"“{tensor.name}” has no part {index} of {tensor.shape[0]}.")
        tensor = selected(tensor, 0, index)
    while len(tensor.shape) < 2:
        quantizer = tensor.quantizer
        tensor = replace(tensor, shape=(*tensor.shape, 1), strides=(*tensor.strides, 1), quantizer=quantizer)
    part = narrowed(narrowed(tensor, 0, *rows), 1, *columns)
    part = thinned(thinned(part, 0, steps[0]), 1, steps[1])
    if part.count > LARGEST_VIEW:
        raise UnreadableCheckpoint(f"{part.count:,} numbers are too many for one look.", advice="Ask for fewer rows.")
    return part


def _narrowed(quantizer: Quantizer | None, axis: int, start: int, stop: int) -> Quantizer | None:
    if quantizer is None or quantizer.axis != axis:
        return quantizer
    return replace(quantizer, scales=quantizer.scales[start:stop], zero_points=quantizer.zero_points[start:stop])


def _selected(quantizer: Quantizer | None, axis: int, index: int) -> Quantizer | None:
    if quantizer is None or quantizer.axis is None:
        return quantizer
    if quantizer.axis == axis:
        return Quantizer((quantizer.scales[index],), (quantizer.zero_points[index],))
    return replace(quantizer, axis=quantizer.axis - (quantizer.axis > axis))
