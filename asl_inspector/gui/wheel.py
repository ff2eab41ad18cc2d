"""The wheel scrolls the page that it is turned over, and changes no choice that happens to lie under it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class _ToThePage(QObject):
    """Hands turns of the wheel on to the widget around."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Wheel:
            return super().eventFilter(watched, event)
        event.ignore()  # Qt offers it to the parent next, and so to the page
        return True


def leave_wheel_to_page(*controls: QWidget) -> None:
    """Boxes and sliders on a page that scrolls: a turn of the wheel moves the page instead of choosing something else."""
    for control in controls:
        control.installEventFilter(_ToThePage(control))
