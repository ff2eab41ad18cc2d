"""Where a number lies along an axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear map from numbers to pixels."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Where `value` lies, in pixels."""
        span = self.high - self.low
        return self.start if span == 0 else self.start + (value - self.low) / span * (self.end - self.start)

    def places(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Where each of `values` lies, in pixels."""
        span = self.high - self.low
        if span == 0:
            return np.full(len(values), self.start)
        return self.start + (np.asarray(values, np.float64) - self.low) * ((self.end - self.start) / span)

    def value(self, place: float) -> float:
        """Which number lies at a pixel."""
        span = self.end - self.start
        return self.low if span == 0 else self.low + (place - self.start) / span * (self.high - self.low)

    def holds(self, value: float) -> bool:
        """True where `value` lies on the axis."""
        return min(self.low, self.high) <= value <= max(self.low, self.high)


def padded(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """A range a little wider than the data, so that nothing lies on the frame."""
    if high <= low:
        return low - 0.5, high + 0.5
    room = (high - low) * share
    return low - room, high + room
