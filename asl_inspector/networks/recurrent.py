"""Recurrent networks: linear layers and norms?, LSTM, GRU or RNN layers, norm?, pooling?, linear head.

Members are told from shapes, whatever the keys are called. Both layouts of the seed project are among them: the
notebook's (`encoder.lstm.*`, `classifier.*`) and the Stage 2 trainer's (`encoder.input_projection.*`, `encoder.lstm.*`,
`encoder.layer_norm.*`, `ctc_head.projection.*`). A strict load at the end proves that every tensor has its place.

Shapes: N clips of equal length, T frames, F inputs, H hidden units, D directions, C classes.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from asl_inspector.networks.exact_recurrence import run_recurrent
from asl_inspector.networks.layers import ACTIVATIONS, Chain, Pooling, layer_of
from asl_inspector.networks.network import Network
from asl_inspector.networks.parts import Part, fits
from asl_inspector.networks.plans import EVERY_FRAME, Plan, Question
from asl_inspector.networks.strangers import Stranger, misplaced, strangers

SEED_LAYOUTS = {
    "notebook": ["encoder.lstm", "classifier"],
    "stage 2 trainer": ["encoder.input_projection", "encoder.lstm", "encoder.layer_norm", "ctc_head.projection"],
}
FRONT_WORDS = ("in", "proj", "embed", "stem")
BACK_WORDS = ("out", "class", "head", "logit", "decoder", "ctc")
SCORER_WORDS = ("att", "score", "pool")


@dataclass(frozen=True, slots=True)
class Sections:
    """The modules by their place in the computation."""

    front: Sequence[Part]
    cells: Sequence[Part]
    scorer: Sequence[Part]
    head: Sequence[Part]


class RecurrentNetwork(Network):
    """The network itself."""

    ragged = True

    def __init__(self, sections: Sections, answers: Mapping[str, str]) -> None:
        super().__init__()
        activation = answers.get("input activation", "none")
        self.front = Chain(sections.front, activation, activation)
        self.cells = nn.ModuleList(
            _cell(part, answers) if part.kind == "recurrent" else layer_of(part) for part in sections.cells
        )
        scorer = Chain(sections.scorer, answers.get("attention activation", "tanh")) if sections.scorer else None
        self.pooling = Pooling(answers["pooling"], scorer)
        self.head = Chain(sections.head, answers.get("head activation", "relu"))
        self._width = sections.cells[-1].outputs

    def forward(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(N, T, F) -> (N, T, C) for an answer a frame, (N, C) for an answer a clip."""
        values = self.front(features)
        state = None
        for layer in self.cells:
            if isinstance(layer, nn.RNNBase):
                values, state = run_recurrent(layer, values, lengths)  # (N, T, F) -> (N, T, D * H)
            else:
                values, state = layer(values), None if state is None else layer(state)
        logits: Tensor = self.head(self.pooling(values, lengths, state))
        return logits

    def output_frames(self, frames: int) -> int:  # noqa: D102
        return frames if self.pooling.how == EVERY_FRAME else 1

    def padding_logits(self) -> Tensor | None:
        """Logits of a padded frame in training code that packs its sequences: unpacking fills zeros in. (C,)"""
        if self.pooling.how != EVERY_FRAME:
            return None
        values = torch.zeros(self._width, device=next(self.parameters()).device)
        for layer in self.cells:
            if not isinstance(layer, nn.RNNBase):
                values = layer(values)
        logits: Tensor = self.head(values)
        return logits


def _cell(part: Part, answers: Mapping[str, str]) -> nn.RNNBase:
    settings = {"bias": part.biased, "batch_first": True, "bidirectional": part.bidirectional}
    if part.cell == "RNN":
        kind = answers.get("cell activation", "tanh")
        return nn.RNN(part.inputs, part.hidden, part.layers, nonlinearity=kind, **settings)
    if part.projected:  # torch says once on stderr that its plain code computes it, which concerns nobody
        warnings.filterwarnings("ignore", message="LSTM with projections is not supported with oneDNN")
    if part.cell == "LSTM":
        return nn.LSTM(part.inputs, part.hidden, part.layers, proj_size=part.projected, **settings)
    return nn.GRU(part.inputs, part.hidden, part.layers, **settings)


def recognise(parts: Sequence[Part]) -> Plan | None:
    """The plan of a recurrent network, or None where the parts make none."""
    if not any(part.kind == "recurrent" and part.cell for part in parts) or strangers(parts):
        return None
    sections = _in_order(parts) or _by_name(parts)
    if sections is None or out_of_place(sections):
        return None
    family = next((name for name, layout in SEED_LAYOUTS.items() if [part.name for part in parts] == layout), None)
    known = family is not None
    keys = {
        f"{place}.{index}.{tensor}"
        if place != "scorer"
        else f"pooling.scorer.{index}.{tensor}": f"{part.name}.{tensor}"
        for place in ("front", "cells", "scorer", "head")
        for index, part in enumerate(getattr(sections, place))
        for tensor in part.tensors
    }
    facts = []
    if any(part.kind != "recurrent" for part in sections.cells) and not known:
        facts.append("The norm after the recurrent layers comes before the pooling.")
    if known:
        facts.append(
            "Padded frames count as zeros after the recurrent layers, as unpacking a packed sequence leaves them."
        )
    return Plan(
        family=family or "recurrent",
        source=f"The tensor names and shapes are those of the {family} layout."
        if known
        else "The shapes of the tensors fit together as recurrent layers with a linear head, whatever their names.",
        body=" then ".join(_cell_name(part) for part in sections.cells if part.kind == "recurrent"),
        parts=_described(sections),
        inputs=(sections.front or sections.cells)[0].inputs,
        classes=sections.head[-1].outputs,
        keys=keys,
        build=lambda answers: RecurrentNetwork(sections, answers),
        questions=_questions(sections, known=known),
        facts=tuple(facts),
        blank=0 if known else None,
        settled=known,
        prepared=known,
    )


def out_of_place(sections: Sections) -> list[Stranger]:
    """Layers that fit by their shapes and not by their names."""
    front = misplaced(sections.front, FRONT_WORDS)
    return front + misplaced(sections.head, BACK_WORDS)


def why_not(parts: Sequence[Part]) -> list[Stranger]:
    """What keeps the parts from being a recurrent network, where something does that can be named."""
    if not any(part.kind == "recurrent" for part in parts):
        return []
    found = strangers(parts)
    if found:
        return found
    sections = _in_order(parts) or _by_name(parts)
    return out_of_place(sections) if sections is not None else []


def _in_order(parts: Sequence[Part]) -> Sections | None:
    """Sections by the order of the file, which is that of the definition and most often of the computation."""
    places = [index for index, part in enumerate(parts) if part.kind == "recurrent"]
    first, last = places[0], places[-1]
    return _sections(parts[:first], parts[first : last + 1], parts[last + 1 :])


def _by_name(parts: Sequence[Part]) -> Sections | None:
    """Sections by what the modules are called, where the order of the file does not fit."""
    cells = [part for part in parts if part.kind == "recurrent"]
    others = [part for part in parts if part.kind != "recurrent"]
    front = [part for part in others if _speaks_of(part, FRONT_WORDS) and not _speaks_of(part, BACK_WORDS)]
    return _sections(front, cells, [part for part in others if part not in front])


def _speaks_of(part: Part, words: tuple[str, ...]) -> bool:
    return any(word in part.name.lower() for word in words)


def _sections(front: Sequence[Part], cells: Sequence[Part], back: Sequence[Part]) -> Sections | None:
    """Sections where everything fits together and ends with a linear layer, else None."""
    inputs = (front or cells)[0].inputs
    width = fits([*front, *cells], inputs)
    if width is None or any(part.kind == "conv1d" for part in [*front, *cells, *back]):
        return None
    if any(part.kind == "recurrent" and part.cell is None for part in cells):
        return None
    scorer, rest = _scorer(back, width)
    norms = 0
    while norms < len(rest) and rest[norms].kind in ("layer norm", "batch norm") and rest[norms].inputs == width:
        norms += 1  # a norm of the recurrent outputs is applied to frames, before the pooling
    head = rest[norms:]
    if not head or head[-1].kind != "linear" or fits(head, width) is None:
        return None
    return Sections(front, [*cells, *rest[:norms]], scorer, head)


def _scorer(back: Sequence[Part], width: int) -> tuple[list[Part], list[Part]]:
    """Attention pooling, a chain of linear layers to a single number, apart from the rest."""
    for end, part in enumerate(back[:-1] if len(back) > 1 else []):
        if part.kind == "linear" and part.outputs == 1:
            for start in range(end + 1):
                chain = list(back[start : end + 1])
                named = all(_speaks_of(one, SCORER_WORDS) for one in chain)
                if all(one.kind == "linear" for one in chain) and fits(chain, width) == 1 and (named or start == end):
                    return chain, [*back[:start], *back[end + 1 :]]
    return [], list(back)


def _cell_name(part: Part) -> str:
    projected = f" projected to {part.projected}" if part.projected else ""
    return f"{'Bi' if part.bidirectional else ''}{part.cell} {part.layers} × {part.hidden}{projected}"


def _described(sections: Sections) -> tuple[str, ...]:
    found = [f"linear projection to {part.outputs}" for part in sections.front if part.kind == "linear"]
    names = {"layer norm": "LayerNorm", "batch norm": "BatchNorm"}
    found += [names[part.kind] for part in [*sections.cells, *sections.head] if part.kind in names]
    if len([part for part in sections.head if part.kind == "linear"]) > 1:
        found.append(f"head of {len([part for part in sections.head if part.kind == 'linear'])} linear layers")
    if sections.scorer:
        found.append("attention over time")
    return tuple(found)


def _questions(sections: Sections, *, known: bool) -> tuple[Question, ...]:
    found = []
    if sections.front:
        words = ("input_activation", "proj_activation")
        sentence = "After the input projection comes this activation: {}."
        options = ("none", *activations_but("none"))
        found.append(Question("input activation", options, sentence, words, "none" if known else ""))
    if any(part.cell == "RNN" for part in sections.cells if part.kind == "recurrent"):
        found.append(Question("cell activation", ("tanh", "relu"), "The RNN cells use {}.", ("nonlinearity",)))
    if sum(part.kind == "linear" for part in sections.head) > 1:
        sentence = "Between the linear layers of the head comes this activation: {}."
        found.append(Question("head activation", ("relu", *activations_but("relu")), sentence, ("head_activation",)))
    if sum(part.kind == "linear" for part in sections.scorer) > 1:
        sentence = "Between the linear layers of the attention comes this activation: {}."
        found.append(Question("attention activation", ("tanh", *activations_but("tanh")), sentence))
    both = any(part.bidirectional for part in sections.cells if part.kind == "recurrent")
    pooled = ("last state", "mean", "max", "last frame") if both else ("last frame", "mean", "max")
    options = ("attention",) if sections.scorer else (EVERY_FRAME, *pooled)
    hint = EVERY_FRAME if known else "attention" if sections.scorer else ""
    found.append(Question("pooling", options, "From frames to an answer: {}.", ("pool", "aggregat"), hint))
    return tuple(found)


def activations_but(one: str) -> tuple[str, ...]:
    """All activations but one."""
    return tuple(name for name in ACTIVATIONS if name != one)
