"""The status bar."""

from __future__ import annotations

import time

from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QProgressBar, QPushButton, QStatusBar

from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.session import Session
from asl_inspector.gui.widgets import Elided, Text
from asl_inspector.programs.consent import FAMILY
from asl_inspector.progress import Step


class StatusLine(QObject):
    """The status bar: device and result on the left, progress with time left, Pause and Cancel, a promise on the right.

    It goes with the bar, and what the session says after that reaches nothing that is deleted.
    """

    def __init__(self, bar: QStatusBar, session: Session) -> None:
        super().__init__(bar)
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(12, 2, 12, 2)
        self._session = session
        self._what = Elided(size=theme.SMALL, tone="muted", sentence=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._left = Text(size=theme.SMALL, tone="muted", wrap=False)
        self._pause = QPushButton("Pause")
        self._pause.setProperty("look", "link")
        self._pause.setCheckable(True)
        self._pause.toggled.connect(self._pause_or_go_on)
        self._cancel = QPushButton("Cancel")
        self._cancel.setProperty("look", "link")
        self._cancel.clicked.connect(session.cancel)
        self._result = Text(size=theme.SMALL, tone="muted", wrap=False)
        bar.addWidget(self._what, 1)
        for widget in (self._bar, self._left, self._pause, self._cancel, self._result):
            bar.addPermanentWidget(widget)
        self._started = self._paused_at = 0.0
        self._work = ""
        session.became_busy.connect(self._busy)
        session.became_idle.connect(self._idle)
        session.progressed.connect(self._progress)
        session.inspection_changed.connect(self._inspected)
        self._idle("")

    def say(self, text: str) -> None:
        """A sentence on the left."""
        self._what.set_whole(text)

    @Slot(str)
    def _busy(self, what: str) -> None:
        self._work = ""
        self._what.set_whole(what)
        self._bar.setRange(0, 0)
        self._pause.setChecked(False)
        for widget in (self._bar, self._cancel, self._left):
            widget.show()
        self._left.setText("")
        self._result.setText("")

    @Slot(str)
    def _idle(self, how: str) -> None:
        self._pause.setChecked(False)
        for widget in (self._bar, self._pause, self._cancel, self._left):
            widget.hide()
        if how in ("Cancelled", "Failed") or how.startswith("Wrote"):
            self._what.set_whole(how)
        elif not how:
            self._what.set_whole("Nothing that you drop is executed")

    @Slot(bool)
    def _pause_or_go_on(self, paused: bool) -> None:
        """Pauses do not count into the time that is left."""
        now = time.monotonic()
        if paused:
            self._paused_at = now
        else:
            self._started += now - self._paused_at
        self._pause.setText("Go on" if paused else "Pause")
        self._left.setText("paused" if paused else "")
        self._session.pause(paused=paused)

    @Slot(object)
    def _progress(self, step: Step) -> None:
        self._pause.setVisible(self._session.jobs.is_running("case"))
        if self._pause.isChecked():
            return
        if step.what != self._work:
            self._work, self._started = step.what, time.monotonic()
        count = f": {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        self._what.set_whole(f"{step.what}{count}")
        if not step.total:
            self._bar.setRange(0, 0)
            self._left.setText("")
            return
        self._bar.setRange(0, step.total)
        self._bar.setValue(step.done)
        elapsed = time.monotonic() - self._started
        if step.done and elapsed > 0.3:
            rate = step.done / elapsed
            seconds = (step.total - step.done) / rate
            self._left.setText(f"{rate:,.0f} {step.unit}/s, {_duration(seconds)} left")

    @Slot(object)
    def _inspected(self, inspection: InspectionView | None) -> None:
        if inspection is None or inspection.partial:
            return
        if inspection.device:
            run = f"{inspection.clips:,} clips, {inspection.frames:,} frames in {inspection.seconds:.1f} s"
            part = "Partial     " if inspection.interrupted else ""
            self._what.set_whole(f"{part}{inspection.device}     {run}     {self._promise(inspection)}")
            self._what.setToolTip(f"{self._what.toolTip()}\n{inspection.device_why}".rstrip())
        else:
            self._what.set_whole(self._promise(inspection))
        self._result.setText(_reproduction_words(inspection))

    def _promise(self, inspection: InspectionView) -> str:
        """What of the files was executed."""
        if inspection.origin:
            return f"Kept with the case, found by {inspection.origin}"
        allowed = self._session.settings.consent
        if allowed is not None:
            return f"Nothing but “{allowed.path.name}”, which you allowed, was executed"
        network = inspection.architecture
        if network is not None and network.family == FAMILY:
            return "Nothing but the network's graph was computed"
        return "Nothing in these files was executed"


def _reproduction_words(inspection: InspectionView) -> str:
    told = inspection.diagnosis.reproduction
    if told.val_acc is not None and told.stored_acc is not None:
        word = "Reproduces" if told.val_acc else "Does not reproduce"
        return f"{word} the stored val_acc {100 * told.stored_acc:.2f} %"
    if told.val_loss is not None:
        return "Reproduces the stored val_loss" if told.val_loss else "Does not reproduce the stored val_loss"
    return ""


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"
