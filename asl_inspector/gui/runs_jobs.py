"""The jobs of the Runs panel: reading the result of a sweep, writing it as a report, opening one of its files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QFileDialog

from asl_inspector.case.records import Role
from asl_inspector.gui.jobs import Publish
from asl_inspector.gui.panels.runs import RunsPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.report.contents import Problem
from asl_inspector.report.options import ReportOptions
from asl_inspector.sweep.records import Sweep

LANE = "sweeps"
KINDS = {
    "html": "HTML pages (*.html)",
    "pdf": "PDF documents (*.pdf)",
    "md": "Markdown (*.md)",
    "csv": "Tables (*.csv)",
    "json": "JSON files (*.json)",
}


class RunsJobs(QObject):
    """Connects the panel with the engine and the session.

    Args:
        session: Has the engine and the jobs.
        panel: Shows the sweep.
        options: What the user chose about reports.
        folder: The folder to begin with.
    """

    def __init__(
        self, session: Session, panel: RunsPanel, options: Callable[[], ReportOptions], folder: Callable[[], str]
    ) -> None:
        super().__init__(panel)
        self._session, self._panel, self._options, self._folder = session, panel, options, folder
        self._source: Path | None = None
        session.sweep_dropped.connect(self.open)
        panel.wants_file.connect(self.open_file)
        panel.wants_export.connect(self.ask)
        session.jobs.succeeded.connect(self._show_success)
        session.jobs.failed.connect(self._show_failure)

    @Slot(object)
    def open(self, path: Path) -> None:
        """Read the result of a sweep and show it."""
        self._source = path
        self._panel.show_reading(path)
        self._panel.wants_panel.emit("runs")
        self._start(LANE, "open_sweep", path)

    @Slot(object)
    def open_file(self, path: Path) -> None:
        """Open a checkpoint of the sweep as a case, with the data it was swept on, where they are on this machine."""
        sweep = self._panel.sweep
        if sweep is None:
            return
        if not path.exists():
            self._panel.say(f"“{path.name}” is not on this machine: it was swept as {path}.")
            return
        roles = {path: Role.CHECKPOINT}
        absent = []
        for one in sweep.files:
            if one.path.exists():
                roles[one.path] = Role(one.role)
            else:
                absent.append(one.path.name)
        self._panel.say(f"Opened without {', '.join(absent)}, which are not on this machine." if absent else "")
        self._session.open_as(roles)
        if not absent:
            self._panel.wants_panel.emit("diagnosis")

    @Slot()
    def ask(self) -> None:
        """Ask where to write the report, and write it; the kind is that of the file's ending."""
        start = str(Path(self._folder()) / "runs.html")
        name, _ = QFileDialog.getSaveFileName(self._panel, "Export runs", start, ";;".join(KINDS.values()))
        if self._source is None or not name:
            return
        path = Path(name)
        self._session.became_busy.emit(f"Writing {path.name}")
        self._start(
            "export", "export_sweep", self._source, path, path.suffix.lower().removeprefix("."), self._options()
        )

    def _start(self, lane: str, method: str, *arguments: object) -> None:
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            return engine.call(method, *arguments, progress=progress, cancel=cancel, publish=publish)

        self._session.jobs.start(lane, work)

    @Slot(str, object)
    def _show_success(self, lane: str, result: object) -> None:
        if lane == LANE and isinstance(result, Sweep):
            self._panel.show_sweep(result)

    @Slot(str, object)
    def _show_failure(self, lane: str, problem: Problem) -> None:
        if lane == LANE:
            self._panel.show_empty(problem.sentence, problem.advice)
