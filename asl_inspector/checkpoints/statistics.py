"""Facts of tensors' numbers, in one pass over blocks that fit the cache, so that memory stays bounded.

Each block is read from memory once and then met in the cache: its extremes as it lies, which a NaN or an infinity would
be; only then are numbers counted one by one.

Moments of single-precision numbers are products of short rows in their own precision, added up in double precision: a
row's rounding errors are below 1e-6 of it, and those of many rows cancel. All other numbers, and those whose squares are
too small, too large or nearly all mean, are widened first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.blocks import BLOCK, ROOM, Stretch, blocks, read_blocks, stretch_of, without_repeats
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken

PIECE = 1 << 13  # numbers of one product: so few that the linear algebra library starts no threads of its own
ROW = 1 << 8  # numbers of one row of ones
WIDENED = 1 << 16  # numbers widened at a time: as float32 and float64 together they fit the second-level cache
NARROW_ROW = 1 << 10  # numbers of one row in single precision
NARROW_CANCELLATION = 1e-2  # below this share of the squares, single precision has too few digits for the deviations
SMALLEST_NARROW, LARGEST_NARROW = 1e-12, 1e15  # root mean square and extreme that single precision can square
CACHE_LINE = 64
CANCELLATION = 1e-3  # below this share of the sum of squares, deviations are summed around the mean again
LARGEST_SQUARED = 1e140  # larger numbers are scaled before they are squared


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


def _aligned(count: int, fill: float = 0.0) -> NDArray[np.float64]:
    """An array that starts with a cache line: products over it are nearly twice as fast."""
    room = np.zeros(count * 8 + CACHE_LINE, np.uint8)
    start = -room.ctypes.data % CACHE_LINE
    array = room[start : start + count * 8].view(np.float64)
    array[:] = fill
    return array


ONES = _aligned(ROW, 1.0)
NARROW_ONES = np.ones(NARROW_ROW, np.float32)


class Tally:
    """Facts gathered block by block."""

    def __init__(self) -> None:
        self.wide = _aligned(WIDENED)
        self.flags = np.empty(BLOCK, np.bool_)
        self.room = np.empty(ROOM, np.uint8)
        self.clear()

    def clear(self) -> None:
        """Forget what was counted, keep the memory to count in."""
        self.count = self.finite = self.zeros = self.nans = 0
        self.low, self.high = math.inf, -math.inf
        self.mean = self.squares = 0.0  # squares: of the deviations from the mean

    def add(self, block: NDArray[np.generic]) -> None:
        """Count a one-dimensional block of at most `BLOCK` numbers."""
        if block.dtype == np.float16:
            block = block.astype(np.float32)
        if block.dtype == np.float32 and block.dtype.isnative:
            rows = block.size // NARROW_ROW * NARROW_ROW
            if rows and self._add_narrow(block[:rows]):
                block = block[rows:]
        elif block.dtype.kind == "c":
            block = np.abs(block.astype(np.complex128))
        for start in range(0, block.size, WIDENED):
            self._add_widened(block[start : start + WIDENED])

    def _add_narrow(self, block: NDArray[np.generic]) -> bool:
        """Count whole rows in single precision; False where that has too few digits, and nothing was counted."""
        size = block.size
        low, high = float(np.minimum.reduce(block)), float(np.maximum.reduce(block))
        if not -LARGEST_NARROW < low <= high < LARGEST_NARROW:  # False too where one of them is NaN
            return False
        rows = block.reshape(-1, NARROW_ROW)
        squares = float(np.add.reduce(np.vecdot(rows, rows), dtype=np.float64))
        total = float(np.add.reduce(np.matmul(rows, NARROW_ONES), dtype=np.float64))
        mean = total / size
        deviations = squares - total * mean
        if squares < SMALLEST_NARROW**2 * size or deviations < NARROW_CANCELLATION * squares:
            return False
        self._count(block, low, high)
        self._merge(size, mean, deviations)
        return True

    def _count(self, block: NDArray[np.generic], low: float, high: float) -> None:
        """Numbers, extremes and zeros of a block that is finite."""
        self.count += block.size
        self.low, self.high = min(self.low, low), max(self.high, high)
        if low <= 0 <= high:
            self.zeros += int(np.count_nonzero(np.equal(block, 0, out=self.flags[: block.size])))

    def _add_widened(self, block: NDArray[np.generic]) -> None:
        """Count at most `WIDENED` numbers in double precision."""
        size = block.size
        # the extremes come first: a pass that only reads fetches the block from memory twice as fast as one that writes
        low, high = float(np.minimum.reduce(block)), float(np.maximum.reduce(block))
        wide = self.wide[:size]
        if not -LARGEST_SQUARED < low <= high < LARGEST_SQUARED:  # False too where one of them is NaN
            self.count += size
            np.copyto(wide, block, casting="unsafe")
            self._add_odd(wide)
            return
        self._count(block, low, high)
        np.copyto(wide, block, casting="unsafe")
        total, squares = _sum(wide), _sum_of_squares(wide)
        mean = total / size
        deviations = squares - total * mean
        if deviations < CANCELLATION * squares:
            np.subtract(wide, mean, out=wide)
            rest = _sum(wide)
            deviations = _sum_of_squares(wide) - rest * rest / size
            mean += rest / size
        self._merge(size, mean, max(0.0, deviations))

    def _add_odd(self, wide: NDArray[np.float64]) -> None:
        """A block with numbers that are not finite, or too large to be squared."""
        nans = int(np.count_nonzero(np.isnan(wide)))
        self.nans += nans
        self.zeros += int(np.count_nonzero(wide == 0))
        good = wide[np.isfinite(wide)]
        if not good.size:
            return
        self.low, self.high = min(self.low, float(good.min())), max(self.high, float(good.max()))
        scale = max(1.0, float(np.abs(good).max()))
        mean = float((good / scale).mean()) * scale
        apart = (good / scale - mean / scale).astype(np.float64)
        self._merge(good.size, mean, float((apart * apart).sum()) * scale * scale)

    def _merge(self, size: int, mean: float, squares: float) -> None:
        """Chan, Golub and LeVeque 1979: join means and sums of squared deviations without cancellation."""
        both = self.finite + size
        shift = mean - self.mean
        self.mean += shift * (size / both)
        self.squares += squares + shift * shift * (self.finite * (size / both))
        self.finite = both

    def result(self, repeats: int) -> TensorStatistics:
        """The facts, each number counting `repeats` times."""
        count, finite, nans = self.count * repeats, self.finite * repeats, self.nans * repeats
        if not finite:
            return TensorStatistics(count, None, None, None, None, None, self.zeros * repeats, nans, count - nans)
        std = math.sqrt(self.squares / self.finite)
        return TensorStatistics(
            count=count,
            minimum=self.low,
            maximum=self.high,
            mean=self.mean,
            std=std,
            norm=math.sqrt(finite) * math.hypot(std, self.mean),
            zeros=self.zeros * repeats,
            nans=nans,
            infinities=count - finite - nans,
        )


def _sum_of_squares(a: NDArray[np.float64]) -> float:
    whole = a.size // PIECE * PIECE
    total = 0.0
    if whole:
        pieces = a[:whole].reshape(-1, PIECE)
        total = float(np.add.reduce(np.vecdot(pieces, pieces)))
    return total if whole == a.size else total + float(np.dot(a[whole:], a[whole:]))


def _sum(a: NDArray[np.float64]) -> float:
    """A sum as a product with ones, which the linear algebra library does faster than NumPy adds."""
    whole = a.size // PIECE * PIECE
    total = 0.0
    if whole:
        total = float(np.add.reduce(np.matmul(a[:whole].reshape(-1, PIECE // ROW, ROW), ONES), axis=None))
    return total if whole == a.size else total + float(np.add.reduce(a[whole:]))


@np.errstate(over="ignore", invalid="ignore")  # numbers of a file may be anything; what overflows becomes infinite
def tensor_statistics(tensor: TensorRecord, content: Content, *, cancel: CancelToken | None = None) -> TensorStatistics:
    """Facts of one tensor; complex numbers are judged by their magnitudes.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
        Cancelled: If `cancel` was set.
    """
    return measure(tensor, content, cancel or CancelToken(), Tally())


def measure(tensor: TensorRecord, content: Content, cancel: CancelToken, tally: Tally) -> TensorStatistics:
    """Facts of one tensor, counted in memory that is kept for the next one.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
        Cancelled: If `cancel` was set.
    """
    stretch = stretch_of(tensor, content)
    try:
        if stretch is not None:
            return measure_stretch(stretch, cancel, tally)
    except EOFError:
        raise UnreadableCheckpoint(
            f"The numbers of “{tensor.name}” are cut short.", advice="Copy the file again."
        ) from None
    tally.clear()
    once, repeats = without_repeats(tensor)
    with np.errstate(all="ignore"):
        for block in blocks(once, content):
            cancel.raise_if_cancelled()
            tally.add(block)
        return tally.result(repeats)


def measure_stretch(stretch: Stretch, cancel: CancelToken, tally: Tally) -> TensorStatistics:
    """Facts of numbers that lie in an open file.

    Raises:
        EOFError: If the file is not so long any more.
        Cancelled: If `cancel` was set.
    """
    tally.clear()
    with np.errstate(all="ignore"):
        for block in read_blocks(stretch, tally.room):
            cancel.raise_if_cancelled()
            tally.add(block)
        return tally.result(1)
