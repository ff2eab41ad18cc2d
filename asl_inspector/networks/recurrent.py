"""Recurrent networks that answer every frame: linear projection?, LSTM or GRU, LayerNorm?, linear head.

Both layouts of the seed project are members: the notebook's (`encoder.lstm.*`, `classifier.*`) and the Stage 2
trainer's (`encoder.input_projection.*`, `encoder.lstm.*`, `encoder.layer_norm.*`, `ctc_head.projection.*`). Sizes come
from the shapes; a strict load at the end proves that every tensor of the file has its place.

Shapes: N clips of equal length, T frames, F inputs, H hidden units, D directions, C classes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.networks.exact_recurrence import run_recurrent
from asl_inspector.networks.network import Network
from asl_inspector.networks.records import Architecture

CELL = re.compile(r"^(?P<prefix>.*?(?:^|\.)(?P<name>lstm|gru|rnn))\.weight_hh_l0$")
LAYER = re.compile(r"\.weight_hh_l(\d+)$")
GATES = {"LSTM": 4, "GRU": 3}
LAYOUTS = {
    "notebook": ("encoder.lstm", None, None, "classifier"),
    "stage 2 trainer": ("encoder.lstm", "encoder.input_projection", "encoder.layer_norm", "ctc_head.projection"),
}


@dataclass(frozen=True, slots=True)
class _Places:
    """Where in the state dict the parts are."""

    recurrent: str
    projection: str | None
    norm: str | None
    head: str


class RecurrentNetwork(Network):
    """The network itself; `forward` takes clips of one length, so padding never reaches it."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width = architecture.projection or architecture.inputs
        out = architecture.hidden * (2 if architecture.bidirectional else 1)
        self.projection = nn.Linear(architecture.inputs, width) if architecture.projection else nn.Identity()
        cell = nn.LSTM if architecture.cell == "LSTM" else nn.GRU
        self.recurrent = cell(
            width,
            architecture.hidden,
            architecture.layers,
            batch_first=True,
            bidirectional=architecture.bidirectional,
        )
        self.norm = nn.LayerNorm(out) if architecture.norm else nn.Identity()
        self.head = nn.Linear(out, architecture.classes)

    ragged = True

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Logits of every frame: (N, T, F) -> (N, T, C)."""
        encoded, _ = run_recurrent(self.recurrent, self.projection(features), lengths)  # (N, T, F) -> (N, T, D * H)
        logits: Tensor = self.head(self.norm(encoded))
        return logits

    def padding_logits(self) -> Tensor:
        """Logits of a padded frame in training code that packs its sequences: unpacking fills zeros in. (C,)"""
        zeros = torch.zeros(self.head.in_features, device=self.head.weight.device)
        logits: Tensor = self.head(self.norm(zeros))
        return logits


def recognise(weights: dict[str, TensorRecord]) -> tuple[Architecture, dict[str, str]] | None:
    """The architecture of a state dict and the module's name for each of its keys, or None where it is no member."""
    for family, (recurrent, projection, norm, head) in LAYOUTS.items():
        places = _Places(recurrent, projection, norm, head)
        expected = {recurrent, head} | {part for part in (projection, norm) if part}
        if {key.rpartition(".")[0] for key in weights} == expected:
            architecture = _architecture(family, weights, places)
            if architecture is not None:
                return architecture, _renamed(weights, places)
    return None


def _architecture(family: str, weights: dict[str, TensorRecord], places: _Places) -> Architecture | None:
    """Sizes from shapes, or None where a shape contradicts the layout."""
    inner = weights.get(f"{places.recurrent}.weight_hh_l0")
    first = weights.get(f"{places.recurrent}.weight_ih_l0")
    head = weights.get(f"{places.head}.weight")
    if inner is None or first is None or head is None or {len(t.shape) for t in (inner, first, head)} != {2}:
        return None
    rows, hidden = inner.shape
    cell = next((name for name, gates in GATES.items() if rows == gates * hidden), None)
    projection = weights.get(f"{places.projection}.weight") if places.projection else None
    if cell is None or (projection is not None and len(projection.shape) != 2):
        return None
    classes = head.shape[0]
    return Architecture(
        family=family,
        source=f"The tensor names and shapes are those of the {family} layout.",
        cell=cell,
        inputs=projection.shape[1] if projection is not None else first.shape[1],
        hidden=hidden,
        layers=1 + max(int(found[1]) for key in weights if (found := LAYER.search(key))),
        bidirectional=f"{places.recurrent}.weight_hh_l0_reverse" in weights,
        projection=projection.shape[0] if projection is not None else None,
        norm=places.norm is not None,
        classes=classes,
        blank=0,
        assumptions=_assumptions(projection is not None),
    )


def _assumptions(has_projection: bool) -> tuple[str, ...]:
    stated = ["The network is a CTC recogniser with the blank at index 0, as in the layout that its keys match."]
    if has_projection:
        stated.append("No activation follows the input projection.")
    stated.append(
        "Padded frames count as zeros after the recurrent layers, as unpacking a packed sequence leaves them."
    )
    return tuple(stated)


def _renamed(weights: dict[str, TensorRecord], places: _Places) -> dict[str, str]:
    """The file's keys by the module's names."""
    parts = {places.recurrent: "recurrent", places.head: "head"}
    if places.projection:
        parts[places.projection] = "projection"
    if places.norm:
        parts[places.norm] = "norm"
    names = {}
    for key in weights:
        module, _, tensor = key.rpartition(".")
        names[f"{parts[module]}.{tensor}"] = key
    return names
