"""The jobs of the Before and after panel: comparing two diagnoses, and writing the comparison."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from asl_inspector.gui.jobs import Publish
from asl_inspector.gui.panels.changes import ChangesPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.report.changes.records import Changes
from asl_inspector.report.contents import Problem
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
        panel.wants_changes.connect(self.compare)
        panel.wants_export.connect(self.ask)
        session.jobs.succeeded.connect(self._show_success)
        session.jobs.failed.connect(self._show_failure)

    @Slot(object, object)
    def compare(self, before: Path | None, after: Path | None) -> None:
        """Compare two diagnoses, None standing for the case in the window."""
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            return engine.call("compare_reports", before, after, progress=progress, cancel=cancel, publish=publish)

        self._session.jobs.start(LANE, work)

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

    @Slot(str, object)
    def _show_success(self, lane: str, result: object) -> None:
        if lane == LANE and isinstance(result, Changes):
            self._panel.show_changes(result)

    @Slot(str, object)
    def _show_failure(self, lane: str, problem: Problem) -> None:
        if lane == LANE:
            self._panel.show_failure(problem)
