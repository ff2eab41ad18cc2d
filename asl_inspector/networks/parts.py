"""The modules of a network, told from the names and shapes of its tensors.

A module is a group of tensors with one prefix. What it is follows from the names that PyTorch gives a module's tensors
and from their dimensions; what the training code called the module does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from asl_inspector.checkpoints.records import TensorRecord

Kind = Literal["linear", "conv1d", "layer norm", "batch norm", "recurrent", "attention", "tensors"]
PREFIXES = ("module", "_orig_mod", "model", "net", "network")
GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}
LAYER = re.compile(r"weight_hh_l(\d+)$")
STATISTICS = {"running_mean", "running_var"}


@dataclass(frozen=True, slots=True)
class Part:
    """One module.

    Attributes:
        kind: What it is; "tensors" for tensors that belong to no known kind of module.
        name: Its prefix.
        tensors: Shapes by the tensor's own name.
    """

    kind: Kind
    name: str
    tensors: Mapping[str, tuple[int, ...]]

    @property
    def inputs(self) -> int:
        """Numbers that go in, a frame."""
        if self.kind == "recurrent":
            return self.tensors["weight_ih_l0"][1]
        if self.kind in ("linear", "conv1d"):
            return self.tensors["weight"][1]
        if self.kind == "attention":
            return self.tensors["in_proj_weight"][1]
        return self.tensors["weight"][0] if "weight" in self.tensors else 0

    @property
    def outputs(self) -> int:
        """Numbers that come out, a frame."""
        if self.kind == "recurrent":
            return (self.projected or self.hidden) * (2 if self.bidirectional else 1)
        return self.tensors["weight"][0] if self.kind in ("linear", "conv1d") else self.inputs

    @property
    def biased(self) -> bool:
        """True where it has a bias."""
        return "bias" in self.tensors or "bias_ih_l0" in self.tensors

    # Of recurrent parts:

    @property
    def hidden(self) -> int:
        """Hidden units a direction."""
        projection = self.tensors.get("weight_hr_l0")
        return self.tensors["weight_hh_l0"][1] if projection is None else projection[1]

    @property
    def projected(self) -> int:
        """Numbers that the hidden units of a direction are projected to (an LSTM's `proj_size`), or 0."""
        projection = self.tensors.get("weight_hr_l0")
        return 0 if projection is None else projection[0]

    @property
    def cell(self) -> str | None:
        """ "LSTM", "GRU" or "RNN", or None where the shapes are none of them."""
        rows, hidden = self.tensors["weight_hh_l0"][0], self.hidden
        found = next((name for name, gates in GATES.items() if rows == gates * hidden), None)
        return found if found == "LSTM" or not self.projected else None  # no other cell has a projection

    @property
    def layers(self) -> int:
        """Recurrent layers."""
        return 1 + max(int(found[1]) for name in self.tensors if (found := LAYER.match(name)))

    @property
    def bidirectional(self) -> bool:
        """Two directions or one."""
        return "weight_hh_l0_reverse" in self.tensors


def parts_of(weights: Mapping[str, TensorRecord]) -> list[Part]:
    """The modules in file order."""
    groups: dict[str, dict[str, tuple[int, ...]]] = {}
    for key, tensor in weights.items():
        module, _, name = key.rpartition(".")
        groups.setdefault(module, {})[name] = tensor.shape
    return [Part(_kind(tensors), name, tensors) for name, tensors in groups.items()]


def _kind(tensors: Mapping[str, tuple[int, ...]]) -> Kind:
    names = set(tensors)
    if {"weight_ih_l0", "weight_hh_l0"} <= names:
        matrices = [tensors[name] for name in ("weight_ih_l0", "weight_hh_l0", "weight_hr_l0") if name in names]
        return "recurrent" if all(len(shape) == 2 for shape in matrices) else "tensors"
    if "in_proj_weight" in names:
        return "attention"
    if "weight" not in names:
        return "tensors"
    shape = tensors["weight"]
    if names <= {"weight", "bias"} and len(shape) in (2, 3):
        return "linear" if len(shape) == 2 else "conv1d"
    if len(shape) == 1 and "bias" in names:
        if names == {"weight", "bias"}:
            return "layer norm"
        if names >= STATISTICS and names <= {"weight", "bias", *STATISTICS, "num_batches_tracked"}:
            return "batch norm"
    return "tensors"


def fits(parts: Iterable[Part], width: int) -> int | None:
    """The width after these parts, fed with `width` numbers, or None where one of them takes another number."""
    for part in parts:
        if part.kind not in ("linear", "layer norm", "batch norm", "conv1d", "recurrent") or part.inputs != width:
            return None
        width = part.outputs
    return width


def common_prefix(names: Iterable[str]) -> str:
    """The prefix that wrappers put before every key, with its dot: "module.", "model.encoder." stays "model."."""
    prefix = ""
    held = [name.split(".") for name in names]
    while held and all(len(parts) > 1 and parts[0] in PREFIXES for parts in held) and len({p[0] for p in held}) == 1:
        prefix += held[0][0] + "."
        held = [parts[1:] for parts in held]
    return prefix
