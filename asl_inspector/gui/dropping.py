"""A window onto which files are dropped, anywhere; while they are dragged it shows that they may be."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent, QFont, QResizeEvent
from PySide6.QtWidgets import QFrame, QMainWindow, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.widgets import Text
from asl_inspector.report.contents import Problem

EDGE = 12  # pixels between the window and what is shown over it


class DropWindow(QMainWindow):
    """Takes files and folders."""

    files_dropped = Signal(object)  # list of paths
    drop_refused = Signal(object)  # Problem

    def __init__(self) -> None:
        super().__init__()
        self.setAcceptDrops(True)
        self._overlay = DropOverlay(self)

    def _place_overlay(self) -> None:
        self._overlay.setGeometry(self.rect().adjusted(EDGE, EDGE, -EDGE, -EDGE))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_overlay()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._place_overlay()
            self._overlay.show()
            self._overlay.raise_()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.files_dropped.emit(paths)
        else:
            problem = Problem("What was dropped is not a file on this machine.", "Download it, then drop it.")
            self.drop_refused.emit(problem)


class DropOverlay(QFrame):
    """Shown over the window while files are dragged: they may be dropped anywhere."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("kind", "overlay")
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        label = Text("Drop files or folders anywhere", size=theme.TITLE, weight=QFont.Weight.DemiBold, tone="accent")
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout.addWidget(label)
        self.hide()
