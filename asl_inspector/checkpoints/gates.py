"""What the rows of a recurrent layer's tensors are: gates, layer, direction, and which input they weigh.

PyTorch stacks the gates of a recurrent layer along the first dimension, `hidden` rows each, and says the rest in the
key: `weight_ih_l0_reverse` is the first layer, read backwards, weighing the layer's input.

Source: torch 2.13, documentation of torch.nn.LSTM, GRU, RNN and their cells ("Variables").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["LSTM", "GRU", "RNN"]
GATES: dict[Kind, tuple[tuple[str, str], ...]] = {
    "LSTM": (("i", "input gate"), ("f", "forget gate"), ("g", "cell candidate"), ("o", "output gate")),
    "GRU": (("r", "reset gate"), ("z", "update gate"), ("n", "new gate")),
    "RNN": (("h", "hidden state"),),
}
KIND_OF_COUNT: dict[int, Kind] = {4: "LSTM", 3: "GRU", 1: "RNN"}
KEY = re.compile(r"(?P<before>.*?)(?P<what>weight|bias)_(?P<source>ih|hh|hr)(?:_l(?P<layer>\d+))?(?P<back>_reverse)?$")
SOURCES = {"ih": "the layer's input", "hh": "the hidden state", "hr": "the projection of the hidden state"}


@dataclass(frozen=True, slots=True)
class Gate:
    """Rows `start` up to `stop` of a recurrent tensor; `letter` as PyTorch's documentation writes the gate."""

    letter: str
    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class RecurrentPart:
    """What one tensor of a recurrent layer is.

    Attributes:
        module: Path of the layer's module within the state dict.
        kind: "LSTM", "GRU" or "RNN".
        layer: Number of the stacked layer, from 0; a cell is layer 0.
        backward: True for the direction that reads the clip from its end.
        source: "ih" where it weighs the layer's input, "hh" the hidden state, "hr" for an LSTM's projection.
        is_bias: True for a bias.
        hidden: Hidden units of one direction.
        gates: Row ranges, in order; empty for a projection.
    """

    module: str
    kind: Kind
    layer: int
    backward: bool
    source: str
    is_bias: bool
    hidden: int
    gates: tuple[Gate, ...]

    @property
    def sentence(self) -> str:
        """The part in words."""
        what = "Bias" if self.is_bias else "Weights"
        direction = "backward" if self.backward else "forward"
        return f"{what} of {SOURCES[self.source]}, {self.kind} layer {self.layer}, {direction} direction"


def recurrent_part(key: str, shapes: Mapping[str, tuple[int, ...]]) -> RecurrentPart | None:
    """What the tensor `key` of a recurrent layer is, or None where it is none.

    Args:
        key: Key in the state dict.
        shapes: Shapes of all its keys; the number of gates is the rows of `weight_hh` over the hidden size.
    """
    found = KEY.fullmatch(key)
    if found is None or key not in shapes:
        return None
    before, layer, back = found["before"], found["layer"], found["back"] or ""
    ending = (f"_l{layer}" if layer is not None else "") + back
    recurrent = shapes.get(f"{before}weight_hh{ending}")
    if recurrent is None or len(recurrent) != 2 or not recurrent[1]:
        return None
    projection = shapes.get(f"{before}weight_hr{ending}")
    hidden = projection[1] if projection is not None and len(projection) == 2 else recurrent[1]
    kind = KIND_OF_COUNT.get(recurrent[0] // hidden) if hidden and recurrent[0] % hidden == 0 else None
    if kind is None:
        return None
    gates: tuple[Gate, ...] = ()
    if found["source"] != "hr":
        if not shapes[key] or shapes[key][0] != recurrent[0]:
            return None
        gates = tuple(
            Gate(letter, name, number * hidden, (number + 1) * hidden)
            for number, (letter, name) in enumerate(GATES[kind])
        )
    return RecurrentPart(
        module=before.rstrip("."),
        kind=kind,
        layer=int(layer or 0),
        backward=bool(back),
        source=found["source"],
        is_bias=found["what"] == "bias",
        hidden=hidden,
        gates=gates,
    )
