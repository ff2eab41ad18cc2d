"""Which modules of two compared networks are output layers?

The last matrix of a state dict is, as a rule, that of the output layer. An encoder that was saved alone has none: its
last matrix belongs to a recurrent layer, or to a layer after which the other side goes on. So a module counts only if it
is the last one on every side that has it, whichever side is called A.
"""

from __future__ import annotations

from collections.abc import Iterable

from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.checkpoints.name_matching import module_of

RECURRENT = ("weight_ih_", "weight_hh_", "weight_hr_")


def output_modules(rows: list[TensorComparison], keys_a: Iterable[str], keys_b: Iterable[str]) -> tuple[str, ...]:
    """The modules of the output layers, by their keys in the rows (side A's, or side B's where A has none).

    Args:
        rows: The tensors of both sides.
        keys_a: Keys of side A in the order of its file.
        keys_b: Keys of side B in the order of its file.
    """
    by_a = {row.a: row for row in rows if row.a is not None}
    by_b = {row.b: row for row in rows if row.b is not None}
    last_a = _last_matrix([by_a[key] for key in keys_a if key in by_a], "a")
    last_b = _last_matrix([by_b[key] for key in keys_b if key in by_b], "b")
    found = []
    if last_a is not None and (last_a.b is None or last_b is None or _are_one(last_a, last_b)):
        found.append(module_of(last_a.key))
    if last_b is not None and (last_b.a is None or last_a is None or _are_one(last_a, last_b)):
        found.append(module_of(last_b.key))
    modules = {module_of(row.key) for row in rows if len(row.shape_a or row.shape_b or ()) > 1}
    heads = tuple(dict.fromkeys(found))
    return heads if len(modules) > len(heads) else ()


def _are_one(one: TensorComparison, other: TensorComparison) -> bool:
    return module_of(one.key) == module_of(other.key)


def _last_matrix(rows: list[TensorComparison], side: str) -> TensorComparison | None:
    """The last matrix of a side, unless a recurrent layer or a lone tensor of no module holds it."""
    matrices = [row for row in rows if len((row.shape_a if side == "a" else row.shape_b) or ()) == 2]
    if not matrices:
        return None
    key = str(matrices[-1].a if side == "a" else matrices[-1].b)
    is_layer = bool(module_of(key)) and not key.rpartition(".")[2].startswith(RECURRENT)
    return matrices[-1] if is_layer else None
