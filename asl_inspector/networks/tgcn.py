"""The TGCN of WLASL: graph convolutions over landmarks, each landmark's whole path through the clip being its features.

Told from `gc1.weight`, `gc1.att`, `bn1`, `gcbs.N.*` and `fc_out`. A graph convolution has a learned matrix between
landmarks (`att`), so that no graph is needed; the rows of `gc1.weight` settle how many frames a clip must have.

Shapes: N clips, T frames (fixed), V landmarks, H hidden numbers, C classes.

Source: Li, Rodriguez, Yu and Li 2020, "Word-level Deep Sign Language Recognition from Video" (WACV), section 4.2.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import STATISTICS, Part
from asl_inspector.networks.plans import Plan, Question

AXES = 2
BLOCK = re.compile(r"^gcbs\.(\d+)\.(gc1|bn1|gc2|bn2)$")
INSIDE = {"gc1", "bn1", "gc2", "bn2"}
RESIDUAL = "residual connections"
COUNTER = "num_batches_tracked"


class GraphConvolution(nn.Module):
    """Every landmark's numbers through one matrix, then the landmarks through another."""

    def __init__(self, landmarks: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs))
        self.att = nn.Parameter(torch.zeros(landmarks, landmarks))
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, values: Tensor) -> Tensor:
        """(N, V, F) -> (N, V, H)"""
        return self.att @ (values @ self.weight) + self.bias


class Step(nn.Module):
    """A graph convolution, a norm over landmarks times numbers, tanh."""

    def __init__(self, landmarks: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.gc = GraphConvolution(landmarks, inputs, outputs)
        self.bn = nn.BatchNorm1d(landmarks * outputs)

    def forward(self, values: Tensor) -> Tensor:
        """(N, V, F) -> (N, V, H)"""
        values = self.gc(values)
        return torch.tanh(self.bn(values.flatten(1)).view_as(values))


class TgcnNetwork(Network):
    """The network itself."""

    def __init__(self, frames: int, landmarks: int, hidden: int, blocks: int, classes: int, *, residual: bool) -> None:
        super().__init__()
        self._frames, self._landmarks, self._residual = frames, landmarks, residual
        self.least_frames = frames
        self.first = Step(landmarks, AXES * frames, hidden)
        self.blocks = nn.ModuleList(
            nn.Sequential(Step(landmarks, hidden, hidden), Step(landmarks, hidden, hidden)) for _ in range(blocks)
        )
        self.fc_out = nn.Linear(hidden, classes)

    @property
    def most_frames(self) -> int | None:
        """As many as the first matrix has rows for."""
        return self._frames

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, 2 V) -> (N, C)"""
        clips = features.shape[0]
        # (N, T, V, 2) -> (N, V, T, 2) -> (N, V, 2 T): a landmark's x and y, frame after frame
        paths = features.view(clips, self._frames, self._landmarks, AXES).transpose(1, 2).flatten(2)
        values = self.first(paths)
        for block in self.blocks:
            values = block(values) + values if self._residual else block(values)
        logits: Tensor = self.fc_out(values.mean(dim=1))
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return 1


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a TGCN, or None."""
    by_name = {part.name: part for part in parts}
    found = [(match, part) for part in parts if (match := BLOCK.match(part.name))]
    indices = {int(match[1]) for match, _ in found}
    whole = all({match[2] for match, _ in found if int(match[1]) == index} == INSIDE for index in indices)
    if not {"gc1", "bn1", "fc_out"} <= set(by_name) or indices != set(range(len(indices))) or not whole:
        return None
    if len(by_name) != len(found) + 3 or len(by_name) != len(parts):
        return None
    first, last = by_name["gc1"].tensors, by_name["fc_out"]
    if (
        set(first) != {"weight", "att", "bias"}
        or len(first["weight"]) != 2
        or not first["att"]
        or last.kind != "linear"
    ):
        return None
    (rows, hidden), landmarks = first["weight"], first["att"][0]
    fits = first["att"] == (landmarks, landmarks) and rows % AXES == 0 and last.inputs == hidden
    norms = [part for part in parts if part.kind == "batch norm"]
    if not fits or len(norms) != 1 + 2 * len(indices) or any(part.inputs != landmarks * hidden for part in norms):
        return None
    frames, classes, blocks = rows // AXES, last.outputs, len(indices)
    keys = {f"{_place(part.name)}.{tensor}": f"{part.name}.{tensor}" for part in parts for tensor in part.tensors}
    counters = [f"{_place(part.name)}.{COUNTER}" for part in norms if set(part.tensors) >= STATISTICS]
    return Plan(
        family="TGCN",
        source="The keys are those of WLASL's TGCN: graph convolutions with a learned matrix between landmarks.",
        body=f"TGCN {blocks} × {hidden}",
        parts=(f"{landmarks} landmarks", f"{frames} frames a clip"),
        inputs=AXES * landmarks,
        classes=classes,
        keys=keys,
        build=lambda answers: TgcnNetwork(
            frames, landmarks, hidden, blocks, classes, residual=answers[RESIDUAL] == "yes"
        ),
        questions=(Question(RESIDUAL, ("yes", "no"), "Around each block the input is added: {}."),),
        facts=(
            "A frame is the x and y of each landmark in turn, in OpenPose's order without hips, legs and feet, scaled to -1..1.",
            "A clip is run once, where the project averages over several cuts of a long one.",
        ),
        settled=True,
        frames=frames,
        shape_state=lambda state: _counted(state, counters),
    )


def _place(name: str) -> str:
    """The module here for a module of the file."""
    if name in ("gc1", "bn1"):
        return f"first.{name[:2]}"
    found = BLOCK.match(name)
    return f"blocks.{found[1]}.{int(found[2][2]) - 1}.{found[2][:2]}" if found else name


def _counted(state: dict[str, Tensor], counters: Sequence[str]) -> dict[str, Tensor]:
    """The tensors with the norms' counters, which old checkpoints do not have and nothing here uses."""
    return {counter: torch.zeros(()) for counter in counters} | state
