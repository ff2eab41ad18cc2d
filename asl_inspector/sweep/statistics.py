"""Tests for few runs and many files: what may be claimed, and what so little data could show at all.

Runs. Two conditions are compared by the accuracies of their runs: Welch's t test, and an exact permutation test that shows
what so few runs can give at best (3 + 3 runs: p = 0.1). The difference that n + m runs with this spread show at 80 %
power is that of Student's t test with the pooled spread.

Clips. A difference must hold over clips too: for every clip the share of runs that get it right is compared between the
conditions, and the clips that favour either side are held against a fair coin.

Files. The best of K files is the best of several looks at the same clips. It is compared with the others clip by clip
(McNemar, exact), corrected by Holm's method for all K (K - 1) / 2 pairs, since which pair is tested was chosen by the
same clips.

Sources: Welch 1947; Pitman 1937 for the permutation test; McNemar 1947; Holm 1979; Cohen 1988, section 2.4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import binom, binomtest, nct, t

from asl_inspector.sweep.limits import ALPHA, POWER

BoolArray = NDArray[np.bool_]
FloatArray = NDArray[np.float64]

MOST_SPLITS = 50_000
SEED = 20_261_123
NOTHING = 1e-24


def welch_p(a: Sequence[float], b: Sequence[float]) -> float | None:
    """Two-sided Welch test of two means; None where a side has fewer than two values, 0 or 1 where nothing varies."""
    if min(len(a), len(b)) < 2:
        return None
    parts = [float(np.var(one, ddof=1)) / len(one) for one in (a, b)]
    difference = float(np.mean(a)) - float(np.mean(b))
    if sum(parts) < NOTHING:  # the rounding of the variance
        return 1.0 if abs(difference) < NOTHING else 0.0
    freedom = sum(parts) ** 2 / sum(part**2 / (len(one) - 1) for part, one in zip(parts, (a, b), strict=True))
    return float(2 * t.sf(abs(difference) / math.sqrt(sum(parts)), freedom))


def permutation_p(a: Sequence[float], b: Sequence[float]) -> tuple[float, float] | None:
    """Exact two-sided permutation test of two means, and the smallest p that so many values can give.

    Where there are more than `MOST_SPLITS` ways to share the values out, as many are drawn. None for an empty side.
    """
    if not a or not b:
        return None
    values = np.array([*a, *b], dtype=float)
    count, size = math.comb(len(values), len(a)), len(a)
    seen = abs(float(np.mean(a)) - float(np.mean(b)))
    if count <= MOST_SPLITS:
        sides = np.array(list(combinations(range(len(values)), size)))
    else:
        random = np.random.default_rng(SEED)
        sides = np.argsort(random.random((MOST_SPLITS, len(values))), axis=1)[:, :size]
        count = MOST_SPLITS
    sums = values[sides].sum(axis=1)
    differences = np.abs(sums / size - (values.sum() - sums) / len(b))
    at_least = int((differences >= seen - 1e-12).sum())
    drawn = count == MOST_SPLITS
    p = (at_least + drawn) / (count + drawn)
    return p, min(1.0, (2 if len(a) == len(b) else 1) / count)


def detectable(a: Sequence[float], b: Sequence[float]) -> float | None:
    """The difference of means that a t test on as many runs with this spread shows at 80 % power.

    None where a side has fewer than two runs, or the runs do not differ.
    """
    n, m = len(a), len(b)
    if min(n, m) < 2:
        return None
    freedom = n + m - 2
    pooled = math.sqrt(((n - 1) * float(np.var(a, ddof=1)) + (m - 1) * float(np.var(b, ddof=1))) / freedom)
    if pooled == 0:
        return None
    return pooled * math.sqrt(1 / n + 1 / m) * _noncentrality(freedom)


@lru_cache(maxsize=256)
def _noncentrality(freedom: int) -> float:
    """The mean of the t statistic, in its own units, at which the two-sided test has the power."""
    critical = float(t.ppf(1 - ALPHA / 2, freedom))

    def missing(shift: float) -> float:  # the other tail is beyond the fourth digit, and its function unstable
        return POWER - float(nct.sf(critical, freedom, shift))

    return float(brentq(missing, 0.0, 2 * critical))


def clip_p(a: BoolArray, b: BoolArray) -> float:
    """Two-sided sign test over clips: which condition gets a clip right in a larger share of its runs.

    Args:
        a: (n, N), right or wrong by run and clip.
        b: (m, N).
    """
    difference = a.mean(axis=0) - b.mean(axis=0)
    gained, lost = int((difference > 1e-12).sum()), int((difference < -1e-12).sum())
    return 1.0 if gained + lost == 0 else float(binomtest(gained, gained + lost, 0.5).pvalue)


def paired_ps(best: BoolArray, others: BoolArray) -> FloatArray:
    """Exact McNemar probabilities of one file against others on the same clips.

    Args:
        best: (N,), right or wrong.
        others: (K, N).
    """
    gained = (best & ~others).sum(axis=1)
    lost = (~best & others).sum(axis=1)
    p: FloatArray = np.minimum(1.0, 2 * binom.cdf(np.minimum(gained, lost), gained + lost, 0.5))
    return p


def holm(p: Sequence[float], looked_at: int) -> list[float]:
    """Holm's step-down correction of some of `looked_at` probabilities; those that are not given count as larger."""
    corrected = [1.0] * len(p)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p)), key=lambda one: p[one])):
        worst = max(worst, min(1.0, (looked_at - rank) * p[index]))
        corrected[index] = worst
    return corrected
