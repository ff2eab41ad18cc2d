"""Questions to the engine of one kind each: a newer question makes the older one stale, and what that still says is dropped."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal, Slot

from asl_inspector.engine.client import Engine
from asl_inspector.gui.jobs import Jobs, Publish, Work
from asl_inspector.progress import CancelToken, Progress


def call(engine: Engine, method: str, *arguments: object) -> Work:
    """The work of asking the engine."""

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        return engine.call(method, *arguments, progress=progress, cancel=cancel, publish=publish)

    return work


def asking(engine: Engine, method: str) -> Callable[..., Work]:
    """What makes the work of asking `method` of the engine, from its arguments."""

    def of(*arguments: object) -> Work:
        return call(engine, method, *arguments)

    return of


class Lane(QObject):
    """The jobs of one name.

    Args:
        jobs: Runs them.
        name: One of its own among the jobs of the window.
        work: Makes the work from what `ask` is given.
        parent: With which the lane goes, so that a late answer finds nothing deleted.
    """

    progressed = Signal(object)  # Step
    published = Signal(object)  # a part of the answer
    succeeded = Signal(object)  # the answer
    failed = Signal(object)  # Problem
    stopped = Signal(object)  # Problem, or None where it was cancelled

    def __init__(self, jobs: Jobs, name: str, work: Callable[..., Work], parent: QObject) -> None:
        super().__init__(parent)
        self.name = name
        self._jobs, self._work = jobs, work
        jobs.progressed.connect(self._on_progressed)
        jobs.published.connect(self._on_published)
        jobs.succeeded.connect(self._on_succeeded)
        jobs.failed.connect(self._on_failed)
        jobs.cancelled.connect(self._on_cancelled)

    def ask(self, *arguments: object) -> None:
        """Ask; one of `succeeded` and `stopped` follows unless a newer question takes its place."""
        self._jobs.start(self.name, self._work(*arguments))

    @Slot()
    def cancel(self) -> None:
        """Ask the job to stop."""
        self._jobs.cancel(self.name)

    def forget(self) -> None:
        """Ask the job to stop, and drop what it still says."""
        self._jobs.forget(self.name)

    @Slot(str, object)
    def _on_progressed(self, name: str, step: object) -> None:
        if name == self.name:
            self.progressed.emit(step)

    @Slot(str, object)
    def _on_published(self, name: str, part: object) -> None:
        if name == self.name:
            self.published.emit(part)

    @Slot(str, object)
    def _on_succeeded(self, name: str, result: object) -> None:
        if name == self.name:
            self.succeeded.emit(result)

    @Slot(str, object)
    def _on_failed(self, name: str, problem: object) -> None:
        if name == self.name:
            self.failed.emit(problem)
            self.stopped.emit(problem)

    @Slot(str)
    def _on_cancelled(self, name: str) -> None:
        if name == self.name:
            self.stopped.emit(None)
