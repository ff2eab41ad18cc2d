"""From rows to a judgement: what kind of kinship the two networks have, and the evidence that a sceptic would want.

The verdict comes from the weights alone (`verdicts.verdict_of`). The relation names the story that fits best: an
export, an averaged copy, a later state of one run, a network fine-tuned behind a new head, a load that copied a part.
It is told from the weights first; names, steps and epochs only break ties, and are named as evidence where they do.
"""

from __future__ import annotations

from asl_inspector.checkpoints.comparison_evidence import About, clues_of, is_close, listed, values_clues
from asl_inspector.checkpoints.comparison_records import (
    Comparison,
    Judgement,
    Relation,
    TensorComparison,
    ValueComparison,
)
from asl_inspector.checkpoints.name_matching import is_counter, module_of


def judge(comparison: Comparison, a: About, b: About, values: tuple[ValueComparison, ...] = ()) -> Judgement:
    """The judgement on two sets of weights."""
    rows = [row for row in comparison.tensors if not is_counter(row.key)]
    heads = comparison.output_modules
    other_run = any(row.group in ("vocabulary", "hyperparameter") and row.status == "changed" for row in values)
    relation = _relation(comparison, rows, heads, a, b, other_run=other_run)
    clues = clues_of(comparison, rows, heads, a, b, is_average=relation == "average")
    clues += values_clues(values)
    sentence = _sentence(relation, rows, heads, a, b)
    return Judgement(comparison.verdict, relation, sentence, tuple(clues))


# -- relation -----------------------------------------------------------------------------------------------------------


def _relation(
    comparison: Comparison, rows: list[TensorComparison], heads: tuple[str, ...], a: About, b: About, *, other_run: bool
) -> Relation:
    """The story that fits best; `other_run` is True where the two runs' vocabularies or settings differ."""
    if comparison.verdict in ("identical", "unrelated", "undetermined"):
        return comparison.verdict
    body = [row for row in rows if module_of(row.key) not in heads]
    head = [row for row in rows if module_of(row.key) in heads]
    matched = [row for row in rows if row.status in ("equal", "changed")]
    if all(row.status == "equal" for row in matched):
        if any(row.equal_up_to for row in matched):
            return "export"
        if any(row.status == "shape-blocked" for row in body):
            return "partial-load"
        return "fine-tuned" if {row.status for row in head} >= {"shape-blocked"} else "related"
    if comparison.verdict == "partly":
        return "partial-load"
    head_is_new = bool(head) and not any(row.is_kin for row in head)
    if head_is_new and any(row.is_kin for row in body):
        return "fine-tuned"
    if any(row.trace == "no-trace" for row in body):
        return "related"
    if is_close(rows) and (a.is_copy != b.is_copy):
        return "average"
    if _order(a, b) and not other_run and all(row.status in ("equal", "changed") for row in rows):
        return "later"
    return "average" if is_close(rows) and a.has_optimizer != b.has_optimizer and _shorter(rows) else "related"


def _shorter(rows: list[TensorComparison]) -> bool:
    """True where one side's weights are shorter throughout, as averages of a wandering network are."""
    ratios = [
        row.norm_a / row.norm_b
        for row in rows
        if row.trace == "trace" and row.norm_a and row.norm_b and row.shape_a is not None and len(row.shape_a) > 1
    ]
    return len(ratios) > 1 and (all(ratio < 1 for ratio in ratios) or all(ratio > 1 for ratio in ratios))


def _order(a: About, b: About) -> str:
    """Which side is later by optimizer step, else by epoch; empty where neither says."""
    for one, other in ((a.step, b.step), (a.epoch, b.epoch)):
        if one is not None and other is not None and one != other:
            return "a" if one > other else "b"
    return ""


def _sentence(relation: Relation, rows: list[TensorComparison], heads: tuple[str, ...], a: About, b: About) -> str:
    matched = [row for row in rows if row.status in ("equal", "changed")]
    kin = [row for row in matched if row.is_kin]
    telling = [row for row in matched if row.trace in ("equal", "trace", "no-trace")]
    share = f"{len(kin)} of {len(telling)} tensors that can tell"
    if relation == "identical":
        return f"The weights are identical: all {len(matched)} tensors are equal, number for number."
    if relation == "export":
        kind = next(row for row in matched if row.equal_up_to)
        narrow = "B is A" if kind.dtype_b == kind.equal_up_to else "A is B"
        rounded = sum(bool(row.equal_up_to) for row in matched)
        count = f"{rounded} of {len(matched)} tensors are equal up to {kind.equal_up_to} rounding"
        return f"{narrow} written in another number type: {count}."
    if relation == "average":
        copy = "A" if a.is_copy and not b.is_copy else "B" if b.is_copy and not a.is_copy else "One"
        of = {"A": "B", "B": "A"}.get(copy, "the other")
        return f"{copy} looks like an averaged copy (EMA or SWA) of {of}: every tensor has moved, and none far."
    if relation == "later":
        late, early = (("A", a), ("B", b)) if _order(a, b) == "a" else (("B", b), ("A", a))
        return f"{late[0]} looks like a later state of the network in {early[0]}: {_when(late[1], early[1])}."
    if relation == "fine-tuned":
        return (
            f"Both networks come from one start, with another output layer ({listed(sorted(heads))}): {share} show it."
        )
    if relation == "partial-load":
        return f"Only a part has a common start: {len(kin)} of {len(rows)} tensors show one, the others do not or do not fit."
    if relation == "related":
        if all(row.status == "equal" for row in matched):
            return f"All {len(matched)} tensors that both files have are equal; {len(rows) - len(matched)} others have no partner."
        return f"One network descends from the other, or both from one start: {share} show it."
    if relation == "unrelated":
        return f"The networks are unrelated: none of {len(telling)} tensors that could show a common start shows one."
    blocked = sum(row.status == "shape-blocked" for row in rows)
    if blocked and not matched:
        return f"No tensor of one can be a copy of the other's: all {blocked} that correspond have other shapes."
    return "Nothing in these files can tell whether the networks are related."


def _when(late: About, early: About) -> str:
    if late.step is not None and early.step is not None and late.step != early.step:
        return f"optimizer step {late.step:,} against {early.step:,}"
    return f"epoch {late.epoch} against {early.epoch}"
