"""Parts side by side, with a divider that a pointer drags and the arrow keys move."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSplitter, QSplitterHandle, QWidget

from asl_inspector.gui import theme

STEP = 24  # pixels a key press
BAR = 3.0  # pixels, of the line that shows the focus
LONGEST_BAR = 96.0
BACK = (Qt.Key.Key_Left, Qt.Key.Key_Up)
ON = (Qt.Key.Key_Right, Qt.Key.Key_Down)


class Divider(QSplitterHandle):
    """Between two parts; the Tab key stops at it."""

    def __init__(self, orientation: Qt.Orientation, splitter: QSplitter) -> None:
        super().__init__(orientation, splitter)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Divider")
        self.setAccessibleDescription("The arrow keys move it")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key not in (*BACK, *ON):
            super().keyPressEvent(event)
            return
        here = self.x() if self.orientation() == Qt.Orientation.Horizontal else self.y()
        self.moveSplitter(here + (STEP if key in ON else -STEP))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.hasFocus():
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.current().accent))
        upright = self.orientation() == Qt.Orientation.Horizontal
        length = min(LONGEST_BAR, float(self.height() if upright else self.width()))
        bar = QRectF(0, 0, BAR, length) if upright else QRectF(0, 0, length, BAR)
        bar.moveCenter(QRectF(self.rect()).center())
        painter.drawRoundedRect(bar, BAR / 2, BAR / 2)
        painter.end()


class Splitter(QSplitter):
    """Parts that keep to their least size."""

    def __init__(self, orientation: Qt.Orientation = Qt.Orientation.Horizontal, parent: QWidget | None = None) -> None:
        super().__init__(orientation, parent)
        self.setChildrenCollapsible(False)
        self.setHandleWidth(theme.GAP)

    def createHandle(self) -> QSplitterHandle:
        return Divider(self.orientation(), self)
