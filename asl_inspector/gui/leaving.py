"""Widgets that are no longer shown are deleted when the event loop comes round, with all that Python knows of them held.

Workaround for PySide6 6.11: when Qt deletes a widget, the wrappers of its children lose their last reference, and shiboken
looks at one after it is gone (`Object::destroy`, then `releaseWrapper`). Of some hundred cases that were opened and closed
one crashed the program. While a wrapper is held it is only marked as dead. It can go when the binding looks first.
"""

from __future__ import annotations

import shiboken6
from PySide6.QtCore import QCoreApplication, QObject, QTimer, Slot
from PySide6.QtWidgets import QWidget


class Leaving(QObject):
    """Holds widgets until they are deleted; there is one, which belongs to the application."""

    the_one: Leaving | None = None

    def __init__(self, parent: QObject | None) -> None:
        super().__init__(parent)
        self._held: list[tuple[QWidget, list[QObject]]] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._delete)

    def take(self, widget: QWidget) -> None:
        """Delete a widget soon."""
        self._held.append((widget, widget.findChildren(QObject)))
        self._timer.start()

    @Slot()
    def _delete(self) -> None:
        held, self._held = self._held, []
        for widget, _ in held:
            if shiboken6.isValid(widget):
                shiboken6.delete(widget)


def let_go(widget: QWidget) -> None:
    """Delete a widget that was just taken out of a layout.

    A layout shows what was added to it a moment later; hidden explicitly, the widget is not shown as a window of its own.
    """
    widget.hide()
    widget.setParent(None)
    if Leaving.the_one is None or not shiboken6.isValid(Leaving.the_one):
        Leaving.the_one = Leaving(QCoreApplication.instance())
    Leaving.the_one.take(widget)
