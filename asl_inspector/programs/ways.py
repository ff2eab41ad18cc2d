"""How a network wants its clips and how it answers: the axes, the other inputs, what its numbers are.

N clips, T frames, F numbers a frame, T' output frames, C classes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.programs.records import Arrays, Port

FloatArray = NDArray[np.float32]
Order = Literal["NTF", "TNF", "NFT", "TF"]
ORDERS: tuple[Order, ...] = ("NTF", "TNF", "NFT", "TF")
WORDS = {
    "NTF": "clips x frames x numbers",
    "TNF": "frames x clips x numbers",
    "NFT": "clips x numbers x frames",
    "TF": "frames x numbers, one clip at a time",
}
Run = Callable[[Sequence[NDArray[Any]]], Arrays]


class Unwilling(Exception):
    """The network raised an error for an input; its text says which.

    Args:
        what: In few words.
        detail: The whole of what it said.
    """

    def __init__(self, what: str, detail: str = "") -> None:
        super().__init__(what)
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Way:
    """How to call a network.

    Attributes:
        order: The axes of the features.
        split: The features' axis as two, joints and coordinates, or None.
        joints_last: True where the axes are clips, coordinates, frames, joints.
        fills: For every input what goes in: "features", "lengths", "valid frames" or "padding".
        output: Which output holds the scores.
        axes: What the axes of that output are, of "N", "T" and "C".
        scores: What the numbers are: "logits", "log posteriors" or "probabilities".
        together: True where one call may hold several clips.
        batch: How many clips a call has to hold, or None; what is missing is filled up with a clip again.
        same_length: True where an answer has as many frames as its clip.
        fewest: Fewest frames that it takes.
        most: Most frames, or None.
        classes: Outputs.
        assumptions: What could not be settled by trying, as sentences.
    """

    order: Order
    fills: tuple[str, ...]
    split: tuple[int, int] | None = None
    joints_last: bool = False
    output: int = 0
    axes: str = "NTC"
    scores: str = "logits"
    together: bool = True
    batch: int | None = None
    same_length: bool = True
    fewest: int = 1
    most: int | None = None
    classes: int = 0
    assumptions: tuple[str, ...] = field(default=())

    @property
    def pooled(self) -> bool:
        """True where a clip gets one answer."""
        return "T" not in self.axes

    def arranged(self, clips: FloatArray) -> NDArray[Any]:
        """(N, T, F) -> the features as the network wants them."""
        if self.split is not None:
            joints = clips.reshape(*clips.shape[:2], *self.split)
            return joints.transpose(0, 3, 1, 2) if self.joints_last else joints
        if self.order == "TNF":
            return clips.transpose(1, 0, 2)
        if self.order == "NFT":
            return clips.transpose(0, 2, 1)
        return clips[0] if self.order == "TF" else clips

    def inputs(self, clips: FloatArray, ports: Sequence[Port]) -> list[NDArray[Any]]:
        """All inputs for clips of one length, (N, T, F)."""
        if self.batch is not None and len(clips) < self.batch:
            clips = np.concatenate([clips, np.repeat(clips[-1:], self.batch - len(clips), axis=0)])
        count, frames = clips.shape[:2]
        others = {
            "lengths": np.full(count, frames, np.int64),
            "valid frames": np.ones((count, frames), bool),
            "padding": np.zeros((count, frames), bool),
        }
        made = []
        for fill, port in zip(self.fills, ports, strict=True):
            array = self.arranged(clips) if fill == "features" else others[fill]
            wanted = port.kind if port.kind in ("float16", "float32", "float64", "int64", "int32", "bool") else ""
            made.append(np.ascontiguousarray(array, dtype=np.dtype(wanted) if wanted else None))
        return made

    def answers(self, output: NDArray[Any]) -> FloatArray:
        """The scores of one call -> (N, T', C), or (N, C); probabilities become their logarithms."""
        scores = output.astype(np.float32, copy=False)
        if "N" not in self.axes:
            scores = scores[np.newaxis]
        axes = self.axes if "N" in self.axes else "N" + self.axes
        scores = np.transpose(scores, [axes.index(axis) for axis in "NTC" if axis in axes])
        if self.scores == "probabilities":
            scores = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return np.array(scores, order="C")  # what came through the pipe cannot be written to

    def ask(self, run: Run, clips: FloatArray, ports: Sequence[Port]) -> FloatArray:
        """Run clips of one length, (N, T, F) -> (N, T', C) or (N, C).

        Raises:
            Unwilling: By `run`.
            InferenceError: If the answer has another shape than the network's other answers.
        """
        size = (self.batch or max(1, len(clips))) if self.together else 1
        parts = [clips[start : start + size] for start in range(0, len(clips), size)]
        made = []
        for part in parts:
            given = run(self.inputs(part, ports)).arrays
            shape = given[self.output].shape if self.output < len(given) else ()
            if len(shape) != len(self.axes) or shape[self.axes.index("C")] != self.classes:
                raise InferenceError(
                    f"The network answered an array of {shape_text(shape)} for {shape_text(part.shape)}, where"
                    f" {self.classes} classes were expected.",
                    advice="Its answers have to have one shape, whatever the clips.",
                )
            answers = self.answers(given[self.output])
            made.append(answers[: len(part)] if self.batch is not None else answers)
        scores = made[0] if len(made) == 1 else np.concatenate(made)
        if len(scores) != len(clips):
            raise InferenceError(f"The network answered for {len(scores)} clips where it was given {len(clips)}.")
        return scores


def shape_text(shape: Sequence[int]) -> str:
    """Sizes for people."""
    return " x ".join(map(str, shape)) if shape else "a single number"
