"""Arrays that nobody can change: records are frozen, and what they hold is to be so too."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.generic)


def read_only(array: NDArray[Number]) -> NDArray[Number]:
    """The same array, closed to writing."""
    array.flags.writeable = False
    return array


def fixed_counts(numbers: NDArray[np.generic]) -> NDArray[np.int64]:
    """A contiguous copy as int64, closed to writing."""
    return read_only(np.array(numbers, dtype=np.int64, order="C"))
