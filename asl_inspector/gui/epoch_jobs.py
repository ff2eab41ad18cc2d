"""Scores the other files of the run once an inspection is there, without holding anything up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Slot

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.records import Diagnosis
from asl_inspector.engine.client import Engine
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.jobs import Publish, Work
from asl_inspector.gui.lanes import Lane
from asl_inspector.gui.panels.diagnosis import DiagnosisPanel
from asl_inspector.gui.panels.training import TrainingPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress
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
        self._lane = Lane(session.jobs, LANE, lambda: _scoring(session.engine), self)
        self._lane.progressed.connect(self._card.show_step)
        self._lane.published.connect(self._show_part)
        self._lane.succeeded.connect(self._show_success)
        self._lane.stopped.connect(self._show_stop)
        self._card.wants_scoring.connect(self.start)
        self._card.wants_cancel.connect(self._lane.cancel)  # what was scored stays
        self._card.wants_main.connect(self._inspect)

    @Slot()
    def start(self) -> None:
        """Score what is not scored yet."""
        self._card.show_start()
        self._lane.ask()

    @Slot(object)
    def _inspect(self, path: Path) -> None:
        self._session.choose_role(path, Role.CHECKPOINT)

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """Score the files of a new, complete inspection; what is under way for an older one no longer counts."""
        self._lane.forget()
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

    @Slot(object)
    def _show_part(self, part: object) -> None:
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

    @Slot(object)
    def _show_success(self, _result: object) -> None:
        self._card.show_end()

    @Slot(object)
    def _show_stop(self, problem: Problem | None) -> None:
        self._card.show_end("" if problem is None else f"{problem.sentence} {problem.advice}".strip())


def _scoring(engine: Engine) -> Work:
    """The files scored that are not yet; what a cancelled round has found is an answer too."""

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        publish(engine.call("epochs", progress=progress, cancel=cancel, publish=publish))
        return None

    return work
