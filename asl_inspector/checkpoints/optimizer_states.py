"""An optimizer's state by parameter: step, moments, settings, and which key of the state dict each belongs to.

An optimizer numbers its parameters in the order in which it was given them and knows no names. Where it kept names,
they decide. Else the order of the state dict is taken, which is the order of `model.parameters()`, and every moment
must have the shape of its parameter. Where the optimizer has fewer parameters than the network, both are laid beside
each other in order, and only those matches are told that no other way of laying them would change.

Source: torch 2.13, torch/optim/optimizer.py (`state_dict`, `param_names`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from asl_inspector.checkpoints.modules import place_of
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, ValueRecord

Matching = Literal["names", "order", "shapes"]
GROUPED = "param_groups"
MOMENTS = {
    "exp_avg": "first moment",
    "exp_avg_sq": "second moment",
    "max_exp_avg_sq": "largest second moment",
    "momentum_buffer": "momentum",
    "square_avg": "mean square",
    "grad_avg": "mean gradient",
    "sum": "sum of squares",
    "exp_inf": "largest gradient",
    "acc_delta": "accumulated step",
}


@dataclass(frozen=True, slots=True)
class ParameterState:
    """What an optimizer keeps for one parameter.

    Attributes:
        index: Its number in the optimizer.
        parameter: Key in the state dict, or None where that cannot be told.
        group: Number of its parameter group.
        tensors: Kept tensors by name ("exp_avg", "exp_avg_sq", "step", ...).
        values: Kept plain values by name, as text.
    """

    index: int
    parameter: str | None
    group: int
    tensors: dict[str, TensorRecord]
    values: dict[str, str]

    @property
    def has_state(self) -> bool:
        """True where anything is kept, that is, where the parameter received a gradient at least once."""
        return bool(self.tensors or self.values)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """Shape of its moments, which is that of the parameter, or None where no moment is kept."""
        for name, tensor in self.tensors.items():
            if name in MOMENTS:
                return tensor.shape
        return None


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """One optimizer.

    Attributes:
        path: Where in the file it is.
        groups: Settings of each parameter group, as texts by name.
        states: One for each of its parameters.
        matched: How parameters got their names, or None where none did.
        outside: Keys of parameters that the optimizer does not have; empty where that cannot be told.
        note: How sure the names are, as a sentence.
    """

    path: tuple[str, ...]
    groups: tuple[dict[str, str], ...]
    states: tuple[ParameterState, ...]
    matched: Matching | None
    outside: tuple[str, ...]
    note: str

    def of(self, key: str) -> ParameterState | None:
        """The state of one parameter."""
        return next((state for state in self.states if state.parameter == key), None)


def optimizer_states(checkpoint: Checkpoint) -> tuple[OptimizerState, ...]:
    """Every optimizer in the file, in file order."""
    parameters = _parameters(checkpoint)
    tensors: dict[tuple[str, ...], list[TensorRecord]] = {}
    values: dict[tuple[str, ...], list[ValueRecord]] = {}
    for tensor in checkpoint.tensors:
        _sort_in(tensors, tensor.path, tensor)
    for value in checkpoint.values:
        _sort_in(values, value.path, value)
    found: list[OptimizerState] = []
    for path in dict.fromkeys([*values, *tensors]):
        held = values.get(path, [])
        if any(value.path[len(path)] == GROUPED for value in held):
            optimizer = checkpoint.contents.optimizer
            announced = optimizer.parameters if optimizer is not None and not found else 0
            found.append(_optimizer(path, tensors.get(path, []), held, parameters, announced))
    return tuple(found)


def _sort_in(rows: dict[tuple[str, ...], list], path: tuple[str, ...], row: object) -> None:  # type: ignore[type-arg]
    for depth, name in enumerate(path):
        if name in ("state", GROUPED) and depth and "optim" in ".".join(path[:depth]).lower():
            rows.setdefault(path[:depth], []).append(row)
            return


def _parameters(checkpoint: Checkpoint) -> dict[str, tuple[int, ...]]:
    """Shapes of the network's parameters; of those that share memory an optimizer has one."""
    met = set()
    found = {}
    for key, tensor in checkpoint.weights.items():
        place = place_of(tensor)
        if tensor.role == "parameter" and (place is None or place not in met):
            met.add(place)
            found[key] = tensor.shape
    return found


def _optimizer(
    path: tuple[str, ...],
    tensors: Sequence[TensorRecord],
    values: Sequence[ValueRecord],
    parameters: Mapping[str, tuple[int, ...]],
    announced: int,
) -> OptimizerState:
    depth = len(path)
    groups: dict[int, dict[str, str]] = {}
    members: dict[int, int] = {}  # a parameter's number: its group
    names: dict[int, list[str]] = {}
    for value in values:
        rest = value.path[depth:]
        if rest[0] != GROUPED or len(rest) < 3 or not rest[1].isdecimal():
            continue
        group = int(rest[1])
        groups.setdefault(group, {})
        if rest[2] == "params":
            members |= dict.fromkeys(_numbers(value.text), group)
        elif rest[2] == "param_names":
            names.setdefault(group, []).append(value.text.strip("'\""))
        else:
            groups[group][".".join(rest[2:])] = value.text
    kept_tensors: dict[int, dict[str, TensorRecord]] = {}
    kept_values: dict[int, dict[str, str]] = {}
    for tensor in tensors:
        rest = tensor.path[depth:]
        if rest[0] == "state" and len(rest) == 3 and rest[1].isdecimal():
            kept_tensors.setdefault(int(rest[1]), {})[rest[2]] = tensor
    for value in values:
        rest = value.path[depth:]
        if rest[0] == "state" and len(rest) == 3 and rest[1].isdecimal():
            kept_values.setdefault(int(rest[1]), {})[rest[2]] = value.text
    indices = list(members) or sorted(kept_tensors.keys() | kept_values.keys())
    if len(indices) < announced:  # a long list of members is kept as a text that was cut off
        indices = list(range(announced))
    bare = [
        ParameterState(index, None, members.get(index, 0), kept_tensors.get(index, {}), kept_values.get(index, {}))
        for index in indices
    ]
    told = [name for group in sorted(names) for name in names[group]]
    keys, matched, note = _match(bare, told, parameters)
    states = tuple(
        ParameterState(state.index, key, state.group, state.tensors, state.values)
        for state, key in zip(bare, keys, strict=True)
    )
    outside: tuple[str, ...] = ()
    if matched is not None and None not in keys:
        known = set(keys)
        outside = tuple(key for key in parameters if key not in known)
    ordered = tuple(groups[number] for number in sorted(groups))
    return OptimizerState(path, ordered, states, matched, outside, note)


def _numbers(text: str) -> list[int]:
    """Numbers in a text such as `3` or `[0, 1, 2]`; the last one of a text that was cut off is left out."""
    found = [int(number) for number in re.findall(r"\d+", text)]
    return found if not text.startswith("[") or text.endswith("]") else found[:-1]


def _match(
    states: Sequence[ParameterState], told: Sequence[str], parameters: Mapping[str, tuple[int, ...]]
) -> tuple[list[str | None], Matching | None, str]:
    """A key for each state, how it was found, and how sure it is."""
    nothing: list[str | None] = [None] * len(states)
    shapes = [state.shape for state in states]
    if len(told) == len(states) and states:
        known = [name if name in parameters else None for name in told]
        if any(known):
            return known, "names", "The optimizer kept the names of its parameters."
    if not states or not parameters:
        return nothing, None, "There are no parameters to match with."
    keys = list(parameters)
    if len(keys) == len(states) and _fit(shapes, [parameters[key] for key in keys]):
        note = "Parameters are matched by their order in the state dict; the shapes of all moments agree."
        return list(keys), "order", note
    first = _embed(shapes, [parameters[key] for key in keys])
    last = _embed(shapes[::-1], [parameters[key] for key in keys[::-1]])
    if first is None or last is None:
        note = f"The optimizer's {len(states)} parameters do not fit the {len(keys)} of the state dict."
        return nothing, None, note
    last = [len(keys) - 1 - place for place in reversed(last)]
    sure = [keys[a] if a == b else None for a, b in zip(first, last, strict=True)]
    count = sum(key is not None for key in sure)
    note = (
        f"The optimizer has {len(states)} parameters, the state dict {len(keys)}: {count} are matched by shape and order, "
        "the others could be one of several."
    )
    return sure, "shapes", note


def _fit(shapes: Iterable[tuple[int, ...] | None], known: Iterable[tuple[int, ...]]) -> bool:
    return all(a is None or a == b for a, b in zip(shapes, known, strict=True))


def _embed(shapes: Sequence[tuple[int, ...] | None], known: Sequence[tuple[int, ...]]) -> list[int] | None:
    """The earliest places in `known`, in order, that fit `shapes`, or None where there are none."""
    places = []
    place = 0
    for shape in shapes:
        while place < len(known) and shape is not None and known[place] != shape:
            place += 1
        if place == len(known):
            return None
        places.append(place)
        place += 1
    return places
