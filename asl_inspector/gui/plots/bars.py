"""Bars: counts by category, or a histogram, with an optional second set as outlines.

Where bars are narrower than a pixel, each column of pixels shows the highest of its bars: as many are drawn as there are
columns, whatever the number of categories.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.plot import Plot
from asl_inspector.gui.scripts import isolated, shortened
from asl_inspector.visible_text import visible

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
NARROWEST_GAP = 3.0
FEWEST_BARS = 4.0  # that are looked at closely
LEGEND_ROOM = 36
GROUND = 0.75  # how much of what lies under a word is covered
LONGEST_NAME = 14  # characters
TEN_THOUSAND = 10_000  # numbers on the axis are shortened from here on


class BarPlot(Plot):
    """One bar a category, at 0, 1, 2, ... A second series is drawn as a step line over the bars."""

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._names: Sequence[str] = ()
        self._heights: FloatArray = np.zeros(0)
        self._reference: FloatArray = np.zeros(0)
        self._labels = ("count", "reference")
        self._marked: set[int] = set()
        self._counts = True  # the heights are whole numbers
        self._log = False

    def show_bars(
        self,
        names: Sequence[str],
        heights: Sequence[float] | FloatArray,
        *,
        reference: Sequence[float] | FloatArray = (),
        labels: tuple[str, str] = ("count", "reference"),
        marked: set[int] | None = None,
    ) -> None:
        """Show bars.

        Args:
            names: One a bar.
            heights: One a bar.
            reference: One a bar, or none.
            labels: What heights and reference count.
            marked: Bars in the second colour.

        The part that is shown stays where the names are those that were shown.
        """
        same = list(names) == list(self._names)
        self._names = names
        self._heights = np.asarray(heights, dtype=float)
        self._reference = np.asarray(reference, dtype=float)
        self._labels = labels
        self._counts = bool(np.all(self._heights == np.round(self._heights)))
        self._marked = marked or set()
        if same:  # other figures of the same bars: the view stays
            self.update()
        else:
            self.show_anew()

    def set_log(self, on: bool) -> None:
        """Draw the logarithm of 1 + height: 0 stays at the bottom, and a bar of 1 is seen beside one of 10,000."""
        self._log = on
        self.update()

    def _raised(self, heights: FloatArray) -> FloatArray:
        """Where the ends of bars lie on the axis."""
        return np.log10(1 + heights) if self._log else heights

    def has_data(self) -> bool:
        return len(self._heights) > 0

    def x_range(self) -> tuple[float, float]:
        return -0.6, len(self._heights) - 0.4

    def y_range(self) -> tuple[float, float]:
        highest = max(1.0, float(np.max(self._heights)), float(np.max(self._reference, initial=0.0)))
        return 0.0, float(self._raised(np.array([highest]))[0]) * 1.06

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        first, last = max(0, math.ceil(low)), min(len(self._names) - 1, math.floor(high))
        step = max(1, -(-(last - first + 1) // max(1, most)))
        return [(float(index), _short(self._names[index])) for index in range(first, last + 1, step)]

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        if not self._log:
            found = super().y_ticks(low, high, most)
            if self._counts:  # no half clips
                return [
                    (value, _plain(value) if value < TEN_THOUSAND else text)
                    for value, text in found
                    if value == round(value)
                ]
            return found
        powers = [0, *(10**power for power in range(math.ceil(high) + 1))]
        return [(math.log10(1 + value), local(f"{value:,}")) for value in powers if math.log10(1 + value) <= high]

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        step = x.place(1) - x.place(0)
        shown = self._visible(self._heights, x)
        raised = self._raised(self._heights)
        if step < 1:
            self._draw_columns(painter, frame, x, y, shown, raised)
        else:
            width = max(1.0, step - (2.0 if step > NARROWEST_GAP * 2 else 0.5 if step > NARROWEST_GAP else 0.0))
            plain, marked = QColor(colours.series_1), QColor(colours.series_2)
            tops, places = y.places(raised[shown]).tolist(), (x.places(shown) - width / 2).tolist()
            for index, place, top in zip(shown.tolist(), places, tops, strict=True):
                bar = QRectF(place, top, width, frame.bottom() - top)
                painter.fillRect(bar, marked if index in self._marked else plain)
        if len(self._reference):
            painter.setPen(QPen(QColor(colours.text), 1.2))
            half = max(0.5, step * 0.45)
            found = self._visible(self._reference, x)
            ends = y.places(self._raised(self._reference[found])).tolist()
            if step < 1:  # shorter than a pixel: there is nothing to smooth
                painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.drawLines(
                [
                    QLineF(place - half, end, place + half, end)
                    for place, end in zip(x.places(found).tolist(), ends, strict=True)
                ]
            )
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def _visible(self, heights: FloatArray, x: Scale) -> IntArray:
        """Bars with a height that lie in the frame."""
        first, last = max(0, math.floor(x.low)), max(0, math.ceil(x.high) + 1)
        found: IntArray = np.flatnonzero(heights[first:last]) + first
        return found

    def _draw_columns(
        self, painter: QPainter, frame: QRectF, x: Scale, y: Scale, shown: IntArray, raised: FloatArray
    ) -> None:
        """The highest bar of each column of pixels; marked ones over the others."""
        is_marked = np.zeros(len(raised), bool)
        is_marked[[index for index in self._marked if 0 <= index < len(raised)]] = True
        start, scale = x.place(0), x.place(1) - x.place(0)
        for bars, colour in (
            (shown[~is_marked[shown]], theme.current().series_1),
            (shown[is_marked[shown]], theme.current().series_2),
        ):
            columns = np.floor(start + bars * scale).astype(np.int64)
            places, first = np.unique(columns, return_index=True)
            if len(places):
                tops = np.maximum.reduceat(raised[bars], first)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(QColor(colour))
                bottom = frame.bottom()
                painter.drawRects(
                    [
                        QRectF(place, top, 1.0, bottom - top)
                        for place, top in zip(places.tolist(), y.places(tops).tolist(), strict=True)
                    ]
                )
                painter.setBrush(Qt.BrushStyle.NoBrush)

    def has_legend(self) -> bool:
        return len(self._reference) > 0

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        right = frame.right() - 4
        for text, is_bar in ((self._labels[1], False), (self._labels[0], True)):
            width = metrics.horizontalAdvance(text)
            box = QRectF(right - width, frame.top() - metrics.height() - 6, width, metrics.height())
            painter.setPen(QColor(colours.text))
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter), text)
            middle = box.center().y()
            if is_bar:
                painter.fillRect(QRectF(box.left() - 18, middle - 4, 11, 9), QColor(colours.series_1))
            else:
                painter.setPen(QPen(QColor(colours.text), 1.4))
                painter.drawLine(QPointF(box.left() - 19, middle), QPointF(box.left() - 6, middle))
            right -= width + LEGEND_ROOM

    def stops(self) -> FloatArray:
        return np.arange(len(self._heights), dtype=float)

    def least_span(self) -> float:
        return min(FEWEST_BARS, float(len(self._heights)))

    def nearest(self, x: float, y: float) -> tuple[float, float | None] | None:
        index = round(x)
        if not 0 <= index < len(self._heights):
            return None
        return float(index), float(self._raised(self._heights[index : index + 1])[0])

    def readout(self, x: float, y: float) -> str:
        index = round(x)
        if not 0 <= index < len(self._heights):
            return ""
        text = f"{isolated(visible(self._names[index]))}: {_plain(self._heights[index])} {self._labels[0]}"
        return text + (f", {_plain(self._reference[index])} {self._labels[1]}" if len(self._reference) else "")

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows: list[list[object]] = [
            [name, height, *([self._reference[index]] if len(self._reference) else [])]
            for index, (name, height) in enumerate(zip(self._names, self._heights.tolist(), strict=True))
        ]
        return ["name", self._labels[0], *([self._labels[1]] if len(self._reference) else [])], rows


class HistogramPlot(Plot):
    """Counts between edges."""

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190, percent: bool = False) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._edges: FloatArray = np.zeros(0)
        self._counts: FloatArray = np.zeros(0)
        self._percent = percent
        self._lines: tuple[tuple[float, str], ...] = ()

    def show_counts(
        self, counts: NDArray[np.int64], edges: FloatArray, *, lines: Sequence[tuple[float, str]] = ()
    ) -> None:
        """Show a histogram; `edges` has one more element than `counts`; `lines` are places with a word each."""
        self._counts, self._edges = np.asarray(counts, dtype=float), np.asarray(edges, dtype=float)
        self._lines = tuple(lines)
        self.show_anew()

    def has_data(self) -> bool:
        return len(self._counts) > 0

    def x_range(self) -> tuple[float, float]:
        return float(self._edges[0]), float(self._edges[-1])

    def y_range(self) -> tuple[float, float]:
        return 0.0, max(1.0, float(self._counts.max())) * 1.06

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        found = super().x_ticks(low, high, most)
        decimals = 0 if high - low > 0.05 else 1
        return [(value, local(f"{100 * value:.{decimals}f} %")) for value, _ in found] if self._percent else found

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        colour = QColor(colours.series_1)
        first = max(0, int(np.searchsorted(self._edges, x.low, side="right")) - 1)
        last = min(len(self._counts), int(np.searchsorted(self._edges, x.high, side="left")))
        gap = 1.0 if frame.width() / max(1, last - first) > 4 else 0.0
        for index in (np.flatnonzero(self._counts[first:last]) + first).tolist():
            left, right = x.place(self._edges[index]), x.place(self._edges[index + 1])
            top = min(y.place(self._counts[index]), frame.bottom() - 1)
            painter.fillRect(QRectF(left + gap / 2, top, right - left - gap, frame.bottom() - top), colour)
        metrics = QFontMetricsF(painter.font())
        ground = QColor(colours.surface)
        ground.setAlphaF(GROUND)  # a word over a bar can be read, and the bar's end is still seen
        for value, word in self._lines:
            painter.setPen(QPen(QColor(colours.text), 1.2, Qt.PenStyle.DashLine))
            place = x.place(value)
            painter.drawLine(QPointF(place, frame.top()), QPointF(place, frame.bottom()))
            width = metrics.horizontalAdvance(word)
            at = place - width - 5 if place + width + 5 > frame.right() else place + 5
            painter.fillRect(QRectF(at - 2, frame.top(), width + 4, metrics.height()), ground)
            painter.drawText(QPointF(at, frame.top() + metrics.ascent()), word)

    def stops(self) -> FloatArray:
        return (self._edges[:-1] + self._edges[1:]) / 2

    def least_span(self) -> float:
        return float(self._edges[-1] - self._edges[0]) / max(1, len(self._counts)) * min(4, len(self._counts))

    def _bin_at(self, x: float) -> int | None:
        """The bin that a number lies in; the last one holds its upper edge too."""
        index = int(np.searchsorted(self._edges, x, side="right")) - 1
        if x == self._edges[-1]:
            index = len(self._counts) - 1
        return index if 0 <= index < len(self._counts) else None

    def nearest(self, x: float, y: float) -> tuple[float, float | None] | None:
        index = self._bin_at(x)
        return None if index is None else (float(self.stops()[index]), float(self._counts[index]))

    def readout(self, x: float, y: float) -> str:
        index = self._bin_at(x)
        if index is None:
            return ""
        low, high = self._edges[index], self._edges[index + 1]
        digits = 0 if high - low > 0.02 else 1
        span = f"{100 * low:.{digits}f} to {100 * high:.{digits}f} %" if self._percent else f"{low:.4g} to {high:.4g}"
        return local(f"{span}: {self._counts[index]:,.0f}")

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows = zip(self._edges[:-1].tolist(), self._edges[1:].tolist(), self._counts.tolist(), strict=True)
        return ["from", "to", "count"], [list(row) for row in rows]


def _plain(value: float) -> str:
    return local(f"{value:,.0f}" if value == round(value) else f"{value:,.4g}")


def _short(name: str) -> str:
    return shortened(visible(name), LONGEST_NAME)
