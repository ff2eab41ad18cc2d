"""What can be done with every plot: read values with pointer and keys, look closer, copy and save.

The wheel looks closer where the plot has the focus, and with Ctrl everywhere; else it scrolls the page that the plot
stands on. A drag chooses what to look at; where a drag moves a cursor, Shift makes it choose.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QColor,
    QContextMenuEvent,
    QEnterEvent,
    QFocusEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QToolButton

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local
from asl_inspector.gui.plots import saving
from asl_inspector.gui.plots.axes import Scale
from asl_inspector.gui.plots.chart import Chart
from asl_inspector.gui.plots.label import draw_label
from asl_inspector.gui.plots.view import kept, moved, zoomed

A_NOTCH = 120  # eighths of a degree
CLOSER = 0.8  # a notch of the wheel, or a press of +
SHORTEST_DRAG = 6.0  # pixels
PAGE = 10  # stops
BUTTON = 22  # pixels
HELP = "Arrow keys read the values, + and - zoom, 0 shows all, the Menu key saves."
STEPS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, -1),
    Qt.Key.Key_Down: (0, 1),
    Qt.Key.Key_PageUp: (-PAGE, 0),
    Qt.Key.Key_PageDown: (PAGE, 0),
}


class Plot(Chart):
    """A chart with a mark that reads values, a part that is shown, and a menu."""

    pressed = Signal(float)  # the number of the horizontal axis that was clicked, or to which a cursor is dragged

    def __init__(self, *, x_title: str = "", y_title: str = "", height: int = 190) -> None:
        super().__init__(x_title=x_title, y_title=y_title, height=height)
        self.scrubs = False  # True where a drag moves a cursor, and Shift chooses a part
        self._mark: tuple[float, float | None] | None = None
        self._band: tuple[QPointF, QPointF] | None = None  # from where to where the user drags
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Plot")
        self._button = QToolButton(self)
        self._button.setText("⋯")
        self._button.setProperty("look", "plot")
        self._button.setToolTip("Copy or save this plot")
        self._button.setAccessibleName("Copy or save this plot")
        self._button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._button.resize(BUTTON, BUTTON - 4)
        self._button.hide()
        self._button.clicked.connect(self._open_menu)

    # -- data and view ----------------------------------------------------------------------------------------------

    def show_anew(self) -> None:
        """Draw other data: all of it, with no mark."""
        self._x_view = self._y_view = self._mark = None
        self.setAccessibleDescription(f"{self.summary()} {HELP}" if self.has_data() else "No data")
        self.update()

    def summary(self) -> str:
        """What the axes are and how far they reach, for those who do not see the plot."""
        x, y = sorted(self.x_range()), sorted(self.y_range())
        across, up = (local(f"from {low:.4g} to {high:.4g}") for low, high in (x, y))
        return f"{self.x_title or 'Across'} {across}, {self.y_title or 'up'} {up}."

    @Slot()
    def reset(self) -> None:
        """Show all."""
        if self.is_zoomed:
            self._x_view = self._y_view = None
            self.update()

    def zoom_at(self, factor: float, x: float, y: float) -> bool:
        """Look closer (a factor below 1) or from farther away about a place; False where nothing changed."""
        if not self.has_data():
            return False
        before = (self._x_view, self._y_view)
        self._x_view = zoomed(self.shown_x(), self.x_range(), x, factor, self.least_span())
        if self.zooms_y:
            whole = self.y_range()
            self._y_view = zoomed(self.shown_y(), whole, y, factor, abs(whole[1] - whole[0]) / 1000)
        if before == (self._x_view, self._y_view):
            return False
        self.update()
        return True

    def move_view(self, share: float) -> None:
        """Move along the horizontal axis by a share of what is shown."""
        if self._x_view is not None:
            self._x_view = moved(self._x_view, self.x_range(), share)
            self.update()

    def set_cursor_at(self, place: float | None) -> None:
        """Draw a line at a number of the horizontal axis, and where the plot has the focus say the values there."""
        super().set_cursor_at(place)
        if place is not None and self.hasFocus() and self.has_data():
            self.set_mark(self.nearest(place, sum(self.shown_y()) / 2))

    # -- the mark ---------------------------------------------------------------------------------------------------

    @property
    def mark(self) -> tuple[float, float | None] | None:
        """The place whose value is shown, or None."""
        return self._mark

    def set_mark(self, mark: tuple[float, float | None] | None) -> None:
        """Show the value at a place."""
        if mark == self._mark:
            return
        self._mark = mark
        super(Chart, self).update()  # what was drawn stays
        if mark is not None and self.hasFocus():
            self.setAccessibleDescription(self.mark_words())
            QAccessible.updateAccessibility(QAccessibleEvent(self, QAccessible.Event.DescriptionChanged))

    def mark_words(self) -> str:
        """The value at the mark, as text."""
        if self._mark is None:
            return ""
        x, y = self._mark
        return self.readout(x, 0.0 if y is None else y)

    def _step(self, across: int, down: int) -> None:
        stops, y_stops = self.stops(), self.y_stops()
        if not len(stops):
            return
        low = min(self.shown_x())
        if self._mark is None:  # the first press goes to the first value that is shown
            x_index = min(int(np.searchsorted(stops, low)), len(stops) - 1)
            y_index = 0
        else:
            x_index = int(np.argmin(np.abs(stops - self._mark[0]))) + across
            held = self._mark[1]
            y_index = int(np.argmin(np.abs(y_stops - held))) + down if len(y_stops) and held is not None else 0
        self._mark_at(x_index, y_index)

    def _mark_at(self, x_index: int, y_index: int) -> None:
        stops, y_stops = self.stops(), self.y_stops()
        x = float(stops[min(max(x_index, 0), len(stops) - 1)])
        y = float(y_stops[min(max(y_index, 0), len(y_stops) - 1)]) if len(y_stops) else 0.0
        low, high = sorted(self.shown_x())
        if self._x_view is not None and not low <= x <= high:
            half = (self._x_view[1] - self._x_view[0]) / 2
            self._x_view = kept((x - half, x + half), self.x_range())
            self.update()
        self.set_mark(self.at_stop(x, y))

    # -- painting ---------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_kept(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.has_data() and (self._mark or self._band or self._cursor is not None):
            frame, x, y = self.layout_on_screen()
            self._draw_over(painter, frame, x, y)
        if self.hasFocus():
            painter.setPen(QPen(QColor(theme.current().accent), 1, Qt.PenStyle.DotLine))
            painter.drawRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_over(self, painter: QPainter, frame: QRectF, x: Scale, y: Scale) -> None:
        """Cursor, mark and the part that is being chosen."""
        colours = theme.current()
        if self._cursor is not None and x.holds(self._cursor):
            painter.setPen(QPen(QColor(colours.text), 1.2))
            place = x.place(self._cursor)
            painter.drawLine(QPointF(place, frame.top()), QPointF(place, frame.bottom()))
        if self._band is not None:
            shade = QColor(colours.accent)
            shade.setAlphaF(0.18)
            painter.fillRect(self._band_box(frame), shade)
            return
        if self._mark is None or not x.holds(self._mark[0]):
            return
        at = QPointF(x.place(self._mark[0]), frame.center().y())
        painter.setPen(QPen(QColor(colours.muted), 1, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(at.x(), frame.top()), QPointF(at.x(), frame.bottom()))
        if self._mark[1] is not None:
            at.setY(min(max(y.place(self._mark[1]), frame.top()), frame.bottom()))
            painter.setPen(QPen(QColor(colours.text), 1.6))
            painter.setBrush(QColor(colours.surface))
            painter.drawEllipse(at, 3.5, 3.5)
            painter.setBrush(Qt.BrushStyle.NoBrush)
        if text := self.mark_words():
            draw_label(painter, text, at, QRectF(self.rect()).adjusted(2, 2, -2, -2))

    def _band_box(self, frame: QRectF) -> QRectF:
        """The part that the user drags over."""
        if self._band is None:
            return QRectF()
        box = QRectF(*self._band).normalized()
        if not self.zooms_y or box.height() < SHORTEST_DRAG:
            box.setTop(frame.top())
            box.setBottom(frame.bottom())
        return box.intersected(frame)

    # -- pointer ----------------------------------------------------------------------------------------------------

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.has_data():
            return
        chooses = not self.scrubs or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        frame, x, _ = self.layout_on_screen()
        if chooses and frame.contains(event.position()):
            self._band = (event.position(), event.position())
        if not chooses:
            self.pressed.emit(x.value(min(max(event.position().x(), frame.left()), frame.right())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.has_data():
            return
        frame, x, y = self.layout_on_screen()
        place = event.position()
        if self._band is not None:
            self._band = (self._band[0], place)
            super(Chart, self).update()
            return
        if event.buttons() & Qt.MouseButton.LeftButton and self.scrubs:
            self.pressed.emit(x.value(min(max(place.x(), frame.left()), frame.right())))
        self.set_mark(self.nearest(x.value(place.x()), y.value(place.y())) if frame.contains(place) else None)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._band is None:
            return
        frame, x, y = self.layout_on_screen()
        box, start = self._band_box(frame), self._band[0]
        self._band = None
        if box.width() >= SHORTEST_DRAG:
            middle = x.value(box.center().x())
            half = max(abs(x.value(box.right()) - x.value(box.left())), self.least_span()) / 2
            self._x_view = kept((middle - half, middle + half), self.x_range())
            if self.zooms_y and box.height() < frame.height():
                self._y_view = (y.value(box.bottom()), y.value(box.top()))
            self._mark = None
        elif not self.scrubs:
            self.pressed.emit(x.value(start.x()))
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._band = None
        self.reset()

    def wheelEvent(self, event: QWheelEvent) -> None:
        frame, x, y = self.layout_on_screen()
        turned = event.angleDelta().y() / A_NOTCH
        sideways = event.angleDelta().x() / A_NOTCH
        keys = event.modifiers()
        if self.is_zoomed and (sideways or keys & Qt.KeyboardModifier.ShiftModifier):
            self.move_view(-(sideways or turned) / 10)
            event.accept()
            return
        asked = self.hasFocus() or bool(keys & Qt.KeyboardModifier.ControlModifier)
        place = event.position()
        if asked and turned and frame.contains(place):
            if self.zoom_at(CLOSER**turned, x.value(place.x()), y.value(place.y())):
                self.set_mark(None)
                event.accept()
                return
            if turned > 0:  # as close as can be: the page should not jump
                event.accept()
                return
        event.ignore()

    def enterEvent(self, event: QEnterEvent) -> None:
        self._button.setVisible(self.has_data())
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._button.setVisible(self.hasFocus() and self.has_data())
        if not self.hasFocus():
            self.set_mark(None)
        super().leaveEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._button.move(self.width() - self._button.width() - 2, self.height() - self._button.height() - 2)

    # -- keys -------------------------------------------------------------------------------------------------------

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._button.setVisible(self.has_data())
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        if event.reason() != Qt.FocusReason.PopupFocusReason:
            self._button.hide()
            self.set_mark(None)
        super().focusOutEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not self.has_data() or not self._obey(Qt.Key(event.key())):
            super().keyPressEvent(event)

    def _obey(self, key: Qt.Key) -> bool:
        """Do what a key says; False where it says nothing."""
        if key in STEPS:
            self._step(*STEPS[key])
        elif key == Qt.Key.Key_Home:
            self._mark_at(0, 0)
        elif key == Qt.Key.Key_End:
            self._mark_at(len(self.stops()) - 1, len(self.y_stops()) - 1)
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal, Qt.Key.Key_Minus):
            x, y = sum(self.shown_x()) / 2, sum(self.shown_y()) / 2
            if self._mark is not None:
                x, y = self._mark[0], y if self._mark[1] is None else self._mark[1]
            self.zoom_at(1 / CLOSER if key == Qt.Key.Key_Minus else CLOSER, x, y)
        elif key == Qt.Key.Key_0:
            self.reset()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._mark is not None:
            self.pressed.emit(self._mark[0])
        else:
            return False
        return True

    # -- copy and save ----------------------------------------------------------------------------------------------

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        self._popup(event.globalPos())

    @Slot()
    def _open_menu(self) -> None:
        self._popup(self._button.mapToGlobal(QPoint(0, self._button.height())))

    def new_menu(self) -> QMenu:
        """The menu, which deletes itself when it is closed."""
        menu = QMenu(self)
        menu.addAction("Copy &picture", self.copy_image)
        menu.addAction("Copy &values", self.copy_text)
        menu.addSeparator()
        menu.addAction("Save as P&NG...", self._save_png)
        menu.addAction("Save as &SVG...", self._save_svg)
        menu.addAction("Save values as &CSV...", self._save_csv)
        menu.addSeparator()
        menu.addAction("Show &all", self.reset).setEnabled(self.is_zoomed)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _popup(self, place: QPoint) -> None:
        if self.has_data():
            self.new_menu().popup(place)

    def image(self) -> QImage:
        """The plot as a picture, at twice its size on screen."""
        return saving.picture(self.size(), self.render_plot)

    def csv_text(self) -> str:
        """The data as CSV."""
        return saving.csv_text(*self.table())

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
        saving.ask_and_write(self, self.accessibleName(), "png", lambda: saving.png_bytes(self.image()))

    @Slot()
    def _save_svg(self) -> None:
        title = self.accessibleName()
        saving.ask_and_write(self, title, "svg", lambda: saving.svg_bytes(self.size(), self.render_plot, title))

    @Slot()
    def _save_csv(self) -> None:
        saving.ask_and_write(self, self.accessibleName(), "csv", lambda: self.csv_text().encode())
