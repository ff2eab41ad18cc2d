"""SPOTER: a transformer with one learned query for the class, over body and hand landmarks.

Told from `class_query`, `transformer.encoder.*`, `transformer.decoder.*` and `linear_class.*`. Its decoder layers have
no self-attention: the query only looks at the frames.

Shapes: N clips of equal length, T frames, F inputs, C classes.

Source: Bohacek and Hruz 2022, "Sign Pose-based Transformer for Word-level Sign Language Recognition" (WACV workshops).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part
from asl_inspector.networks.plans import Plan, Question, head_counts

DECODER_LAYER = re.compile(r"^transformer\.decoder\.layers\.(\d+)\.(.+)$")
ENCODER_LAYER = re.compile(r"^transformer\.encoder\.layers\.(\d+)\.(.+)$")
USUAL_HEADS = (9, 8, 6, 4, 3, 2, 1)


class QueryLayer(nn.Module):
    """A decoder layer that looks at the frames only."""

    def __init__(self, width: int, heads: int, hidden: int) -> None:
        super().__init__()
        self.multihead_attn = nn.MultiheadAttention(width, heads, batch_first=True)
        self.linear1, self.linear2 = nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.norm1, self.norm2, self.norm3 = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)

    def forward(self, query: Tensor, frames: Tensor) -> Tensor:
        """(N, 1, F), (N, T, F) -> (N, 1, F)"""
        query = self.norm1(query + query)  # where the self-attention stood, its input is added once more
        query = self.norm2(query + self.multihead_attn(query, frames, frames, need_weights=False)[0])
        result: Tensor = self.norm3(query + self.linear2(torch.relu(self.linear1(query))))
        return result


class Decoder(nn.Module):
    """The decoder layers and the norm after them."""

    def __init__(self, width: int, heads: int, hidden: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(QueryLayer(width, heads, hidden) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, query: Tensor, frames: Tensor) -> Tensor:  # noqa: D102
        for layer in self.layers:
            query = layer(query, frames)
        result: Tensor = self.norm(query)
        return result


class SpoterNetwork(Network):
    """The network itself."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], layers: tuple[int, int], hidden: int, heads: int) -> None:
        super().__init__()
        width = shapes["class_query"][-1]
        self.pos = nn.Parameter(torch.zeros(shapes["pos"]))
        self.class_query = nn.Parameter(torch.zeros(shapes["class_query"]))
        if "row_embed" in shapes:  # kept by the training code, used by nothing
            self.row_embed = nn.Parameter(torch.zeros(shapes["row_embed"]))
        layer = nn.TransformerEncoderLayer(width, heads, hidden, dropout=0.0, batch_first=True)
        encoder = nn.TransformerEncoder(layer, layers[0], nn.LayerNorm(width), enable_nested_tensor=False)
        self.transformer = nn.ModuleDict({"encoder": encoder, "decoder": Decoder(width, heads, hidden, layers[1])})
        self.linear_class = nn.Linear(width, shapes["linear_class.weight"][0])

    def forward(self, features: Tensor) -> Tensor:
        """(N, T, F) -> (N, C)"""
        frames = self.transformer["encoder"](features + self.pos.reshape(1, 1, -1))
        query = self.class_query.reshape(1, 1, -1).expand(features.shape[0], 1, -1)
        logits: Tensor = self.linear_class(self.transformer["decoder"](query, frames))[:, 0]
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return 1


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a SPOTER network, or None."""
    names = {part.name for part in parts}
    lone = next((part.tensors for part in parts if part.name == ""), {})
    if not {"class_query", "pos"} <= set(lone) or "linear_class" not in names:
        return None
    counts = [
        len({found[1] for part in parts if (found := pattern.match(part.name))})
        for pattern in (ENCODER_LAYER, DECODER_LAYER)
    ]
    shapes = dict(lone) | {f"{p.name}.{tensor}": shape for p in parts if p.name for tensor, shape in p.tensors.items()}
    hidden = shapes.get("transformer.encoder.layers.0.linear1.weight", (0,))[0]
    width = shapes["class_query"][-1]
    if not all(counts) or not hidden or shapes["pos"][-1] != width:
        return None
    layers = (counts[0], counts[1])
    heads = Question("heads", head_counts(width, USUAL_HEADS), "The attention has {} heads.", ("heads",))
    return Plan(
        family="SPOTER",
        source="The keys are those of SPOTER: a class query, and decoder layers without self-attention.",
        body=f"SPOTER transformer {layers[0]} + {layers[1]} × {width}",
        parts=("class query",),
        inputs=width,
        classes=shapes["linear_class.weight"][0],
        keys={key: key for key in shapes},
        build=lambda answers: SpoterNetwork(shapes, layers, hidden, int(answers["heads"])),
        questions=(heads,),
        facts=("A clip's features are its landmarks' x and y one after the other, normalised as SPOTER does.",),
        settled=True,
    )
