"""The confusion matrix: zoomed with the wheel or + and -, moved by dragging or with the arrow keys, read by pointing.

Right answers are blue, wrong ones orange; the fuller, the larger the share of the clips of the true gloss.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QFontMetricsF,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.gui import theme
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.confusion_picture import Cells, Colours, View, cell_colours, paint, shares_of
from asl_inspector.gui.plots.heat import rgb
from asl_inspector.gui.plots.plot import Plot

TALLEST = 16_777_215  # what Qt takes for no limit
WIDEST_NAME = 104.0  # pixels
PIXELS_A_NAME = 16.0
FEWEST_CELLS = 4.0  # no closer than that
PIXELS_OF_REACH = 2.0  # a cell that is smaller than this is taken when it is nearly pointed at
STEP = 1.25  # of one key or one notch of the wheel
PIXELS_A_CELL, PIXELS_A_RECTANGLE = 2.0, 8.0  # below the first cells share pixels, below the second they touch
ROOM_FOR_COUNTS = (26.0, 15.0)  # pixels of a cell in which its count is written
IntArray = NDArray[np.int64]
MOVES = {
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
}


class ConfusionPlot(Plot):
    """Rows are what was signed, columns what was answered; the last column is nothing, where an answer was empty."""

    cell_pressed = Signal(int, int)  # places of what was signed and answered, as in `GlossMeasures`
    cell_shown = Signal(str)  # what lies under the pointer or the frame that the keys move

    def __init__(self) -> None:
        super().__init__(x_title="predicted gloss", y_title="true gloss", height=240)
        self.setMinimumHeight(220)
        self.setMaximumHeight(TALLEST)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Confusion matrix")
        self._measures: GlossMeasures | None = None
        self._cells: Cells | None = None
        self._order: IntArray = np.zeros(0, np.int64)
        self._names: Sequence[str] = ()
        self._view = View(0, 0, 1, 1)
        self._focus = (0, 0)
        self._chosen = -1
        self._grip: tuple[QPointF, View] | None = None
        self._moved = False
        self._margins = (60.0, 60.0)
        self._picture: QImage | None = None
        self._painted: tuple[object, ...] = ()
        self._tones: tuple[bool, Colours] | None = None

    # -- what is shown ------------------------------------------------------------------------------------------------

    def show_confusions(self, measures: GlossMeasures, order: IntArray) -> None:
        """Show the cells of `measures`, the glosses in this (G,) order."""
        nothing = len(measures)
        used = bool((measures.cell_answer == nothing).any() or (measures.cell_true == nothing).any())
        held = self._measures is not None and self._measures.names == measures.names
        self._measures = measures
        self._order = np.concatenate([order, [nothing]]) if used else np.asarray(order, np.int64)
        share = shares_of(measures.cell_true, measures.cell_count, measures.support)
        self._cells = Cells(measures.cell_true, measures.cell_answer, measures.cell_count, share, self._order)
        self._names = [measures.name_of(int(place)) for place in self._order]
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        longest = sorted(self._names, key=len)[-8:]
        widest = min(WIDEST_NAME, max((metrics.horizontalAdvance(name) for name in longest), default=0.0))
        self._margins = (widest + 10 + metrics.height() + 4, widest + 12 + metrics.height() + 2)
        self._painted, self._tones = (), None
        if not held:
            self._focus = (0, 0)
            self.reset()
        self.update()

    def show_nothing(self) -> None:
        """Empty the plot."""
        self._measures, self._cells = None, None
        self.update()

    def mark_gloss(self, place: int) -> None:
        """Frame the row and the column of a gloss; -1 for none."""
        self._chosen = place
        self.update()

    @property
    def is_zoomed(self) -> bool:
        """True where only some of the glosses are shown."""
        return self._view.width < len(self._order)

    @Slot()
    def reset(self) -> None:
        """Show every gloss."""
        size = max(1, len(self._order))
        self._set_view(View(0, 0, size, size))

    def zoom(self, factor: float) -> None:
        """Look closer (above 1) or from farther at the middle of the view."""
        self._zoom_at(factor, (self._view.left + self._view.right) / 2, (self._view.top + self._view.bottom) / 2)

    @property
    def view(self) -> View:
        """What is shown, in cells."""
        return self._view

    def has_data(self) -> bool:
        return self._cells is not None and len(self._order) > 0

    def x_range(self) -> tuple[float, float]:
        return self._view.left, self._view.right

    def y_range(self) -> tuple[float, float]:
        return self._view.bottom, self._view.top

    def has_legend(self) -> bool:
        return True

    # -- drawing ------------------------------------------------------------------------------------------------------

    def _layout(self, area: QRectF, metrics: QFontMetricsF) -> tuple[QRectF, Scale, Scale]:
        left, bottom = self._margins
        frame = area.adjusted(left, metrics.height() + 10, -6, -bottom)
        x = Scale(self._view.left, self._view.right, frame.left(), frame.right())
        return frame, x, Scale(self._view.bottom, self._view.top, frame.bottom(), frame.top())

    def _draw_axes(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        metrics = QFontMetricsF(painter.font())
        muted = QColor(theme.current().muted)
        painter.setPen(muted)
        for place in self._named(self._view.top, self._view.bottom, frame.height()):
            middle = y.place(place + 0.5)
            box = QRectF(
                metrics.height() + 4,
                middle - metrics.height() / 2,
                frame.left() - metrics.height() - 12,
                metrics.height(),
            )
            name = metrics.elidedText(self._names[place], Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
        room = self._margins[1] - metrics.height() - 10
        for place in self._named(self._view.left, self._view.right, frame.width()):
            painter.save()
            painter.translate(x.place(place + 0.5), frame.bottom() + 6)
            painter.rotate(-90)
            name = metrics.elidedText(self._names[place], Qt.TextElideMode.ElideRight, room)
            box = QRectF(-room, -metrics.height() / 2, room, metrics.height())
            painter.drawText(box, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), name)
            painter.restore()
        title = QRectF(
            frame.left(), frame.bottom() + self._margins[1] - metrics.height() - 1, frame.width(), metrics.height()
        )
        painter.drawText(title, int(Qt.AlignmentFlag.AlignCenter), self.x_title)
        painter.save()
        painter.translate(metrics.height() - 2, frame.center().y())
        painter.rotate(-90)
        box = QRectF(-frame.height() / 2, -metrics.height(), frame.height(), metrics.height())
        painter.drawText(box, int(Qt.AlignmentFlag.AlignCenter), self.y_title)
        painter.restore()

    def _named(self, low: float, high: float, pixels: float) -> range:
        """The places whose names are written along an axis: all, or every so many."""
        first, last = max(0, int(np.ceil(low - 0.5))), min(len(self._names), int(np.floor(high - 0.5)) + 1)
        step = max(1, int(np.ceil((high - low) * PIXELS_A_NAME / max(1.0, pixels))))
        return range(-(-first // step) * step, last, step)

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        cells = self._cells
        if cells is None:
            return
        colours = theme.current()
        across, down = frame.width() / self._view.width, frame.height() / self._view.height
        painter.fillRect(frame, QColor(colours.surface))
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        if min(across, down) < PIXELS_A_CELL:
            painter.drawImage(frame.topLeft().toPoint(), self._image(cells, int(frame.width()), int(frame.height())))
        elif min(across, down) < PIXELS_A_RECTANGLE:
            self._draw_scaled(painter, cells, x, y)
        else:
            self._draw_cells(painter, cells, x, y, across, down)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRect(frame)
        place = np.flatnonzero(self._order == self._chosen)
        if len(place) and self._chosen >= 0:
            self._draw_bands(painter, frame, x, y, int(place[0]))
        if self.hasFocus():
            row, column = self._focus
            painter.setPen(QPen(QColor(colours.text), 2))
            spot = QRectF(QPointF(x.place(column), y.place(row)), QPointF(x.place(column + 1), y.place(row + 1)))
            painter.drawRect(spot.adjusted(-1, -1, 1, 1) if min(across, down) >= 4 else spot.adjusted(-4, -4, 4, 4))

    def _image(self, cells: Cells, width: int, height: int) -> QImage:
        """The picture of the view, kept until view, size or scheme change."""
        colours = theme.current()
        state = (self._view, width, height, colours.is_dark)
        if self._picture is None or self._painted != state:
            ground = rgb(colours.surface)
            tones = self._colours(cells)
            pixels = np.ascontiguousarray(paint(cells, tones, self._view, max(1, width), max(1, height), ground))
            self._picture = QImage(pixels.data, max(1, width), max(1, height), QImage.Format.Format_RGB32).copy()
            self._painted = state
        return self._picture

    def _colours(self, cells: Cells) -> Colours:
        """(K,), the colour of each cell, made anew only for another scheme."""
        colours = theme.current()
        if self._tones is None or self._tones[0] != colours.is_dark:
            made = cell_colours(cells, rgb(colours.surface), rgb(colours.series_1), rgb(colours.series_2))
            self._tones = (colours.is_dark, made)
        return self._tones[1]

    def _draw_scaled(self, painter: QPainter, cells: Cells, x: Scale, y: Scale) -> None:
        """One pixel a cell, drawn larger: thousands of cells are in view at this zoom."""
        view = self._view
        whole = View(np.floor(view.left), np.floor(view.top), np.ceil(view.right), np.ceil(view.bottom))
        width, height = int(whole.width), int(whole.height)
        ground = rgb(theme.current().surface)
        pixels = np.ascontiguousarray(paint(cells, self._colours(cells), whole, width, height, ground, larger=False))
        picture = QImage(pixels.data, width, height, QImage.Format.Format_RGB32)
        corner, other = (
            QPointF(x.place(whole.left), y.place(whole.top)),
            QPointF(x.place(whole.right), y.place(whole.bottom)),
        )
        painter.drawImage(QRectF(corner, other), picture)

    def _draw_cells(self, painter: QPainter, cells: Cells, x: Scale, y: Scale, across: float, down: float) -> None:
        """One rectangle a cell, with its count where there is room; few are in view at this zoom."""
        shown = cells.within(self._view)
        tones = self._colours(cells)[shown].tolist()
        gap = 1.0 if min(across, down) >= 6 else 0.0
        with_counts = across >= ROOM_FOR_COUNTS[0] and down >= ROOM_FOR_COUNTS[1]
        places = zip(cells.rows[shown].tolist(), cells.columns[shown].tolist(), strict=True)
        counts = cells.counts[shown].tolist()
        for (row, column), tone, count in zip(places, tones, counts, strict=True):
            spot = QRectF(x.place(column), y.place(row), across - gap, down - gap)
            colour = QColor.fromRgb(tone)
            painter.fillRect(spot, colour)
            if with_counts:
                painter.setPen(_readable_on(colour))
                painter.drawText(spot, int(Qt.AlignmentFlag.AlignCenter), f"{count:,}")

    def _draw_bands(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale, place: int) -> None:
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

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
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

    # -- reading ------------------------------------------------------------------------------------------------------

    def readout(self, x: float, y: float) -> str:
        row, column = int(np.floor(y)), int(np.floor(x))
        return self._words(row, column)

    def _words(self, row: int, column: int) -> str:
        cells, measures = self._cells, self._measures
        if cells is None or measures is None or not (0 <= row < cells.size and 0 <= column < cells.size):
            return ""
        count, true = cells.at(row, column), int(self._order[row])
        if true == len(measures):
            return f"not signed, answered “{self._names[column]}”: {count:,}"
        said = "nothing" if int(self._order[column]) == len(measures) else f"“{self._names[column]}”"
        return f"true “{self._names[row]}”, predicted {said}: {count:,} of {int(measures.support[true]):,}"

    def table(self) -> tuple[list[str], list[list[object]]]:
        measures = self._measures
        if measures is None:
            return [], []
        cells = zip(
            measures.cell_true.tolist(), measures.cell_answer.tolist(), measures.cell_count.tolist(), strict=True
        )
        rows: list[list[object]] = [
            [measures.name_of(true), measures.name_of(answer), count] for true, answer, count in cells
        ]
        return ["true", "predicted", "count"], rows

    # -- moving about -------------------------------------------------------------------------------------------------

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.has_data():
            return
        _, x, y = self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))
        place = event.position()
        notches = event.angleDelta().y() / 120
        self._zoom_at(STEP**notches, x.value(place.x()), y.value(place.y()))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.has_data():
            self._grip, self._moved = (event.position(), self._view), False

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if self._grip is None or not event.buttons() & Qt.MouseButton.LeftButton:
            self._tell(event)
            return
        start, view = self._grip
        way = event.position() - start
        if not self._moved and way.manhattanLength() < QApplication.startDragDistance():
            return
        self._moved = True
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        frame, _, _ = self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))
        across, down = way.x() * view.width / frame.width(), way.y() * view.height / frame.height()
        self._set_view(View(view.left - across, view.top - down, view.right - across, view.bottom - down))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        grip, self._grip = self._grip, None
        self.unsetCursor()
        cell = self._cell_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and grip is not None and not self._moved and cell is not None:
            self._go_to(*cell)
            self._press(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, cells = Qt.Key(event.key()), self._cells
        if cells is None:
            super().keyPressEvent(event)
        elif key in MOVES:
            by = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            down, across = MOVES[key]
            self._go_to(self._focus[0] + by * down, self._focus[1] + by * across)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            self._zoom_at(1 / STEP if key == Qt.Key.Key_Minus else STEP, self._focus[1] + 0.5, self._focus[0] + 0.5)
        elif key in (Qt.Key.Key_0, Qt.Key.Key_Home):
            self.reset()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._press(*self._focus)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._tell_focus()

    def _tell(self, event: QMouseEvent) -> None:
        cell = self._cell_at(event.position()) if self.has_data() else None
        if cell is None:
            QToolTip.hideText()
            return
        text = self._words(*cell)
        self.cell_shown.emit(text)
        QToolTip.showText(event.globalPosition().toPoint(), text, self)

    def _tell_focus(self) -> None:
        text = self._words(*self._focus)
        self.setAccessibleDescription(text)
        self.cell_shown.emit(text)

    def _cell_at(self, place: QPointF) -> tuple[int, int] | None:
        frame, x, y = self._layout(QRectF(self.rect()), QFontMetricsF(theme.font(theme.SMALL)))
        if not frame.contains(place):
            return None
        down, across = y.value(place.y()), x.value(place.x())
        reach = PIXELS_OF_REACH * self._view.width / frame.width()
        if self._cells is not None and reach > 1:
            nearest = self._cells.nearest(down, across, reach)
            if nearest is not None:
                return nearest
        last = len(self._order) - 1
        return min(max(int(np.floor(down)), 0), last), min(max(int(np.floor(across)), 0), last)

    def _press(self, row: int, column: int) -> None:
        self.cell_pressed.emit(int(self._order[row]), int(self._order[column]))

    def _go_to(self, row: int, column: int) -> None:
        """Move the frame of the keys, and the view with it where it would leave."""
        last = len(self._order) - 1
        self._focus = (min(max(row, 0), last), min(max(column, 0), last))
        view = self._view
        across = min(0.0, self._focus[1] - view.left) + max(0.0, self._focus[1] + 1 - view.right)
        down = min(0.0, self._focus[0] - view.top) + max(0.0, self._focus[0] + 1 - view.bottom)
        self._set_view(View(view.left + across, view.top + down, view.right + across, view.bottom + down))
        self._tell_focus()

    def _zoom_at(self, factor: float, x: float, y: float) -> None:
        view, size = self._view, max(1, len(self._order))
        span = min(float(size), max(min(FEWEST_CELLS, size), view.width / factor))
        scale = span / view.width
        left, top = x - (x - view.left) * scale, y - (y - view.top) * scale
        self._set_view(View(left, top, left + span, top + span))

    def _set_view(self, view: View) -> None:
        """Show a part; it stays within the matrix."""
        size = float(max(1, len(self._order)))
        span = min(view.width, size)
        left, top = min(max(view.left, 0.0), size - span), min(max(view.top, 0.0), size - span)
        self._view = View(left, top, left + span, top + span)
        self.update()


def _readable_on(colour: QColor) -> QColor:
    """Black or white, whichever stands out more; the worse of both choices would be under 4.5 to 1, the better never is."""
    parts = (colour.redF(), colour.greenF(), colour.blueF())
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return QColor("black") if light > 0.179 else QColor("white")
