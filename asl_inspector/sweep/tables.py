"""The tables of a sweep: Parquet for notebooks, JSON for the window and for scripts, CSV for a spreadsheet.

They are written and never read back by this program, but for the JSON.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from asl_inspector.report.cells import as_cell
from asl_inspector.report.json_text import to_json
from asl_inspector.report.writing import write_atomically
from asl_inspector.sweep.naming import SUMMARY
from asl_inspector.sweep.plain import as_json
from asl_inspector.sweep.records import NOT_RUN, RIGHT, Part, Row, Sweep

SCHEMA = "asl-inspector/sweep/1"
CLIPS, CHECKPOINTS, PREDICTIONS = "clips.parquet", "checkpoints.parquet", "predictions.parquet"


def write_tables(folder: Path, sweep: Sweep, parts: Mapping[str, Part]) -> None:
    """Write all of them, each whole or not at all; the JSON last, so that what it speaks of is there.

    Raises:
        ExportError: If the folder cannot be written to.
    """
    write_atomically(folder / CLIPS, _parquet(clip_columns(sweep)))
    write_atomically(folder / PREDICTIONS, _parquet(prediction_columns(sweep, parts)))
    write_atomically(folder / CHECKPOINTS, _parquet(checkpoint_columns(sweep)))
    write_summary(folder, sweep)


def write_summary(folder: Path, sweep: Sweep) -> None:
    """Write the file that the window reads.

    Raises:
        ExportError: If the folder cannot be written to.
    """
    write_atomically(folder / SUMMARY, to_json({"schema": SCHEMA, **as_json(sweep)}, indent=None).encode())


def _parquet(columns: Mapping[str, Any]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    pq.write_table(pa.table(dict(columns)), sink, compression="zstd")
    return bytes(sink.getvalue())


def clip_columns(sweep: Sweep) -> dict[str, Any]:
    """One row a clip."""
    import pyarrow as pa

    clips = sweep.clips
    return {
        "clip": pa.array(range(len(clips)), pa.int32()),
        "id": pa.array(clips.ids, pa.string()),
        "gloss": pa.array([gloss or None for gloss in clips.glosses], pa.string()),
        "gloss_id": pa.array([None if one == -1 else one for one in clips.gloss_ids], pa.int64()),
    }


def prediction_columns(sweep: Sweep, parts: Mapping[str, Part]) -> dict[str, Any]:
    """One row a clip and a file; of files with the same content the first one stands for all."""
    import numpy as np
    import pyarrow as pa

    shown = {row.key: index for index, row in reversed(list(enumerate(sweep.rows)))}
    held = [(index, parts[key].clips, sweep.rows[index].outcome) for key, index in shown.items() if key in parts]
    found = sorted(
        ((index, clips, outcome) for index, clips, outcome in held if clips is not None), key=lambda one: one[0]
    )
    count = len(sweep.clips)

    def joined(values: Sequence[Any], kind: Any) -> Any:
        return pa.concat_arrays([pa.array(one, kind) for one in values]) if values else pa.array([], kind)

    letters = {NOT_RUN: None, RIGHT: True}
    return {
        "checkpoint": pa.array(np.repeat([index for index, _, _ in found] or np.zeros(0, int), count), pa.int32()),
        "clip": pa.array(np.tile(np.arange(count), len(found)), pa.int32()),
        "answer": joined([clips.answers for _, clips, _ in found], pa.int32()),
        "gloss": joined([clips.said for _, clips, _ in found], pa.string()).dictionary_encode(),
        "confidence": joined([clips.confidence for _, clips, _ in found], pa.float32()),
        "ran": joined([[letter == "1" for letter in clips.ran] for _, clips, _ in found], pa.bool_()),
        "empty": joined([[letter == "1" for letter in clips.empty] for _, clips, _ in found], pa.bool_()),
        "right": joined([[letters.get(letter, False) for letter in outcome] for _, _, outcome in found], pa.bool_()),
    }


def checkpoint_columns(sweep: Sweep) -> dict[str, Any]:
    """One row a file."""
    import pyarrow as pa

    names = [name for name, _ in ROW_COLUMNS]
    rows = list(row_values(sweep))
    columns = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    kinds = {"int": pa.int64(), "float": pa.float64(), "bool": pa.bool_(), "text": pa.string()}
    return {name: pa.array(columns[name], kinds[kind]) for name, kind in ROW_COLUMNS}


ROW_COLUMNS = (
    ("checkpoint", "int"),
    ("path", "text"),
    ("run", "text"),
    ("condition", "text"),
    ("seed", "int"),
    ("epoch", "int"),
    ("right", "int"),
    ("of", "int"),
    ("accuracy", "float"),
    ("low", "float"),
    ("high", "float"),
    ("top5", "int"),
    ("blank_share", "float"),
    ("empty_share", "float"),
    ("effective", "float"),
    ("null_low", "float"),
    ("loss", "float"),
    ("train_right", "int"),
    ("train_of", "int"),
    ("by_name", "bool"),
    ("verdict", "text"),
    ("headline", "text"),
    ("first_cause", "text"),
    ("confidence", "float"),
    ("problem", "text"),
    ("seconds", "float"),
    ("device", "text"),
    ("bytes", "int"),
    ("key", "text"),
)


def row_values(sweep: Sweep) -> Iterator[list[Any]]:
    """The files in order, each in the order of `ROW_COLUMNS`; what is not known is None."""
    runs = {index: run for run in sweep.runs for index in run.rows}
    for index, row in enumerate(sweep.rows):
        run = runs.get(index)
        place = [run.name, run.condition, run.seed] if run is not None else [None] * 3
        yield [index, str(row.path), *place, row.epoch, *_measured(row), row.problem or None, *_made(row)]


def _measured(row: Row) -> list[Any]:
    found, right = row.figures, row.accuracy
    if found is None:
        return [None] * 18
    first = found.causes[0] if found.causes else None
    return [
        found.right,
        found.of,
        *((right.value, right.low, right.high) if right is not None else (None,) * 3),
        found.top5,
        found.blank_share,
        found.empty_share,
        found.effective,
        row.null_low,
        found.loss,
        found.train_right,
        found.train_of,
        found.by_name,
        found.verdict,
        found.headline,
        first.id if first else None,
        first.confidence if first else None,
    ]


def _made(row: Row) -> list[Any]:
    found = row.figures
    return [found.seconds if found else None, found.device if found else None, row.bytes, row.key]


def rows_csv(sweep: Sweep) -> str:
    """One row a file, for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([name for name, _ in ROW_COLUMNS])
    for values in row_values(sweep):
        writer.writerow(["" if one is None else as_cell(one) if isinstance(one, str) else one for one in values])
    return out.getvalue()
