"""What the panels ask of the engine beside the case itself: one tensor, one clip, a comparison, the nearest neighbours."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, Signal, Slot

from asl_inspector.engine.client import Engine
from asl_inspector.gui.jobs import Jobs, Publish, Work
from asl_inspector.gui.lanes import Lane, asking
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.report.contents import Problem
from asl_inspector.workers.preview_records import ClipPreview

log = logging.getLogger(__name__)


class Looks(QObject):
    """A lane for each kind of question.

    Attributes:
        clip: One clip's posteriors, by its row: ClipDetail.
        tensor: One tensor's numbers, by its index: TensorView.
        part: A rectangle of a tensor, by SliceRequest: SliceView.
        optimizers: The optimizers' states matched with parameters: tuple of OptimizerView.
        measures: Every tensor measured and the weights judged: StatisticsPart as they come, HealthView at the end.
        comparison: Two checkpoints, by two CompareSide: CompareView.
        pair: Two corresponding tensors, by their names: PairView.
        neighbours: The nearest training clips, by method: Neighbours.
        preview: A correction tried on a file, by path and Correction.
        offer: A file looked at that could be run, by path or None for the checkpoint of the case: Offer. Nothing is run.
    """

    measured = Signal(str)  # how it ended: "", "Cancelled", or a sentence
    preview_arrived = Signal(object)  # ClipPreview, which says so where it failed

    def __init__(self, jobs: Jobs, engine: Engine, parent: QObject) -> None:
        super().__init__(parent)

        def lane(name: str) -> Lane:
            return Lane(jobs, name, asking(engine, name), self)

        self.clip, self.tensor, self.part = lane("clip"), lane("tensor"), lane("part")
        self.optimizers, self.comparison, self.pair = lane("optimizers"), lane("compare"), lane("pair")
        self.neighbours, self.preview, self.offer = lane("neighbours"), lane("preview"), lane("offer")
        self.measures = Lane(jobs, "measure", lambda: _measuring(engine), self)
        self.measures.succeeded.connect(self._say_measured)
        self.measures.stopped.connect(self._say_not_measured)
        self.preview.succeeded.connect(self.preview_arrived)
        self.preview.failed.connect(self._say_no_preview)
        for one in (self.part, self.optimizers):
            one.failed.connect(self._log)

    @Slot(object)
    def _say_measured(self, _health: object) -> None:
        self.measured.emit("")

    @Slot(object)
    def _say_not_measured(self, problem: Problem | None) -> None:
        self.measured.emit("Cancelled" if problem is None else problem.sentence)

    @Slot(object)
    def _say_no_preview(self, problem: Problem) -> None:
        self.preview_arrived.emit(ClipPreview(0, 0, 0, None, (), problem=problem.sentence, advice=problem.advice))

    @Slot(object)
    def _log(self, problem: Problem) -> None:
        log.warning("a look failed: %s", problem.sentence)


def _measuring(engine: Engine) -> Work:
    """Every tensor, then the weights as a whole."""

    def work(progress: Progress, cancel: CancelToken, publish: Publish) -> object:
        publish(engine.call("statistics", progress=progress, cancel=cancel, publish=publish))
        return engine.call("health", progress=progress, cancel=cancel)

    return work
