"""Numbers as float64, whatever a damaged file holds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def widened(values: NDArray[Any]) -> NDArray[np.float64]:
    """The numbers as float64; a signalling NaN stays NaN without a warning."""
    with np.errstate(invalid="ignore"):
        return np.asarray(values, np.float64)
