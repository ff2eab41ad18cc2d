"""Looks into an opened checkpoint: one tensor, a rectangle of it, the facts of all, the optimizers, the health."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from asl_inspector.checkpoints.blocks import blocks
from asl_inspector.checkpoints.health import weight_health
from asl_inspector.checkpoints.measuring_all import Measured, all_statistics
from asl_inspector.checkpoints.optimizer_states import ParameterState, optimizer_states
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.slices import table_of
from asl_inspector.checkpoints.statistics import TensorStatistics, tensor_statistics
from asl_inspector.checkpoints.tensor_numbers import first_numbers, read_array, single_number
from asl_inspector.engine.tensor_messages import (
    FloatArray,
    HealthView,
    IntArray,
    OptimizerView,
    SliceRequest,
    SliceView,
    StatisticsPart,
    TensorView,
)
from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress

BINS = 64
FIRST = 12
SECONDS_BETWEEN_PARTS = 0.1


class Looks:
    """One checkpoint that is looked into; what was measured is kept."""

    def __init__(self, checkpoint: Checkpoint, content: Content) -> None:
        self.checkpoint = checkpoint
        self.content = content
        self.measured: dict[int, TensorStatistics] = {}

    def tensor(self, index: int, cancel: CancelToken) -> TensorView:
        """Facts and a histogram of one tensor; trouble where its numbers are not to be had."""
        tensor = self._tensor(index)
        try:
            facts = self.measured.get(index) or tensor_statistics(tensor, self.content, cancel=cancel)
            self.measured[index] = facts
            first = tuple(
                f"{number:g}" if isinstance(number, complex) else float(number)
                for number in first_numbers(tensor, self.content, FIRST)
            )
            counts, edges = self._histogram(index, facts, cancel)
        except InspectorError as error:
            return TensorView(index, tensor.name, None, np.zeros(0, np.int64), np.zeros(0), (), error.sentence)
        return TensorView(index, tensor.name, facts, counts, edges, first)

    def _tensor(self, index: int) -> TensorRecord:
        if not 0 <= index < len(self.checkpoint.tensors):
            raise InspectorError(f"The checkpoint has no tensor number {index}.")
        return self.checkpoint.tensors[index]

    def _histogram(self, index: int, facts: TensorStatistics, cancel: CancelToken) -> tuple[IntArray, FloatArray]:
        """Counts and edges, block by block; nothing where nothing is finite."""
        if facts.minimum is None or facts.maximum is None:
            return np.zeros(0, np.int64), np.zeros(0)
        bins = min(BINS, max(1, facts.count))
        low, high = facts.minimum, facts.maximum
        if low == high:
            low, high = low - 0.5, high + 0.5
        if not np.isfinite(high - low) or np.nextafter(low, high) >= high - (high - low) / bins:
            return np.array([facts.count - facts.nans - facts.infinities]), np.array([low, high])
        counts, edges = np.zeros(bins, np.int64), np.linspace(low, high, bins + 1)
        for block in blocks(self.checkpoint.tensors[index], self.content):
            cancel.raise_if_cancelled()
            values = np.abs(block) if np.iscomplexobj(block) else block
            if facts.nans or facts.infinities:
                values = values[np.isfinite(values)]
            counts += np.histogram(values.astype(np.float64), bins=bins, range=(low, high))[0]
        return counts, edges

    def part(self, request: SliceRequest) -> SliceView:
        """A rectangle of one tensor: only its bytes are read."""
        nothing = np.zeros((0, 0))
        try:
            tensor = self._tensor(request.index)
            part = table_of(tensor, request.leading, request.rows, request.columns, request.steps)
            values = np.ascontiguousarray(read_array(part, self.content))
        except InspectorError as error:
            return SliceView(request, nothing, error.sentence)
        return SliceView(request, values.astype(values.dtype.newbyteorder("=")))

    def statistics(self, progress: Progress, cancel: CancelToken, publish: Callable[[object], None]) -> StatisticsPart:
        """Facts of every tensor, published as they are found; what was not published yet is returned."""
        waiting: list[Measured] = [Measured(index, facts) for index, facts in self.measured.items()]
        last = time.monotonic()
        missing = [index for index in range(len(self.checkpoint.tensors)) if index not in self.measured]
        tensors = [self.checkpoint.tensors[index] for index in missing]
        for row in all_statistics(tensors, self.content, progress=progress, cancel=cancel):
            found = Measured(missing[row.index], row.statistics, row.trouble)
            if found.statistics is not None:
                self.measured[found.index] = found.statistics
            waiting.append(found)
            if time.monotonic() - last > SECONDS_BETWEEN_PARTS:
                publish(StatisticsPart.of(waiting))
                waiting, last = [], time.monotonic()
        return StatisticsPart.of(waiting)

    def health(self, progress: Progress, cancel: CancelToken) -> HealthView:
        """The questions on the weights."""
        known = [(self.checkpoint.tensors[index], facts) for index, facts in list(self.measured.items())]
        notes = weight_health(self.checkpoint, self.content, known=known, progress=progress, cancel=cancel)
        return HealthView(notes)

    def optimizers(self) -> tuple[OptimizerView, ...]:
        """The optimizers with the step of each parameter."""
        return tuple(
            OptimizerView(optimizer, tuple(self._step(state) for state in optimizer.states))
            for optimizer in optimizer_states(self.checkpoint)
        )

    def _step(self, state: ParameterState) -> float | None:
        tensor = state.tensors.get("step")
        if tensor is not None:
            number = single_number(tensor, self.content)
            return None if number is None else float(number)
        try:
            return float(state.values["step"])
        except (KeyError, ValueError):
            return None
