"""Enter presses the button that has the focus, as it does in a dialog and in a browser; in a window Qt takes Space only."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QPushButton, QWidget

ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


def press_by_enter(key: int, focused: QWidget | None) -> bool:
    """Press a button; False where `key` is not Enter or no button has the focus."""
    if key not in ENTER or not isinstance(focused, QAbstractButton) or not focused.isEnabled():
        return False
    if isinstance(focused, QPushButton) and focused.menu() is not None:
        focused.showMenu()
    else:
        focused.click()
    return True
