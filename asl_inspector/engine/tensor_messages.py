"""What travels of tensors: facts, histograms, rectangles of numbers, optimizer states, the health of the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.health_records import HealthNote
from asl_inspector.checkpoints.measuring_all import Measured
from asl_inspector.checkpoints.optimizer_states import OptimizerState
from asl_inspector.checkpoints.statistics import TensorStatistics

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class TensorView:
    """One tensor's numbers: facts and a histogram.

    Attributes:
        index: Its place in the checkpoint's list of tensors.
        name: Dotted path.
        statistics: Facts, or None where the numbers cannot be read.
        counts: Numbers in each bin.
        edges: One more than bins.
        first: The first numbers in row order, as text where they are complex.
        trouble: Why there is nothing, or an empty string.
    """

    index: int
    name: str
    statistics: TensorStatistics | None
    counts: IntArray
    edges: FloatArray
    first: tuple[float | str, ...]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class SliceRequest:
    """A rectangle of one matrix of a tensor, as `checkpoints.slices.table_of` takes it."""

    index: int
    leading: tuple[int, ...]
    rows: tuple[int, int]
    columns: tuple[int, int]
    steps: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class SliceView:
    """The numbers of a rectangle: (rows, columns), as they are kept, or why there are none."""

    request: SliceRequest
    values: NDArray[np.generic]
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class StatisticsPart:
    """Facts of some tensors.

    Attributes:
        indices: (n,), their places in the checkpoint's list of tensors.
        moments: (n, 5), minimum, maximum, mean, std and norm; NaN where there is none.
        counts: (n, 4), numbers, zeros, NaN and infinities; -1 where the numbers could not be read.
    """

    indices: IntArray
    moments: FloatArray
    counts: IntArray

    @classmethod
    def of(cls, rows: list[Measured]) -> StatisticsPart:
        """The rows as arrays, which travel cheaply."""
        moments = np.full((len(rows), 5), np.nan)
        counts = np.full((len(rows), 4), -1, np.int64)
        for place, row in enumerate(rows):
            facts = row.statistics
            if facts is None:
                continue
            told = (facts.minimum, facts.maximum, facts.mean, facts.std, facts.norm)
            moments[place] = [np.nan if number is None else number for number in told]
            counts[place] = (facts.count, facts.zeros, facts.nans, facts.infinities)
        return cls(np.array([row.index for row in rows], np.int64), moments, counts)

    def facts(self) -> dict[int, TensorStatistics]:
        """The rows as records, those that could be read."""
        found = {}
        for index, moments, counts in zip(
            self.indices.tolist(), self.moments.tolist(), self.counts.tolist(), strict=True
        ):
            if counts[0] >= 0:
                low, high, mean, std, norm = (None if number != number else number for number in moments)
                found[index] = TensorStatistics(counts[0], low, high, mean, std, norm, *counts[1:])
        return found


@dataclass(frozen=True, slots=True)
class OptimizerView:
    """An optimizer, and the steps of its parameters, None where they cannot be told."""

    optimizer: OptimizerState
    steps: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class HealthView:
    """The answers of `checkpoints.health`."""

    notes: tuple[HealthNote, ...]
