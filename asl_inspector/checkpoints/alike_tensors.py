"""Tensors that are alike for another reason than descent, and tensors that only look different."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_differences import Difference
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.checkpoints.widening import widened
from asl_inspector.mapped_file import Content

SMOOTH = 0.8  # correlation of neighbours above which an equal tensor was computed, not drawn
CORNER = 64  # rows and columns of a matrix that are looked at
LONGEST = 4_096  # numbers of a vector
MOST_SORTED = 1 << 22  # numbers of a tensor that is searched for in another order


def is_count(tensor: TensorRecord) -> bool:
    """True for whole numbers: counters, positions, masks."""
    return tensor.quantizer is None and not tensor.dtype.startswith(("float", "bfloat", "complex"))


def is_computed(tensor: TensorRecord, content: Content) -> bool:
    """True for what a program computes and every network has alike: counters, tables of sines, windows, filter banks.

    Neighbouring numbers of such tables go together, those of random weights do not.
    """
    if is_count(tensor):
        return True
    if tensor.count < 32 or not tensor.shape or tensor.name.endswith(("running_mean", "running_var")):
        return False
    most = LONGEST if len(tensor.shape) == 1 else CORNER
    corner = replace(tensor, shape=tuple(min(length, most) for length in tensor.shape))
    values = np.asarray(read_array(corner, content))
    values = widened(values.real).reshape(values.shape[0], -1)
    if not np.isfinite(values).all():
        return False
    return any(_neighbours(one) > SMOOTH for one in (values, values.T))


def _neighbours(values: NDArray[np.float64]) -> float:
    """Correlation of each number with the next one in its column."""
    if len(values) < 16:
        return 0.0
    centred = values - values.mean()
    squares = float((centred[:-1] ** 2).sum() * (centred[1:] ** 2).sum())
    return float((centred[:-1] * centred[1:]).sum()) / squares**0.5 if squares > 0 else 0.0


def is_reordered(
    found: Difference, one: TensorRecord, content_a: Content, other: TensorRecord, content_b: Content
) -> bool:
    """True where both sides hold the same numbers in another order, as after a renumbering of hidden units."""
    if not found.norm_a or not found.norm_b or one.count > MOST_SORTED or one.count < 16:
        return False
    if abs(found.norm_a / found.norm_b - 1) > 1e-5:
        return False
    left, right = (np.sort(read_array(t, s), axis=None) for t, s in ((one, content_a), (other, content_b)))
    return bool(np.array_equal(left, right)) and len(np.unique(left)) > one.count // 2
