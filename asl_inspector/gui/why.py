"""The small button beside the title of a figure that says why the figure matters."""

from __future__ import annotations

import textwrap

from PySide6.QtCore import QPoint, Qt, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QToolButton, QVBoxLayout, QWidget

from asl_inspector.gui import theme

CHARACTERS_A_LINE = 62
WIDTH = 340
HEADING = "Why does this matter?"


class WhyButton(QToolButton):
    """Shows the text in a tool tip, and in a small window where it is clicked or pressed; Escape closes that."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setText("?")
        self.setProperty("look", "why")
        self.setFont(theme.font(theme.SMALL - 1, weight=QFont.Weight.DemiBold))
        self.setFixedSize(17, 17)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._text = ""
        self.hide()
        self.clicked.connect(self.open)

    def explain(self, title: str, text: str) -> None:
        """Say why the figure called `title` matters; without a text there is no button."""
        self._text = text
        self.setAccessibleName(f"Why does “{title}” matter?")
        self.setAccessibleDescription(text)
        self.setToolTip(f"{HEADING}\n" + "\n".join(textwrap.wrap(text, CHARACTERS_A_LINE)))
        self.setVisible(bool(text))

    @Slot()
    def open(self) -> None:
        """Show the text until the user clicks elsewhere or presses Escape."""
        box = Explanation(self._text, self)
        corner = self.mapToGlobal(QPoint(0, self.height() + 4))
        screen = self.screen().availableGeometry()
        left = max(screen.left(), min(corner.x(), screen.right() - box.width()))
        below = corner.y() + box.height() <= screen.bottom()
        box.move(left, corner.y() if below else corner.y() - box.height() - self.height() - 8)
        box.show()


class Explanation(QFrame):
    """The text in a small window."""

    def __init__(self, text: str, parent: QWidget) -> None:
        from asl_inspector.gui.widgets import Text  # the tiles there have this button

        super().__init__(parent, Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setProperty("kind", "popup")
        self.setAccessibleName(HEADING)
        self.setAccessibleDescription(text)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 11, 14, 12)
        layout.setSpacing(4)
        layout.addWidget(Text(HEADING, weight=QFont.Weight.DemiBold))
        layout.addWidget(Text(text, tone="muted"))
        self.setFixedWidth(WIDTH)
        self.setFixedHeight(max(self.sizeHint().height(), layout.heightForWidth(WIDTH)))
