"""A column of labels or predictions becomes `Marks`: ids where its entries are whole numbers, else names of glosses."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.fixed_arrays import fixed_counts
from asl_inspector.inert_pickle.numpy_arrays import text_entries
from asl_inspector.outputs.records import NO_ID, Marks

Values = NDArray[np.generic] | list[object]
LARGEST_ID = 1 << 31
GAPS = {"", "nan", "none", "null", "na", "n/a", "?", "-"}


def marks_of(values: Values) -> Marks | None:
    """The marks in a column, or None where its entries are neither whole numbers nor text.

    Args:
        values: One entry a clip; an array of (N,), (N, 1), or (N, C) with a single 1 a row.
    """
    if isinstance(values, np.ndarray):
        array = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
        if array.ndim == 2 and is_one_hot(array):
            return Marks(fixed_counts(array.astype(np.float64).argmax(axis=1)))
        if array.ndim != 1:
            return None
        if array.dtype.kind in "US":
            return _of_entries(text_entries(array))
        return _of_numbers(array)
    return _of_entries(values)


def is_one_hot(array: NDArray[np.generic]) -> bool:
    """True for rows of zeros with a single 1."""
    if array.dtype.kind not in "iufb" or not array.size or array.shape[1] < 2:
        return False
    numbers = array.astype(np.float64)
    return bool(((numbers == 0) | (numbers == 1)).all() and (numbers.sum(axis=1) == 1).all())


def _of_numbers(array: NDArray[np.generic]) -> Marks | None:
    if array.dtype.kind not in "iuf":
        return None
    numbers = array.astype(np.float64)
    known = np.isfinite(numbers) & (numbers >= 0)
    whole = numbers[known]
    if (whole != np.floor(whole)).any() or (len(whole) and whole.max() >= LARGEST_ID):
        return None
    return Marks(fixed_counts(np.where(known, np.where(known, numbers, 0), NO_ID)))


def _of_entries(values: Sequence[object]) -> Marks | None:
    """Text, numbers or gaps; whole numbers written as text are ids only where all entries are."""
    numbers = [whole_of(value) for value in values]
    gaps = [value is None or (isinstance(value, str) and value.strip().lower() in GAPS) for value in values]
    if all(number is not None or gap for number, gap in zip(numbers, gaps, strict=True)):
        if all(gaps):
            return None
        return Marks(fixed_counts(np.array([NO_ID if one is None else one for one in numbers], dtype=np.int64)))
    if not all(isinstance(value, str | int) or gap for value, gap in zip(values, gaps, strict=True)):
        return None
    names = tuple(None if gap else str(value).strip() for value, gap in zip(values, gaps, strict=True))
    return Marks(fixed_counts(np.full(len(names), NO_ID)), names)


def whole_of(value: object) -> int | None:
    """A whole number from 0 on, also one written as text or as a float; None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.isdecimal() and text.isascii() and len(text) < 10:
            return int(text)
        if not text.endswith(".0"):
            return None
        return whole_of(text[:-2])
    if isinstance(value, float):
        return int(value) if math.isfinite(value) and value.is_integer() and 0 <= value < LARGEST_ID else None
    return value if isinstance(value, int) and 0 <= value < LARGEST_ID else None
