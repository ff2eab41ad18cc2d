"""`keys --json`: everything in one checkpoint. Needs neither torch nor NumPy unless statistics are asked for."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, parameter_count
from asl_inspector.checkpoints.tensor_numbers import first_numbers
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.report.json_text import Json, number_text

SCHEMA = "asl-inspector/keys/1"


def keys_json(
    checkpoint: Checkpoint, content: Content, *, statistics: bool = False, values: int = 0, match: str = ""
) -> dict[str, Json]:
    """The document of the contract.

    Args:
        checkpoint: The opened file.
        content: Its bytes.
        statistics: Read every number and tell extremes and moments.
        values: How many first numbers of each tensor to tell.
        match: Only rows whose dotted path contains this text.
    """
    tensors = [tensor for tensor in checkpoint.tensors if match in tensor.name]
    notes = list(checkpoint.notes)
    return {
        "schema": SCHEMA,
        "file": str(checkpoint.path),
        "bytes": checkpoint.bytes,
        "format": checkpoint.format,
        "status": checkpoint.status,
        "tensors": [_tensor(tensor, content, statistics, values, notes) for tensor in tensors],
        "totals": totals(checkpoint),
        "values": [
            {"path": list(value.path), "type": value.type, "text": value.text}
            for value in checkpoint.values
            if match in ".".join(value.path)
        ],
        "would_run": [
            {"call": run.call, "arguments": run.arguments, "offset": run.offset} for run in checkpoint.would_run
        ],
        "notes": notes,
    }


def refused_json(path: Path, size: int, error: InspectorError) -> dict[str, Json]:
    """The document for a file that is no checkpoint."""
    return {
        "schema": SCHEMA,
        "file": str(path),
        "bytes": size,
        "format": None,
        "status": "refused",
        "tensors": [],
        "totals": {"tensors": 0, "parameters": 0, "bytes": 0},
        "values": [],
        "would_run": [],
        "notes": [str(error)],
    }


def totals(checkpoint: Checkpoint) -> dict[str, Json]:
    """Sums over the whole file; memory that tensors share counts once."""
    blocks = {tensor.storage: tensor.storage_bytes for tensor in checkpoint.tensors}
    return {
        "tensors": len(checkpoint.tensors),
        "parameters": parameter_count(checkpoint.tensors),
        "bytes": sum(blocks.values()),
    }


def _tensor(tensor: TensorRecord, content: Content, statistics: bool, values: int, notes: list[str]) -> dict[str, Json]:
    row: dict[str, Json] = {
        "path": list(tensor.path),
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "bytes": tensor.nbytes,
        "storage": tensor.storage,
        "role": tensor.role,
    }
    try:
        if statistics:
            row["stats"] = _statistics(tensor, content)
        if values:
            row["first"] = [number_text(number) for number in first_numbers(tensor, content, values)]
    except UnreadableCheckpoint as error:
        notes.append(error.sentence)
    return row


def _statistics(tensor: TensorRecord, content: Content) -> Json:
    from asl_inspector.checkpoints.statistics import tensor_statistics

    found = tensor_statistics(tensor, content)
    return {
        "count": found.count,
        "min": found.minimum,
        "max": found.maximum,
        "mean": found.mean,
        "std": found.std,
        "norm": found.norm,
        "zeros": found.zeros,
        "nan": found.nans,
        "inf": found.infinities,
    }
