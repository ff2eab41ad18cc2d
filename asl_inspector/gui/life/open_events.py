"""Files that macOS hands to a program that runs: a double click in Finder is an event there, not a new start."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QFileOpenEvent, QGuiApplication


class OpenEvents(QObject):
    """Hears the application's events.

    Signals:
        arrived: One file, as a list like that of a second start elsewhere.
    """

    arrived = Signal(list)

    def __init__(self, application: QGuiApplication) -> None:
        super().__init__(application)
        application.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.file():
            self.arrived.emit([Path(event.file())])
            return True
        return super().eventFilter(watched, event)
