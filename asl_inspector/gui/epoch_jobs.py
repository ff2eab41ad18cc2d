"""Scores the other files of the run once an inspection is there, without holding anything up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.jobs import Publish
from asl_inspector.gui.panels.diagnosis import DiagnosisPanel
from asl_inspector.gui.panels.training import TrainingPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.contents import Problem

LANE = "epochs"
MS_BETWEEN_PARTS = 400  # a new row moves everything below the table, and small files are scored many a second


class EpochJobs(QObject):
    """Between the session and the panels that show the files of the run."""

    def __init__(self, session: Session, training: TrainingPanel, diagnosis: DiagnosisPanel) -> None:
        super().__init__(training)  # and gone with it, so that a late answer finds no deleted card
        self._session, self._training, self._diagnosis = session, training, diagnosis
        self._card = training.epochs
        self._part: AlongEpochs | None = None  # the newest, not shown yet
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(MS_BETWEEN_PARTS)
        self._timer.timeout.connect(self._show_newest)
        session.inspection_changed.connect(self._follow)
        session.jobs.progressed.connect(self._show_step)
        session.jobs.published.connect(self._show_part)
        session.jobs.succeeded.connect(self._show_success)
        session.jobs.cancelled.connect(self._show_cancelled)
        session.jobs.failed.connect(self._show_failure)
        self._card.wants_scoring.connect(self.start)
        self._card.wants_cancel.connect(self.cancel)
        self._card.wants_main.connect(self._inspect)

    @Slot()
    def start(self) -> None:
        """Score what is not scored yet."""
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            publish(engine.call("epochs", progress=progress, cancel=cancel, publish=publish))
            return None  # what a cancelled round has found is an answer too

        self._card.show_start()
        self._session.jobs.start(LANE, work)

    @Slot()
    def cancel(self) -> None:
        """Stop; what was scored stays."""
        self._session.jobs.cancel(LANE)

    @Slot(object)
    def _inspect(self, path: Path) -> None:
        self._session.choose_role(path, Role.CHECKPOINT)

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """Score the files of a new, complete inspection; what is under way for an older one no longer counts."""
        self._session.jobs.forget(LANE)
        self._part = None
        roles = {row.role for row in self._session.case.files}
        if (
            inspection is None
            or inspection.partial
            or inspection.interrupted
            or not {Role.EPOCH, Role.VALIDATION} <= roles
        ):
            self._card.show_along(None)
            return
        if inspection.origin:  # kept with the case, those of the epochs too
            self._card.show_along(inspection.diagnosis.along)
            return
        self.start()

    @Slot(str, object)
    def _show_step(self, lane: str, step: Step) -> None:
        if lane == LANE:
            self._card.show_step(step)

    @Slot(str, object)
    def _show_part(self, lane: str, part: object) -> None:
        if lane != LANE:
            return
        match part:
            case AlongEpochs():
                self._part = part
                if not self._timer.isActive():
                    self._show_newest()
            case Diagnosis() if self._session.inspection is not None:
                self._part = part.along
                self._show_newest()
                self._session.inspection = replace(self._session.inspection, diagnosis=part)
                self._diagnosis.show_inspection(self._session.inspection)

    @Slot()
    def _show_newest(self) -> None:
        part, self._part = self._part, None
        if part is None:
            return
        self._timer.start()
        self._card.show_along(part)
        count = f"{len(part.scored)} of {part.files}" if part.partial else f"{part.files}"
        self._training.figure_changed.emit(f"{count} files")

    @Slot(str, object)
    def _show_success(self, lane: str, _result: object) -> None:
        if lane == LANE:
            self._card.show_end()

    @Slot(str)
    def _show_cancelled(self, lane: str) -> None:
        if lane == LANE:
            self._card.show_end()

    @Slot(str, object)
    def _show_failure(self, lane: str, problem: Problem) -> None:
        if lane == LANE:
            self._card.show_end(f"{problem.sentence} {problem.advice}".strip())
