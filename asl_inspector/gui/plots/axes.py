"""Axes: which numbers to write beside a plot, and where a number lies in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import QRectF

NICE_STEPS = (1, 2, 2.5, 5, 10)


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

    def value(self, place: float) -> float:
        """Which number lies at a pixel."""
        span = self.end - self.start
        return self.low if span == 0 else self.low + (place - self.start) / span * (self.high - self.low)


def ticks(low: float, high: float, most: int) -> list[float]:
    """At most `most` + 1 round numbers from `low` to `high`."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low or most < 1:
        return [low] if math.isfinite(low) else []
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in NICE_STEPS if nice * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [number * step for number in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick as short text: decimals only as the step needs them, thousands shortened."""
    if abs(value) >= 10_000 and step >= 1_000:
        return f"{value / 1000:,.0f}k"
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    if decimals and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    text = f"{value:,.{min(decimals, 6)}f}"
    return "0" if float(text.replace(",", "")) == 0 else text


def padded(low: float, high: float, share: float = 0.05) -> tuple[float, float]:
    """A range a little wider than the data, so that nothing lies on the frame."""
    if high <= low:
        return low - 0.5, high + 0.5
    room = (high - low) * share
    return low - room, high + room


def inside(frame: QRectF) -> tuple[float, float, float, float]:
    """Left, right, top and bottom of a frame."""
    return frame.left(), frame.right(), frame.top(), frame.bottom()
