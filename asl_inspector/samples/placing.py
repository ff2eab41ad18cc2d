"""Where the features of clips are: in the file as they are, in a block decoded on demand, or unpacked at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.samples.nodes import Array, Numbers, Sink, dense_strides
from asl_inspector.samples.records import BLOCK, SPOOL, Block, FeaturePlace, IntArray, Places

BLOCK_BYTES = 16 << 20
PIECE = 8 << 20
BLOCK_DTYPE = np.dtype("<f4")


class Placer:
    """Collects the places of clips one after the other, or of a padded stack of them at once.

    Args:
        sink: Takes what has to be unpacked at once.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.lengths: list[int] = []
        self.widths: set[int] = set()
        self.blocks: list[Block] = []
        self._rows: list[FeaturePlace] = []
        self._tables: list[Places] = []
        self._open: tuple[str, list[str], int] = ("", [], 0)  # the block that is being filled: kind, names, bytes

    def add(self, numbers: Numbers, time_axis: int = 0) -> None:
        """One clip: an array of its own."""
        axes = _axes(numbers, time_axis)
        frames = numbers.shape[time_axis] if numbers.shape else 0
        width = numbers.count // frames if frames else _width_without_frames(numbers)
        if numbers.start is not None and (inner := _inner(axes)) is not None:
            self._place(numbers.start, frames, inner, numbers.dtype, numbers.part)
        elif numbers.decoder is not None and (inner := _inner(_dense(numbers, time_axis))) is not None:
            start, part = self._in_block(numbers)
            self._place(start, frames, inner, numbers.dtype, part)
        else:
            self._unpack(numbers.all() if numbers.count else np.zeros((0, width)), time_axis, frames, width)

    def add_frames(self, frames: Array) -> None:
        """One clip that is in memory: (T, F)."""
        self._unpack(frames, 0, frames.shape[0], frames.shape[1])

    def add_place(self, place: FeaturePlace) -> None:
        """One clip whose place is known."""
        self._rows.append(place)
        self.lengths.append(place.shape[0])
        if place.shape[0]:
            self.widths.add(place.shape[1])

    def add_stack(self, numbers: Numbers, lengths: NDArray[np.int64], time_axis: int = 0) -> None:
        """A padded stack of clips: (N, T, ...), or (N, ..., T, ...) by `time_axis`, with N lengths."""
        count = numbers.shape[0]
        row_shape = numbers.shape[1:]
        if numbers.start is not None:
            row = Numbers(numbers.dtype, row_shape, numbers.rows, numbers.start, numbers.strides[1:])
            if (inner := _inner(_axes(row, time_axis))) is not None:
                starts = numbers.start + np.arange(count, dtype=np.int64) * numbers.strides[0]
                self._table(starts, np.zeros(count, np.int64), (numbers.part,), inner, numbers.dtype, lengths)
                return
        row = Numbers(numbers.dtype, row_shape, numbers.rows)
        if numbers.decoder is not None and count and (inner := _inner(_dense(row, time_axis))) is not None:
            row_bytes = row.count * numbers.item_size
            rows = max(1, BLOCK_BYTES // max(1, row_bytes))
            first = self._add_blocks(numbers, rows, row_bytes)
            index = np.arange(count, dtype=np.int64)
            names = tuple(f"{BLOCK}{first + number}" for number in range(-(-count // rows)))
            self._table(index % rows * row_bytes, index // rows, names, inner, numbers.dtype, lengths)
            return
        step = max(1, PIECE // max(1, row.count * numbers.item_size))
        for start in range(0, count, step):
            block = numbers.rows(start, min(count, start + step))
            for row_index in range(len(block)):
                frames = int(lengths[start + row_index])
                shaped = np.moveaxis(block[row_index], time_axis, 0).reshape(row_shape[time_axis], -1)[:frames]
                self._unpack(shaped, 0, frames, shaped.shape[1])

    def add_block(self, block: Block, lengths: NDArray[np.int64], width: int) -> None:
        """Clips that one block holds, one after the other: (sum of lengths, width)."""
        self._close_block()
        size = BLOCK_DTYPE.itemsize
        starts = (np.cumsum(lengths) - lengths) * width * size
        self.blocks.append(block)
        name = f"{BLOCK}{len(self.blocks) - 1}"
        inner = ((1, 0), (width, size), width * size)
        self._table(starts, np.zeros(len(lengths), np.int64), (name,), inner, BLOCK_DTYPE.str, lengths)

    def _place(self, start: int, frames: int, inner: _Inner, dtype: str, part: str) -> None:
        (outer_size, outer_step), (inner_size, inner_step), frame_step = inner
        shape = (frames, outer_size * inner_size)
        steps = (frame_step, outer_step, inner_step)
        self.add_place(FeaturePlace(start, shape, dtype, part=part, inner=(outer_size, inner_size), steps=steps))

    def _unpack(self, array: Array, time_axis: int, frames: int, width: int) -> None:
        """Send a clip's numbers to the sink, as (T, F)."""
        shaped = np.moveaxis(array, time_axis, 0).reshape(frames, width) if frames else np.zeros((0, width), "<f4")
        dense = np.ascontiguousarray(shaped)
        start = self.sink.align()
        flat = dense.reshape(-1)
        step = PIECE // dense.dtype.itemsize
        for piece in range(0, len(flat), step):
            self.sink.put(flat[piece : piece + step].tobytes())
        self.add_place(FeaturePlace(start, (frames, width), dense.dtype.str, part=SPOOL))

    def _in_block(self, numbers: Numbers) -> tuple[int, str]:
        """A place for a clip's own dataset in a block of several."""
        kind, name = numbers.decoder or ("", "")
        size = numbers.count * numbers.item_size
        open_kind, names, filled = self._open
        if names and (open_kind != kind or filled + size > BLOCK_BYTES):
            self._close_block()
            names, filled = [], 0
        names.append(name)
        self._open = (kind, names, filled + size)
        return filled, f"{BLOCK}{len(self.blocks)}"

    def _close_block(self) -> None:
        kind, names, filled = self._open
        if names:
            self.blocks.append(Block(kind, tuple(names), 0, -1, filled))
        self._open = ("", [], 0)

    def _add_blocks(self, numbers: Numbers, rows: int, row_bytes: int) -> int:
        """Blocks of `rows` clips of a stack; returns the number of the first."""
        self._close_block()
        kind, name = numbers.decoder or ("", "")
        first, count = len(self.blocks), numbers.shape[0]
        for start in range(0, count, rows):
            stop = min(count, start + rows)
            self.blocks.append(Block(kind, (name,), start, stop, (stop - start) * row_bytes))
        return first

    def _table(
        self,
        starts: NDArray[np.int64],
        parts: NDArray[np.int64],
        names: tuple[str, ...],
        inner: _Inner,
        dtype: str,
        lengths: NDArray[np.int64],
    ) -> None:
        """Clips of a stack, all at once."""
        (outer_size, outer_step), (inner_size, inner_step), frame_step = inner
        self._flush()
        count = len(starts)
        self._tables.append(
            Places(
                starts=fixed_counts(starts),
                inner=fixed_counts(np.tile(np.array([outer_size, inner_size]), (count, 1))),
                steps=fixed_counts(np.tile(np.array([frame_step, outer_step, inner_step]), (count, 1))),
                masks=fixed_counts(np.tile(np.array([-1, 0]), (count, 1))),
                parts=fixed_counts(parts),
                kinds=fixed_counts(np.zeros(count, np.int64)),
                part_names=names,
                dtypes=(dtype,),
            )
        )
        self.lengths += lengths.tolist()
        if count:
            self.widths.add(outer_size * inner_size)

    def _flush(self) -> None:
        if self._rows:
            self._tables.append(Places.of(self._rows))
            self._rows = []

    @property
    def places(self) -> Places:
        """Everything so far, in the order in which it came."""
        self._flush()
        self._close_block()
        return self._tables[0] if len(self._tables) == 1 else joined_places(self._tables)

    @property
    def feature_count(self) -> int | None:
        """Numbers a frame, or None where the clips differ."""
        return next(iter(self.widths)) if len(self.widths) == 1 else None


_Inner = tuple[tuple[int, int], tuple[int, int], int]  # (size, step) of the outer and inner axis, step of a frame
_Axis = tuple[int, int]  # size and step


def _axes(numbers: Numbers, time_axis: int) -> list[_Axis]:
    """Sizes and steps, time first."""
    axes = list(zip(numbers.shape, numbers.strides, strict=False))
    return [axes[time_axis], *(axis for index, axis in enumerate(axes) if index != time_axis)] if axes else []


def _dense(numbers: Numbers, time_axis: int) -> list[_Axis]:
    """The same for the numbers once they are decoded."""
    strides = dense_strides(numbers.shape, numbers.item_size)
    dense = Numbers(numbers.dtype, numbers.shape, numbers.rows, 0, strides)
    return _axes(dense, time_axis)


def _inner(axes: list[_Axis]) -> _Inner | None:
    """The axes after time as at most two, neighbours without gaps made one; None where they do not fit into two."""
    if not axes:
        return None
    merged: list[_Axis] = []
    for size, step in axes[1:]:
        if size == 1:
            continue
        if merged and merged[-1][1] == size * step:
            merged[-1] = (merged[-1][0] * size, step)
        else:
            merged.append((size, step))
    if len(merged) > 2:
        return None
    outer, inner = ([(1, 0)] * (2 - len(merged)) + merged)[:2]
    return outer, inner, axes[0][1]


def _width_without_frames(numbers: Numbers) -> int:
    """Numbers a frame of a clip that has none: what its other axes say, 0 where it lost them."""
    return int(np.prod(numbers.shape[1:])) if len(numbers.shape) > 1 else 0


def joined_places(tables: list[Places]) -> Places:
    """The places of several tables as one."""
    names: dict[str, int] = {}
    kinds: dict[str, int] = {}
    parts: list[IntArray] = []
    types: list[IntArray] = []
    for table in tables:
        own_names = np.array([names.setdefault(name, len(names)) for name in table.part_names], np.int64)
        own_kinds = np.array([kinds.setdefault(kind, len(kinds)) for kind in table.dtypes], np.int64)
        parts.append(own_names[table.parts] if len(table) else table.parts)
        types.append(own_kinds[table.kinds] if len(table) else table.kinds)

    def stacked(columns: list[IntArray], shape: tuple[int, ...]) -> IntArray:
        return fixed_counts(np.concatenate([*columns, np.zeros(shape, np.int64)]))

    return Places(
        starts=stacked([table.starts for table in tables], (0,)),
        inner=stacked([table.inner for table in tables], (0, 2)),
        steps=stacked([table.steps for table in tables], (0, 3)),
        masks=stacked([table.masks for table in tables], (0, 2)),
        parts=stacked(parts, (0,)),
        kinds=stacked(types, (0,)),
        part_names=tuple(names),
        dtypes=tuple(kinds),
    )
