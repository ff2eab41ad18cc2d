"""Are the scores probabilities, their logarithms, or neither? Their numbers tell; their names are not asked.

Probabilities are in [0, 1] and each row sums to 1. Log probabilities are at most 0 and the exponentials of a row sum
to 1. Everything else is called raw scores: logits, sums of several networks, distances. From raw scores the best class
is known and the order of the others, but no probability, so no confidence.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Scale = Literal["probabilities", "log-probabilities", "raw"]
NAMES: dict[Scale, str] = {
    "probabilities": "probabilities",
    "log-probabilities": "log probabilities",
    "raw": "raw scores (logits, or sums of several networks)",
}
SUM_TOLERANCE = 1e-3
HALF_TOLERANCE = 2e-2  # of 16-bit floats, summed over thousands of classes


def scale_of(rows: NDArray[np.generic]) -> Scale | None:
    """The scale of scores, or None where no row is finite.

    Args:
        rows: (n, C), rows of real frames or clips; rows that are not finite are left out.
    """
    tolerance = HALF_TOLERANCE if rows.dtype.itemsize <= 2 else SUM_TOLERANCE
    numbers = rows.astype(np.float64)
    minus_infinity = np.isneginf(numbers)
    sound = (np.isfinite(numbers) | minus_infinity).all(axis=1) & np.isfinite(numbers).any(axis=1)
    numbers = numbers[sound]
    if not len(numbers):
        return None
    if numbers.min() >= -tolerance and bool((np.abs(numbers.sum(axis=1) - 1) < tolerance).all()):
        return "probabilities"
    if numbers.max() <= tolerance:
        with np.errstate(under="ignore"):
            sums = np.exp(numbers).sum(axis=1)
        if bool((np.abs(sums - 1) < 10 * tolerance).all()):
            return "log-probabilities"
    return "raw"
