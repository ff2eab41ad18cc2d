"""`compare --json`: two checkpoints, tensor by tensor and value by value."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.checkpoints.comparison_records import (
    CheckpointComparison,
    Clue,
    Fingerprint,
    ModuleDistance,
    PrefixPair,
    TensorComparison,
    ValueComparison,
)
from asl_inspector.report.json_text import Json

SCHEMA = "asl-inspector/compare/1"


def compare_json(a: Path, b: Path, compared: CheckpointComparison) -> dict[str, Json]:
    """The document of the contract."""
    weights, judgement = compared.weights, compared.judgement
    return {
        "schema": SCHEMA,
        "a": str(a),
        "b": str(b),
        "part": {"a": list(compared.part_a), "b": list(compared.part_b)},
        "prefix": {"a": weights.prefix_a, "b": weights.prefix_b},
        "prefixes": [_prefix(pair) for pair in weights.prefixes],
        "verdict": judgement.verdict,
        "relation": judgement.relation,
        "sentence": judgement.sentence,
        "evidence": [_clue(clue) for clue in judgement.evidence],
        "tensors": [_tensor(row) for row in weights.tensors],
        "modules": [_module(module) for module in compared.modules],
        "bias_fingerprints": [_fingerprint(one) for one in weights.fingerprints],
        "values": [_value(row) for row in compared.values],
        "notes": list(weights.notes),
    }


def _prefix(pair: PrefixPair) -> dict[str, Json]:
    return {"a": pair.a, "b": pair.b, "tensors": pair.tensors}


def _clue(clue: Clue) -> dict[str, Json]:
    return {"id": clue.id, "leaning": clue.leaning, "text": clue.text}


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
        "trace": row.trace,
        "matched_by": row.matched_by,
        "dtype_a": row.dtype_a,
        "dtype_b": row.dtype_b,
        "equal_up_to": row.equal_up_to or None,
        "largest_difference": row.largest_difference,
        "norm_a": row.norm_a,
        "norm_b": row.norm_b,
        "null_units": row.null_units,
        "as_at_birth": {"a": row.new_a, "b": row.new_b},
        "reordered": row.reordered,
    }


def _module(module: ModuleDistance) -> dict[str, Json]:
    return {
        "name": module.name,
        "tensors": module.tensors,
        "numbers": module.numbers,
        "equal": module.equal,
        "kin": module.kin,
        "strangers": module.strangers,
        "unmatched": module.unmatched,
        "relative_distance": module.relative_distance,
    }


def _fingerprint(one: Fingerprint) -> dict[str, Json]:
    return {"layer": one.layer, "correlation": one.correlation, "numbers": one.numbers, "null_p": one.null_p}


def _value(row: ValueComparison) -> dict[str, Json]:
    return {"path": list(row.path), "a": row.a, "b": row.b, "status": row.status, "group": row.group}
