"""Which family of networks do the tensors of a state dict make?"""

from __future__ import annotations

from collections.abc import Mapping

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.networks import recurrent, signjoey, spoter, st_gcn, temporal_convolution, tgcn, transformer, vac
from asl_inspector.networks.parts import Part, common_prefix, parts_of
from asl_inspector.networks.plans import Plan
from asl_inspector.networks.strangers import Stranger

FAMILIES = (
    spoter.recognise,
    st_gcn.recognise,
    tgcn.recognise,
    vac.recognise,
    signjoey.recognise,
    transformer.recognise,
    temporal_convolution.recognise,
    recurrent.recognise,
)


def find_plan(weights: Mapping[str, TensorRecord]) -> Plan | None:
    """The plan of the first family that takes every tensor, or None."""
    if not weights:
        return None
    prefix = common_prefix(weights)
    parts = [Part(part.kind, part.name, part.tensors) for part in parts_of(weights)]
    bare = [Part(part.kind, part.name.removeprefix(prefix.rstrip(".")).lstrip("."), part.tensors) for part in parts]
    names = {short.name: part.name for short, part in zip(bare, parts, strict=True)}
    for family in FAMILIES:
        plan = family(bare)
        if plan is None:
            continue
        if {*plan.keys.values(), *plan.left_out} == {key.removeprefix(prefix) for key in weights}:
            return _renamed(plan, names)
    return None


def without_a_place(weights: Mapping[str, TensorRecord]) -> list[Stranger]:
    """The tensors that keep a state dict with recurrent layers from being a known network, as far as can be told."""
    return recurrent.why_not(parts_of(weights))


def _renamed(plan: Plan, names: Mapping[str, str]) -> Plan:
    """The plan with the file's own keys."""
    from dataclasses import replace

    def full(key: str) -> str:
        module, _, tensor = key.rpartition(".")
        whole = names[module]
        return f"{whole}.{tensor}" if whole else tensor

    left_out = frozenset(full(key) for key in plan.left_out)
    return replace(plan, keys={name: full(key) for name, key in plan.keys.items()}, left_out=left_out)
