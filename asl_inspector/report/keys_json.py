"""`keys --json`: everything in one checkpoint. Needs neither torch nor NumPy unless statistics are asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from asl_inspector.checkpoints.gates import recurrent_part
from asl_inspector.checkpoints.modules import place_of, shared_places
from asl_inspector.checkpoints.optimizer_states import OptimizerState, ParameterState, optimizer_states
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord, parameter_count
from asl_inspector.checkpoints.tensor_numbers import first_numbers
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.report.json_text import Json, number_text
from asl_inspector.report.keys_csv import MEASURED

if TYPE_CHECKING:
    from asl_inspector.checkpoints.statistics import TensorStatistics

SCHEMA = "asl-inspector/keys/1"


def matching_tensors(checkpoint: Checkpoint, match: str) -> list[TensorRecord]:
    """The tensors whose dotted path contains a text."""
    return [tensor for tensor in checkpoint.tensors if match in tensor.name]


def keys_json(
    checkpoint: Checkpoint,
    content: Content,
    *,
    statistics: bool = False,
    values: int = 0,
    match: str = "",
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> dict[str, Json]:
    """The document of the contract.

    Args:
        checkpoint: The opened file.
        content: Its bytes.
        statistics: Read every number: tell extremes and moments, and judge the weights.
        values: How many first numbers of each tensor to tell.
        match: Only rows whose dotted path contains this text.
        progress: Told how far the reading is.
        cancel: Asked between blocks.

    Raises:
        Cancelled: If `cancel` was set.
    """
    tensors = matching_tensors(checkpoint, match)
    notes = list(checkpoint.notes)
    rows = [_tensor(tensor, content, values, notes) for tensor in tensors]
    _add_sharing(rows, tensors)
    _add_gates(rows, tensors, checkpoint)
    document: dict[str, Json] = {
        "schema": SCHEMA,
        "file": str(checkpoint.path),
        "bytes": checkpoint.bytes,
        "format": checkpoint.format,
        "status": checkpoint.status,
        "tensors": rows,
        "totals": totals(checkpoint),
        "optimizers": [_optimizer(one) for one in optimizer_states(checkpoint)],
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
    if statistics:
        document["health"] = _measure(checkpoint, content, tensors, rows, notes, progress, cancel)
    return document


def measured_rows(document: Mapping[str, Any]) -> dict[int, list[float | None]]:
    """The statistics of a document, by number of the row, in the order of the table of `keys_csv`."""
    return {
        index: [row["stats"][name] for name in MEASURED]
        for index, row in enumerate(document["tensors"])
        if "stats" in row
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
        "optimizers": [],
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


def _tensor(tensor: TensorRecord, content: Content, values: int, notes: list[str]) -> dict[str, Json]:
    row: dict[str, Json] = {
        "path": list(tensor.path),
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "bytes": tensor.nbytes,
        "storage": tensor.storage,
        "device": tensor.device,
        "role": tensor.role,
    }
    if values:
        try:
            row["first"] = [number_text(number) for number in first_numbers(tensor, content, values)]
        except UnreadableCheckpoint as error:
            notes.append(error.sentence)
    return row


def _add_sharing(rows: list[dict[str, Json]], tensors: Sequence[TensorRecord]) -> None:
    """Say of each tensor whose numbers another one has as well, which was first."""
    shared = shared_places(tensors)
    first: dict[object, str] = {}
    for row, tensor in zip(rows, tensors, strict=True):
        place = place_of(tensor)
        if place in shared and place is not None:
            if place in first:
                row["shares"] = first[place]
            first.setdefault(place, tensor.name)


def _add_gates(rows: list[dict[str, Json]], tensors: Sequence[TensorRecord], checkpoint: Checkpoint) -> None:
    """Say what the rows of recurrent tensors are."""
    weights = checkpoint.weights
    shapes = {key: tensor.shape for key, tensor in weights.items()}
    keys = {id(tensor): key for key, tensor in weights.items()}
    for row, tensor in zip(rows, tensors, strict=True):
        part = recurrent_part(keys[id(tensor)], shapes) if id(tensor) in keys else None
        if part is not None:
            row["recurrent"] = {
                "kind": part.kind,
                "layer": part.layer,
                "direction": "backward" if part.backward else "forward",
                "weighs": part.source,
                "gates": [{"gate": g.letter, "name": g.name, "rows": [g.start, g.stop]} for g in part.gates],
            }


def _optimizer(optimizer: OptimizerState) -> Json:
    return {
        "path": list(optimizer.path),
        "groups": [dict(group) for group in optimizer.groups],
        "matched": optimizer.matched,
        "note": optimizer.note,
        "outside": list(optimizer.outside),
        "parameters": [_parameter(state) for state in optimizer.states],
    }


def _parameter(state: ParameterState) -> Json:
    return {
        "index": state.index,
        "parameter": state.parameter,
        "group": state.group,
        "kept": [*state.tensors, *state.values],
    }


def _measure(
    checkpoint: Checkpoint,
    content: Content,
    tensors: Sequence[TensorRecord],
    rows: list[dict[str, Json]],
    notes: list[str],
    progress: Progress,
    cancel: CancelToken | None,
) -> Json:
    """Write the statistics into the rows; the answers on the health of the weights."""
    from asl_inspector.checkpoints.health import weight_health
    from asl_inspector.checkpoints.measuring_all import all_statistics

    known = []
    for found in all_statistics(tensors, content, progress=progress, cancel=cancel):
        if found.statistics is None:
            notes.append(found.trouble)
        else:
            rows[found.index]["stats"] = _statistics(found.statistics)
            known.append((tensors[found.index], found.statistics))
    if len(tensors) < len(checkpoint.tensors):
        return []
    return [
        {
            "question": note.question,
            "verdict": note.verdict,
            "sentence": note.sentence,
            "keys": list(note.keys),
            "figure": note.figure,
        }
        for note in weight_health(checkpoint, content, known=known, progress=progress, cancel=cancel)
    ]


def _statistics(found: TensorStatistics) -> Json:
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
