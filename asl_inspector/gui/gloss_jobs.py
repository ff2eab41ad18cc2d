"""Between the session and the panels of glosses and samples: what is counted or sought in the engine, in lanes of its own."""

from __future__ import annotations

from typing import cast

import numpy as np
from PySide6.QtCore import QObject, Slot

from asl_inspector.data.records import SimilarClips
from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.clip_listing import ClipListing
from asl_inspector.gui.gloss_selection import GlossSelection
from asl_inspector.gui.jobs import Publish
from asl_inspector.gui.panels.glosses import GlossesPanel
from asl_inspector.gui.panels.samples import SamplesPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.report.contents import Problem

COUNTING, SEEKING, PREPARING = "glosses", "similar clips", "sorting"
MANY = 100_000  # clips whose names are ranked before the user sorts by them


class GlossJobs(QObject):
    """Has confusions counted and similar clips sought, and hands on what comes of it."""

    def __init__(
        self, session: Session, glosses: GlossesPanel, samples: SamplesPanel, selection: GlossSelection
    ) -> None:
        super().__init__(glosses)
        self._session, self._glosses, self._samples, self._selection = session, glosses, samples, selection
        self._ids: tuple[str, ...] = ()
        glosses.wants_measures.connect(self.ask_for_measures)
        glosses.listed.connect(samples.show_listing)
        samples.wants_similar.connect(self.ask_for_similar)
        samples.wants_stop.connect(self._stop)
        session.inspection_changed.connect(self._follow)
        session.jobs.progressed.connect(self._show_step)
        session.jobs.succeeded.connect(self._show_success)
        session.jobs.failed.connect(self._show_failure)
        session.jobs.cancelled.connect(self._show_cancelled)

    @Slot(str)
    def ask_for_measures(self, decoder: str) -> None:
        """Have each gloss's answers counted by a decoder."""
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            return engine.call("glosses", decoder, progress=progress, cancel=cancel, publish=publish)

        self._session.jobs.start(COUNTING, work)

    @Slot(int)
    def ask_for_similar(self, clip: int) -> None:
        """Have the clips sought whose features are nearest to those of one."""
        engine = self._session.engine

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            found = cast(
                "SimilarClips", engine.call("similar", clip, progress=progress, cancel=cancel, publish=publish)
            )
            return ClipListing(self._words(found), np.asarray(found.clips), np.asarray(found.distance))

        self._samples.show_search(Step("Seeking similar clips"))
        self._session.jobs.start(SEEKING, work)

    def _words(self, found: SimilarClips) -> str:
        name = self._ids[found.index] if found.index < len(self._ids) else str(found.index)
        return f"Nearest to “{name}” by the means of {found.features:,} features"

    @Slot()
    def _stop(self) -> None:
        self._session.jobs.cancel(SEEKING)

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """The case is read again: what is under way is of the old one."""
        if inspection is None:
            for lane in (COUNTING, SEEKING):
                self._session.jobs.forget(lane)
            self._samples.show_search_problem(None)
        elif inspection.samples is not None:
            self._ids = inspection.samples.clip_ids
            if len(self._ids) >= MANY:
                self._prepare()

    def _prepare(self) -> None:
        """Have the names ranked in a thread; not in the engine, for the ranks of a million names would have to travel."""
        samples = self._samples

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> None:
            samples.prepare_sorting()

        self._session.jobs.start(PREPARING, work)

    @Slot(str, object)
    def _show_step(self, lane: str, step: Step) -> None:
        if lane == COUNTING:
            self._glosses.show_step(step)
        elif lane == SEEKING:
            self._samples.show_search(step)

    @Slot(str, object)
    def _show_success(self, lane: str, result: object) -> None:
        if lane == COUNTING and (result is None or isinstance(result, GlossMeasures)):
            self._glosses.show_measures(result)
            if result is not None and self._selection.gloss not in result.names:
                self._selection.choose("")
        elif lane == SEEKING and isinstance(result, ClipListing):
            self._samples.show_listing(result)

    @Slot(str, object)
    def _show_failure(self, lane: str, problem: Problem) -> None:
        if lane == COUNTING:
            self._glosses.show_problem(problem)
        elif lane == SEEKING:
            self._samples.show_search_problem(problem)

    @Slot(str)
    def _show_cancelled(self, lane: str) -> None:
        if lane == SEEKING:
            self._samples.show_search_problem(None)
