"""Tensors that belong to another design, however well their shapes fit.

Shapes alone would take a highway layer, a query or a gate of the right size for one more linear layer of a chain, and
compute something else. What the names say against that is believed: a network that is named unknown costs the user a
file, one that is rebuilt wrongly costs the diagnosis.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from asl_inspector.networks.parts import Part

RECURRENT = re.compile(r"^(weight|bias)_(ih|hh|hr)_l\d+(_reverse)?$")
WORDS = re.compile(r"[^a-z]+")
GATES = (
    "gate",
    "gating",
    "highway",
    "skip",
    "residual",
    "shortcut",
    "film",
    "router",
    "expert",
    "lora",
    "adapter",
    "glu",
)
ATTENTION = ("query", "key", "value", "qkv", "q", "k", "v", "attn", "attention", "att")
PLAIN = ("fc", "dense", "linear", "hidden", "mlp", "layer", "pre", "post", "bottleneck", "feature", "dropout")
SIDES = (
    ({"forward", "fwd"}, {"backward", "bwd"}),
    ({"left"}, {"right"}),
    ({"encoder", "enc"}, {"decoder", "dec"}),
    ({"pose", "body"}, {"hand", "hands", "face"}),
)


@dataclass(frozen=True, slots=True)
class Stranger:
    """A tensor, or a module, and why it has no place.

    Attributes:
        key: Its name in the state dict.
        why: The reason, completing "it is ...".
    """

    key: str
    why: str


def strangers(parts: Sequence[Part]) -> list[Stranger]:
    """What no chain of plain layers and recurrent layers may contain, in file order."""
    found: list[Stranger] = []
    for part in parts:
        if part.kind == "tensors":
            found += [Stranger(_key(part, name), _unknown_tensor(name)) for name in part.tensors]
        elif part.kind == "recurrent":
            found += _of_recurrent(part)
        elif part.kind in ("linear", "conv1d"):
            words = words_of(part.name)
            spoken = next((word for word in (*GATES,) if word in words), None)
            if spoken is not None:
                found.append(Stranger(_key(part, "weight"), f"by its name no plain layer: it speaks of “{spoken}”"))
    return found + _beside(parts)


def misplaced(chain: Iterable[Part], expected: Sequence[str]) -> list[Stranger]:
    """Layers of a chain that are of attention, or square without a name that tells their place.

    Args:
        chain: The layers before or after the recurrent ones.
        expected: Words, or beginnings of words, that speak for this place.
    """
    found = []
    for part in chain:
        if part.kind != "linear":
            continue
        words = words_of(part.name)
        spoken = next((word for word in ATTENTION if word in words), None)
        told = part.name.rpartition(".")[2].isdecimal() or any(one in part.name.lower() for one in (*expected, *PLAIN))
        if spoken is not None:
            found.append(Stranger(_key(part, "weight"), f"part of an attention of unknown form: “{spoken}”"))
        elif part.inputs == part.outputs and not told:
            found.append(Stranger(_key(part, "weight"), "a square layer whose name does not tell where it belongs"))
    return found


def words_of(name: str) -> set[str]:
    """The words of a key: "encoder.gate_proj2" -> encoder, gate, proj."""
    return {word for word in WORDS.split(name.lower()) if word}


def _of_recurrent(part: Part) -> list[Stranger]:
    extra = [name for name in part.tensors if not RECURRENT.match(name)]
    found = [Stranger(_key(part, name), "nothing that an LSTM, GRU or RNN of PyTorch has") for name in extra]
    rows, hidden = part.tensors["weight_hh_l0"][0], part.hidden
    words = words_of(part.name)
    if part.cell is None:
        found.append(
            Stranger(_key(part, "weight_hh_l0"), f"of no LSTM, GRU or RNN: {rows:,} rows for {hidden:,} hidden units")
        )
    for name in ("LSTM", "GRU"):
        if name.lower() in words and part.cell not in (name, None):
            why = f"called {name}, but has the {rows // max(1, hidden)} gates of {'an' if part.cell == 'RNN' else 'a'} {part.cell}"
            found.append(Stranger(_key(part, "weight_hh_l0"), why))
    return found


def _beside(parts: Sequence[Part]) -> list[Stranger]:
    """Recurrent modules that do not follow each other."""
    recurrent = [part for part in parts if part.kind == "recurrent"]
    for first, second in SIDES:
        ones = [part for part in recurrent if words_of(part.name) & first and not words_of(part.name) & second]
        others = [part for part in recurrent if words_of(part.name) & second]
        if ones and others:
            why = f"a recurrent module beside `{ones[0].name}`, not after it, as the names say"
            return [Stranger(_key(others[0], "weight_hh_l0"), why)]
    return []


def _unknown_tensor(name: str) -> str:
    text = name.lower()
    if "peep" in text or re.search(r"(^|_)w?(eight)?_?c[ifo](_|$)", text):
        return "a peephole from the cell's state to a gate"
    if "gate" in text:
        return "a gate of its own"
    if name.endswith(("_g", "_v", "original0", "original1")):
        return "part of a reparametrised weight"
    return "of no module that is known"


def _key(part: Part, tensor: str) -> str:
    return f"{part.name}.{tensor}" if part.name else tensor
