"""Points of two numbers each, with the line on which both are equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale, padded
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
RADIUS = 1.6


class ScatterPlot(Plot):
    """One dot a pair of numbers; both axes have one range, so that the diagonal means equality."""

    zooms_y = True

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 200) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._x: FloatArray = np.zeros(0)
        self._y: FloatArray = np.zeros(0)

    def show_points(self, x: FloatArray, y: FloatArray) -> None:
        """Show points; both are (n,)."""
        self._x, self._y = x, y
        self.show_anew()

    def has_data(self) -> bool:
        return len(self._x) > 0

    def x_range(self) -> tuple[float, float]:
        low = min(float(self._x.min()), float(self._y.min()))
        high = max(float(self._x.max()), float(self._y.max()))
        return padded(low, high)

    def y_range(self) -> tuple[float, float]:
        return self.x_range()

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DashLine))
        low, high = self.x_range()
        painter.drawLine(QPointF(x.place(low), y.place(low)), QPointF(x.place(high), y.place(high)))
        colour = QColor(colours.series_1)
        colour.setAlpha(110)
        pen = QPen(colour, 2 * RADIUS)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        inside = (self._x >= x.low) & (self._x <= x.high) & (self._y >= y.low) & (self._y <= y.high)
        pairs = zip(self._x[inside].tolist(), self._y[inside].tolist(), strict=True)
        painter.drawPoints(QPolygonF([QPointF(x.place(a), y.place(b)) for a, b in pairs]))

    def stops(self) -> FloatArray:
        return np.unique(self._x)

    def at_stop(self, x: float, y: float) -> tuple[float, float | None] | None:
        return x, float(self._y[int(np.argmin(np.abs(self._x - x)))])

    def nearest(self, x: float, y: float) -> tuple[float, float | None] | None:
        low, high = self.x_range()
        if high <= low or not len(self._x):
            return None
        index = int(np.argmin((self._x - x) ** 2 + (self._y - y) ** 2))
        return float(self._x[index]), float(self._y[index])

    def readout(self, x: float, y: float) -> str:
        return f"{self.x_title or 'across'} {local(f'{x:.4g}')}\n{self.y_title or 'up'} {local(f'{y:.4g}')}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows: list[list[object]] = [[a, b] for a, b in zip(self._x.tolist(), self._y.tolist(), strict=True)]
        return [self.x_title or "x", self.y_title or "y"], rows
