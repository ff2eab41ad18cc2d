"""Points of two numbers each, with the line on which both are equal."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale, padded
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
RADIUS = 1.6


class ScatterPlot(Plot):
    """One dot a pair of numbers; both axes have one range, so that the diagonal means equality."""

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 200) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._x: FloatArray = np.zeros(0)
        self._y: FloatArray = np.zeros(0)

    def show_points(self, x: FloatArray, y: FloatArray) -> None:
        """Show points; both are (n,)."""
        self._x, self._y = x, y
        self.update()

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
        painter.drawLine(QPointF(x.place(x.low), y.place(x.low)), QPointF(x.place(x.high), y.place(x.high)))
        colour = QColor(colours.series_1)
        colour.setAlpha(110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for a, b in zip(self._x.tolist(), self._y.tolist(), strict=True):
            painter.drawEllipse(QPointF(x.place(a), y.place(b)), RADIUS, RADIUS)
        painter.setBrush(Qt.BrushStyle.NoBrush)

    def readout(self, x: float, y: float) -> str:
        return f"{self.x_title} {x:.4g}, {self.y_title} {y:.4g}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows: list[list[object]] = [[a, b] for a, b in zip(self._x.tolist(), self._y.tolist(), strict=True)]
        return [self.x_title or "x", self.y_title or "y"], rows
