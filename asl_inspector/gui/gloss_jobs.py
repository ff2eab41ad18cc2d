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
from asl_inspector.gui.jobs import Publish, Work
from asl_inspector.gui.lanes import Lane, asking
from asl_inspector.gui.panels.glosses import GlossesPanel
from asl_inspector.gui.panels.samples import SamplesPanel
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress, Step

COUNTING, SEEKING, PREPARING = "glosses", "similar clips", "sorting"
MANY = 100_000  # clips whose names are ranked before the user sorts by them


class GlossJobs(QObject):
    """Has confusions counted and similar clips sought, and hands on what comes of it."""

    def __init__(
        self, session: Session, glosses: GlossesPanel, samples: SamplesPanel, selection: GlossSelection
    ) -> None:
        super().__init__(glosses)
        self._engine, self._glosses, self._samples, self._selection = session.engine, glosses, samples, selection
        self._ids: tuple[str, ...] = ()
        self._counting = Lane(session.jobs, COUNTING, asking(session.engine, "glosses"), self)
        self._seeking = Lane(session.jobs, SEEKING, self._similar, self)
        self._preparing = Lane(session.jobs, PREPARING, self._ranking, self)
        glosses.wants_measures.connect(self._counting.ask)
        glosses.listed.connect(samples.show_listing)
        samples.wants_similar.connect(self.ask_for_similar)
        samples.wants_stop.connect(self._seeking.cancel)
        session.inspection_changed.connect(self._follow)
        self._counting.progressed.connect(glosses.show_step)
        self._counting.succeeded.connect(self._show_measures)
        self._counting.failed.connect(glosses.show_problem)
        self._seeking.progressed.connect(samples.show_search)
        self._seeking.succeeded.connect(samples.show_listing)
        self._seeking.stopped.connect(samples.show_search_problem)

    @Slot(int)
    def ask_for_similar(self, clip: int) -> None:
        """Have the clips sought whose features are nearest to those of one."""
        self._samples.show_search(Step("Seeking similar clips"))
        self._seeking.ask(clip)

    def _similar(self, clip: int) -> Work:
        engine, words = self._engine, self._words

        def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
            found = cast(
                "SimilarClips", engine.call("similar", clip, progress=progress, cancel=cancel, publish=publish)
            )
            return ClipListing(words(found), np.asarray(found.clips), np.asarray(found.distance))

        return work

    def _words(self, found: SimilarClips) -> str:
        name = self._ids[found.index] if found.index < len(self._ids) else str(found.index)
        return f"Nearest to “{name}” by the means of {found.features:,} features"

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """The case is read again: what is under way is of the old one."""
        if inspection is None:
            self._counting.forget()
            self._seeking.forget()
            self._samples.show_search_problem(None)
        elif inspection.samples is not None:
            self._ids = inspection.samples.clip_ids
            if len(self._ids) >= MANY:
                self._preparing.ask()

    def _ranking(self) -> Work:
        """The names ranked in a thread; not in the engine, for the ranks of a million names would have to travel."""
        samples = self._samples

        def work(_progress: Progress, _cancel: CancelToken, _publish: Publish) -> None:
            samples.prepare_sorting()

        return work

    @Slot(object)
    def _show_measures(self, found: GlossMeasures | None) -> None:
        self._glosses.show_measures(found)
        if found is not None and self._selection.gloss not in found.names:
            self._selection.choose("")
