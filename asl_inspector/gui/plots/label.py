"""The small label beside the mark of a plot: it says the value, and never leaves the plot."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from asl_inspector.gui import theme

AWAY = 10.0  # pixels between the mark and the label
MARGIN_X, MARGIN_Y = 8.0, 5.0
WIDEST_SHARE = 0.72  # of the plot


def lines_in(text: str, area: QRectF, metrics: QFontMetricsF) -> list[str]:
    """The lines of the label: as many as there is room for, each cut to the room there is."""
    room = max(40.0, area.width() * WIDEST_SHARE - 2 * MARGIN_X)
    lines = [metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in text.split("\n")]
    most = max(1, int((area.height() - 2 * MARGIN_Y) / metrics.lineSpacing()))
    return lines if len(lines) <= most else [*lines[: most - 1], "…"]


def place_of(lines: list[str], at: QPointF, area: QRectF, metrics: QFontMetricsF) -> QRectF:
    """Where the label stands: beside `at`, on the side with room, and within `area`."""
    width = max(metrics.horizontalAdvance(line) for line in lines) + 2 * MARGIN_X + 1
    height = len(lines) * metrics.lineSpacing() + 2 * MARGIN_Y
    left = at.x() + AWAY if at.x() + AWAY + width <= area.right() else at.x() - AWAY - width
    top = at.y() - AWAY - height if at.y() - AWAY - height >= area.top() else at.y() + AWAY
    left = max(area.left(), min(left, area.right() - width))
    top = max(area.top(), min(top, area.bottom() - height))
    return QRectF(left, top, width, height)


def draw_label(painter: QPainter, text: str, at: QPointF, area: QRectF) -> QRectF:
    """Draw the label; returns where it is."""
    colours = theme.current()
    painter.setFont(theme.font(theme.SMALL))
    metrics = QFontMetricsF(painter.font())
    lines = lines_in(text, area, metrics)
    box = place_of(lines, at, area, metrics)
    painter.setPen(QPen(QColor(colours.muted), 1))
    painter.setBrush(QColor(colours.raised))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QColor(colours.text))
    for index, line in enumerate(lines):
        row = QRectF(
            box.left() + MARGIN_X, box.top() + MARGIN_Y + index * metrics.lineSpacing(), box.width(), metrics.height()
        )
        painter.drawText(row, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), line)
    return box
