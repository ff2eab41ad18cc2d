"""Asks the engine for the what-if strip: one question at a time, and of those that wait only the newest.

The engine holds the predictions, so that the window holds none and its thread waits for nothing.
"""

from __future__ import annotations

from PySide6.QtCore import QObject, Slot

from asl_inspector.diagnosis.what_if_records import WhatIf, WhatIfAnswer
from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui.lanes import Lane, asking
from asl_inspector.gui.panels.what_if_strip import WhatIfStrip
from asl_inspector.gui.session import Session
from asl_inspector.report.contents import Problem

LANE = "what if"


class WhatIfJobs(QObject):
    """Between the session and the strip."""

    def __init__(self, session: Session, strip: WhatIfStrip) -> None:
        super().__init__(strip)  # and gone with it, so that a late answer finds no deleted strip
        self._strip = strip
        self._is_busy = False
        self._waiting: WhatIf | None = None
        strip.asked.connect(self.ask)
        session.inspection_changed.connect(self._follow)
        self._lane = Lane(session.jobs, LANE, asking(session.engine, "what_if"), self)
        self._lane.succeeded.connect(self._show)
        self._lane.failed.connect(self._fail)

    @Slot(object)
    def ask(self, asked: WhatIf) -> None:
        """Ask, or wait for the answer that is under way."""
        if self._is_busy:
            self._waiting = asked
        else:
            self._start(asked)

    def _start(self, asked: WhatIf | None) -> None:
        self._is_busy, self._waiting = True, None
        self._lane.ask(asked)

    @Slot(object)
    def _follow(self, inspection: InspectionView | None) -> None:
        """There is a new result: what may be asked of it; or none, and what is under way is of the old one."""
        self._lane.forget()
        self._is_busy, self._waiting = False, None
        self._strip.hide()
        if inspection is not None and inspection.diagnosis.validation is not None:
            self._start(None)

    @Slot(object)
    def _show(self, answer: WhatIfAnswer) -> None:
        self._is_busy = False
        self._strip.show_answer(answer)
        if self._waiting is not None:
            self._start(self._waiting)

    @Slot(object)
    def _fail(self, problem: Problem) -> None:
        self._is_busy, self._waiting = False, None
        self._strip.show_problem(problem)
