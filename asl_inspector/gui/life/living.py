"""What the program does beside its job while it lives: listens for further starts, and stands by when something fails."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QApplication, QMainWindow, QMessageBox

from asl_inspector.engine.client import Engine
from asl_inspector.gui.life.bug_report import bug_report
from asl_inspector.gui.life.crashes import Crashes, offer_rescued
from asl_inspector.gui.life.logbook import Logbook, end_log, log_problem
from asl_inspector.gui.life.single_instance import Listener
from asl_inspector.gui.session import Session

LINES = 200


class Life(QObject):
    """The window's companion.

    Args:
        window: The window.
        session: Its case.
        engine: Saves the case when something fails.
        logbook: Where the log is.
    """

    def __init__(self, window: QMainWindow, session: Session, engine: Engine, logbook: Logbook) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._engine = engine
        self._logbook = logbook
        self._crashes = Crashes(window, self._rescue, self.bug_report)
        self._crashes.install()
        self._listener: Listener | None = None
        session.failed.connect(log_problem)

    def listen(self) -> None:
        """Take the files of further starts."""
        self._listener = Listener(self)
        self._listener.arrived.connect(self._take)

    @Slot(list)
    def _take(self, paths: list[Path]) -> None:
        window = self._window
        window.setWindowState((window.windowState() & ~Qt.WindowState.WindowMinimized) | Qt.WindowState.WindowActive)
        window.raise_()
        window.activateWindow()
        if paths:
            self._session.add_files(paths)

    def _rescue(self, path: Path) -> bool:
        spec = self._session.spec
        if not spec.paths:
            return False
        self._engine.call("save_case", path, spec, self._session.settings)
        return True

    def offer_rescued(self) -> QMessageBox | None:
        """Ask whether the case of a run that failed is to be opened."""
        return offer_rescued(self._window, self._session.open_case)

    def bug_report(self) -> str:
        """The text for a bug report."""
        inspection = self._session.inspection
        device = f"{inspection.device}. {inspection.device_why}".strip(". ") if inspection is not None else ""
        return bug_report(self._logbook.last_lines(LINES), self._session.spec.paths, device)

    @Slot()
    def copy_bug_report(self) -> None:
        """Put the text for a bug report on the clipboard."""
        QApplication.clipboard().setText(self.bug_report())

    def end(self) -> None:
        """The window is closed."""
        self._crashes.uninstall()
        if self._listener is not None:
            self._listener.close()
        end_log()
