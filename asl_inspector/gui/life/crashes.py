"""An error of the program itself: it is logged, the case is saved, and the user hears what happened.

Python's errors reach this from every thread. The window goes on where it can: a slot that failed has not taken the rest
with it. The saved case is offered at the next start too, until it was saved elsewhere or thrown away.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from asl_inspector.about import NAME
from asl_inspector.case_files.records import SUFFIX
from asl_inspector.errors import InspectorError
from asl_inspector.progress import Cancelled

log = logging.getLogger(__name__)
RESCUED = f"rescued{SUFFIX}"


def rescue_path() -> Path:
    """Where the case of a run that failed is kept."""
    import platformdirs

    return Path(platformdirs.user_state_dir("asl-inspector", appauthor=False)) / RESCUED


def offer_rescued(window: QWidget, open_case: Callable[[Path], None]) -> QMessageBox | None:
    """Ask whether the case of a run that failed is to be opened; None where there is none."""
    path = rescue_path()
    if not path.exists():
        return None
    box = QMessageBox(window)
    box.setIcon(QMessageBox.Icon.Question)
    box.setWindowTitle(NAME)
    box.setText("The program failed the last time. Open the case that was saved then?")
    box.addButton("Open", QMessageBox.ButtonRole.AcceptRole).clicked.connect(lambda: open_case(path))
    box.addButton("Later", QMessageBox.ButtonRole.RejectRole)
    discard = box.addButton("Discard", QMessageBox.ButtonRole.DestructiveRole)
    discard.clicked.connect(lambda: path.unlink(missing_ok=True))
    box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    box.open()
    return box


class Crashes(QObject):
    """Hears of every error that nothing else has caught.

    Args:
        window: Parent of the dialog.
        rescue: Writes the case to a path; called in a thread of its own. False where there is no case.
        report: Makes the text of a bug report.
    """

    happened = Signal(str)  # the traceback; sent from any thread
    saved = Signal(str)  # the path of the case that was kept; sent from the thread that saved it

    def __init__(self, window: QWidget, rescue: Callable[[Path], bool], report: Callable[[], str]) -> None:
        super().__init__(window)
        self._window = window
        self._rescue = rescue
        self._report = report
        self._box: QMessageBox | None = None
        self.happened.connect(self._tell)
        self.saved.connect(self._on_saved)

    def install(self) -> None:
        """From now on."""
        sys.excepthook = self._on_error
        threading.excepthook = self._on_thread_error

    def uninstall(self) -> None:
        """No longer."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    def _on_error(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt | SystemExit | Cancelled):
            sys.__excepthook__(kind, error, trace)
            return
        told = "".join(traceback.format_exception(kind, error, trace))
        log.critical("An error of the program itself:\n%s", told)
        self.happened.emit(told)

    def _on_thread_error(self, hooked: threading.ExceptHookArgs) -> None:
        if hooked.exc_value is not None:
            self._on_error(hooked.exc_type, hooked.exc_value, hooked.exc_traceback)

    @Slot(str)
    def _tell(self, told: str) -> None:
        if self._box is not None:
            return  # one at a time: an error in painting would come again with every frame
        box = self._box = QMessageBox(self._window)
        box.setIcon(QMessageBox.Icon.Critical)
        box.setWindowTitle(NAME)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(f"{NAME} met an error of its own.")
        box.setInformativeText("You can go on, but what you asked for last may be incomplete.")
        box.setDetailedText(told)
        copy = box.addButton("Copy diagnostics", QMessageBox.ButtonRole.ActionRole)
        copy.clicked.disconnect()  # it copies, and leaves the dialog open
        copy.clicked.connect(self._copy)
        go_on = box.addButton("Go on", QMessageBox.ButtonRole.AcceptRole)
        leave = box.addButton("Quit", QMessageBox.ButtonRole.DestructiveRole)
        leave.clicked.connect(self._window.close)
        box.setDefaultButton(go_on)
        box.finished.connect(self._forget)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()
        threading.Thread(target=self._save, name="rescue", daemon=True).start()

    def _save(self) -> None:
        path = rescue_path()
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            saved = self._rescue(path)
        except (InspectorError, OSError, Cancelled) as error:
            log.error("The case could not be saved: %s", error)
            return
        if saved:
            self.saved.emit(str(path))

    @Slot(str)
    def _on_saved(self, path: str) -> None:
        if self._box is not None:
            words = "You can go on, but what you asked for last may be incomplete."
            self._box.setInformativeText(f"{words} The case was saved as “{path}” and is offered at the next start.")

    @Slot()
    def _copy(self) -> None:
        QApplication.clipboard().setText(self._report())

    @Slot()
    def _forget(self) -> None:
        self._box = None
