"""One number against the band that is to be expected of it, on a line from zero."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local

HEIGHT = 58
LINE = 30.0  # of the axis, from the top
THICK = 10.0


class BandView(QWidget):
    """A mark on a line, and the band in which it would lie by chance."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name
        self._value: float | None = None
        self._band = (0.0, 0.0)
        self._most = 1.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:
        return QSize(320, HEIGHT)

    def show_value(self, value: float, low: float, high: float, most: float) -> None:
        """Show a value, the band from `low` to `high`, and a line from zero to `most`."""
        self._value, self._band, self._most = value, (low, high), max(most, high, value, 1.0)
        words = local(f"{value:.1f}, {low:.1f} to {high:.1f} expected, {most:,.0f} possible")
        self.setAccessibleDescription(words)
        self.setToolTip(words)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._value is None:
            return
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(theme.SMALL))
        metrics = QFontMetricsF(painter.font())
        left, width = 8.0, self.width() - 16.0
        places = [left + width * share / self._most for share in (*self._band, self._value)]
        low, high, value = places
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.neutral_soft))
        painter.drawRoundedRect(QRectF(left, LINE - THICK / 2, width, THICK), 3, 3)
        shade = QColor(colours.series_3)
        painter.setBrush(shade)
        painter.drawRoundedRect(QRectF(low, LINE - THICK / 2, max(2.0, high - low), THICK), 3, 3)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(colours.accent), 3))
        painter.drawLine(QPointF(value, LINE - THICK), QPointF(value, LINE + THICK))
        self._write(painter, metrics, local(f"these answers {self._value:.0f}"), value, 1.0, colours.text)
        expected = local(f"{self._band[0]:.0f} to {self._band[1]:.0f} expected")
        self._write(painter, metrics, expected, (low + high) / 2, LINE + THICK, colours.muted)
        if low > 24:
            self._write(painter, metrics, "0", left, LINE + THICK, colours.muted)
        if width - high > 90:
            self._write(painter, metrics, local(f"{self._most:,.0f}"), left + width, LINE + THICK, colours.muted)
        painter.end()

    def _write(
        self, painter: QPainter, metrics: QFontMetricsF, text: str, middle: float, top: float, colour: str
    ) -> None:
        width = metrics.horizontalAdvance(text) + 2
        place = max(0.0, min(middle - width / 2, self.width() - width))
        painter.setPen(QColor(colour))
        painter.drawText(QRectF(place, top, width, metrics.height()), int(Qt.AlignmentFlag.AlignCenter), text)
