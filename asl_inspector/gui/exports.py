"""The part of the File menu that writes results, with what the user chose about reports."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from asl_inspector.gui.life.settings import yes
from asl_inspector.report.options import ReportOptions

KINDS = {
    "pdf": ("&Export diagnosis...", "Export diagnosis", "diagnosis.pdf", "PDF documents (*.pdf)"),
    "html": ("Export as &HTML...", "Export as HTML", "diagnosis.html", "HTML pages (*.html)"),
    "md": ("Export as &Markdown...", "Export as Markdown", "diagnosis.md", "Markdown (*.md)"),
    "json": ("Export as &JSON...", "Export as JSON", "diagnosis.json", "JSON files (*.json)"),
    "csv": ("Export samples as &CSV...", "Export samples as CSV", "samples.csv", "CSV files (*.csv)"),
}
VOCABULARY = ("", "Save the corrected vocabulary", "vocabulary_corrected.json", "JSON files (*.json)")
CHOICES = (
    ("letter", "&Letter paper instead of A4"),
    ("summary", "&Summary only"),
    ("anonymise", "Leave &folders out of paths"),
)


class Exports(QObject):
    """Asks where to write, and remembers how.

    Args:
        window: Parent of the dialogs.
        settings: Keeps the choices.
        write: Told the path, the kind and the options.
        folder: The folder to begin with.
    """

    def __init__(
        self,
        window: QWidget,
        settings: QSettings,
        write: Callable[[Path, str, ReportOptions], None],
        folder: Callable[[], str],
    ) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._write = write
        self._folder = folder
        self.actions: list[QAction] = []
        self._chosen: dict[str, QAction] = {}

    def add_to(self, menu: QMenu) -> None:
        """Put an action a kind, and the choices, into a menu."""
        for kind, (words, *_) in KINDS.items():
            action = menu.addAction(words, partial(self.ask, kind))
            if kind == "pdf":
                action.setShortcut(QKeySequence("Ctrl+E"))
            self.actions.append(action)
        choices = menu.addMenu("Report o&ptions")
        for name, words in CHOICES:
            action = choices.addAction(words)
            action.setCheckable(True)
            action.setChecked(yes(self._settings, f"report/{name}"))
            action.toggled.connect(partial(self._remember, name))
            self._chosen[name] = action

    @property
    def options(self) -> ReportOptions:
        """What is chosen in the menu."""
        on = {name: action.isChecked() for name, action in self._chosen.items()}
        return ReportOptions("letter" if on["letter"] else "a4", on["summary"], on["anonymise"])

    def ask(self, kind: str) -> None:
        """Ask where to write, and write."""
        _, title, name, kinds = KINDS.get(kind, VOCABULARY)
        path, _ = QFileDialog.getSaveFileName(self._window, title, str(Path(self._folder()) / name), kinds)
        if path:
            self._write(Path(path), kind, self.options)

    def _remember(self, name: str, on: bool) -> None:
        self._settings.setValue(f"report/{name}", on)
