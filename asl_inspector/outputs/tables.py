"""Outputs and labels in delimited text, a row a clip, with a heading or without; and vocabularies in such tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from asl_inspector.delimited import cells_of
from asl_inspector.errors import DataError
from asl_inspector.history.metrics_tables import looks_like_table
from asl_inspector.mapped_file import MappedFile
from asl_inspector.outputs import names as known
from asl_inspector.outputs.building import from_marks_by_clip
from asl_inspector.outputs.columns import NUMBERED, from_columns
from asl_inspector.outputs.marks import Values, whole_of
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.samples.records import Vocabulary

LARGEST_TABLE = 96 << 20
START = 1 << 16
MOST_COLUMNS = 20_000
LONGEST_NAME = 300
DELIMITERS = (",", "\t", ";")
ID_COLUMNS = ("class_id", "classid", "id", "label_id", "gloss_id", "index", "idx", "label", "class", "sign_id")
BARE_IDS = ("id", "ids", "idx", "index")
NAME_COLUMNS = ("gloss", "name", "en", "english", "sign", "word", "label_name", "class_name", "label", "gloss_name")


def read_table(file: MappedFile) -> SavedOutputs | Vocabulary | None:
    """What a table of text holds, or None where it is prose, a log, or another table.

    Raises:
        DataError: If it is a table of outputs that cannot be used.
    """
    start = bytes(file.view[:START])
    text = start.decode("utf-8-sig", "replace")
    delimiter = _delimiter(text, whole=len(start) == file.size)
    if delimiter is None or looks_like_table(text):
        return None
    if file.size > LARGEST_TABLE:
        _refuse_a_large_one(file, cells_of(text.splitlines()[0], delimiter))
        return None
    whole = bytes(file.view).decode("utf-8-sig", "replace")
    csv.field_size_limit(1 << 20)
    try:
        rows = [row for row in csv.reader(io.StringIO(whole), delimiter=delimiter) if any(cell.strip() for cell in row)]
    except csv.Error:
        return None
    if len(rows) < 2 or len(rows[0]) > MOST_COLUMNS or any(cell.lstrip().startswith("[") for cell in rows[1]):
        return None
    heading = _heading(rows)
    if heading is None:
        return _without_heading(file.path, rows)
    _require_width(file.path, heading, rows)
    columns = {name: [row[index] for row in rows[1:]] for index, name in enumerate(heading)}
    vocabulary = _vocabulary(file.path, columns)
    if vocabulary is not None:
        return vocabulary
    found = from_columns(file.path, "a table", {name: list(cells) for name, cells in columns.items()}, file.view)
    return found or _clips_with_ids(file.path, columns)


def _clips_with_ids(path: Path, columns: Mapping[str, list[str]]) -> SavedOutputs | None:
    """`clip,id`: beside the names of clips, a column called id is that of the gloss."""
    ids_at = known.pick(columns, BARE_IDS)
    clips_at = known.pick([name for name in columns if name != ids_at], known.CLIPS)
    if ids_at is None or clips_at is None or len(columns) > 2:
        return None
    if any(whole_of(cell) is None for cell in columns[ids_at]):
        return None
    clips = [cell.strip() for cell in columns[clips_at]]
    return from_marks_by_clip(path, list(zip(clips, columns[ids_at], strict=True)))


def _refuse_a_large_one(file: MappedFile, heading: list[str]) -> None:
    """Raise where a table that is too large to read as text is one of outputs."""
    if (known.pick(heading, known.CLIPS) and known.pick(heading, (*known.PREDICTIONS, *known.LABELS))) or (
        len(heading) > 2 and all(NUMBERED.match(known.normal(name)) for name in heading[1:])
    ):
        raise DataError(
            f"“{file.path.name}” has {file.size >> 20} MB of text, too much for a table of outputs.",
            advice="Save the scores with numpy.save or numpy.savez, which needs no reading of text.",
        )


def _delimiter(text: str, *, whole: bool) -> str | None:
    """What separates the cells: the first few lines have equally many."""
    lines = [line for line in text.splitlines() if line.strip()]
    lines = (lines if whole else lines[:-1] or lines)[:20]
    for delimiter in DELIMITERS:
        counts = {len(cells_of(line, delimiter)) for line in lines}
        if len(lines) > 1 and max(counts) > 1 and len(counts) <= 2:
            return delimiter
    return None


def _heading(rows: list[list[str]]) -> list[str] | None:
    """The names of the columns, or None where the first row is one of the others."""
    first = [cell.strip() for cell in rows[0]]
    numbers = [_number(cell) is not None for cell in first]
    told = known.pick(
        first, (*known.CLIPS, *known.PREDICTIONS, *known.LABELS, *known.GLOSSES, *ID_COLUMNS, *NAME_COLUMNS)
    )
    if len(set(first)) < len(first) or (any(numbers) and not (told and NUMBERED.match(known.normal(first[-1])))):
        return None
    second = [_number(cell) is not None for cell in rows[1]]
    return first if told or (any(second) and not any(numbers)) else None


def _require_width(path: Path, heading: list[str], rows: list[list[str]]) -> None:
    wrong = next((n for n, row in enumerate(rows[1:], start=2) if len(row) != len(heading)), None)
    if wrong is not None:
        raise DataError(
            f"Row {wrong} of “{path.name}” has {len(rows[wrong - 1])} cells, and its heading {len(heading)}.",
            advice="Write the table again; names that hold the separator need quotes.",
        )


def _without_heading(path: Path, rows: list[list[str]]) -> SavedOutputs | Vocabulary | None:
    """`clip,id` or `clip,true,predicted` or `clip,scores...`, told apart by how many cells there are."""
    width = len(rows[0])
    if any(len(row) != width for row in rows) or any(len(row[0]) > LONGEST_NAME for row in rows):
        return None
    named = [row[0].strip() for row in rows]
    if width == 2 and all(whole_of(row[1]) is not None for row in rows):
        found = from_marks_by_clip(path, [(name, row[1]) for name, row in zip(named, rows, strict=True)])
        return found or _vocabulary(path, {"gloss": named, "id": [row[1] for row in rows]})
    numbers = [[_number(cell) for cell in row[1:]] for row in rows]
    floats = any("." in cell or "e" in cell.lower() for cell in rows[0][1:])
    if width > 3 and floats and all(number is not None for row in numbers for number in row):
        columns: dict[str, Values] = {"clip": list(named)}
        columns |= {str(index): [row[index] for row in numbers] for index in range(width - 1)}
        return from_columns(path, "a table without a heading", columns, b"")
    return None


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _vocabulary(path: Path, columns: Mapping[str, list[str]]) -> Vocabulary | None:
    """A vocabulary in columns: each id once, beside a column of names that are all different."""
    if known.pick(columns, known.PREDICTIONS) or len(columns) > 12:
        return None
    clips = known.pick(
        [name for name in columns if known.normal(name) not in (*ID_COLUMNS, *NAME_COLUMNS)], known.CLIPS
    )
    ids_at = known.pick(columns, ID_COLUMNS)
    if ids_at is None or clips is not None:
        return None
    numbers = [whole_of(cell) for cell in columns[ids_at]]
    ids = [number for number in numbers if number is not None]
    if len(ids) < len(numbers) or len(set(ids)) < len(ids):
        return None
    texts = [name for name in columns if name != ids_at and _are_names(columns[name])]
    ordered = [known.pick(texts, (one,)) for one in NAME_COLUMNS]
    chosen = next((name for name in (*ordered, *texts) if name and len(set(columns[name])) == len(ids)), None)
    shared = next((name for name in (*ordered, *texts) if name), None)
    if chosen is None and shared is None:
        return None
    column = chosen or shared or ""
    notes = [f"The glosses of “{path.name}” are its column “{column}”."] if len(texts) > 1 else []
    forward = dict(zip((cell.strip() for cell in columns[column]), ids, strict=True))
    if chosen is None:
        notes.append(f"“{path.name}” gives {len(ids) - len(forward)} glosses more than one id; the last one was kept.")
    backward = dict(zip(ids, (cell.strip() for cell in columns[column]), strict=True))
    return Vocabulary(path, forward, backward, None, tuple(notes))


def _are_names(cells: list[str]) -> bool:
    return all(cell.strip() for cell in cells) and not all(_number(cell) is not None for cell in cells)
