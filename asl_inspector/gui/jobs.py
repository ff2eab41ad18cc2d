"""Work off the window's thread: the only place with a QThread.

A job is an ordinary function that takes `Progress` and `CancelToken`. It runs in a worker object that was moved to a
thread of its own. Its signals end with exactly one of `succeeded`, `failed`, `cancelled`, and then `finished`. Each job
has a run number; a newer job of the same lane makes the older one stale, and what a stale job still says is dropped.
"""

from __future__ import annotations

import itertools
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, QThread, Signal, Slot

from asl_inspector.errors import InspectorError
from asl_inspector.progress import Cancelled, CancelToken, Progress, Step
from asl_inspector.report.contents import Problem

SECONDS_BETWEEN_UPDATES = 0.05  # at most 20 progress updates a second
REPORT_IT = "Please report it: Help > Copy diagnostics for a bug report puts what is needed on the clipboard."
log = logging.getLogger(__name__)

Publish = Callable[[object], None]
Work = Callable[[Progress, CancelToken, Publish], object]


class Worker(QObject):
    """Runs one function in the thread that it was moved to."""

    progressed = Signal(int, object)
    published = Signal(int, object)
    succeeded = Signal(int, object)
    failed = Signal(int, object)
    cancelled = Signal(int)
    finished = Signal(int)

    def __init__(self, number: int, work: Work, cancel: CancelToken) -> None:
        super().__init__()
        self._number = number
        self._work = work
        self._cancel = cancel
        self._last = 0.0

    @Slot()
    def run(self) -> None:
        """Run the function and say how it ended."""
        try:
            result = self._work(self._progress, self._cancel, self._publish)
            if self._cancel.is_cancelled:
                self.cancelled.emit(self._number)
            else:
                self.succeeded.emit(self._number, result)
        except Cancelled:
            self.cancelled.emit(self._number)
        except InspectorError as error:
            self.failed.emit(self._number, Problem(error.sentence, error.advice, error.detail))
        except Exception:  # a defect of ours must not look like a hang
            log.exception("a job failed")
            sentence = "The program met an error of its own."
            self.failed.emit(self._number, Problem(sentence, REPORT_IT, traceback.format_exc()))
        finally:
            self.finished.emit(self._number)

    def _progress(self, step: Step) -> None:
        now = time.monotonic()
        if now - self._last >= SECONDS_BETWEEN_UPDATES:
            self._last = now
            self.progressed.emit(self._number, step)

    def _publish(self, part: object) -> None:
        self.published.emit(self._number, part)


@dataclass(slots=True)
class _Running:
    """A job under way and all that keeps it alive."""

    lane: str
    worker: Worker
    thread: QThread
    cancel: CancelToken


class Jobs(QObject):
    """Starts jobs, drops what stale ones say, and waits for all of them at the end."""

    progressed = Signal(str, object)
    published = Signal(str, object)
    succeeded = Signal(str, object)
    failed = Signal(str, object)
    cancelled = Signal(str)
    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._numbers = itertools.count(1)
        self._running: dict[int, _Running] = {}
        self._current: dict[str, int] = {}
        self._is_closed = False

    def start(self, lane: str, work: Work) -> None:
        """Run `work`; an older job of the lane is cancelled and becomes stale. Nothing is started after `cancel_all`."""
        if self._is_closed:
            return
        self.cancel(lane)
        number = next(self._numbers)
        cancel = CancelToken()
        worker, thread = Worker(number, work, cancel), QThread()
        thread.setObjectName(f"job {lane}")
        worker.moveToThread(thread)
        self._running[number] = _Running(lane, worker, thread, cancel)
        self._current[lane] = number
        worker.progressed.connect(self._on_progressed)
        worker.published.connect(self._on_published)
        worker.succeeded.connect(self._on_succeeded)
        worker.failed.connect(self._on_failed)
        worker.cancelled.connect(self._on_cancelled)
        worker.finished.connect(thread.quit)
        thread.started.connect(worker.run)
        thread.finished.connect(self._on_thread_finished)
        thread.start()

    def cancel(self, lane: str) -> None:
        """Ask the lane's current job to stop."""
        running = self._running.get(self._current.get(lane, -1))
        if running is not None:
            running.cancel.cancel()

    def pause(self, lane: str, *, paused: bool) -> None:
        """Have the lane's current job wait, or go on."""
        running = self._running.get(self._current.get(lane, -1))
        if running is not None:
            (running.cancel.pause if paused else running.cancel.go_on)()

    def forget(self, lane: str) -> None:
        """Ask the lane's current job to stop, and drop what it still says."""
        self.cancel(lane)
        self._current.pop(lane, None)

    def cancel_all(self) -> None:
        """Ask all jobs to stop, and start none any more; `idle` follows when they have."""
        self._is_closed = True
        for running in self._running.values():
            running.cancel.cancel()

    @property
    def is_idle(self) -> bool:
        """True where no job is under way, stale ones included."""
        return not self._running

    def is_running(self, lane: str) -> bool:
        """True while the lane's current job is under way."""
        return self._current.get(lane, -1) in self._running

    def _lane_of(self, number: int) -> str | None:
        """The lane of a job that is not stale."""
        running = self._running.get(number)
        return running.lane if running is not None and self._current.get(running.lane) == number else None

    @Slot(int, object)
    def _on_progressed(self, number: int, step: object) -> None:
        if (lane := self._lane_of(number)) is not None:
            self.progressed.emit(lane, step)

    @Slot(int, object)
    def _on_published(self, number: int, part: object) -> None:
        if (lane := self._lane_of(number)) is not None:
            self.published.emit(lane, part)

    @Slot(int, object)
    def _on_succeeded(self, number: int, result: object) -> None:
        if (lane := self._lane_of(number)) is not None:
            self._current.pop(lane)
            self.succeeded.emit(lane, result)

    @Slot(int, object)
    def _on_failed(self, number: int, problem: object) -> None:
        if (lane := self._lane_of(number)) is not None:
            self._current.pop(lane)
            self.failed.emit(lane, problem)

    @Slot(int)
    def _on_cancelled(self, number: int) -> None:
        if (lane := self._lane_of(number)) is not None:
            self._current.pop(lane)
            self.cancelled.emit(lane)

    @Slot()
    def _on_thread_finished(self) -> None:
        ended = [number for number, running in self._running.items() if running.thread.isFinished()]
        for number in ended:
            # The thread may still be about to delete what was asked to be deleted in it. So nothing is: when it has ended,
            # the worker and the thread go here, with the last reference to them.
            self._running.pop(number).thread.wait()
        if not self._running:
            self.idle.emit()
