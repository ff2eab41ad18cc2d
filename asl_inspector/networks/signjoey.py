"""The recogniser of Sign Language Transformers (signjoey), from the features of frames on.

A linear embedding with a norm and an activation, sinusoidal positions, transformer layers that normalise before attention
and feed-forward part, a norm, and a linear layer with CTC whose blank, `<si>`, is 0. The words of a translation come from
a decoder that is left out. Told from `sgn_embed.ln`, `encoder.layers.N.src_src_att` and `gloss_output_layer`.

Shapes: N clips of equal length, T frames, F features of a frame, E numbers inside, H heads, C classes.

Source: Camgoz, Koller, Hadfield and Bowden 2020, "Sign Language Transformers: Joint End-to-end Sign Language Recognition
and Translation" (CVPR), arXiv:2003.13830, and its published code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from asl_inspector.networks.layers import ACTIVATIONS, FrameBatchNorm
from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part
from asl_inspector.networks.plans import EVERY_FRAME, Plan, Question, head_counts
from asl_inspector.networks.positions import is_table

LAYER = re.compile(r"^encoder\.layers\.(\d+)\.(.+)$")
INSIDE = {  # the module's name and the file's, of one layer
    "norm": "layer_norm",
    "keys": "src_src_att.k_layer",
    "values": "src_src_att.v_layer",
    "queries": "src_src_att.q_layer",
    "mixed": "src_src_att.output_layer",
    "second_norm": "feed_forward.layer_norm",
    "widened": "feed_forward.pwff_layer.0",
    "narrowed": "feed_forward.pwff_layer.3",
}
AROUND = {"embedding": "sgn_embed.ln", "norm": "encoder.layer_norm", "head": "gloss_output_layer"}
LEFT_OUT = ("decoder.", "txt_embed.")
EPSILON = 1e-6  # of every norm but the embedding's
USUAL_HEADS = (8, 4, 16, 2, 1)
HEADS, ACTIVATION, SCALE, NORM = "heads", "input activation", "input scale", "input norm"
ROOT = "square root of the width"
EMBEDDING: dict[str, Callable[[Tensor], Tensor]] = {
    "softsign": functional.softsign,
    **ACTIVATIONS,
    "sigmoid": torch.sigmoid,
    "relu6": functional.relu6,
    "selu": functional.selu,
}


@dataclass(frozen=True, slots=True)
class Sections:
    """What the file holds.

    Attributes:
        inputs: F.
        width: E.
        hidden: Numbers inside a feed-forward part.
        layers: How many.
        classes: C.
        normed: Kind of the embedding's norm, or None.
        table: Shape of the table of positions.
    """

    inputs: int
    width: int
    hidden: int
    layers: int
    classes: int
    normed: str | None
    table: tuple[int, ...]


class EncoderLayer(nn.Module):
    """Attention and feed-forward part, each after a norm and added to what it was given."""

    def __init__(self, width: int, hidden: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.norm, self.second_norm = nn.LayerNorm(width, eps=EPSILON), nn.LayerNorm(width, eps=EPSILON)
        self.keys, self.values, self.queries, self.mixed = (nn.Linear(width, width) for _ in range(4))
        self.widened, self.narrowed = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, frames: Tensor) -> Tensor:
        """(N, T, E) -> (N, T, E)"""
        normed = self.norm(frames)
        queries, keys, values = (
            part(normed).unflatten(-1, (self._heads, -1)).transpose(1, 2)  # (N, T, E) -> (N, H, T, E / H)
            for part in (self.queries, self.keys, self.values)
        )
        attended = functional.scaled_dot_product_attention(queries, keys, values)
        frames = frames + self.mixed(attended.transpose(1, 2).flatten(2))
        result: Tensor = frames + self.narrowed(torch.relu(self.widened(self.second_norm(frames))))
        return result


class SignjoeyNetwork(Network):
    """The recognition half of the published network."""

    def __init__(self, sections: Sections, answers: Mapping[str, str]) -> None:
        super().__init__()
        width, heads = sections.width, int(answers[HEADS])
        self.embedding = nn.Linear(sections.inputs, width)
        self.embedding_norm = _norm(sections.normed, width, heads, answers.get(NORM, ""))
        self._activation = EMBEDDING[answers[ACTIVATION]]
        self._scale = math.sqrt(width) if answers[SCALE] == ROOT else 1.0
        self.table = nn.Parameter(torch.zeros(sections.table))
        self.layers = nn.ModuleList(EncoderLayer(width, sections.hidden, heads) for _ in range(sections.layers))
        self.norm = nn.LayerNorm(width, eps=EPSILON)
        self.head = nn.Linear(width, sections.classes)

    @property
    def most_frames(self) -> int | None:
        """Longest clip that the table of positions has room for."""
        return self.table.numel() // self.table.shape[-1]

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, T, C)"""
        frames = self._activation(self.embedding_norm(self.embedding(features))) * self._scale
        frames = frames + self.table.reshape(-1, frames.shape[-1])[: frames.shape[1]]
        for layer in self.layers:
            frames = layer(frames)
        logits: Tensor = self.head(self.norm(frames))
        return logits


class FrameGroupNorm(nn.GroupNorm):
    """Group norm of every frame by itself."""

    def forward(self, values: Tensor) -> Tensor:  # noqa: D102
        return super().forward(values.reshape(-1, values.shape[-1])).reshape(values.shape)


def _norm(kind: str | None, width: int, heads: int, answer: str) -> nn.Module:
    if kind is None:
        return nn.Identity()
    if kind == "batch norm":
        return FrameBatchNorm(width)
    return FrameGroupNorm(heads, width) if answer == "group" else nn.LayerNorm(width)


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of the recogniser, or None."""
    by_name = {part.name: part for part in parts}
    sections = _sections(by_name)
    if sections is None:
        return None
    places = {place: by_name[name] for place, name in AROUND.items()}
    places |= {
        f"layers.{index}.{place}": by_name[f"encoder.layers.{index}.{name}"]
        for index in range(sections.layers)
        for place, name in INSIDE.items()
    }
    if sections.normed is not None:
        places["embedding_norm"] = by_name["sgn_embed.norm.norm"]
    keys = {f"{place}.{tensor}": f"{part.name}.{tensor}" for place, part in places.items() for tensor in part.tensors}
    keys["table"] = "encoder.pe.pe"
    used = {*(part.name for part in places.values()), "encoder.pe"}
    others = [part for part in parts if part.name not in used]
    if any(not f"{part.name}.".startswith(LEFT_OUT) for part in others):
        return None
    left_out = frozenset(f"{part.name}.{tensor}" for part in others for tensor in part.tensors)
    facts = [f"A frame of a clip has to be the {sections.inputs:,} features that the picture network of training gave."]
    if left_out:
        facts.append(f"{len(left_out)} tensors of the decoder, which makes sentences of glosses, are left out.")
    return Plan(
        family="signjoey",
        source="The keys are those of Sign Language Transformers: `sgn_embed`, `src_src_att`, `gloss_output_layer`.",
        body=f"Transformer {sections.layers} × {sections.width}",
        parts=(f"linear projection to {sections.width}", "positions from the file"),
        inputs=sections.inputs,
        classes=sections.classes,
        keys=keys,
        build=lambda answers: SignjoeyNetwork(sections, answers),
        questions=_questions(sections),
        facts=tuple(facts),
        blank=0,
        settled=True,
        prepared=True,
        left_out=left_out,
    )


def _sections(by_name: Mapping[str, Part]) -> Sections | None:
    """The sizes, or None where a module is missing or of another form."""
    inside: dict[int, set[str]] = {}
    for name in by_name:
        if found := LAYER.match(name):
            inside.setdefault(int(found[1]), set()).add(found[2])
    wanted = set(INSIDE.values())
    if not inside or sorted(inside) != list(range(len(inside))) or any(held != wanted for held in inside.values()):
        return None
    embedding, norm, head = (by_name.get(name) for name in AROUND.values())
    table = by_name["encoder.pe"].tensors.get("pe") if "encoder.pe" in by_name else None
    if embedding is None or norm is None or head is None or embedding.kind != "linear" or head.kind != "linear":
        return None
    width = embedding.outputs
    if table is None or not is_table(table, width) or head.inputs != width:
        return None
    between = by_name.get("sgn_embed.norm.norm")
    if between is not None and (between.kind not in ("batch norm", "layer norm") or between.inputs != width):
        return None
    hidden = by_name["encoder.layers.0.feed_forward.pwff_layer.0"].outputs
    kind = between.kind if between is not None else None
    return Sections(embedding.inputs, width, hidden, len(inside), head.outputs, kind, table)


def _questions(sections: Sections) -> tuple[Question, ...]:
    found = [
        Question("pooling", (EVERY_FRAME,), "From frames to an answer: {}.", hint=EVERY_FRAME),
        Question(
            HEADS, head_counts(sections.width, USUAL_HEADS), "The attention has {} heads.", ("num_heads", "heads")
        ),
        Question(
            ACTIVATION,
            tuple(EMBEDDING),
            "After the embedding comes, as in the published settings: {}.",
            ("activation",),
        ),
        Question(SCALE, ("none", ROOT), "The embedding is scaled by: {}."),
    ]
    if sections.normed == "layer norm":
        found.append(Question(NORM, ("layer", "group"), "The embedding's norm is of this kind: {}.", ("norm_type",)))
    return tuple(found)
