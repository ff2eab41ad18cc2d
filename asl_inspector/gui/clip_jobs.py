"""Asks the engine for the clip that is selected: its posteriors and its features, each in a lane of its own.

A newer clip makes the requests for an older one stale, and what they still say is dropped.
"""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, Slot

from asl_inspector.data.records import ClipFeatures
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.clip_drawing import ClipDrawing, drawing_of
from asl_inspector.gui.jobs import Publish
from asl_inspector.gui.panels.samples import SamplesPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.report.contents import Problem

LANE, POSTERIORS = "clip features", "clip"


class ClipJobs(QObject):
    """Between the session and the Samples panel."""

    def __init__(self, session: Session, samples: SamplesPanel) -> None:
        super().__init__(samples)  # and gone with it, so that a late answer finds no deleted card
        self._session, self._samples = session, samples
        session.clip_arrived.connect(samples.show_clip)
        session.clip_failed.connect(samples.show_clip_problem)
        samples.wants_clip.connect(session.ask_for_clip)
        samples.wants_features.connect(self.ask_for_features)
        session.inspection_changed.connect(self._follow)
        session.jobs.succeeded.connect(self._show_success)
        session.jobs.failed.connect(self._show_failure)

    @Slot(int)
    def ask_for_features(self, index: int) -> None:
        """Have the numbers of a clip read, and what is drawn of them worked out, both off the window's thread."""
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            clip = engine.call("clip_features", index, progress=progress, cancel=cancel, publish=publish)
            return drawing_of(cast("ClipFeatures", clip))

        self._session.jobs.start(LANE, work)

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """The case is read again: what is under way is of the old one."""
        if inspection is None:
            for lane in (POSTERIORS, LANE):
                self._session.jobs.forget(lane)

    @Slot(str, object)
    def _show_success(self, lane: str, result: object) -> None:
        if lane == LANE and isinstance(result, ClipDrawing):
            self._samples.show_features(result)

    @Slot(str, object)
    def _show_failure(self, lane: str, problem: Problem) -> None:
        if lane == LANE:
            self._samples.show_features_problem(problem)
