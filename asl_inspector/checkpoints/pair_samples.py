"""Numbers of two tensors side by side, thinned out evenly, for a picture of how they differ."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_windows import Reader, paired_blocks, release_pages
from asl_inspector.checkpoints.widening import widened
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken

PIECE = 1 << 12  # neighbouring numbers read at a time from a large tensor
FloatArray = NDArray[np.float64]


def paired_sample(
    a: TensorRecord, content_a: Content, b: TensorRecord, content_b: Content, most: int, cancel: CancelToken
) -> tuple[FloatArray, FloatArray]:
    """Up to `most` numbers of A and those at the same places in B; complex ones by their magnitudes.

    Raises:
        UnreadableCheckpoint: If the shapes differ, or the numbers of one are not to be had.
        Cancelled: If `cancel` was set.
    """
    if a.shape != b.shape:
        raise UnreadableCheckpoint("The two tensors have different shapes, so their numbers do not correspond.")
    one, other = Reader(a, content_a), Reader(b, content_b)
    pieces: list[tuple[FloatArray, FloatArray]] = []
    if a.count > most and not one.by_row and not other.by_row:
        for start in np.linspace(0, a.count - PIECE, most // PIECE).astype(np.int64).tolist():
            cancel.raise_if_cancelled()
            pieces.append((_double(one.flat(start, start + PIECE)), _double(other.flat(start, start + PIECE))))
    else:
        step = -(-a.count // most) or 1
        for x, y in paired_blocks(one, other):
            cancel.raise_if_cancelled()
            pieces.append((_double(x[::step]), _double(y[::step])))
    release_pages(a, content_a)
    release_pages(b, content_b)
    if not pieces:
        return np.zeros(0), np.zeros(0)
    left, right = (np.concatenate([piece[side] for piece in pieces]) for side in (0, 1))
    return left, right


def _double(values: NDArray[np.generic]) -> FloatArray:
    return np.abs(values) if np.iscomplexobj(values) else widened(values)
