"""Two bars: the accuracy now, and what it would be without a cause, with its 95 % limits."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local, local_sentence

ROW = 22
NAMES = ("now", "if fixed")


class BeforeAfter(QWidget):
    """Accuracies are fractions in [0, 1]."""

    def __init__(self, now: float, then: float, low: float, high: float) -> None:
        super().__init__()
        self._values = (now, then)
        self._limits = (low, high)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(2 * ROW)
        self.setAccessibleName(
            local_sentence(
                f"Accuracy now {100 * now:.1f} %, if fixed {100 * then:.1f} % ({100 * low:.0f} to {100 * high:.0f})"
            )
        )

    def sizeHint(self) -> QSize:
        return QSize(400, 2 * ROW)

    def paintEvent(self, event: QPaintEvent) -> None:
        colours = theme.current()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        plain, bold = theme.font(), theme.font(weight=QFont.Weight.DemiBold)
        metrics = QFontMetricsF(plain)
        left = max(metrics.horizontalAdvance(name) for name in NAMES) + 14
        right = QFontMetricsF(bold).horizontalAdvance("100.0 % (100 to 100)") + 16
        width = max(60.0, min(self.width() - left - right, 560.0))
        for row, value in enumerate(self._values):
            top = row * ROW
            line = QRectF(0, top, left - 10, ROW)
            painter.setFont(plain)
            painter.setPen(QColor(colours.muted))
            painter.drawText(line, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), NAMES[row])
            track = QRectF(left, top + 6, width, ROW - 12)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.neutral_soft))
            painter.drawRoundedRect(track, 3, 3)
            painter.setBrush(QColor(colours.series_3 if row == 0 else colours.accent))
            painter.drawRoundedRect(QRectF(left, top + 6, max(2.0, width * value), ROW - 12), 3, 3)
            text = local(f"{100 * value:.1f} %")
            if row == 1:
                text += f" ({100 * self._limits[0]:.0f} to {100 * self._limits[1]:.0f})"
                self._draw_limits(painter, left, top + ROW / 2, width)
            painter.setFont(bold)
            painter.setPen(QColor(colours.text))
            box = QRectF(left + width + 12, top, right, ROW)
            painter.drawText(box, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)
        painter.end()

    def _draw_limits(self, painter: QPainter, left: float, middle: float, width: float) -> None:
        painter.setPen(QPen(QColor(theme.current().text), 1.4))
        low, high = (left + width * limit for limit in self._limits)
        painter.drawLine(QPointF(low, middle), QPointF(high, middle))
        for place in (low, high):
            painter.drawLine(QPointF(place, middle - 4), QPointF(place, middle + 4))
