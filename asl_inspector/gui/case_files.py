"""Saving the case and opening a saved one: the menu's side, and what is not as it was."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from asl_inspector.case_files.records import SUFFIX, SavedCase
from asl_inspector.engine.messages import CaseView
from asl_inspector.gui.session import Session

KINDS = f"Cases (*{SUFFIX})"
DIAGNOSES = f"Cases and diagnoses (*{SUFFIX} *.json)"
FOLDER = "files/folder"


class CaseFiles(QObject):
    """The actions "Open case", "Save case" and "Save case as".

    Args:
        session: The case.
        settings: Remembers the folder.
        window: Parent of the dialogs.
    """

    def __init__(self, session: Session, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._session = session
        self._settings = settings
        self._window = window
        self._save: list[QAction] = []
        self._saves_rescued = False
        session.case_changed.connect(self._enable)
        session.case_saved.connect(self._on_saved)

    def add_to(self, menu: QMenu) -> None:
        """Put the actions into a menu."""
        menu.addAction("Open a saved case...", self.ask_open)
        menu.addAction("Compare with a case &before...", self.ask_before)
        self._save = [
            menu.addAction("&Save case", QKeySequence.StandardKey.Save, self.save),
            menu.addAction("Save case &as...", QKeySequence("Ctrl+Shift+S"), partial(self.ask_save)),
        ]
        for action in self._save:
            action.setEnabled(False)

    @Slot(object)
    def _enable(self, case: CaseView) -> None:
        for action in self._save:
            action.setEnabled(bool(case.files))

    @Slot()
    def ask_open(self) -> None:
        """Ask which case, and open it in place of the current one."""
        name, _ = QFileDialog.getOpenFileName(self._window, "Open a saved case", self._folder(), KINDS)
        if name:
            self._settings.setValue(FOLDER, str(Path(name).parent))
            self._session.open_case(Path(name))

    @Slot()
    def ask_before(self) -> None:
        """Ask which case was before, and have this one compared with it."""
        name, _ = QFileDialog.getOpenFileName(self._window, "The case before", self._folder(), DIAGNOSES)
        if name:
            self._session.cases_to_compare.emit(Path(name), None)

    @Slot()
    def save(self) -> None:
        """Save where the case was opened from or saved to, or ask."""
        path = self._session.case_path
        if path is None or self._is_rescued(path):
            self.ask_save()
        else:
            self._session.save_case(path)

    def ask_save(self) -> None:
        """Ask where to, and save."""
        path = self._session.case_path
        self._saves_rescued = path is not None and self._is_rescued(path)
        known = Path(self._folder()) / f"{self._name()}{SUFFIX}" if path is None or self._saves_rescued else path
        name, _ = QFileDialog.getSaveFileName(self._window, "Save case", str(known), KINDS)
        if name:
            path = Path(name)
            self._settings.setValue(FOLDER, str(path.parent))
            self._session.save_case(path if path.suffix else path.with_suffix(SUFFIX))

    @Slot(object)
    def _on_saved(self, saved: SavedCase) -> None:
        """The case that was kept when the program failed is in a place of the user's choice now."""
        if self._saves_rescued and not self._is_rescued(saved.path):
            self._saves_rescued = False
            from asl_inspector.gui.life.crashes import rescue_path

            rescue_path().unlink(missing_ok=True)

    def _is_rescued(self, path: Path) -> bool:
        """True for the case that was kept when the program failed: it has no place that the user chose."""
        from asl_inspector.gui.life.crashes import rescue_path  # not before the window is there

        return path == rescue_path()

    def _folder(self) -> str:
        return str(self._settings.value(FOLDER, ""))

    def _name(self) -> str:
        rows = self._session.case.files
        return rows[0].path.stem if rows else "case"


def title_of(case: CaseView, saved: SavedCase | None, main: Path | None) -> str:
    """What the window is called: the saved case, else its checkpoint; empty where there is neither."""
    if saved is not None and case.files:
        return saved.path.name
    return main.name if main is not None else ""
