"""ST-GCN over landmarks, as OpenHands and ASL Citizen have it: graph and time convolutions, the mean of all, a linear layer.

Told from `encoder.A`, `encoder.data_bn`, `encoder.st_gcn_networks.N.*`, `encoder.edge_importance.N` and
`decoder.classifier`. The graph is a buffer of the file. Where a block changes its width the published networks also take
every second frame, which no tensor tells; the last block, whose width is an option of theirs, never does.

Shapes: N clips, T frames, V landmarks, K kinds of neighbour, F numbers a landmark, C classes.

Source: Yan, Xiong and Lin 2018, arXiv:1801.07455; Selvaraj et al. 2022, arXiv:2110.05877 (OpenHands).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part
from asl_inspector.networks.plans import Plan, Question

GRAPH, NORM, HEAD = "encoder.A", "encoder.data_bn.weight", "decoder.classifier.weight"
BLOCK = re.compile(r"^encoder\.st_gcn_networks\.(\d+)\.gcn\.conv\.weight$")
STEPS = "steps of widening blocks"
Shapes = Mapping[str, tuple[int, ...]]


class GraphConvolution(nn.Module):
    """Each landmark's numbers through one matrix for each kind of neighbour, then summed over the neighbours."""

    def __init__(self, inputs: int, outputs: int, kinds: int) -> None:
        super().__init__()
        self.kinds = kinds
        self.conv = nn.Conv2d(inputs, outputs * kinds, 1)

    def forward(self, values: Tensor, graph: Tensor) -> Tensor:
        """(N, F, T, V), (K, V, V) -> (N, F', T, V)"""
        mixed: Tensor = self.conv(values).unflatten(1, (self.kinds, -1))  # (N, K F', T, V) -> (N, K, F', T, V)
        return torch.einsum("nkftv,kvw->nftw", mixed, graph)


class Block(nn.Module):
    """Graph convolution, then convolution over time; the input is added, but in the first block."""

    def __init__(self, sizes: tuple[int, int, int, int], *, first: bool, shortcut: bool, step: int) -> None:
        super().__init__()
        inputs, outputs, kinds, kernel = sizes
        self._added = not first
        self.gcn = GraphConvolution(inputs, outputs, kinds)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, (kernel, 1), (step, 1), ((kernel - 1) // 2, 0)),
            nn.BatchNorm2d(outputs),
        )
        if shortcut:
            self.residual = nn.Sequential(nn.Conv2d(inputs, outputs, 1, (step, 1)), nn.BatchNorm2d(outputs))

    def forward(self, values: Tensor, graph: Tensor) -> Tensor:
        """(N, F, T, V) -> (N, F', T', V)"""
        found = self.tcn(self.gcn(values, graph))
        if self._added:
            found = found + (self.residual(values) if hasattr(self, "residual") else values)
        result: Tensor = torch.relu(found)
        return result


class StGcnNetwork(Network):
    """The network itself; its modules are called as in the file."""

    def __init__(self, shapes: Shapes, blocks: int, step: int) -> None:
        super().__init__()
        kinds, landmarks, _ = shapes[GRAPH]
        self._landmarks = landmarks
        self.encoder = nn.Module()
        self.encoder.register_buffer("A", torch.zeros(shapes[GRAPH]))
        self.encoder.data_bn = nn.BatchNorm1d(shapes[NORM][0])
        stack = []
        for index in range(blocks):
            name = f"encoder.st_gcn_networks.{index}"
            wide, inputs = shapes[f"{name}.gcn.conv.weight"][:2]
            sizes = inputs, wide // kinds, kinds, shapes[f"{name}.tcn.2.weight"][2]
            shortcut = f"{name}.residual.0.weight" in shapes
            stack.append(
                Block(sizes, first=index == 0, shortcut=shortcut, step=step if shortcut and index < blocks - 1 else 1)
            )
        self.encoder.st_gcn_networks = nn.ModuleList(stack)
        self._weighted = "encoder.edge_importance.0" in shapes
        if self._weighted:
            self.encoder.edge_importance = nn.ParameterList(torch.ones(shapes[GRAPH]) for _ in range(blocks))
        self.decoder = nn.Module()
        self.decoder.classifier = nn.Linear(shapes[HEAD][1], shapes[HEAD][0])

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, V F) -> (N, C)"""
        encoder = self.encoder
        normed = encoder.data_bn(features.transpose(1, 2))  # type: ignore[operator]
        values = normed.unflatten(1, (self._landmarks, -1)).permute(0, 2, 3, 1)  # (N, V F, T) -> (N, F, T, V)
        for index, block in enumerate(encoder.st_gcn_networks):  # type: ignore[arg-type]
            weights = encoder.edge_importance[index] if self._weighted else 1  # type: ignore[index]
            values = block(values, encoder.A * weights)  # type: ignore[operator]
        logits: Tensor = self.decoder.classifier(values.mean(dim=(2, 3)))  # type: ignore[operator]
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return 1


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of an ST-GCN, or None; without the graph in the file there is none."""
    shapes = {f"{part.name}.{tensor}": shape for part in parts for tensor, shape in part.tensors.items()}
    indices = sorted(int(found[1]) for key in shapes if (found := BLOCK.match(key)))
    known = {GRAPH, NORM, HEAD} <= set(shapes) and len(shapes[NORM]) == 1 and len(shapes[HEAD]) == 2
    if not known or not indices or indices != list(range(len(indices))):
        return None
    graph, blocks = shapes[GRAPH], len(indices)
    if (
        len(graph) != 3
        or 0 in graph
        or graph[1] != graph[2]
        or shapes[NORM][0] % graph[1]
        or not _chain(shapes, blocks)
    ):
        return None
    counters = [f"{key[: -len('running_var')]}num_batches_tracked" for key in shapes if key.endswith("running_var")]
    last = shapes[HEAD][1]
    questions: tuple[Question, ...] = ()
    if any(f"encoder.st_gcn_networks.{index}.residual.0.weight" in shapes for index in indices[:-1]):
        sentence = "Blocks that change their width, but for the last, take one frame of {}."
        questions = (Question(STEPS, ("2", "1"), sentence),)
    return Plan(
        family="ST-GCN",
        source="The keys are those of the ST-GCN of OpenHands and ASL Citizen, and its graph is in the file.",
        body=f"ST-GCN {blocks} × {last}",
        parts=(f"{graph[1]} landmarks", *(("weighted edges",) if "encoder.edge_importance.0" in shapes else ())),
        inputs=shapes[NORM][0],
        classes=shapes[HEAD][0],
        keys={key: key for key in shapes},
        build=lambda answers: StGcnNetwork(shapes, blocks, int(answers.get(STEPS, "1"))),
        questions=questions,
        facts=("A frame is the numbers of each landmark in turn, in the order of the training code.",),
        settled=True,
        shape_state=lambda state: {counter: torch.zeros(()) for counter in counters} | state,
    )


def _chain(shapes: Shapes, blocks: int) -> bool:
    """True where each block takes what the one before gives, from the landmarks' numbers to the linear layer."""
    kinds, landmarks, _ = shapes[GRAPH]
    width = shapes[NORM][0] // landmarks
    for index in range(blocks):
        name = f"encoder.st_gcn_networks.{index}"
        graph, time = shapes[f"{name}.gcn.conv.weight"], shapes.get(f"{name}.tcn.2.weight", ())
        if len(graph) != 4 or graph[1] != width or graph[0] % kinds or len(time) != 4 or time[2] % 2 == 0:
            return False
        outputs = graph[0] // kinds
        widens = f"{name}.residual.0.weight" in shapes
        if time[:2] != (outputs, outputs) or (index and outputs != width and not widens):
            return False
        width = outputs
    return shapes[HEAD][1] == width
