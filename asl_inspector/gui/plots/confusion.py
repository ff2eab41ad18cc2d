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
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPen,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QSizePolicy, QToolTip

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.confusion_cells import CellPainter
from asl_inspector.gui.plots.confusion_frame import draw_bands, draw_legend, draw_names
from asl_inspector.gui.plots.confusion_picture import Cells, View, shares_of
from asl_inspector.gui.plots.plot import Plot
from asl_inspector.gui.scripts import in_order

TALLEST = 16_777_215  # what Qt takes for no limit
WIDEST_NAME = 104.0  # pixels
FEWEST_CELLS = 4.0  # no closer than that
PIXELS_OF_REACH = 2.0  # a cell that is smaller than this is taken when it is nearly pointed at
STEP = 1.25  # of one key or one notch of the wheel
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
        self._drawn: CellPainter | None = None
        self._order: IntArray = np.zeros(0, np.int64)
        self._names: Sequence[str] = ()
        self._view = View(0, 0, 1, 1)
        self._focus = (0, 0)
        self._chosen = -1
        self._grip: tuple[QPointF, View] | None = None
        self._moved = False
        self._margins = (60.0, 60.0)

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
        self._drawn = CellPainter(self._cells)
        self._names = [measures.name_of(int(place)) for place in self._order]
        metrics = QFontMetricsF(theme.font(theme.SMALL))
        longest = sorted(self._names, key=len)[-8:]
        widest = min(WIDEST_NAME, max((metrics.horizontalAdvance(name) for name in longest), default=0.0))
        self._margins = (widest + 10 + metrics.height() + 4, widest + 12 + metrics.height() + 2)
        if not held:
            self._focus = (0, 0)
            self.reset()
        self.update()

    def show_nothing(self) -> None:
        """Empty the plot."""
        self._measures, self._cells, self._drawn = None, None, None
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
        draw_names(painter, frame, self._names, (self.x_title, self.y_title), self._margins[1], x, y)

    def draw_legend(self, painter: QPainter, frame: QRectF) -> None:
        draw_legend(painter, frame)

    def draw(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        if self._drawn is None:
            return
        colours = theme.current()
        across, down = frame.width() / self._view.width, frame.height() / self._view.height
        painter.fillRect(frame, QColor(colours.surface))
        self._drawn.draw(painter, frame, self._view, x, y)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(colours.border), 1))
        painter.drawRect(frame)
        place = np.flatnonzero(self._order == self._chosen)
        if len(place) and self._chosen >= 0:
            draw_bands(painter, frame, x, y, int(place[0]))
        if self.hasFocus():
            row, column = self._focus
            painter.setPen(QPen(QColor(colours.text), 2))
            spot = QRectF(QPointF(x.place(column), y.place(row)), QPointF(x.place(column + 1), y.place(row + 1)))
            painter.drawRect(spot.adjusted(-1, -1, 1, 1) if min(across, down) >= 4 else spot.adjusted(-4, -4, 4, 4))

    # -- reading ------------------------------------------------------------------------------------------------------

    def readout(self, x: float, y: float) -> str:
        row, column = int(np.floor(y)), int(np.floor(x))
        return in_order(self._words(row, column))

    def _words(self, row: int, column: int) -> str:
        cells, measures = self._cells, self._measures
        if cells is None or measures is None or not (0 <= row < cells.size and 0 <= column < cells.size):
            return ""
        count, true = cells.at(row, column), int(self._order[row])
        if true == len(measures):
            return f"not signed, answered “{self._names[column]}”: {local(f'{count:,}')}"
        counts = local(f"{count:,} of {int(measures.support[true]):,}")
        said = "nothing" if int(self._order[column]) == len(measures) else f"“{self._names[column]}”"
        return f"true “{self._names[row]}”, predicted {said}: {counts}"

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
        text = in_order(self._words(*cell))
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
