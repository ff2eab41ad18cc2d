"""Bars: counts by category, or a histogram, with an optional second set as outlines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
NARROWEST_GAP = 3.0


class BarPlot(Plot):
    """One bar a category, at 0, 1, 2, ... A second series is drawn as a step line over the bars."""

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._names: Sequence[str] = ()
        self._heights: FloatArray = np.zeros(0)
        self._reference: FloatArray = np.zeros(0)
        self._labels = ("count", "reference")
        self._marked: set[int] = set()

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
        """
        self._names = names
        self._heights = np.asarray(heights, dtype=float)
        self._reference = np.asarray(reference, dtype=float)
        self._labels = labels
        self._marked = marked or set()
        self.update()

    def has_data(self) -> bool:
        return len(self._heights) > 0

    def x_range(self) -> tuple[float, float]:
        return -0.6, len(self._heights) - 0.4

    def y_range(self) -> tuple[float, float]:
        return 0.0, max(1.0, float(np.max(self._heights)), float(np.max(self._reference, initial=0.0))) * 1.06

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        step = max(1, -(-len(self._names) // max(1, most)))
        return [(float(index), _short(self._names[index])) for index in range(0, len(self._names), step)]

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        step = x.place(1) - x.place(0)
        width = max(1.0, step - (2.0 if step > NARROWEST_GAP * 2 else 0.5 if step > NARROWEST_GAP else 0.0))
        painter.setPen(Qt.PenStyle.NoPen)
        plain, marked = QColor(colours.series_1), QColor(colours.series_2)
        for index in np.flatnonzero(self._heights).tolist():
            top = y.place(self._heights[index])
            bar = QRectF(x.place(index) - width / 2, top, width, frame.bottom() - top)
            painter.fillRect(bar, marked if index in self._marked else plain)
        if len(self._reference):
            painter.setPen(QPen(QColor(colours.text), 1.2))
            for index, height in enumerate(self._reference.tolist()):
                if height:
                    place = y.place(height)
                    left, right = x.place(index) - step * 0.45, x.place(index) + step * 0.45
                    painter.drawLine(QPointF(left, place), QPointF(right, place))

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
            right -= width + 36

    def readout(self, x: float, y: float) -> str:
        index = round(x)
        if not 0 <= index < len(self._heights):
            return ""
        text = f"{self._names[index]}: {self._heights[index]:g} {self._labels[0]}"
        return text + (f", {self._reference[index]:g} {self._labels[1]}" if len(self._reference) else "")

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

    def show_counts(self, counts: NDArray[np.int64], edges: FloatArray) -> None:
        """Show a histogram; `edges` has one more element than `counts`."""
        self._counts, self._edges = np.asarray(counts, dtype=float), np.asarray(edges, dtype=float)
        self.update()

    def has_data(self) -> bool:
        return len(self._counts) > 0

    def x_range(self) -> tuple[float, float]:
        return float(self._edges[0]), float(self._edges[-1])

    def y_range(self) -> tuple[float, float]:
        return 0.0, max(1.0, float(self._counts.max())) * 1.06

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        found = super().x_ticks(low, high, most)
        return [(value, f"{100 * value:.0f} %") for value, _ in found] if self._percent else found

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colour = QColor(theme.current().series_1)
        gap = 1.0 if frame.width() / len(self._counts) > 4 else 0.0
        for index in np.flatnonzero(self._counts).tolist():
            left, right = x.place(self._edges[index]), x.place(self._edges[index + 1])
            top = min(y.place(self._counts[index]), frame.bottom() - 1)
            painter.fillRect(QRectF(left + gap / 2, top, right - left - gap, frame.bottom() - top), colour)

    def readout(self, x: float, y: float) -> str:
        index = int(np.searchsorted(self._edges, x, side="right")) - 1
        if not 0 <= index < len(self._counts):
            return ""
        low, high = self._edges[index], self._edges[index + 1]
        span = f"{100 * low:.0f} to {100 * high:.0f} %" if self._percent else f"{low:.4g} to {high:.4g}"
        return f"{span}: {self._counts[index]:,.0f}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows = zip(self._edges[:-1].tolist(), self._edges[1:].tolist(), self._counts.tolist(), strict=True)
        return ["from", "to", "count"], [list(row) for row in rows]


def _short(name: str) -> str:
    return name if len(name) <= 14 else name[:13] + "…"
