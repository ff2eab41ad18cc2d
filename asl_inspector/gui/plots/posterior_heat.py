"""All glosses of a clip over time, the more probable the fuller, with what wins each step and where the signed gloss lies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.heat import HeatPlot
from asl_inspector.gui.scripts import isolated, shortened
from asl_inspector.visible_text import visible

FloatArray = NDArray[np.float64]
Stretch = tuple[int, int, int]  # a class, and the first and last step at which it is aligned
LONGEST_NAME = 14
PIXELS_A_NAME = 15.0
MARK = 5.0  # pixels


class PosteriorHeat(HeatPlot):
    """Rows are classes, columns the frames of the clip. A ring marks the greedy path, a line the forced alignment."""

    def __init__(self, height: int) -> None:
        super().__init__(x_title="frame", y_title="gloss", height=height)
        self._names: Sequence[str] = ()
        self._path: NDArray[np.int64] = np.zeros(0, np.int64)
        self._aligned: tuple[Stretch, ...] = ()
        self._blank = -1
        self._stride = 1.0
        self._span = 0
        self.setAccessibleName("Posteriors of all glosses over time")

    def show_posteriors(
        self, posteriors: FloatArray, names: Sequence[str], blank: int, frames: int, aligned: Sequence[Stretch]
    ) -> None:
        """Show (T, C) posteriors.

        Args:
            posteriors: Of each step and class.
            names: (C,), of the classes.
            blank: Its class, whose wins are not marked, or -1.
            frames: Frames that the steps span.
            aligned: Where what was signed lies on the most probable path that says it.
        """
        self._names, self._blank, self._aligned = names, blank, tuple(aligned)
        self._path = posteriors.argmax(axis=1)
        self._stride = frames / max(1, len(posteriors))
        self._span = max(self._span, frames)
        self.show_matrix(posteriors.T, (1, 1))

    def set_span(self, frames: int) -> None:
        """Have the axis reach so many frames, where something beside it does."""
        self._span = frames
        self.update()

    def x_range(self) -> tuple[float, float]:
        return -0.5, max(self._span, self._values.shape[1] * self._stride) - 0.5

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        first, last = max(0, int(min(low, high))), min(len(self._names), int(np.ceil(max(low, high))))
        room = max(1, int(self.height() / PIXELS_A_NAME / 1.5))
        every = max(1, -(-(last - first) // room))
        return [
            (place + 0.5, shortened(visible(self._names[place]), LONGEST_NAME)) for place in range(first, last, every)
        ]

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        middle, left = frame.top() - metrics.height() / 2 - 5, frame.right() - 4
        for text, is_ring in (("signed, aligned", False), ("wins the frame", True)):
            left -= metrics.horizontalAdvance(text)
            painter.setPen(QColor(colours.text))
            painter.drawText(QPointF(left, middle + metrics.ascent() / 2 - 1), text)
            self._draw_mark(painter, QPointF(left - 14, middle), is_ring=is_ring)
            left -= 34

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        if self._image is None or self._painted_dark != theme.current().is_dark:
            self._image, self._painted_dark = self.picture(), theme.current().is_dark
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        right = self._values.shape[1] * self._stride - 0.5
        corner, far = QPointF(x.place(-0.5), y.place(0)), QPointF(x.place(right), y.place(self._values.shape[0]))
        painter.drawImage(QRectF(corner, far), self._image)
        for gloss, first, last in self._aligned:
            painter.setPen(QPen(QColor(theme.current().text), 2))
            height = y.place(gloss + 1.0)
            painter.drawLine(
                QPointF(x.place(self._left_of(first)), height), QPointF(x.place(self._left_of(last + 1)), height)
            )
        for step in np.flatnonzero(self._path != self._blank).tolist():
            place = (self._left_of(step) + self._left_of(step + 1)) / 2
            self._draw_mark(painter, QPointF(x.place(place), y.place(self._path[step] + 0.5)), is_ring=True)

    def _left_of(self, step: int) -> float:
        """The frame at which a step begins."""
        return step * self._stride - 0.5

    def _draw_mark(self, painter: QPainter, at: QPointF, *, is_ring: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        if is_ring:
            painter.setPen(QPen(QColor(theme.current().text), 1.4))
            painter.drawEllipse(at, MARK, MARK)
        else:
            painter.setPen(QPen(QColor(theme.current().text), 2))
            painter.drawLine(at - QPointF(6, 0), at + QPointF(6, 0))

    def stops(self) -> FloatArray:
        steps: FloatArray = np.arange(self._values.shape[1], dtype=np.float64)
        places: FloatArray = (steps + 0.5) * np.float64(self._stride) - 0.5
        return places

    def least_span(self) -> float:
        return float(min(4, self._values.shape[1]) * self._stride)

    def readout(self, x: float, y: float) -> str:
        step, gloss = int((x + 0.5) / self._stride), int(y)
        if not (0 <= gloss < self._values.shape[0] and 0 <= step < self._values.shape[1]):
            return ""
        share = local(f"{100 * self._values[gloss, step]:.1f} %")
        return f"frame {x:.0f}\n{isolated(visible(self._names[gloss]))}: {share}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        rows: list[list[object]] = [
            [place, *row] for place, row in zip(self.stops().tolist(), self._values.T.tolist(), strict=True)
        ]
        return ["frame", *self._names], rows
