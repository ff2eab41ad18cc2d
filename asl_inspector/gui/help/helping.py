"""The Help menu's side: opens the user guide at the right place, and closes it with the window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from asl_inspector.errors import InspectorError
from asl_inspector.report.contents import Problem

if TYPE_CHECKING:
    from asl_inspector.gui.help.window import GuideWindow
    from asl_inspector.gui.main_window import MainWindow


class Helping(QObject):
    """Makes the window of the guide when it is first asked for."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self.guide: GuideWindow | None = None
        window.closed.connect(self._close)
        window.diagnosis.wants_guide.connect(self.open_cause)

    def add_to(self, menu: QMenu) -> None:
        """Put the guide into a menu."""
        menu.addAction("&User guide", QKeySequence.StandardKey.HelpContents, self.open_here)

    @Slot()
    def open_here(self) -> None:
        """Open the guide at the panel that is shown; while there are no files, at its beginning."""
        from asl_inspector.gui.help.pages import FIRST, place_of_panel

        has_files = bool(self._window.session.spec.paths)
        self.open(place_of_panel(self._window.current_panel.title) if has_files else FIRST)

    @Slot(str)
    def open_cause(self, cause: str) -> None:
        """Open the guide at a cause, by its id."""
        from asl_inspector.gui.help.pages import place_of_cause

        self.open(place_of_cause(cause))

    def open(self, place: str) -> None:
        """Open the guide at a place, such as "causes.md#overfitting"."""
        if self.guide is None:
            from asl_inspector.gui.help.window import GuideWindow

            try:
                self.guide = GuideWindow(self._window.session.jobs)
            except InspectorError as error:
                self._window.questions.show_failure(Problem(error.sentence, error.advice))
                return
        self.guide.go_to(place)

    @Slot()
    def _close(self) -> None:
        if self.guide is not None:
            self.guide.close()
