"""`compare --json`: two checkpoints, tensor by tensor."""

from __future__ import annotations

from asl_inspector.checkpoints.comparison_records import Comparison, TensorComparison
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.report.json_text import Json

SCHEMA = "asl-inspector/compare/1"


def compare_json(a: Checkpoint, b: Checkpoint, comparison: Comparison) -> dict[str, Json]:
    """The document of the contract."""
    return {
        "schema": SCHEMA,
        "a": str(a.path),
        "b": str(b.path),
        "prefix": {"a": comparison.prefix_a, "b": comparison.prefix_b},
        "verdict": comparison.verdict,
        "tensors": [_tensor(row) for row in comparison.tensors],
        "values": changed_values(a, b),
        "notes": list(comparison.notes),
    }


def _tensor(row: TensorComparison) -> dict[str, Json]:
    return {
        "a": row.a,
        "b": row.b,
        "status": row.status,
        "shape_a": None if row.shape_a is None else list(row.shape_a),
        "shape_b": None if row.shape_b is None else list(row.shape_b),
        "cosine": row.cosine,
        "relative_distance": row.relative_distance,
        "null_p": row.null_p,
    }


def changed_values(a: Checkpoint, b: Checkpoint) -> list[Json]:
    """Values that are not tensors and differ, or that one side lacks."""
    in_a = {value.path: value.text for value in a.values}
    in_b = {value.path: value.text for value in b.values}
    return [
        {"path": list(path), "a": in_a.get(path), "b": in_b.get(path)}
        for path in dict.fromkeys([*in_a, *in_b])
        if in_a.get(path) != in_b.get(path)
    ]
