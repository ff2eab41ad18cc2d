"""The jobs of the Before and after panel: comparing two diagnoses, and writing the comparison."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from asl_inspector.gui.lanes import Lane, asking
from asl_inspector.gui.panels.changes import ChangesPanel
from asl_inspector.gui.session import Session
from asl_inspector.report.options import ReportOptions

LANE = "before and after"
KINDS = {
    "pdf": "PDF documents (*.pdf)",
    "html": "HTML pages (*.html)",
    "md": "Markdown (*.md)",
    "json": "JSON files (*.json)",
}


class ChangesJobs(QObject):
    """Connects the panel with the engine.

    Args:
        session: Has the engine and the jobs.
        panel: Shows the comparison.
        options: What the user chose about reports.
        folder: The folder to begin with.
    """

    def __init__(
        self,
        session: Session,
        panel: ChangesPanel,
        options: Callable[[], ReportOptions],
        folder: Callable[[], str],
    ) -> None:
        super().__init__(panel)
        self._session, self._panel, self._options, self._folder = session, panel, options, folder
        self._comparing = Lane(session.jobs, LANE, asking(session.engine, "compare_reports"), self)
        panel.wants_changes.connect(self._comparing.ask)  # None on a side stands for the case in the window
        panel.wants_export.connect(self.ask)
        self._comparing.succeeded.connect(panel.show_changes)
        self._comparing.failed.connect(panel.show_failure)

    @Slot()
    def ask(self) -> None:
        """Ask where to write the comparison, and write it; the kind is that of the file's ending."""
        pair = self._panel.pair
        start = str(Path(self._folder()) / "before-and-after.pdf")
        name, _ = QFileDialog.getSaveFileName(self._panel, "Export comparison", start, ";;".join(KINDS.values()))
        if pair is None or not name:
            return
        path = Path(name)
        self._session.export_changes(pair, path, path.suffix.lower().removeprefix("."), self._options())
