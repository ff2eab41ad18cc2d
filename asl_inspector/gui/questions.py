"""What the window asks and says in dialogs: which files, whether a file may be run, what failed."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from asl_inspector.about import NAME
from asl_inspector.bundled_files import demo_files
from asl_inspector.case.records import CaseFile
from asl_inspector.errors import InspectorError
from asl_inspector.gui.consent_dialog import ConsentDialog
from asl_inspector.gui.layout_dialog import LayoutDialog
from asl_inspector.gui.session import Session
from asl_inspector.gui.sidebar import replacement_title
from asl_inspector.programs.consent import Offer
from asl_inspector.report.contents import Problem

FOLDER = "files/folder"


class Questions(QObject):
    """Dialogs of one window.

    Args:
        session: The case.
        settings: Remember the folder.
        window: Parent of the dialogs.
    """

    chosen = Signal(object)  # list of paths to open

    def __init__(self, session: Session, settings: QSettings, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._settings, self._window = session, settings, window

    @Slot()
    def ask_files(self) -> None:
        """The file dialog."""
        names, _ = QFileDialog.getOpenFileNames(self._window, "Open files", self.last_folder())
        self._remember_folder(names)
        if names:
            self.chosen.emit([Path(name) for name in names])

    @Slot()
    def ask_folder(self) -> None:
        """The folder dialog."""
        name = QFileDialog.getExistingDirectory(self._window, "Open folder", self.last_folder())
        if name:
            self.chosen.emit([Path(name)])

    @Slot(object)
    def ask_replacement(self, old: Path) -> None:
        """Ask for a file in the place of another."""
        name, _ = QFileDialog.getOpenFileName(self._window, replacement_title(old), str(old.parent))
        if name:
            self._session.replace_file(old, Path(name))

    @Slot()
    def ask_program(self) -> None:
        """Have the checkpoint's program looked at; a dialog follows."""
        self._session.looks.offer.ask(None)

    @Slot()
    def ask_code(self) -> None:
        """Ask for code that builds the network."""
        name, _ = QFileDialog.getOpenFileName(
            self._window, "Code that builds the network", self.last_folder(), "Python code (*.py)"
        )
        if name:
            self._session.looks.offer.ask(Path(name))

    @Slot(object)
    def ask_consent(self, offer: Offer) -> None:
        """Ask whether a file may be run."""
        dialog = ConsentDialog(offer, self._window)
        dialog.allowed.connect(self._session.allow)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def open_demo(self) -> None:
        """The bundled demo case."""
        try:
            self.chosen.emit(demo_files())
        except InspectorError as error:
            self.show_failure(Problem(error.sentence, error.advice))

    def last_folder(self) -> str:
        """The folder that was looked into last."""
        return str(self._settings.value(FOLDER, ""))

    def _remember_folder(self, names: list[str]) -> None:
        if names:
            self._settings.setValue(FOLDER, str(Path(names[0]).parent))

    @Slot(object)
    def show_failure(self, problem: Problem) -> None:
        """Say what failed."""
        box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(NAME)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(problem.sentence)
        box.setInformativeText(problem.advice)
        if problem.detail:
            box.setDetailedText(problem.detail)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    @Slot(object)
    def ask_layout(self, row: CaseFile) -> None:
        """Ask how a file of clips is to be read."""
        dialog = LayoutDialog(row.path, self._session.choices.correction_of(row.path), self._window)
        dialog.wants_preview.connect(self._session.looks.preview.ask)
        dialog.corrected.connect(self._session.correct)
        self._session.looks.preview_arrived.connect(dialog.show_preview)
        dialog.ask()
        dialog.open()

    @Slot()
    def about(self) -> None:
        """What this program is, and what it is made of."""
        from asl_inspector.gui.help.about import AboutDialog

        dialog = AboutDialog(self._window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
