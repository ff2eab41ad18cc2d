"""What all plots share: a frame with two axes, hover values, export as picture and as table.

Plots are painted with QPainter and need no plotting library: the window is up before one could be imported, they follow
the scheme, and they scale without blur (docs/decisions/0003-own-plots.md).
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFontMetricsF,
    QGuiApplication,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFileDialog, QMenu, QSizePolicy, QToolTip, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.report.ticks import labelled
from asl_inspector.report.writing import write_atomically

PIXELS_A_TICK = 70
PIXELS_A_ROW = 36
EXPORT_SCALE = 2.0


class Plot(QWidget):
    """A plot without data; subclasses say what the ranges are and draw inside the frame."""

    pressed = Signal(float)  # the number of the horizontal axis at which the user pressed, or to which they drag

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190) -> None:
        super().__init__()
        self.x_title = x_title
        self.y_title = y_title
        self._height = height
        self._cursor: float | None = None
        self._least_left = 0.0
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(height)

    # -- what a subclass provides ---------------------------------------------------------------------------------

    def has_data(self) -> bool:
        """True where there is something to draw."""
        return False

    def x_range(self) -> tuple[float, float]:
        """Lowest and highest number of the horizontal axis."""
        return 0.0, 1.0

    def y_range(self) -> tuple[float, float]:
        """Lowest and highest number of the vertical axis."""
        return 0.0, 1.0

    def x_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        """Numbers to write below the plot, with their text."""
        return labelled(low, high, most)

    def y_ticks(self, low: float, high: float, most: int) -> list[tuple[float, str]]:
        """Numbers to write beside the plot, with their text."""
        return labelled(low, high, most)

    def has_legend(self) -> bool:
        """True where a line above the frame is kept for a legend."""
        return False

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        """Draw the legend into the line above the frame."""

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        """Draw the data."""

    def readout(self, x: float, y: float) -> str:
        """What lies under the pointer, as text."""
        return ""

    def table(self) -> tuple[list[str], list[list[object]]]:
        """The data as column names and rows."""
        return [], []

    # -- painting ---------------------------------------------------------------------------------------------------

    def set_cursor_at(self, place: float | None) -> None:
        """Draw a line at a number of the horizontal axis; None takes it away."""
        if place != self._cursor:
            self._cursor = place
            self.update()

    def set_least_left(self, pixels: float) -> None:
        """Keep at least so much room left of the frame, so that plots above each other share their horizontal axis."""
        self._least_left = pixels
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(320, self._height)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.render_plot(painter, QRectF(self.rect()))
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.current().accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def render_plot(self, painter: QPainter, area: QRectF) -> None:
        """Paint the whole plot into `area`."""
        colours = theme.current()
        painter.setFont(theme.font(theme.SMALL))
        if not self.has_data():
            painter.setPen(QColor(colours.muted))
            painter.drawText(area, int(Qt.AlignmentFlag.AlignCenter), "No data")
            return
        frame, x, y = self._layout(area, QFontMetricsF(painter.font()))
        self._draw_axes(painter, frame, x, y)
        painter.save()
        painter.setClipRect(frame.adjusted(-1, -1, 1, 1))
        self.draw(painter, frame, x, y)
        if self._cursor is not None and x.low <= self._cursor <= x.high:
            painter.setPen(QPen(QColor(colours.text), 1.2))
            place = x.place(self._cursor)
            painter.drawLine(QPointF(place, frame.top()), QPointF(place, frame.bottom()))
        painter.restore()
        if self.has_legend():
            self.draw_legend(painter, frame)

    def _layout(self, area: QRectF, metrics: QFontMetricsF) -> tuple[QRectF, Scale, Scale]:
        y_low, y_high = self.y_range()
        rows = max(2, int(area.height() / PIXELS_A_ROW))
        widest = max((metrics.horizontalAdvance(text) for _, text in self.y_ticks(y_low, y_high, rows)), default=0.0)
        left = widest + 12 + (metrics.height() + 4 if self.y_title else 0)
        left = max(left, self._least_left)
        bottom = metrics.height() + 8 + (metrics.height() + 2 if self.x_title else 0)
        top = metrics.height() / 2 + 2 + (metrics.height() + 4 if self.has_legend() else 0)
        frame = area.adjusted(left, top, -14, -bottom)
        x_low, x_high = self.x_range()
        x = Scale(x_low, x_high, frame.left(), frame.right())
        return frame, x, Scale(y_low, y_high, frame.bottom(), frame.top())

    def _draw_axes(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        colours = theme.current()
        metrics = QFontMetricsF(painter.font())
        rows = max(2, int((frame.height() + 40) / PIXELS_A_ROW))
        for value, text in self.y_ticks(y.low, y.high, rows):
            place = y.place(value)
            painter.setPen(QPen(QColor(colours.grid), 1))
            painter.drawLine(QPointF(frame.left(), place), QPointF(frame.right(), place))
            painter.setPen(QColor(colours.muted))
            box = QRectF(0, place - metrics.height() / 2, frame.left() - 8, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), text)
        last = -1e9
        for value, text in self.x_ticks(x.low, x.high, max(2, int(frame.width() / PIXELS_A_TICK))):
            width = metrics.horizontalAdvance(text)
            place = min(max(x.place(value), frame.left() + width / 2 - 6), frame.right() - width / 2 + 12)
            if place - width / 2 < last + 6:
                continue
            last = place + width / 2
            painter.setPen(QColor(colours.muted))
            painter.drawText(QPointF(place - width / 2, frame.bottom() + metrics.height() + 2), text)
        painter.setPen(QColor(colours.muted))
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
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawLine(frame.bottomLeft(), frame.bottomRight())

    # -- hover and export -------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.has_data():
            self._tell_press(event)

    def _tell_press(self, event: QMouseEvent) -> None:
        frame, x, _ = self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))
        place = min(max(event.position().x(), frame.left()), frame.right())
        self.pressed.emit(x.value(place))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        text = ""
        if self.has_data():
            if event.buttons() & Qt.MouseButton.LeftButton:
                self._tell_press(event)
            frame, x, y = self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))
            if frame.contains(event.position()):
                text = self.readout(x.value(event.position().x()), y.value(event.position().y()))
        if text:
            QToolTip.showText(event.globalPosition().toPoint(), text, self)
        else:
            QToolTip.hideText()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction("Copy image", self.copy_image)
        menu.addAction("Copy as text", self.copy_text)
        menu.addSeparator()
        menu.addAction("Save as PNG...", self._save_png)
        menu.addAction("Save as CSV...", self._save_csv)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def image(self) -> QImage:
        """The plot as a picture, at twice its size on screen."""
        found = QImage((self.size() * EXPORT_SCALE), QImage.Format.Format_ARGB32_Premultiplied)
        found.fill(QColor(theme.current().surface))
        painter = QPainter(found)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(EXPORT_SCALE, EXPORT_SCALE)
        self.render_plot(painter, QRectF(self.rect()))
        painter.end()
        return found

    def csv_text(self) -> str:
        """The data as CSV."""
        out = io.StringIO()
        names, rows = self.table()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(names)
        writer.writerows(rows)
        return out.getvalue()

    @Slot()
    def copy_image(self) -> None:
        """Put the picture on the clipboard."""
        QGuiApplication.clipboard().setImage(self.image())

    @Slot()
    def copy_text(self) -> None:
        """Put the data on the clipboard."""
        QGuiApplication.clipboard().setText(self.csv_text())

    @Slot()
    def _save_png(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save plot", "plot.png", "PNG images (*.png)")
        if path:
            self.image().save(path, b"PNG")

    @Slot()
    def _save_csv(self) -> None:
        path, _ = QFileDialog.getSaveFileName(self, "Save data", "plot.csv", "CSV files (*.csv)")
        if path:
            write_atomically(Path(path), self.csv_text().encode())
