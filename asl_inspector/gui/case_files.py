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
        session.case_changed.connect(self._enable)

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
        if path is None:
            self.ask_save()
        else:
            self._session.save_case(path)

    def ask_save(self) -> None:
        """Ask where to, and save."""
        known = self._session.case_path or Path(self._folder()) / f"{self._name()}{SUFFIX}"
        name, _ = QFileDialog.getSaveFileName(self._window, "Save case", str(known), KINDS)
        if name:
            path = Path(name)
            self._settings.setValue(FOLDER, str(path.parent))
            self._session.save_case(path if path.suffix else path.with_suffix(SUFFIX))

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
