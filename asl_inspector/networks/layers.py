"""Layers that several families share: activations, pooling over time, and chains of linear layers and norms.

Shapes: N clips, T frames, F numbers a frame. Frames past a clip's length count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from asl_inspector.networks.exact_recurrence import last_frame
from asl_inspector.networks.parts import Part
from asl_inspector.networks.plans import EVERY_FRAME


def as_it_is(values: Tensor) -> Tensor:
    """No activation."""
    return values


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "none": as_it_is,
    "relu": torch.relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
}


class FrameBatchNorm(nn.BatchNorm1d):
    """Batch norm over the last axis, of frames or of whole clips."""

    def forward(self, values: Tensor) -> Tensor:  # noqa: D102
        return super().forward(values.reshape(-1, values.shape[-1])).reshape(values.shape)


class Chain(nn.ModuleList):
    """Linear layers and norms one after the other, with an activation between linear layers.

    Args:
        parts: What the file holds.
        between: Activation between two linear layers, after the norm that follows the first.
        after: Activation after the last.
    """

    def __init__(self, parts: Sequence[Part], between: str, after: str = "none") -> None:
        super().__init__(layer_of(part) for part in parts)
        self._kinds = [part.kind for part in parts]
        self._between = ACTIVATIONS[between]
        self._after = ACTIVATIONS[after if parts else "none"]

    def forward(self, values: Tensor) -> Tensor:  # noqa: D102
        seen = False
        for kind, layer in zip(self._kinds, self, strict=True):
            if kind == "linear" and seen:
                values = self._between(values)
            seen |= kind == "linear"
            values = layer(values)
        return self._after(values)


def layer_of(part: Part) -> nn.Module:
    """The module for a part."""
    if part.kind == "linear":
        return nn.Linear(part.inputs, part.outputs, bias=part.biased)
    return nn.LayerNorm(part.inputs) if part.kind == "layer norm" else FrameBatchNorm(part.inputs)


class Pooling(nn.Module):
    """From frames to clips.

    Args:
        how: "every frame" for no pooling, "last frame", "last state", "mean", "max", "first frame" or "attention".
        scorer: Gives each frame its weight before the softmax, for "attention".
    """

    def __init__(self, how: str, scorer: Chain | None = None) -> None:
        super().__init__()
        self.how = how
        self.scorer = scorer

    def forward(self, frames: Tensor, lengths: Tensor | None, state: Tensor | None = None) -> Tensor:
        """(N, T, F) -> (N, F), or (N, T, F) for every frame; `state` is a recurrent layer's last, (N, F)."""
        if self.how == EVERY_FRAME:
            return frames
        if self.how == "last state" and state is not None:
            return state
        if self.how == "last frame":
            return last_frame(frames, lengths)
        if self.how == "first frame":
            return frames[:, 0]
        padding = None
        if lengths is not None:
            padding = (torch.arange(frames.shape[1], device=frames.device) >= lengths.unsqueeze(1)).unsqueeze(-1)
        if self.how == "max":
            return (frames if padding is None else frames.masked_fill(padding, -torch.inf)).amax(dim=1)
        if self.how == "attention" and self.scorer is not None:
            scores = self.scorer(frames)  # (N, T, 1)
            scores = scores if padding is None else scores.masked_fill(padding, -torch.inf)
            weighted: Tensor = frames * scores.softmax(dim=1)
            return weighted.sum(dim=1)
        if padding is None:
            return frames.mean(dim=1)
        mean: Tensor = frames.masked_fill(padding, 0).sum(dim=1) / (~padding).sum(dim=1)
        return mean
