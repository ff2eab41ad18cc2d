"""Continuous recognisers of the VAC family (VAC, SMKD, SEN, CorrNet), from the features of frames on.

Convolutions over time with max pooling between, a bidirectional LSTM, a linear layer with CTC, the blank at 0. The network
before them turns pictures into numbers and needs the video; it is left out, and so is the second head that only training
uses. Told from `conv1d.temporal_conv.N`, `temporal_model.rnn` and `classifier`, wherever `.module` stands between.

A classifier without bias holds its weights as (inputs, outputs), and every gloss's are brought to length one before use.

Shapes: N clips of equal length, T frames, F features of a frame, H numbers after the convolutions, C classes.

Source: Min, Hao, Chai and Chen 2021, "Visual Alignment Constraint for Continuous Sign Language Recognition" (ICCV),
arXiv:2104.02330; Hu et al. 2023, "Continuous Sign Language Recognition with Correlation Network", arXiv:2303.03202.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part, fits
from asl_inspector.networks.plans import EVERY_FRAME, Plan, Question

CONVOLUTION = re.compile(r"^conv1d\.temporal_conv\.(\d+)$")
POOL = 2
REPEATED, NOT_REPEATED = "repeated", "as they are"
ENDS, LAST_POOL = "ends", "pooling at the end"
SHORT_KERNEL = 3  # of the one published setting that pools nowhere
STEP_WITH_POOL = 4  # convolution, norm, activation, pooling: places in the sequence until the next convolution


@dataclass(frozen=True, slots=True)
class Layer:
    """A convolution, its norm, and whether pooling follows."""

    convolution: Part
    norm: Part
    pooled: bool

    @property
    def kernel(self) -> int:
        """Frames that it sees."""
        return self.convolution.tensors["weight"][2]


class VacNetwork(Network):
    """The network behind the visual one."""

    def __init__(self, layers: Sequence[Layer], cell: Part, head: Part, answers: Mapping[str, str]) -> None:
        super().__init__()
        self._layers = tuple(layers)
        self._repeats = answers[ENDS] == REPEATED
        self.convolutions = nn.ModuleList(
            nn.Conv1d(one.convolution.inputs, one.convolution.outputs, one.kernel, bias=one.convolution.biased)
            for one in layers
        )
        self.norms = nn.ModuleList(nn.BatchNorm1d(one.norm.inputs) for one in layers)
        kind = nn.LSTM if cell.cell == "LSTM" else nn.GRU
        self.rnn = kind(
            cell.inputs,
            cell.hidden,
            cell.layers,
            bias=cell.biased,
            batch_first=True,
            bidirectional=cell.bidirectional,
        )
        self.head = nn.Linear(head.inputs, head.outputs, bias=head.biased)
        self.least_frames = next(frames for frames in range(1, 1 << 20) if self.output_frames(frames) >= 1)

    def _repeated(self, frames: int) -> tuple[int, int]:
        """How often the first and the last frame are repeated, so that pooling leaves frames / stride, rounded up."""
        if not self._repeats:
            return 0, 0
        reach, stride = 0, 1
        for one in self._layers:
            reach += stride * ((one.kernel - 1) // 2)
            stride *= POOL if one.pooled else 1
        return reach, -(-frames // stride) * stride - frames + reach

    def output_frames(self, frames: int) -> int:  # noqa: D102
        frames += sum(self._repeated(frames))
        for one in self._layers:
            frames -= one.kernel - 1
            frames = max(0, frames) // POOL if one.pooled else max(0, frames)
        return frames

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, T', C)"""
        values = features.transpose(1, 2)  # (N, T, F) -> (N, F, T)
        if self._repeats:
            values = functional.pad(values, self._repeated(features.shape[1]), mode="replicate")
        for one, convolution, norm in zip(self._layers, self.convolutions, self.norms, strict=True):
            values = torch.relu(norm(convolution(values)))
            values = functional.max_pool1d(values, POOL) if one.pooled else values
        encoded, _ = self.rnn(values.transpose(1, 2))  # (N, H, T') -> (N, T', 2 H)
        logits: Tensor = self.head(encoded)
        return logits


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a recogniser of the family, or None."""
    by_name = {part.name.replace(".module", ""): part for part in parts}
    layers = _layers(by_name)
    cell, head = by_name.get("temporal_model.rnn"), by_name.get("classifier")
    if not layers or cell is None or head is None or cell.kind != "recurrent" or cell.cell not in ("LSTM", "GRU"):
        return None
    chain = [part for one in layers for part in (one.convolution, one.norm)]
    width = fits([*chain, cell], layers[0].convolution.inputs)
    normed = head.kind == "linear" and not head.biased and head.tensors["weight"][0] == width
    if head.kind != "linear" or width is None or cell.projected:
        return None
    if normed:  # (inputs, outputs) in the file
        head = replace(head, tensors={"weight": head.tensors["weight"][::-1]})
    if head.inputs != width:
        return None
    places = {"rnn": cell, "head": head}
    for index, one in enumerate(layers):
        places |= {f"convolutions.{index}": one.convolution, f"norms.{index}": one.norm}
    keys = {f"{place}.{tensor}": f"{part.name}.{tensor}" for place, part in places.items() for tensor in part.tensors}
    used = {part.name for part in places.values()}
    others = [part for part in parts if part.name not in used]
    if any(not part.name.replace(".module", "").startswith(("conv2d.", "conv1d.fc")) for part in others):
        return None
    left_out = frozenset(f"{part.name}.{tensor}" for part in others for tensor in part.tensors)
    return _plan(layers, cell, head, keys, left_out, normed=normed)


def _layers(by_name: Mapping[str, Part]) -> list[Layer]:
    """The convolutions in order; empty where they are not those of the published code."""
    places = sorted(int(match[1]) for name in by_name if (match := CONVOLUTION.match(name)))
    named = {place: by_name[f"conv1d.temporal_conv.{place}"] for place in places}
    starts = [place for place in places if named[place].kind == "conv1d"]
    found = []
    for number, start in enumerate(starts):
        norm = named.get(start + 1)
        if norm is None or norm.kind != "batch norm" or starts[0] != 0:
            return []
        following = starts[number + 1] if number + 1 < len(starts) else None
        if following is not None and following - start not in (STEP_WITH_POOL - 1, STEP_WITH_POOL):
            return []
        found.append(Layer(named[start], norm, pooled=following is not None and following - start == STEP_WITH_POOL))
    return found if len(places) == 2 * len(found) else []


def _plan(
    layers: Sequence[Layer], cell: Part, head: Part, keys: Mapping[str, str], left_out: frozenset[str], *, normed: bool
) -> Plan:
    pools = any(one.pooled for one in layers) or layers[-1].kernel > SHORT_KERNEL
    kernels = " and ".join(str(one.kernel) for one in layers)

    def build(answers: Mapping[str, str]) -> Network:
        last = replace(layers[-1], pooled=answers[LAST_POOL] == "max of two")
        return VacNetwork([*layers[:-1], last], cell, head, answers)

    def shape_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
        weight = state["head.weight"]
        counters = {f"norms.{index}.num_batches_tracked": torch.zeros(()) for index in range(len(layers))}
        return counters | state | ({"head.weight": functional.normalize(weight, dim=0).T} if normed else {})

    facts = ["The linear layer's weights have length one for each gloss."] if normed else []
    if left_out:
        facts.append(
            f"{len(left_out)} tensors are left out: the network that reads pictures, and the second head, which only training"
            f" uses. A frame of a clip has to be the {layers[0].convolution.inputs} features that the former gives."
        )
    return Plan(
        family="VAC",
        source="The keys are those of the VAC family: convolutions over time, a recurrent network, a classifier.",
        body=f"Conv1d {len(layers)} × {layers[-1].convolution.outputs}, "
        f"{'Bi' if cell.bidirectional else ''}{cell.cell} {cell.layers} × {cell.hidden}",
        parts=(f"kernel{'s' if len(layers) > 1 else ''} {kernels}",),
        inputs=layers[0].convolution.inputs,
        classes=head.outputs,
        keys=keys,
        build=build,
        questions=(
            Question("pooling", (EVERY_FRAME,), "From frames to an answer: {}.", hint=EVERY_FRAME),
            Question(
                ENDS, (REPEATED, NOT_REPEATED), "The first and the last frame, as the published loader has it: {}."
            ),
            Question(
                LAST_POOL,
                ("max of two", "none") if pools else ("none", "max of two"),
                "After the last convolution comes this pooling: {}.",
            ),
        ),
        facts=tuple(facts),
        blank=0,
        settled=True,
        prepared=True,
        shape_state=shape_state,
        left_out=left_out,
    )
