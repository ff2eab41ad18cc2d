"""Is the mean of paired differences above 0?

One-sided paired t-test; where all differences are the same number, the sign test, for their spread tells nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t

STILL = 1e-9  # of the largest difference


def p_of_gain(before: NDArray[np.float64], after: NDArray[np.float64]) -> float:
    """Probability of such a mean gain, or a larger one, where there is none.

    Args:
        before: (n,), of each clip.
        after: (n,), of the same clips.
    """
    gains = after - before
    largest = float(np.abs(gains).max(initial=0.0))
    if len(gains) < 2 or largest <= 0:
        return 1.0
    spread = float(gains.std(ddof=1))
    if spread <= STILL * largest:
        return 0.5 ** len(gains) if gains[0] > 0 else 1.0
    return float(t.sf(float(gains.mean()) / spread * np.sqrt(len(gains)), len(gains) - 1))
