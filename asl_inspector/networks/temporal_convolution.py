"""Temporal convolutions: a stack of Conv1d, norms and a linear head, or the residual blocks of a TCN.

A stack is told from three-dimensional weights whose channels fit together. A TCN is told from its blocks (`network.0.
conv1`, `conv2`, `downsample`), with or without weight normalisation. Padding, stride and pooling between the layers
leave no trace in the tensors and are asked.

Shapes: N clips of equal length, T frames, F inputs, C classes.

Source of the TCN: Bai, Kolter and Koltun 2018, arXiv:1803.01271.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from asl_inspector.networks.layers import ACTIVATIONS, Chain, Pooling, layer_of
from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part, fits
from asl_inspector.networks.plans import EVERY_FRAME, Plan, Question

BLOCK = re.compile(r"^(?P<stem>.*?)(?P<index>\d+)\.(?P<part>conv1|conv2|downsample|net\.0|net\.4)$")
SAME, CAUSAL, VALID = "same length", "causal", "none"


def padded(frames: Tensor, kernel: int, dilation: int, how: str) -> Tensor:
    """(N, F, T) with zeros before and behind as the padding asks."""
    reach = (kernel - 1) * dilation
    if how == VALID:
        return frames
    ahead = reach if how == CAUSAL else reach // 2
    return functional.pad(frames, (ahead, reach - ahead))


class ConvolutionStack(Network):
    """Convolutions one after the other."""

    def __init__(self, stack: Sequence[Part], head: Sequence[Part], answers: Mapping[str, str]) -> None:
        super().__init__()
        self.stack = nn.ModuleList(
            nn.Conv1d(part.inputs, part.outputs, part.tensors["weight"][2], bias=part.biased)
            if part.kind == "conv1d"
            else layer_of(part)
            for part in stack
        )
        self._activation = ACTIVATIONS[answers["activation"]]
        self._padding = answers["padding"]
        self._halving = answers["pooling between"] == "max of two"
        self.pooling = Pooling(answers["pooling"])
        self.head = Chain(head, answers.get("head activation", "relu"))
        self.least_frames = self._least()

    def _convolutions(self) -> list[nn.Conv1d]:
        return [layer for layer in self.stack if isinstance(layer, nn.Conv1d)]

    def _after(self, frames: int) -> int:
        """Frames after all layers, 0 or less for a clip that is too short."""
        for layer in self._convolutions():
            frames -= (layer.kernel_size[0] - 1) if self._padding == VALID else 0
            frames = frames // 2 if self._halving else frames
        return frames

    def _least(self) -> int:
        return next(frames for frames in range(1, 1 << 20) if self._after(frames) >= 1)

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return self._after(frames) if self.pooling.how == EVERY_FRAME else 1

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, T', C) or (N, C)"""
        values = features
        last = len(self.stack) - 1
        for index, layer in enumerate(self.stack):
            if isinstance(layer, nn.Conv1d):
                values = layer(padded(values.transpose(1, 2), layer.kernel_size[0], 1, self._padding)).transpose(1, 2)
            else:
                values = layer(values)
            if index == last or isinstance(self.stack[index + 1], nn.Conv1d):  # a layer ends here
                values = self._activation(values)
                if self._halving:
                    values = functional.max_pool1d(values.transpose(1, 2), 2).transpose(1, 2)
        logits: Tensor = self.head(self.pooling(values, None))
        return logits


class Block(nn.Module):
    """Two dilated causal convolutions around which the input is added."""

    def __init__(self, first: tuple[int, ...], second: tuple[int, ...], *, shortcut: bool, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(first[1], first[0], first[2], dilation=dilation)
        self.conv2 = nn.Conv1d(second[1], second[0], second[2], dilation=dilation)
        self.downsample = nn.Conv1d(first[1], second[0], 1) if shortcut else None

    def forward(self, values: Tensor) -> Tensor:
        """(N, F, T) -> (N, F', T)"""
        inner = values
        for layer in (self.conv1, self.conv2):
            inner = torch.relu(layer(padded(inner, layer.kernel_size[0], layer.dilation[0], CAUSAL)))
        return torch.relu(inner + (values if self.downsample is None else self.downsample(values)))


class TemporalConvolutionNetwork(Network):
    """A TCN; block i looks 2^i frames back for each frame of its kernel."""

    def __init__(self, blocks: Sequence[Mapping[str, tuple[int, ...]]], head: Sequence[Part], pooling: str) -> None:
        super().__init__()
        self.blocks = nn.Sequential(
            *(
                Block(block["conv1"], block["conv2"], shortcut="downsample" in block, dilation=2**index)
                for index, block in enumerate(blocks)
            )
        )
        self.pooling = Pooling(pooling)
        self.head = Chain(head, "relu")

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, T, C) or (N, C)"""
        values = self.blocks(features.transpose(1, 2)).transpose(1, 2)
        logits: Tensor = self.head(self.pooling(values, None))
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return frames if self.pooling.how == EVERY_FRAME else 1


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a stack of temporal convolutions or of a TCN, or None."""
    if any(part.kind in ("recurrent", "attention") for part in parts):
        return None
    return _recognise_tcn(parts) or _recognise_stack(parts)


def _recognise_stack(parts: Sequence[Part]) -> Plan | None:
    places = [index for index, part in enumerate(parts) if part.kind == "conv1d"]
    if not places:
        return None
    end = places[-1] + 1
    while (
        end < len(parts)
        and parts[end].kind in ("batch norm", "layer norm")
        and parts[end].inputs == parts[end - 1].outputs
    ):
        end += 1
    stack, head = parts[:end], parts[end:]
    width = fits(stack, stack[0].inputs)
    if width is None or stack[0].kind == "linear" or not head or head[-1].kind != "linear" or fits(head, width) is None:
        return None
    layers = [part for part in stack if part.kind == "conv1d"]
    keys = {
        f"{place}.{index}.{tensor}": f"{part.name}.{tensor}"
        for place, held in (("stack", stack), ("head", head))
        for index, part in enumerate(held)
        for tensor in part.tensors
    }
    questions = [
        Question("activation", ("relu", "gelu", "tanh", "none"), "After each convolution comes: {}.", ("activation",)),
        Question("padding", (SAME, VALID, CAUSAL), "Padding of the convolutions: {}.", ("padding",)),
        Question("pooling between", ("none", "max of two"), "Pooling between the convolutions: {}."),
        Question("pooling", ("mean", EVERY_FRAME, "max", "last frame"), "From frames to an answer: {}.", ("pool",)),
    ]
    if sum(part.kind == "linear" for part in head) > 1:
        questions.append(Question("head activation", ("relu", "gelu", "tanh", "none"), "In the head comes: {}."))
    return Plan(
        family="temporal convolutions",
        source="The shapes of the tensors fit together as convolutions over time with a linear head.",
        body=f"Conv1d {len(layers)} × {layers[-1].outputs}",
        parts=(f"kernel {layers[0].tensors['weight'][2]}",),
        inputs=stack[0].inputs,
        classes=head[-1].outputs,
        keys=keys,
        build=lambda answers: ConvolutionStack(stack, head, answers),
        questions=tuple(questions),
        facts=("The convolutions take one step a frame (stride 1).",),
    )


def _recognise_tcn(parts: Sequence[Part]) -> Plan | None:
    """Blocks under one stem, each with two convolutions; aliases under `net.` are the same tensors again."""
    found = [(match, part) for part in parts if (match := BLOCK.match(part.name))]
    inner = {part.name: part for _, part in found}
    stems = {match["stem"] for match, _ in found}
    if len(stems) != 1:
        return None
    (stem,) = stems
    count = 1 + max(int(match["index"]) for match, _ in found)
    blocks: list[dict[str, tuple[int, ...]]] = []
    keys: dict[str, str] = {}
    for index in range(count):
        block: dict[str, tuple[int, ...]] = {}
        for name, alias in (("conv1", "net.0"), ("conv2", "net.4"), ("downsample", None)):
            part = inner.get(f"{stem}{index}.{name}")
            if part is None:
                continue
            shape = part.tensors.get("weight", part.tensors.get("weight_v"))
            if shape is None or len(shape) != 3:
                return None
            block[name] = shape
            keys |= {f"blocks.{index}.{name}.{tensor}": f"{part.name}.{tensor}" for tensor in part.tensors}
            twin = inner.get(f"{stem}{index}.{alias}") if alias else None
            if twin is not None:
                keys |= {f"alias.{index}.{name}.{tensor}": f"{twin.name}.{tensor}" for tensor in twin.tensors}
        if not {"conv1", "conv2"} <= set(block):
            return None
        blocks.append(block)
    head = [part for part in parts if part.name not in inner]
    if not head or head[-1].kind != "linear" or fits(head, blocks[-1]["conv2"][0]) is None:
        return None
    keys |= {f"head.{i}.{tensor}": f"{part.name}.{tensor}" for i, part in enumerate(head) for tensor in part.tensors}
    return Plan(
        family="TCN",
        source="The keys are those of a TCN: residual blocks of two causal convolutions.",
        body=f"TCN {count} × {blocks[-1]['conv2'][0]}",
        parts=(f"kernel {blocks[0]['conv1'][2]}",),
        inputs=blocks[0]["conv1"][1],
        classes=head[-1].outputs,
        keys=keys,
        build=lambda answers: TemporalConvolutionNetwork(blocks, head, answers["pooling"]),
        questions=(
            Question("pooling", ("last frame", EVERY_FRAME, "mean", "max"), "From frames to an answer: {}.", ("pool",)),
        ),
        facts=("Block i is dilated 2^i times, as in the paper.",),
        shape_state=_without_weight_norm,
    )


def _without_weight_norm(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights from their directions and lengths: w = g * v / |v|; aliases dropped."""
    kept = {name: value for name, value in state.items() if not name.startswith("alias.")}
    for name in [name for name in kept if name.endswith(".weight_v")]:
        stem = name.removesuffix("_v")
        direction, length = kept.pop(name), kept.pop(f"{stem}_g")
        kept[stem] = length * direction / direction.flatten(1).norm(dim=1).reshape(-1, 1, 1)
    return kept
