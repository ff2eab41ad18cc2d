"""The picture of a plot: a frame with two axes, a legend, the data that a subclass draws, and which part is shown.

Plots are painted with QPainter and need no plotting library: the window is up before one could be imported, they follow
the scheme, and they scale without blur (docs/decisions/0003-own-plots.md). What was drawn is kept as a pixmap until data,
view, size or scheme change, so that moving the pointer paints a label and nothing else.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QSizePolicy, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.view import Span
from asl_inspector.report.ticks import labelled

PIXELS_A_TICK = 70
PIXELS_A_ROW = 36
KEYBOARD_STOPS = 51  # where the data have no places of their own
FloatArray = NDArray[np.float64]


class Chart(QWidget):
    """A plot without data; subclasses say what the ranges are and draw inside the frame."""

    zooms_y = False  # True where both axes are zoomed, as in a matrix

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190) -> None:
        super().__init__()
        self.x_title = x_title
        self.y_title = y_title
        self._height = height
        self._cursor: float | None = None
        self._least_left = 0.0
        self._x_view: Span | None = None
        self._y_view: Span | None = None
        self._kept: QPixmap | None = None
        self._kept_for: tuple[object, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height)

    # -- what a subclass provides ---------------------------------------------------------------------------------

    def has_data(self) -> bool:
        """True where there is something to draw."""
        return False

    def x_range(self) -> Span:
        """Lowest and highest number of the horizontal axis."""
        return 0.0, 1.0

    def y_range(self) -> Span:
        """Lowest and highest number of the vertical axis."""
        return 0.0, 1.0

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        """Numbers to write below the plot, with their text."""
        return [(value, local(text)) for value, text in labelled(low, high, most)]

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        """Numbers to write beside the plot, with their text."""
        return [(value, local(text)) for value, text in labelled(low, high, most)]

    def has_legend(self) -> bool:
        """True where a line above the frame is kept for a legend."""
        return False

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        """Draw the legend into the line above the frame."""

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        """Draw the data."""

    def readout(self, x: float, y: float) -> str:
        """What lies at a place, as text."""
        return ""

    def nearest(self, x: float, y: float) -> tuple[float, float | None] | None:
        """The point or bar that is nearest to a place; its height is None where a line across the plot marks it."""
        return x, y

    def stops(self) -> FloatArray:
        """Numbers of the horizontal axis at which the arrow keys stop, rising."""
        low, high = sorted(self.shown_x())
        return np.linspace(low, high, KEYBOARD_STOPS)

    def y_stops(self) -> FloatArray:
        """Numbers of the vertical axis at which the arrow keys stop, rising; none where only one axis is walked."""
        return np.zeros(0)

    def at_stop(self, x: float, y: float) -> tuple[float, float | None] | None:
        """What the arrow keys mark where they stop."""
        return self.nearest(x, y)

    def least_span(self) -> float:
        """How little of the horizontal axis may be shown."""
        low, high = self.x_range()
        return abs(high - low) / 1000

    def table(self) -> tuple[list[str], list[list[object]]]:
        """The data as column names and rows."""
        return [], []

    # -- what is shown ----------------------------------------------------------------------------------------------

    def shown_x(self) -> Span:
        """The part of the horizontal axis that is shown."""
        return self._x_view or self.x_range()

    def shown_y(self) -> Span:
        """The part of the vertical axis that is shown."""
        return self._y_view or self.y_range()

    @property
    def is_zoomed(self) -> bool:
        """True where only a part is shown."""
        return self._x_view is not None or self._y_view is not None

    def update(self, *_: object) -> None:
        """Draw anew: the data or the view changed."""
        self._kept = None
        super().update()

    def set_cursor_at(self, place: float | None) -> None:
        """Draw a line at a number of the horizontal axis; None takes it away."""
        if place != self._cursor:
            self._cursor = place
            super().update()

    def set_least_left(self, pixels: float) -> None:
        """Keep at least so much room left of the frame, so that plots above each other share their horizontal axis."""
        self._least_left = pixels
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, self._height)

    # -- painting ---------------------------------------------------------------------------------------------------

    def paint_kept(self, painter: QPainter) -> None:
        """Paint the plot as it was drawn last, or draw it where something changed."""
        ratio = self.devicePixelRatioF()
        wanted = (self.width(), self.height(), ratio, theme.current().is_dark, self.hasFocus())
        if self._kept is None or self._kept_for != wanted:
            kept = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
            kept.setDevicePixelRatio(ratio)
            kept.fill(Qt.GlobalColor.transparent)
            inner = QPainter(kept)
            inner.setRenderHint(QPainter.RenderHint.Antialiasing)
            self.render_plot(inner, QRectF(self.rect()))
            inner.end()
            self._kept, self._kept_for = kept, wanted
        painter.drawPixmap(0, 0, self._kept)

    def render_plot(self, painter: QPainter, area: QRectF) -> None:
        """Paint the whole plot into `area`, without cursor and mark."""
        painter.setFont(theme.font(theme.SMALL))
        if not self.has_data():
            painter.setPen(QColor(theme.current().muted))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "No data")
            return
        frame, x, y = self._layout(area, QFontMetricsF(painter.font()))
        self._draw_axes(painter, frame, x, y)
        painter.save()
        painter.setClipRect(frame.adjusted(-1, -1, 1, 1))
        self.draw(painter, frame, x, y)
        painter.restore()
        if self.has_legend():
            self.draw_legend(painter, frame)

    def _layout(self, area: QRectF, metrics: QFontMetricsF) -> tuple[QRectF, Scale, Scale]:
        """The frame within `area`, and where numbers lie in it."""
        y_low, y_high = self.shown_y()
        rows = max(2, int(area.height() / PIXELS_A_ROW))
        widest = max((metrics.horizontalAdvance(text) for _, text in self.y_ticks(y_low, y_high, rows)), default=0.0)
        left = widest + 12 + (metrics.height() + 4 if self.y_title else 0)
        left = max(left, self._least_left)
        bottom = metrics.height() + 8 + (metrics.height() + 2 if self.x_title else 0)
        top = metrics.height() / 2 + 2 + (metrics.height() + 4 if self.has_legend() else 0)
        frame = area.adjusted(left, top, -14, -bottom)
        x_low, x_high = self.shown_x()
        x = Scale(x_low, x_high, frame.left(), frame.right())
        return frame, x, Scale(y_low, y_high, frame.bottom(), frame.top())

    def layout_on_screen(self) -> tuple[QRectF, Scale, Scale]:
        """The frame as it lies in the widget, and where numbers lie in it."""
        return self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))

    def _draw_axes(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        rows = max(2, int((frame.height() + 40) / PIXELS_A_ROW))
        for value, text in self.y_ticks(y.low, y.high, rows):
            place = y.place(value)
            if not frame.top() - 1 <= place <= frame.bottom() + 1:
                continue
            painter.setPen(QPen(QColor(colours.grid), 1))
            painter.drawLine(QPointF(frame.left(), place), QPointF(frame.right(), place))
            painter.setPen(QColor(colours.muted))
            box = QRectF(0, place - metrics.height() / 2, frame.left() - 8, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        last = -1e9
        for value, text in self.x_ticks(x.low, x.high, max(2, int(frame.width() / PIXELS_A_TICK))):
            if not frame.left() - 1 <= x.place(value) <= frame.right() + 1:
                continue
            width = metrics.horizontalAdvance(text)
            place = min(max(x.place(value), frame.left() + width / 2 - 6), frame.right() - width / 2 + 12)
            if place - width / 2 < last + 6:
                continue
            last = place + width / 2
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(place - width / 2, frame.bottom() + metrics.height() + 2), text)
        self._draw_titles(painter, frame, metrics)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())

    def _draw_titles(self, painter: QPainter, frame: QRectF, metrics: QFontMetricsF) -> None:
        painter.setPen(QColor(theme.current().muted))
        if self.x_title:
            box = QRectF(frame.left(), frame.bottom() + metrics.height() + 7, frame.width(), metrics.height() + 2)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.x_title)
        if self.y_title:
            painter.save()
            painter.translate(metrics.height() - 2, frame.center().y())
            painter.rotate(-90)
            box = QRectF(-frame.height(), -metrics.height(), 2 * frame.height(), metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.y_title)
            painter.restore()
