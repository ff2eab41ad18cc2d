"""Asks the engine for the clip that is selected: its posteriors and its features, each in a lane of its own."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QObject, Slot

from asl_inspector.data.records import ClipFeatures
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.clip_drawing import drawing_of
from asl_inspector.gui.jobs import Publish, Work
from asl_inspector.gui.lanes import Lane
from asl_inspector.gui.panels.samples import SamplesPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress

LANE = "clip features"


class ClipJobs(QObject):
    """Between the session and the Samples panel."""

    def __init__(self, session: Session, samples: SamplesPanel) -> None:
        super().__init__(samples)  # and gone with it, so that a late answer finds no deleted card
        self._engine, self._posteriors = session.engine, session.looks.clip
        self._features = Lane(session.jobs, LANE, self._reading, self)
        self._posteriors.succeeded.connect(samples.show_clip)
        self._posteriors.failed.connect(samples.show_clip_problem)
        self._features.succeeded.connect(samples.show_features)
        self._features.failed.connect(samples.show_features_problem)
        samples.wants_clip.connect(self._posteriors.ask)
        samples.wants_features.connect(self._features.ask)
        session.inspection_changed.connect(self._follow)

    def _reading(self, index: int) -> Work:
        """A clip's numbers read, and what is drawn of them worked out, both off the window's thread."""
        engine = self._engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            clip = engine.call("clip_features", index, progress=progress, cancel=cancel, publish=publish)
            return drawing_of(cast("ClipFeatures", clip))

        return work

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """The case is read again: what is under way is of the old one."""
        if inspection is None:
            self._posteriors.forget()
            self._features.forget()
