"""Lengths of padded clips where the file states none: frames at the end that say nothing are padding."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.progress import CancelToken
from asl_inspector.samples.nodes import Array, Numbers

SAMPLED = 64  # clips looked at first
SHARE = 0.1  # of them that must end in an empty frame before anything is trimmed
BLOCK_BYTES = 32 << 20
MOST_BYTES = 2 << 30  # larger arrays are not searched: it would take too long at the first look


def stack_lengths(
    features: Numbers, axis: int, padding: Literal["keep", "trim"] | None, cancel: CancelToken
) -> tuple[NDArray[np.int64], list[str]]:
    """(N,) lengths, and sentences on where they come from.

    Args:
        features: (N, T, ...) with time at `1 + axis`.
        axis: Axis of time in one clip.
        padding: What the user said.
        cancel: Asked between blocks.
    """
    count, most = features.shape[0], features.shape[1 + axis]
    full = np.full(count, most, np.int64)
    if padding == "keep" or not features.count:
        return full, []
    large = features.count * features.item_size > MOST_BYTES
    if large and padding is None:
        return full, ["The file states no lengths and is too large to look for padding; every frame is read."]
    if features.start is None:  # what must be unpacked is cheapest from its beginning
        ends = (_last_told(features.rows(0, min(count, SAMPLED)), axis) < most).tolist()
    else:
        spread = range(0, count, max(1, count // SAMPLED))
        ends = [bool(_last_told(features.rows(index, index + 1), axis)[0] < most) for index in spread]
    if padding is None and sum(ends) < SHARE * len(ends):
        return full, []
    lengths = full.copy()
    rows = max(1, BLOCK_BYTES // max(1, features.count // count * features.item_size))
    for start in range(0, count, rows):
        cancel.raise_if_cancelled()
        stop = min(count, start + rows)
        lengths[start:stop] = _last_told(features.rows(start, stop), axis)
    trimmed = int((lengths < most).sum())
    told = f"The file states no lengths; frames at the end that are all zero or NaN were left out in {trimmed:,} clips."
    return lengths, [told] if trimmed else []


def _last_told(block: Array, axis: int) -> NDArray[np.int64]:
    """(n,): frames up to the last one with a number that is neither zero nor NaN."""
    moved = np.moveaxis(np.asarray(block), 1 + axis, 1)
    flat = moved.reshape(moved.shape[0], moved.shape[1], -1)
    says = flat != 0
    told = (says & ~np.isnan(flat) if flat.dtype.kind == "f" else says).any(axis=2)
    frames = told.shape[1]
    lengths = frames - np.argmax(told[:, ::-1], axis=1)
    found: NDArray[np.int64] = np.where(told.any(axis=1), lengths, frames).astype(np.int64)
    return found
