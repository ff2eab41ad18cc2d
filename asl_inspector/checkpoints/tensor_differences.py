"""How far two tensors of one shape lie apart: equality first, then norms and distance in one pass.

Equality is asked of the bytes as they stand, or, where the number types differ, of the wider side rounded to the
narrower type. Only tensors that fail it are measured.

Sums of squares are taken block by block in the numbers' own type and added up in double precision. The cosine follows
from the distance, cos = (|A|^2 + |B|^2 - |A - B|^2) / (2 |A| |B|), which keeps its digits where it is close to 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.one_thread_products import dot
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_windows import Reader, paired_blocks
from asl_inspector.checkpoints.widening import widened
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken

FRACTION_BITS = {
    "float64": 52,
    "float32": 23,
    "float16": 10,
    "bfloat16": 7,
    "float8_e4m3fn": 3,
    "float8_e4m3fnuz": 3,
    "float8_e5m2": 2,
    "float8_e5m2fnuz": 2,
}
TINIEST_HALF_STEP = {"float8_e4m3fn": 2.0**-10, "float8_e4m3fnuz": 2.0**-11, "float8_e5m2": 2.0**-17}
FIRST_BYTES = 256  # most tensors that differ do so at once
FIRST_NUMBERS = 64
RAW_BLOCK = 1 << 19  # bytes compared at a time
HALF_STEP = 0.5001  # of a quantizer's scale; the rounding of the scale itself is allowed for
SMALLEST_SQUARES = 1e-30  # single precision loses digits below
FloatArray = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Difference:
    """Two tensors of one shape.

    Attributes:
        is_equal: True where all numbers are equal, as they stand or up to `rounding`; NaN equals NaN.
        rounding: The number type that the equality is up to, or an empty string.
        norm_a: Euclidean norm of the finite numbers of A, or None where it was not measured.
        norm_b: The same of B.
        distance: |A - B| over numbers that are finite on both sides, or None.
        largest: Largest |A - B|, or None.
        constant: True where all numbers of one side are the same, or there is one only.
        not_finite: Numbers that are NaN or infinite on either side.
    """

    is_equal: bool
    rounding: str = ""
    norm_a: float | None = None
    norm_b: float | None = None
    distance: float | None = None
    largest: float | None = None
    constant: bool = False
    not_finite: int = 0

    @property
    def cosine(self) -> float | None:
        """Cosine of the two as vectors, or None where one is zero."""
        if self.norm_a is None or self.norm_b is None or self.distance is None:
            return None
        product = self.norm_a * self.norm_b
        if product == 0 or not math.isfinite(product):
            return None
        apart, longer = self.distance**2, self.norm_a - self.norm_b
        return max(-1.0, min(1.0, 1.0 - (apart - longer**2) / (2 * product)))

    @property
    def relative(self) -> float | None:
        """|A - B| / |B|, or None where B is zero."""
        if self.distance is None or not self.norm_b:
            return None
        return self.distance / self.norm_b


def difference(
    a: TensorRecord, content_a: Content, b: TensorRecord, content_b: Content, cancel: CancelToken
) -> Difference:
    """Compare two tensors of one shape.

    Raises:
        UnreadableCheckpoint: If the numbers of one are not to be had.
        Cancelled: If `cancel` was set.
    """
    one, other = Reader(a, content_a), Reader(b, content_b)
    norm = _equal_bytes(one, other, cancel)
    if norm is not None:
        norm_a = norm if math.isfinite(norm) else None
        return Difference(is_equal=True, norm_a=norm_a, norm_b=norm_a, constant=_is_constant(one))
    if _all_equal(one, other, cancel):
        return Difference(is_equal=True, constant=_is_constant(one))
    rounding = _rounding(one, other, cancel)
    if rounding:
        return Difference(is_equal=True, rounding=rounding, constant=_is_constant(one))
    return _measured(one, other, cancel)


# -- equality -----------------------------------------------------------------------------------------------------------


def _equal_bytes(a: Reader, b: Reader, cancel: CancelToken) -> float | None:
    """The norm where both sides have the same bytes for the same type, NaN where it is not finite or not cheap; None else."""
    same_kind = (a.tensor.dtype, a.tensor.big_endian, a.tensor.quantizer) == (
        b.tensor.dtype,
        b.tensor.big_endian,
        b.tensor.quantizer,
    )
    if not same_kind:
        return None
    raw_a, raw_b = a.raw(), b.raw()
    if raw_a is None or raw_b is None or len(raw_a) != len(raw_b) or raw_a[:FIRST_BYTES] != raw_b[:FIRST_BYTES]:
        return None
    item = max(1, len(raw_a) // a.tensor.count)
    kind = None if a.tensor.big_endian else {"float32": np.float32, "float64": np.float64}.get(a.tensor.dtype)
    squares = 0.0 if kind else math.nan
    for start in range(0, len(raw_a), RAW_BLOCK):
        cancel.raise_if_cancelled()
        piece = raw_a[start : start + RAW_BLOCK]
        if not _same_bytes(piece, raw_b[start : start + RAW_BLOCK]):
            return None
        if kind:
            with np.errstate(all="ignore"):
                numbers = np.frombuffer(piece, kind)
                squares += dot(numbers, numbers)
        done = min(len(raw_a), start + RAW_BLOCK) // item
        a.release(done)
        b.release(done)
    return math.sqrt(squares)


def _same_bytes(a: memoryview, b: memoryview) -> bool:
    words = len(a) // 8 * 8
    left, right = np.frombuffer(a[:words], np.uint64), np.frombuffer(b[:words], np.uint64)
    return bool(np.array_equal(left, right)) and bytes(a[words:]) == bytes(b[words:])


def _all_equal(a: Reader, b: Reader, cancel: CancelToken) -> bool:
    """True where all numbers are equal as values, whatever their bytes (0 and -0, other strides, another type)."""
    for x, y in paired_blocks(a, b):
        cancel.raise_if_cancelled()
        if not _equal_values(x[:FIRST_NUMBERS], y[:FIRST_NUMBERS]) or not _equal_values(x, y):
            return False
    return True


def _equal_values(x: NDArray[Any], y: NDArray[Any]) -> bool:
    may_be_nan = all(np.issubdtype(one.dtype, np.inexact) for one in (x, y))
    return bool(np.array_equal(x, y)) or (may_be_nan and bool(np.array_equal(x, y, equal_nan=True)))


def _rounding(a: Reader, b: Reader, cancel: CancelToken) -> str:
    """The type that one side was rounded to if that explains every difference, else an empty string."""
    wide, narrow = (a, b) if _fineness(a.tensor) >= _fineness(b.tensor) else (b, a)
    if _fineness(wide.tensor) == _fineness(narrow.tensor) or not a.tensor.count:
        return ""
    for x, y in paired_blocks(wide, narrow):
        cancel.raise_if_cancelled()
        if not _rounds_to(np.asarray(x), np.asarray(y), narrow):
            return ""
    return narrow.tensor.dtype


def _fineness(tensor: TensorRecord) -> int:
    """How finely a type resolves numbers, to tell which side could be a rounding of the other."""
    return -1 if tensor.quantizer is not None else FRACTION_BITS.get(tensor.dtype, 99)


def _rounds_to(wide: FloatArray, narrow: FloatArray, reader: Reader) -> bool:
    kind, quantizer = reader.tensor.dtype, reader.tensor.quantizer
    if not np.issubdtype(wide.dtype, np.floating):
        return False
    if quantizer is not None:
        step = max(quantizer.scales, default=0.0)
        return bool(np.all(np.abs(wide - narrow) <= HALF_STEP * step))
    if kind in ("float32", "float16"):
        with np.errstate(over="ignore"):
            rounded = wide.astype(narrow.dtype)
        return bool(np.array_equal(rounded, narrow, equal_nan=True))
    if kind == "bfloat16":
        return bool(np.array_equal(_to_bfloat16(wide.astype(np.float32)), narrow, equal_nan=True))
    bound = np.abs(wide) * 2.0 ** -(FRACTION_BITS[kind] + 1) + TINIEST_HALF_STEP.get(kind, 2.0**-17)
    return bool(np.all(np.abs(wide - narrow) <= bound * 1.000001))


def _to_bfloat16(wide: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rounded to nearest, ties to even, and widened again."""
    bits = wide.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) & np.uint32(0xFFFF0000)
    return np.where(np.isnan(wide), np.float32(np.nan), rounded.view(np.float32))


def _is_constant(reader: Reader) -> bool:
    first: Any = None
    for block, _ in paired_blocks(reader, reader):
        if first is None:
            first = block[0]
        if not _all_are(block, first):
            return False
    return True


def _all_are(block: FloatArray, number: Any) -> bool:
    return bool(np.all(block[:FIRST_NUMBERS] == number)) and bool(np.all(block == number))


# -- measures -----------------------------------------------------------------------------------------------------------


def _measured(a: Reader, b: Reader, cancel: CancelToken) -> Difference:
    squares_a = squares_b = apart = largest = 0.0
    not_finite = 0
    first: tuple[Any, Any] | None = None
    still_a = still_b = True  # constant so far
    buffer: FloatArray = np.empty(0, np.float32)
    for block_a, block_b in paired_blocks(a, b):
        cancel.raise_if_cancelled()
        x, y = _real(block_a), _real(block_b)
        if x.dtype != y.dtype:
            x, y = widened(x), widened(y)
        if first is None:
            first = (x[0], y[0])
        still_a = still_a and _all_are(x, first[0])
        still_b = still_b and _all_are(y, first[1])
        if buffer.shape != x.shape or buffer.dtype != x.dtype:
            buffer = np.empty_like(x)
        with np.errstate(all="ignore"):
            np.subtract(x, y, out=buffer)
            sums = (dot(x, x), dot(y, y), dot(buffer, buffer))
            peak = max(float(buffer.max(initial=0)), -float(buffer.min(initial=0)))
        if not all(math.isfinite(one) and one >= SMALLEST_SQUARES for one in sums) or not math.isfinite(peak):
            sums, peak, bad = _carefully(x, y)
            not_finite += bad
        squares_a, squares_b, apart = squares_a + sums[0], squares_b + sums[1], apart + sums[2]
        largest = max(largest, peak)
    norms = [math.sqrt(one) if math.isfinite(one) else None for one in (squares_a, squares_b, apart)]
    constant = still_a or still_b
    return Difference(
        is_equal=False,
        norm_a=norms[0],
        norm_b=norms[1],
        distance=norms[2],
        largest=largest,
        constant=constant,
        not_finite=not_finite,
    )


def _real(block: FloatArray) -> FloatArray:
    """Numbers to calculate with: floats as they are, complex ones as two, whole ones and half floats widened."""
    if np.iscomplexobj(block):
        block = np.ascontiguousarray(block)
        return block.view(block.real.dtype)
    if block.dtype == np.float32 or block.dtype == np.float64:
        return block if block.dtype.isnative else block.astype(block.dtype.newbyteorder("="))
    return block.astype(np.float32 if block.dtype.kind == "f" else np.float64)


def _carefully(x: FloatArray, y: FloatArray) -> tuple[tuple[float, float, float], float, int]:
    """The sums in double precision over numbers that are finite on both sides, and how many are not."""
    x, y = widened(x), widened(y)
    good = np.isfinite(x) & np.isfinite(y)
    x, y = np.where(good, x, 0.0), np.where(good, y, 0.0)
    apart = x - y
    with np.errstate(over="ignore"):
        sums = (dot(x, x), dot(y, y), dot(apart, apart))
    return sums, float(np.abs(apart).max(initial=0.0)), int(good.size - good.sum())
