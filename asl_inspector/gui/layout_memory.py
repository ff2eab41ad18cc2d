"""Size and place of the window and of what is split in it: as the user left them, and never larger than the screen."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRect, QSettings, QSize
from PySide6.QtWidgets import QMainWindow, QSplitter, QWidget

GEOMETRY = "window/geometry"
SPLITTERS = "window/splitters"
FRAME = QSize(16, 48)  # pixels that the frame of a window takes


def first_size(wanted: QSize, available: QRect) -> QSize:
    """The size of the first window: as wanted, but with its frame within what the screen has to give."""
    room = available.size() - FRAME
    return wanted.boundedTo(room) if room.width() > 0 and room.height() > 0 else wanted


def place_window(window: QMainWindow, settings: QSettings, wanted: QSize, least: QSize) -> None:
    """Give a window its size: the last one where it fits on a screen there is, else the first one, in the middle."""
    available = window.screen().availableGeometry()
    window.setMinimumSize(least.boundedTo(first_size(least, available)))
    held = settings.value(GEOMETRY)
    if isinstance(held, QByteArray) and window.restoreGeometry(held):
        if window.isMaximized() or window.isFullScreen():
            return
        if window.screen().availableGeometry().contains(window.geometry()):
            return
    window.resize(first_size(wanted, available))
    if held is None:
        return
    frame = QRect(window.geometry())
    frame.moveCenter(available.center())
    window.move(frame.topLeft())


def keep_window(window: QMainWindow, settings: QSettings) -> None:
    """Remember size and place."""
    settings.setValue(GEOMETRY, window.saveGeometry())


def _named(panels: list[tuple[str, QWidget]]) -> list[tuple[str, QSplitter]]:
    """Every splitter of the panels with a name that stays: its panel's, and its number there."""
    return [
        (f"{SPLITTERS}/{title}/{number}", splitter)
        for title, panel in panels
        for number, splitter in enumerate(panel.findChildren(QSplitter))
    ]


def restore_splitters(panels: list[tuple[str, QWidget]], settings: QSettings) -> None:
    """Split the panels as the user left them."""
    for name, splitter in _named(panels):
        held = settings.value(name)
        if isinstance(held, QByteArray):
            splitter.restoreState(held)


def keep_splitters(panels: list[tuple[str, QWidget]], settings: QSettings) -> None:
    """Remember where the panels are split."""
    for name, splitter in _named(panels):
        settings.setValue(name, splitter.saveState())
