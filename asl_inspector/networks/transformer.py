"""Transformer encoders over pose features: linear embedding?, class token?, positions, `nn.TransformerEncoder`, head.

The encoder is told from the key names of `torch.nn.TransformerEncoder` (`layers.0.self_attn.in_proj_weight`,
`linear1`, `norm1`, ...), which are PyTorch's and not the training code's. The number of heads cannot be told from any
tensor; it is read from the settings or assumed.

Shapes: N clips of equal length, T frames, F inputs, E numbers a frame inside, C classes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from asl_inspector.networks.layers import Chain, Pooling
from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part, fits
from asl_inspector.networks.plans import EVERY_FRAME, Plan, Question, head_counts
from asl_inspector.networks.positions import Positions, is_table

LAYER = re.compile(r"^(?P<encoder>.*?)\.?layers\.(?P<index>\d+)\.(?P<part>.+)$")
LAYER_PARTS = {"self_attn", "self_attn.out_proj", "linear1", "linear2", "norm1", "norm2"}
USUAL_HEADS = (8, 4, 6, 2, 1)
POSITION_WORDS = ("pos", "pe")
CLASS_TOKEN = "class token"  # noqa: S105 - a token of a sequence, no secret


@dataclass(frozen=True, slots=True)
class Sections:
    """The modules by their place in the computation.

    Attributes:
        front: Embedding of the frames.
        encoder: Prefix of the encoder.
        layers: How many it has.
        width: E.
        hidden: Numbers inside a layer's feed-forward part.
        final_norm: True where a norm ends the encoder.
        token: Key of the class token and its shape, or None.
        positions: Key of the table of positions and its shape, or None.
        head: Norms and linear layers at the end.
    """

    front: Sequence[Part]
    encoder: str
    layers: int
    width: int
    hidden: int
    final_norm: bool
    token: tuple[str, tuple[int, ...]] | None
    positions: tuple[str, tuple[int, ...]] | None
    head: Sequence[Part]


class TransformerNetwork(Network):
    """The network itself."""

    def __init__(self, sections: Sections, answers: Mapping[str, str]) -> None:
        super().__init__()
        width = sections.width
        self.front = Chain(sections.front, "relu", answers.get("input activation", "none"))
        self._scale = math.sqrt(width) if answers["input scale"] == "square root of the width" else 1.0
        self.token = nn.Parameter(torch.zeros(sections.token[1])) if sections.token else None
        self.positions = Positions(
            sections.positions[1] if sections.positions else None, width, answers.get("positions", "none")
        )
        layer = nn.TransformerEncoderLayer(
            width,
            int(answers["heads"]),
            sections.hidden,
            dropout=0.0,
            activation=answers["activation"],
            batch_first=True,
            norm_first=answers["norm"] == "before",
        )
        norm = nn.LayerNorm(width) if sections.final_norm else None
        self.encoder = nn.TransformerEncoder(layer, sections.layers, norm, enable_nested_tensor=False)
        self.pooling = Pooling("first frame" if answers["pooling"] == CLASS_TOKEN else answers["pooling"])
        self.head = Chain(sections.head, answers.get("head activation", "relu"))
        self._every_frame = answers["pooling"] == EVERY_FRAME
        self._drop_token = self.token is not None and answers["pooling"] != CLASS_TOKEN

    @property
    def most_frames(self) -> int | None:
        """Longest clip that the table of positions has room for."""
        most = self.positions.most_frames
        return None if most is None else most - (self.token is not None)

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, C), or (N, T, C) for an answer a frame."""
        frames = self.front(features) * self._scale  # (N, T, F) -> (N, T, E)
        if self.token is not None:
            token = self.token.reshape(1, 1, -1).expand(frames.shape[0], 1, -1)
            frames = torch.cat([token, frames], dim=1)  # (N, T, E) -> (N, 1 + T, E)
        frames = self.encoder(self.positions(frames))
        if self._drop_token:
            frames = frames[:, 1:]
        logits: Tensor = self.head(self.pooling(frames, None))
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return frames if self._every_frame else 1


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a transformer encoder, or None where the parts make none."""
    sections = _sections(parts)
    if sections is None:
        return None
    width = sections.width
    keys = {
        f"{place}.{index}.{tensor}": f"{part.name}.{tensor}"
        for place in ("front", "head")
        for index, part in enumerate(getattr(sections, place))
        for tensor in part.tensors
    }
    prefix = f"{sections.encoder}." if sections.encoder else ""
    for part in parts:
        inside = part.name.removeprefix(prefix) if part.name.startswith(prefix) else ""
        if LAYER.match(part.name) or (sections.final_norm and inside == "norm"):
            keys |= {f"encoder.{inside}.{tensor}": f"{part.name}.{tensor}" for tensor in part.tensors}
    if sections.token:
        keys["token"] = sections.token[0]
    if sections.positions:
        keys["positions.table"] = sections.positions[0]
    described = [f"linear projection to {part.outputs}" for part in sections.front if part.kind == "linear"]
    described += ["class token"] if sections.token else []
    described += ["positions from the file"] if sections.positions else []
    return Plan(
        family="transformer encoder",
        source="The keys are those of PyTorch's TransformerEncoder, and the shapes around it fit.",
        body=f"Transformer {sections.layers} × {width}",
        parts=tuple(described),
        inputs=sections.front[0].inputs if sections.front else width,
        classes=sections.head[-1].outputs,
        keys=keys,
        build=lambda answers: TransformerNetwork(sections, answers),
        questions=_questions(sections),
        facts=("Padding never reaches the encoder: every clip is read at its own length.",),
    )


def _sections(parts: Sequence[Part]) -> Sections | None:
    inside = [(found, part) for part in parts if (found := LAYER.match(part.name))]
    encoders = {found["encoder"] for found, _ in inside}
    if len(encoders) != 1 or not all(
        {found["part"] for found, _ in inside if found["index"] == index} == LAYER_PARTS
        for index in {found["index"] for found, _ in inside}
    ):
        return None
    (encoder,) = encoders
    first = next(part for found, part in inside if found["part"] == "self_attn")
    width = first.inputs
    hidden = next(part.outputs for found, part in inside if found["part"] == "linear1")
    final = f"{encoder}.norm" if encoder else "norm"
    others = [part for part in parts if not LAYER.match(part.name) and part.name != final]
    lone = [
        (_key(part, name), shape) for part in others if part.kind == "tensors" for name, shape in part.tensors.items()
    ]
    lone += [
        (f"{part.name}.weight", part.tensors["weight"])
        for part in others
        if set(part.tensors) == {"weight"} and any(word in part.name.lower() for word in POSITION_WORDS)
    ]
    token = next((one for one in lone if math.prod(one[1]) == width and not is_table(one[1], width)), None)
    table = next((one for one in lone if one != token and is_table(one[1], width)), None)
    taken = {held[0] for held in (token, table) if held}
    if {key for key, _ in lone} != taken:
        return None
    chain = [part for part in others if part.kind != "tensors" and f"{part.name}.weight" not in taken]
    for cut in range(len(chain)):
        front, head = chain[:cut], chain[cut:]
        ready = fits(front, front[0].inputs) == width if front else True
        if (
            ready
            and head[-1].kind == "linear"
            and fits(head, width) is not None
            and _before(parts, front, inside[0][1])
        ):
            layers = len({found["index"] for found, _ in inside})
            has_norm = any(part.name == final for part in parts)
            return Sections(front, encoder, layers, width, hidden, has_norm, token, table, head)
    return None


def _before(parts: Sequence[Part], front: Sequence[Part], encoder: Part) -> bool:
    """True where the embedding is defined before the encoder; between equals the order of the file decides."""
    return all(parts.index(part) < parts.index(encoder) for part in front)


def _key(part: Part, tensor: str) -> str:
    return f"{part.name}.{tensor}" if part.name else tensor


def _questions(sections: Sections) -> tuple[Question, ...]:
    width = sections.width
    pooled = (CLASS_TOKEN, "mean") if sections.token else ("mean", EVERY_FRAME, "last frame", "first frame", "max")
    found = [
        Question(
            "heads",
            head_counts(width, USUAL_HEADS),
            "The attention has {} heads.",
            ("nhead", "num_heads", "n_heads", "heads"),
        ),
        Question("activation", ("relu", "gelu"), "Inside the layers comes this activation: {}.", ("activation",)),
        Question("norm", ("after", "before"), "The layers normalise {} attention and feed-forward part."),
        Question("input scale", ("none", "square root of the width"), "The embedding is scaled by: {}."),
        Question("pooling", pooled, "From frames to an answer: {}.", ("pool",), CLASS_TOKEN if sections.token else ""),
    ]
    if sections.positions is None:
        found.append(
            Question("positions", ("sinusoidal", "none"), "The file holds no positions; taken: {}.", ("pos_",))
        )
    if sections.front:
        found.append(Question("input activation", ("none", "relu", "gelu"), "After the embedding comes: {}."))
    if sum(part.kind == "linear" for part in sections.head) > 1:
        found.append(
            Question("head activation", ("relu", "gelu", "tanh", "none"), "In the head comes this activation: {}.")
        )
    return tuple(found)
