"""Facts of a tensor's numbers, in one pass over blocks so that memory stays bounded."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken

BLOCK = 1 << 18  # numbers at a time: small enough for the cache, large enough for NumPy


@dataclass(frozen=True, slots=True)
class TensorStatistics:
    """What a tensor's numbers are like. Moments and extremes are of the finite ones, None where there are none.

    Attributes:
        count: Numbers.
        minimum: Smallest finite one.
        maximum: Largest finite one.
        mean: Mean of the finite ones.
        std: Standard deviation of the finite ones (population).
        norm: Euclidean norm of the finite ones.
        zeros: How many are exactly 0.
        nans: How many are not a number.
        infinities: How many are infinite.
    """

    count: int
    minimum: float | None
    maximum: float | None
    mean: float | None
    std: float | None
    norm: float | None
    zeros: int
    nans: int
    infinities: int


@np.errstate(over="ignore", invalid="ignore")  # numbers of a file may be anything; what overflows becomes infinite
def tensor_statistics(tensor: TensorRecord, content: Content, *, cancel: CancelToken | None = None) -> TensorStatistics:
    """Facts of one tensor; complex numbers are judged by their magnitudes.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    flat = read_array(tensor, content).reshape(-1)
    finite = zeros = nans = 0
    low, high, mean, squares = math.inf, -math.inf, 0.0, 0.0
    for start in range(0, flat.size, BLOCK):
        cancel.raise_if_cancelled()
        block = flat[start : start + BLOCK]
        numbers = np.abs(block) if np.iscomplexobj(block) else block.astype(np.float64)
        good = numbers[np.isfinite(numbers)]
        nans += int(np.isnan(numbers).sum())
        zeros += int(numbers.size - np.count_nonzero(numbers))
        if not good.size:
            continue
        low, high = min(low, float(good.min())), max(high, float(good.max()))
        block_mean = float(good.mean())
        block_squares = float(((good - block_mean) ** 2).sum())
        # Chan, Golub and LeVeque 1979: merge means and sums of squared deviations without cancellation
        both = finite + good.size
        shift = block_mean - mean
        mean += shift * good.size / both
        squares += block_squares + shift * shift * finite * good.size / both
        finite = both
    if not finite:
        return TensorStatistics(flat.size, None, None, None, None, None, zeros, nans, flat.size - nans)
    variance = squares / finite
    return TensorStatistics(
        count=flat.size,
        minimum=low,
        maximum=high,
        mean=mean,
        std=math.sqrt(variance),
        norm=math.sqrt(finite * (variance + mean * mean)),
        zeros=zeros,
        nans=nans,
        infinities=flat.size - finite - nans,
    )
