"""Charts of the report as plain data: every place is a fraction of the frame, so that the template only draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from asl_inspector.report.json_text import Json
from asl_inspector.report.ticks import labelled

FloatArray = NDArray[np.float64]
MOST_POINTS = 400
MOST_NAMES = 9
BAR_GAP = 0.12


@dataclass(frozen=True, slots=True)
class Axis:
    """A range, and whether it is written in percent."""

    low: float
    high: float
    percent: bool = False

    def place(self, value: float) -> float:
        """Where `value` lies, 0 to 1."""
        return (value - self.low) / (self.high - self.low) if self.high > self.low else 0.0

    def ticks(self, most: int) -> list[Json]:
        """`[place, text]` of each tick."""
        return [[self.place(value), text] for value, text in labelled(self.low, self.high, most, percent=self.percent)]


@dataclass(frozen=True, slots=True)
class Series:
    """A named curve; NaN breaks are left out."""

    name: str
    x: FloatArray
    y: FloatArray
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What the template draws."""

    title: str
    alt: str
    x_title: str
    x: Axis
    y: Axis
    note: str = ""
    height: int = 105
    series: Sequence[Series] = ()
    bars: Sequence[tuple[float, float, float]] = ()
    reference: Sequence[tuple[float, float, float]] = ()
    names: Sequence[str] = ()
    marks: Sequence[tuple[float, str]] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Json]:
        """The chart for the template."""
        curves = [_points(one, self.x, self.y) for one in self.series]
        known = [(one, points) for one, points in zip(self.series, curves, strict=True) if points]
        return {
            "kind": "chart",
            "title": self.title,
            "alt": self.alt,
            "note": self.note,
            "height": self.height,
            "x_title": self.x_title,
            "x_ticks": self._name_ticks() if self.names else self.x.ticks(8),
            "y_ticks": self.y.ticks(4),
            "bars": [[self.x.place(a), self.x.place(b), self.y.place(top)] for a, b, top in self.bars],
            "reference": [[self.x.place(a), self.x.place(b), self.y.place(level)] for a, b, level in self.reference],
            "curves": [points for _, points in known],
            "legend": [one.name for one, _ in known] if len(known) > 1 else [],
            "dashed": [one.dashed for one, _ in known],
            "marks": [[self.x.place(value), word] for value, word in self.marks],
        }

    def _name_ticks(self) -> list[Json]:
        step = max(1, -(-len(self.names) // MOST_NAMES))
        return [[self.x.place(index), self.names[index]] for index in range(0, len(self.names), step)]


def _points(series: Series, x: Axis, y: Axis) -> list[Json]:
    known = np.flatnonzero(np.isfinite(series.y))
    if len(known) > MOST_POINTS:
        known = known[np.linspace(0, len(known) - 1, MOST_POINTS).astype(int)]
    return [[x.place(float(series.x[index])), y.place(float(series.y[index]))] for index in known]


def bar_chart(
    title: str, alt: str, x_title: str, names: Sequence[str], counts: Sequence[int], truth: Sequence[int]
) -> Chart:
    """One bar a name, with the true counts as short lines."""
    top = max([1, *counts, *truth])
    return Chart(
        title=title,
        alt=alt,
        x_title=x_title,
        x=Axis(-0.6, len(names) - 0.4),
        y=Axis(0, top * 1.05),
        names=names,
        bars=[(i - 0.5 + BAR_GAP / 2, i + 0.5 - BAR_GAP / 2, count) for i, count in enumerate(counts) if count],
        reference=[(i - 0.42, i + 0.42, count) for i, count in enumerate(truth) if count],
        note="Bars: predicted clips. Short lines: labelled clips." if truth else "",
    )


def histogram_chart(title: str, alt: str, x_title: str, values: FloatArray, low: float, high: float) -> Chart:
    """How often values between `low` and `high` occur, in percent along the axis."""
    counts, edges = np.histogram(values, bins=25, range=(low, high))
    spans = zip(edges[:-1].tolist(), edges[1:].tolist(), counts.tolist(), strict=True)
    width = (high - low) / 25
    bars = [(a + width * BAR_GAP / 2, b - width * BAR_GAP / 2, count) for a, b, count in spans if count]
    return Chart(
        title, alt, x_title, Axis(low, high, percent=True), Axis(0, max(1, int(counts.max())) * 1.05), bars=bars
    )
