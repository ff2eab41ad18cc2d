"""Parts of a tensor as tensors of their own: a record with another window, and not a byte is read.

A strided tensor is an offset, sizes and strides into a block of memory, so a part of it is another offset and fewer
sizes. What then reads the part touches only the pages of the file that hold it.
"""

from __future__ import annotations

from dataclasses import replace

from asl_inspector.checkpoints.records import Chunk, Quantizer, TensorRecord
from asl_inspector.errors import UnreadableCheckpoint

LARGEST_VIEW = 1 << 20  # numbers of one look


def narrowed(tensor: TensorRecord, axis: int, start: int, stop: int) -> TensorRecord:
    """The tensor's indices from `start` up to `stop` along one dimension, cut to those that there are."""
    size = tensor.shape[axis]
    start = min(max(start, 0), size)
    stop = min(max(stop, start), size)
    shape = (*tensor.shape[:axis], stop - start, *tensor.shape[axis + 1 :])
    if tensor.chunks:
        kept = (_narrowed_chunk(chunk, axis, start, stop) for chunk in tensor.chunks)
        return replace(tensor, shape=shape, chunks=tuple(chunk for chunk in kept if chunk.tensor.count))
    offset = tensor.storage_offset + (start * tensor.strides[axis] if stop > start else 0)
    return replace(tensor, shape=shape, storage_offset=offset, quantizer=_narrowed(tensor.quantizer, axis, start, stop))


def selected(tensor: TensorRecord, axis: int, index: int) -> TensorRecord:
    """The tensor at one index of a dimension, which is thereby gone."""
    if tensor.chunks:
        return replace(
            tensor,
            shape=(*tensor.shape[:axis], *tensor.shape[axis + 1 :]),
            strides=(*tensor.strides[:axis], *tensor.strides[axis + 1 :]),
            chunks=tuple(
                Chunk(
                    (*chunk.offsets[:axis], *chunk.offsets[axis + 1 :]),
                    selected(chunk.tensor, axis, index - chunk.offsets[axis]),
                )
                for chunk in tensor.chunks
                if 0 <= index - chunk.offsets[axis] < chunk.tensor.shape[axis]
            ),
        )
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
    if tensor.chunks:
        kept = (_thinned_chunk(chunk, axis, step) for chunk in tensor.chunks)
        return replace(tensor, shape=shape, chunks=tuple(chunk for chunk in kept if chunk.tensor.count))
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
    if len(leading) != max(0, len(tensor.shape) - 2):
        raise UnreadableCheckpoint(f"“{tensor.name}” has {len(tensor.shape)} dimensions.")
    for index in leading:
        if not 0 <= index < tensor.shape[0]:
            raise UnreadableCheckpoint(f"“{tensor.name}” has no part {index} of {tensor.shape[0]}.")
        tensor = selected(tensor, 0, index)
    while len(tensor.shape) < 2:
        tensor = _with_columns(tensor)
    part = narrowed(narrowed(tensor, 0, *rows), 1, *columns)
    part = thinned(thinned(part, 0, steps[0]), 1, steps[1])
    if part.count > LARGEST_VIEW:
        raise UnreadableCheckpoint(f"{part.count:,} numbers are too many for one look.", advice="Ask for fewer rows.")
    return part


def _with_columns(tensor: TensorRecord) -> TensorRecord:
    """The tensor with a last dimension of one more."""
    chunks = tuple(Chunk((*chunk.offsets, 0), _with_columns(chunk.tensor)) for chunk in tensor.chunks)
    return replace(tensor, shape=(*tensor.shape, 1), strides=(*tensor.strides, 1), chunks=chunks)


def _narrowed_chunk(chunk: Chunk, axis: int, start: int, stop: int) -> Chunk:
    """What a piece has of a range of the whole, placed in that range."""
    first = chunk.offsets[axis]
    piece = narrowed(chunk.tensor, axis, start - first, stop - first)
    return Chunk((*chunk.offsets[:axis], max(first - start, 0), *chunk.offsets[axis + 1 :]), piece)


def _thinned_chunk(chunk: Chunk, axis: int, step: int) -> Chunk:
    """What a piece has of every `step`-th index of the whole."""
    first, size = chunk.offsets[axis], chunk.tensor.shape[axis]
    place = -(-first // step)
    piece = thinned(narrowed(chunk.tensor, axis, place * step - first, size), axis, step)
    return Chunk((*chunk.offsets[:axis], place, *chunk.offsets[axis + 1 :]), piece)


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
