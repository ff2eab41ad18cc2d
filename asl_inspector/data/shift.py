"""Do training and validation features come from one distribution, feature by feature?

Unit: the clip. Frames of one clip resemble each other, so tests over frames would find everything significant; each clip
gives the mean of its frames.

Measures: Cohen's d (difference of the means over the pooled spread of clip means) and the two-sample Kolmogorov-Smirnov
distance with its p-value, corrected over all features after Benjamini and Hochberg 1995.

A feature is on another scale altogether ("extreme") where its mean lies 100 typical spreads off or the spreads of single
frames differ by a factor of 100: signers, cameras and frame rates move a feature by fractions of its spread or by small
factors, units and raw columns by orders of magnitude. The typical spread of a feature is its own in training, but at
least a tenth of the median feature's, so that an almost constant feature is not judged by its noise.

A feature is raw where its numbers are 10,000 times those of the median feature: a time, a frame number or a pixel count
that was left among normalised numbers.

Guard: a true difference between signers is no fault; the words are "differ", not "wrong".
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp

from asl_inspector.data.records import ClipSurvey, ColumnFacts, DataMeasures, Shift

EXTREME = 100.0
RAW = 1e4
FLOOR = 0.1
FEWEST_CLIPS = 8
UNIX_TIMES = (9.4e8, 4.1e9)  # seconds, 1999 to 2099
FloatArray = NDArray[np.float64]


def compare(validation: ClipSurvey, train: ClipSurvey) -> Shift | None:
    """Validation against training, or None where their features do not correspond or clips are few."""
    ours, theirs = validation.columns, train.columns
    if ours is None or theirs is None or len(ours.mean) != len(theirs.mean) or not len(ours.mean):
        return None
    if min(validation.clips, train.clips) < FEWEST_CLIPS:
        return None
    width = len(ours.mean)
    effect, statistic, p = np.full(width, np.nan), np.zeros(width), np.ones(width)
    for column in range(width):
        a, b = _finite(validation.means[:, column]), _finite(train.means[:, column])
        if len(a) < 2 or len(b) < 2:
            continue
        pooled = np.sqrt(((len(a) - 1) * a.var(ddof=1) + (len(b) - 1) * b.var(ddof=1)) / (len(a) + len(b) - 2))
        if pooled > 0:
            effect[column] = (a.mean() - b.mean()) / pooled
        if a.min() != a.max() or b.min() != b.max() or a[0] != b[0]:
            found = ks_2samp(a, b, method="asymp")
            statistic[column], p[column] = found.statistic, found.pvalue
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where((ours.spread > 0) & (theirs.spread > 0), ours.spread / theirs.spread, np.nan)
    arrays = effect, statistic, benjamini_hochberg(p), ratio
    for array in arrays:
        array.flags.writeable = False
    return Shift(
        *arrays, extreme=extreme_columns(ours, theirs), raw=tuple(sorted({*raw_columns(ours), *raw_columns(theirs)}))
    )


def enough_to_compare(data: DataMeasures) -> bool:
    """False where one side has so few clips that its figures are those of what happens to be signed in them."""
    return all(found is not None and found.clips >= FEWEST_CLIPS for found in (data.validation, data.train))


def _finite(values: FloatArray) -> FloatArray:
    return values[np.isfinite(values)]


def benjamini_hochberg(p: FloatArray) -> FloatArray:
    """p-values corrected for how many there are: the expected share of false ones among those called significant.

    Source: Benjamini and Hochberg 1995.
    """
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return corrected


def extreme_columns(ours: ColumnFacts, theirs: ColumnFacts) -> tuple[int, ...]:
    """Features that are on another scale altogether in one of two files of the same features."""
    known = np.isfinite(ours.mean) & np.isfinite(theirs.mean)
    moving = theirs.spread[known & (theirs.spread > 0)]
    if not len(moving):
        return ()
    floor = FLOOR * float(np.median(moving))
    a, b = np.maximum(ours.spread, floor), np.maximum(theirs.spread, floor)
    with np.errstate(invalid="ignore"):
        off = np.abs(ours.mean - theirs.mean) / b > EXTREME
        apart = np.maximum(a / b, b / a) > EXTREME
    zeroed = ((ours.low == 0) & (ours.high == 0)) | ((theirs.low == 0) & (theirs.high == 0))
    return tuple(np.flatnonzero(known & (off | (apart & ~zeroed))).tolist())


def raw_columns(facts: ColumnFacts) -> tuple[int, ...]:
    """Features whose numbers are of another order than those of the others."""
    size = np.maximum(np.abs(facts.low), np.abs(facts.high))
    known = size[np.isfinite(size) & (size > 0)]
    if len(known) < 4:
        return ()
    with np.errstate(invalid="ignore"):
        return tuple(np.flatnonzero(size > RAW * float(np.median(known))).tolist())


def looks_like_time(facts: ColumnFacts, column: int) -> bool:
    """True where all numbers of a feature lie where Unix times in seconds do."""
    return bool(UNIX_TIMES[0] <= facts.low[column] and facts.high[column] <= UNIX_TIMES[1])
