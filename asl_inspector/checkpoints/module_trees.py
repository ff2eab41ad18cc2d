"""Networks that were saved whole: the state dict that a pickled `nn.Module` would give, without its class.

A module keeps its parts in the dicts `_modules`, `_parameters` and `_buffers`, which stay readable. The state dict names
a tensor by the parts on the way to it, joined by dots, and leaves out the buffers listed in `_non_persistent_buffers_set`.

Source: torch 2.13, torch/nn/modules/module.py (`state_dict`, `_save_to_state_dict`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from asl_inspector.checkpoints.inert_paths import InertPaths
from asl_inspector.checkpoints.records import Role, TensorRecord
from asl_inspector.inert_pickle.plain import items_of, lookup

CHILDREN = "_modules"
LEAVES: dict[str, Role] = {"_parameters": "parameter", "_buffers": "buffer"}
NOT_KEPT = "_non_persistent_buffers_set"


@dataclass(frozen=True, slots=True)
class Place:
    """Where in a module a tensor is: the module's own path, the key in its state dict, and what it is for."""

    module: tuple[str, ...]
    key: str
    role: Role


def place_in_module(path: tuple[str, ...]) -> Place | None:
    """The place of a tensor of a module tree by its path, or None where it is in none."""
    if len(path) < 2 or path[-2] not in LEAVES:
        return None
    names, depth = [path[-1]], len(path) - 2
    while depth >= 2 and path[depth - 2] == CHILDREN:
        names.append(path[depth - 1])
        depth -= 2
    return Place(path[:depth], ".".join(reversed(names)), LEAVES[path[-2]])


def with_state_keys(tensors: list[TensorRecord], root: object) -> list[TensorRecord]:
    """The same tensors; those of module trees know their role and their key in the state dict."""
    values = InertPaths(root)
    left_out: dict[tuple[str, ...], frozenset[str]] = {}
    found: list[TensorRecord] = []
    for tensor in tensors:
        place = place_in_module(tensor.path)
        if place is None or tensor.state_key is not None:
            found.append(tensor)
            continue
        owner = tensor.path[:-2]
        if place.role == "buffer" and owner not in left_out:
            names = items_of(lookup(values.at(owner), NOT_KEPT)) or []
            left_out[owner] = frozenset(name for name in names if isinstance(name, str))
        kept = place.role == "parameter" or tensor.path[-1] not in left_out[owner]
        found.append(replace(tensor, role=place.role, state_key=place.key if kept else ""))
    return found
