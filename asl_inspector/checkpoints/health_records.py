"""What the questions on the health of weights are asked about, and what they answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.blocks import sampled
from asl_inspector.checkpoints.optimizer_states import OptimizerState
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.checkpoints.widening import widened
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken

Question = Literal["finite", "initial", "frozen", "dead", "exploding", "saturated", "duplicated"]
Verdict = Literal["sound", "suspect", "ill"]
FloatArray = NDArray[np.float64]

LARGEST_SAMPLE = 200_000
QUESTIONS: dict[Question, str] = {
    "finite": "Are all weights finite?",
    "initial": "Is any layer still as it was made?",
    "frozen": "Did every parameter receive gradients?",
    "dead": "Are there dead units or ignored inputs?",
    "exploding": "Have any weights grown out of proportion?",
    "saturated": "Are there gates that can never open or close?",
    "duplicated": "Is any tensor stored twice?",
}


@dataclass(frozen=True, slots=True)
class HealthNote:
    """One answer.

    Attributes:
        question: What was asked.
        verdict: The answer, or None where it cannot be told; the sentence then says why.
        sentence: The answer in words.
        keys: Keys of the tensors it is about.
        figure: What was measured, or None.
    """

    question: Question
    verdict: Verdict | None
    sentence: str
    keys: tuple[str, ...] = ()
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What the questions are asked about.

    Attributes:
        tensors: The state dict.
        content: The file.
        statistics: Facts of each tensor that could be read.
        optimizers: The optimizers in the file.
        cancel: Asked between tensors.
    """

    tensors: Mapping[str, TensorRecord]
    content: Content
    statistics: Mapping[str, TensorStatistics]
    optimizers: tuple[OptimizerState, ...]
    cancel: CancelToken

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by key."""
        return {key: tensor.shape for key, tensor in self.tensors.items()}

    def readable(self) -> Iterator[tuple[str, TensorRecord]]:
        """Parameters of floating numbers that could be read."""
        for key, tensor in self.tensors.items():
            self.cancel.raise_if_cancelled()
            if key in self.statistics and tensor.role == "parameter" and "float" in tensor.dtype and tensor.count:
                yield key, tensor

    def sample(self, tensor: TensorRecord) -> FloatArray:
        """Up to about `LARGEST_SAMPLE` numbers of a tensor."""
        part = sampled(tensor, LARGEST_SAMPLE) if tensor.count > LARGEST_SAMPLE else None
        return widened(read_array(part or tensor, self.content)).reshape(-1)


def counted(things: Iterable[object], noun: str) -> str:
    """`3 tensors`, `1 tensor`."""
    number = len(list(things))
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
