"""One word for a comparison of weights, and the tensors by module."""

from __future__ import annotations

import math
from collections import Counter, defaultdict

from asl_inspector.checkpoints.comparison_records import ModuleDistance, TensorComparison, Verdict
from asl_inspector.checkpoints.name_matching import is_counter, module_of


def verdict_of(rows: list[TensorComparison], heads: tuple[str, ...] = ()) -> Verdict:
    """The verdict on descent, from the tensors that can say something.

    Args:
        rows: The tensors of both sides.
        heads: Modules of the output layer, by their keys in the rows; a new one takes nothing from a common origin.
    """
    rows = [row for row in rows if not is_counter(row.key)]
    traces = Counter(row.trace for row in rows if row.trace is not None)
    kin, strangers = traces["equal"] + traces["trace"], traces["no-trace"]
    unmatched = any(row.status in ("only-a", "only-b", "shape-blocked") for row in rows)
    matched = [row for row in rows if row.status in ("equal", "changed")]
    if matched and not unmatched and all(row.status == "equal" and not row.equal_up_to for row in matched):
        return "identical"
    if kin == 0:
        return "unrelated" if strangers else "undetermined"
    blocked = any(row.status == "shape-blocked" and module_of(row.key) not in heads for row in rows)
    kin_numbers = sum(row.count for row in rows if row.is_kin)
    strange_numbers = sum(row.count for row in rows if row.trace == "no-trace" and module_of(row.key) not in heads)
    return "partly" if blocked or strangers > kin or strange_numbers > kin_numbers else "descends"


def modules_of(rows: tuple[TensorComparison, ...]) -> tuple[ModuleDistance, ...]:
    """The tensors by module; the distance is |A - B| / |B| over all their numbers."""
    groups: dict[str, list[TensorComparison]] = defaultdict(list)
    for row in rows:
        groups[module_of(row.key)].append(row)
    found = []
    for name, members in groups.items():
        known = [(one.relative_distance, one.norm_b) for one in members]
        lengths = sum(norm**2 for share, norm in known if share is not None and norm is not None)
        apart = sum((share * norm) ** 2 for share, norm in known if share is not None and norm is not None)
        found.append(
            ModuleDistance(
                name=name,
                tensors=len(members),
                numbers=sum(one.count for one in members),
                equal=sum(one.status == "equal" for one in members),
                kin=sum(one.is_kin for one in members),
                strangers=sum(one.trace == "no-trace" for one in members),
                unmatched=sum(one.status in ("only-a", "only-b", "shape-blocked") for one in members),
                relative_distance=math.sqrt(apart / lengths) if lengths else None,
            )
        )
    return tuple(found)
