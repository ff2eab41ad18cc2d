"""An entry of the list of panels."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton

from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local_sentence


class PanelButton(QPushButton):
    """An entry of the panel list: a name on the left, a figure on the right."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setProperty("look", "panel")
        self.setMinimumHeight(28)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self._name = name
        self._figure = ""

    def set_figure(self, text: str) -> None:
        """Show a short figure at the right edge."""
        self._figure = local_sentence(text)
        self.setAccessibleName(f"{self._name} {self._figure}".strip())
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        colours = theme.current()
        painter = QPainter(self)
        weight = QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal
        painter.setFont(theme.font(weight=weight))
        painter.setPen(colours.accent if self.isChecked() else colours.text)
        inside = self.rect().adjusted(10, 0, -10, 0)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignLeft), self._name)
        painter.setFont(theme.font(theme.SMALL))
        painter.setPen(colours.muted)
        painter.drawText(inside, int(middle | Qt.AlignmentFlag.AlignRight), self._figure)
        painter.end()
