"""What stands around the cells of a confusion matrix: names along both axes, titles, the legend, and lines at a gloss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale

PIXELS_A_NAME = 16.0


def draw_names(
    painter: QPainter, frame: QRectF, names: Sequence[str], titles: tuple[str, str], below: float, x: Scale, y: Scale
) -> None:
    """Write names and titles beside and below the frame; `below` is the room under it in pixels."""
    metrics = QFontMetricsF(painter.font())
    muted = QColor(theme.current().muted)
    painter.setPen(muted)
    for place in _named(len(names), y.high, y.low, frame.height()):
        middle = y.place(place + 0.5)
        box = QRectF(
            metrics.height() + 4,
            middle - metrics.height() / 2,
            frame.left() - metrics.height() - 12,
            metrics.height(),
        )
        name = metrics.elidedText(names[place], Qt.TextElideMode.ElideRight, box.width())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
    room = below - metrics.height() - 10
    for place in _named(len(names), x.low, x.high, frame.width()):
        painter.save()
        painter.translate(x.place(place + 0.5), frame.bottom() + 6)
        painter.rotate(-90)
        name = metrics.elidedText(names[place], Qt.TextElideMode.ElideRight, room)
        box = QRectF(-room, -metrics.height() / 2, room, metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
        painter.restore()
    title = QRectF(frame.left(), frame.bottom() + below - metrics.height() - 1, frame.width(), metrics.height())
    painter.drawText(title, int(Qt.AlignmentFlag.AlignCenter), titles[0])
    painter.save()
    painter.translate(metrics.height() - 2, frame.center().y())
    painter.rotate(-90)
    box = QRectF(-frame.height() / 2, -metrics.height(), frame.height(), metrics.height())
    painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), titles[1])
    painter.restore()


def _named(count: int, low: float, high: float, pixels: float) -> range:
    """The places whose names are written along an axis: all, or every so many."""
    first, last = max(0, int(np.ceil(low - 0.5))), min(count, int(np.floor(high - 0.5)) + 1)
    step = max(1, int(np.ceil((high - low) * PIXELS_A_NAME / max(1.0, pixels))))
    return range(-(-first // step) * step, last, step)


def draw_legend(painter: QPainter, frame: QRectF) -> None:
    """Say above the frame what the colours mean."""
    colours = theme.current()
    metrics = QFontMetricsF(painter.font())
    line = QRectF(frame.left(), frame.top() - metrics.height() - 7, frame.width(), metrics.height())
    left = line.left()
    for colour, text in ((colours.series_1, "right"), (colours.series_2, "taken for another")):
        painter.fillRect(QRectF(left, line.center().y() - 5, 10, 10), QColor(colour))
        painter.setPen(QColor(colours.text))
        painter.drawText(QPointF(left + 15, line.bottom() - metrics.descent()), text)
        left += 15 + metrics.horizontalAdvance(text) + 16
    painter.setPen(QColor(colours.muted))
    rest = QRectF(left, line.top(), max(0.0, line.right() - left), line.height())
    words = "the fuller, the larger the share of the gloss's clips"
    if metrics.horizontalAdvance(words) <= rest.width():
        painter.drawText(rest, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), words)


def draw_bands(painter: QPainter, frame: QRectF, x: Scale, y: Scale, place: int) -> None:
    """Lines along the row and the column of the gloss that is chosen."""
    painter.setPen(QPen(QColor(theme.current().accent), 1.4))
    row = QRectF(QPointF(frame.left(), y.place(place)), QPointF(frame.right(), y.place(place + 1)))
    column = QRectF(QPointF(x.place(place), frame.top()), QPointF(x.place(place + 1), frame.bottom()))
    if min(row.height(), column.width()) < 3:  # two lines side by side would hide what lies between
        painter.drawLine(QPointF(frame.left(), row.top() - 2), QPointF(frame.right(), row.top() - 2))
        painter.drawLine(QPointF(column.left() - 2, frame.top()), QPointF(column.left() - 2, frame.bottom()))
        return
    painter.drawRect(row)
    painter.drawRect(column)
