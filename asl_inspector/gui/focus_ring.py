"""A ring over a page that the Tab key has come to: its content covers the edge on which a style sheet would draw one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from asl_inspector.gui import theme

BY_KEYS = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)
THICK = 2.0  # pixels


class FocusRing(QWidget):
    """Lies over the whole of `page` and is seen only while it is shown; the pointer goes through it."""

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    def follow(self, reason: Qt.FocusReason) -> None:
        """Show the ring where keys brought the focus; a click on the page needs none."""
        self.setGeometry(self._page.rect())
        self.setVisible(reason in BY_KEYS)
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.current().accent), THICK))
        inset = THICK / 2
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(inset, inset, -inset, -inset), 4, 4)
        painter.end()
