"""How many clips are the printed accuracies shares of?

Formula: k / n with whole k moves in steps of 1 / n. The smallest n is sought for which every printed accuracy is such a
share, as exactly as it was printed.

Null: n does not matter; then a number that is printed with error d fits some k / n with probability min(1, 2 n d), all m
different ones with the m-th power of it.

Threshold: that power, times the n that were tried, must be below 0.05; beyond it any n would do. A multiple of the
right n fits as well, so the answer is "n or a multiple".

Guard: accuracies that are means over batches are no shares of n, and none is found.
"""

from __future__ import annotations

import math

from asl_inspector.history.records import Points

LARGEST = 20_000
BY_LUCK = 0.05
EXACT = 1e-7  # single precision


def printed_error(values: Points) -> float:
    """Half a unit of the last decimal that any of these fractions is written with."""
    most = 0
    for value in values:
        if value is None or not math.isfinite(value):
            continue
        text = f"{value:.10g}"
        if "e" in text:
            return EXACT
        most = max(most, len(text.partition(".")[2]))
    return max(EXACT, 0.5 * 10.0**-most) if most < 8 else EXACT


def fits(values: Points, clips: int) -> bool:
    """True where every value is a share of `clips`, as exactly as it is written."""
    error = printed_error(values) * 1.001
    return all(abs(value * clips - round(value * clips)) <= error * clips for value in values if value is not None)


def smallest_size(values: Points) -> int | None:
    """The smallest number of clips that the accuracies can be shares of, or None where any number would do.

    Args:
        values: Fractions in [0, 1].
    """
    different = {value for value in values if value is not None and 0 < value < 1}
    if not different:
        return None
    error = printed_error(values)
    for clips in range(2, LARGEST):
        by_luck = min(1.0, 2 * clips * error) ** len(different)
        if clips * by_luck > BY_LUCK:
            return None
        if fits(values, clips):
            return clips
    return None
