"""Round numbers to write beside an axis, on screen and on paper."""

from __future__ import annotations

import math

NICE_STEPS = (1, 2, 2.5, 5, 10)


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
    if step > 0 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6:
        decimals += 1
    text = f"{value:,.{min(decimals, 6)}f}"
    return "0" if float(text.replace(",", "")) == 0 else text


def labelled(low: float, high: float, most: int, *, percent: bool = False) -> list[tuple[float, str]]:
    """Ticks with their text; `percent` writes fractions as percentages."""
    factor = 100.0 if percent else 1.0
    values = ticks(factor * low, factor * high, most)
    step = values[1] - values[0] if len(values) > 1 else 1.0
    unit = " %" if percent else ""
    return [(value / factor, tick_text(value, step) + unit) for value in values]
