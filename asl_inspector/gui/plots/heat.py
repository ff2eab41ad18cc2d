"""A matrix as a picture: blue below zero, orange above, the background where it is zero."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.plot import Plot

FloatArray = NDArray[np.float64]
SMALLEST = 1e-300  # of a number whose inverse is finite
BROKEN = 255  # the level of what is no number; 127 is zero, and 0 and 254 are the largest numbers below and above it


class HeatPlot(Plot):
    """Rows downwards, columns to the right; numbers that are not finite in the colour of danger."""

    zooms_y = True

    def __init__(self, *, x_title: str = "column", y_title: str = "row", height: int = 230) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self._values: FloatArray = np.zeros((0, 0))
        self._steps = (1, 1)
        self._image: QImage | None = None
        self._painted_dark = False
        self._largest = 0.0

    def show_matrix(self, values: NDArray[np.generic], steps: tuple[int, int]) -> None:
        """Show (rows, columns), of which every `steps`-th row and column of the whole is given."""
        real = np.abs(values) if np.iscomplexobj(values) else values
        self._values = np.asarray(real, np.float64)
        self._steps = steps
        finite = np.abs(self._values[np.isfinite(self._values)])
        self._largest = float(finite.max()) if finite.size else 0.0
        self._image = None
        self.show_anew()

    def has_data(self) -> bool:
        return self._values.size > 0

    def x_range(self) -> tuple[float, float]:
        return 0.0, float(self._values.shape[1] * self._steps[1])

    def y_range(self) -> tuple[float, float]:
        return float(self._values.shape[0] * self._steps[0]), 0.0

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        return [(value, text) for value, text in super().x_ticks(low, high, most) if value == int(value)]

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        low, high = min(low, high), max(low, high)
        return [(value, text) for value, text in super().y_ticks(low, high, most) if value == int(value)]

    def has_legend(self) -> bool:
        return True

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        metrics = QFontMetricsF(painter.font())
        every = f", every {self._steps[0]} × {self._steps[1]}" if self._steps != (1, 1) else ""
        text = local(f"−{self._largest:.3g} to {self._largest:.3g}") + every
        line = QRectF(frame.left(), frame.top() - metrics.height() - 6, frame.width(), metrics.height())
        painter.setPen(QColor(theme.current().muted))
        painter.drawText(line, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        if self._image is None or self._painted_dark != colours.is_dark:
            self._image = self.picture()
            self._painted_dark = colours.is_dark
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        (left, right), (bottom, top) = self.x_range(), self.y_range()
        corner, far = QPointF(x.place(left), y.place(top)), QPointF(x.place(right), y.place(bottom))
        painter.drawImage(QRectF(corner, far), self._image)

    def picture(self) -> QImage:
        """One pixel a number."""
        return _picture(self._values, self._largest)

    def stops(self) -> FloatArray:
        places: FloatArray = np.arange(0.5, self._values.shape[1]) * self._steps[1]
        return places

    def y_stops(self) -> FloatArray:
        places: FloatArray = np.arange(0.5, self._values.shape[0]) * self._steps[0]
        return places

    def least_span(self) -> float:
        return float(min(4, self._values.shape[1]) * self._steps[1])

    def readout(self, x: float, y: float) -> str:
        row, column = int(y) // self._steps[0], int(x) // self._steps[1]
        if not (0 <= row < self._values.shape[0] and 0 <= column < self._values.shape[1]):
            return ""
        return (
            f"row {row * self._steps[0]}, column {column * self._steps[1]}: {local(f'{self._values[row, column]:.6g}')}"
        )

    def table(self) -> tuple[list[str], list[list[object]]]:
        names = [str(column * self._steps[1]) for column in range(self._values.shape[1])]
        rows: list[list[object]] = [[index * self._steps[0], *row] for index, row in enumerate(self._values.tolist())]
        return ["row", *names], rows


def _picture(values: FloatArray, largest: float) -> QImage:
    """One pixel a number; the colours are looked up."""
    colours = theme.current()
    ground, low, high = rgb(colours.surface), rgb(colours.series_1), rgb(colours.series_2)
    share = np.linspace(-1, 1, BROKEN)[:, None]  # (255, 1)
    table = ground + (np.where(share < 0, low, high) - ground) * np.abs(share)
    table = np.concatenate([table, [rgb(colours.danger)]])
    scaled = values * ((BROKEN // 2) / largest if largest > SMALLEST else 0.0)
    scaled += BROKEN // 2 + 0.5  # the half rounds
    broken = ~np.isfinite(scaled)
    if broken.any():
        scaled[broken] = BROKEN
    levels = np.ascontiguousarray(scaled.astype(np.uint8))
    rows, columns = values.shape
    image = QImage(levels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
    image.setColorTable([QColor(*(int(part) for part in colour)).rgb() for colour in table.tolist()])
    return image.convertToFormat(QImage.Format.Format_RGB32)


def rgb(name: str) -> FloatArray:
    """(3,), red, green and blue of a colour, 0 to 255."""
    colour = QColor(name)
    return np.array([colour.red(), colour.green(), colour.blue()], np.float64)
