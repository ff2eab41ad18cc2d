"""A sweep's result read again: one JSON file, without the checkpoints, the clips, torch, or a library of tables.

The file may come from anyone. It names files, which are not opened here.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from asl_inspector.bounded_json import read_json, shortened
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.sweep.naming import SUMMARY
from asl_inspector.sweep.plain import of_json
from asl_inspector.sweep.records import NOT_RUN, RIGHT, WRONG, Best, Sweep
from asl_inspector.sweep.results import DEEPEST, MOST_VALUES
from asl_inspector.sweep.tables import SCHEMA

LARGEST = 1 << 30
OTHER_MACHINES = ("\\\\", "//")  # opening a file there sends the user's name
SCHEMA_FAMILY = SCHEMA.rpartition("/")[0]


def read_sweep(path: Path) -> Sweep:
    """The result of a sweep.

    Args:
        path: Its folder, or the file in it.

    Raises:
        DataError: If it is damaged, or something else, or of a later version of the program.
    """
    file = MappedFile(path / SUMMARY if path.is_dir() else path)
    if file.size > LARGEST:
        raise _broken(file.path, f"has {file.size >> 20:,} MB")
    try:
        held = read_json(bytes(file.view), deepest=DEEPEST, most_values=MOST_VALUES)
    except ValueError as error:
        raise _broken(file.path, f"holds no JSON: it {shortened(error)}") from None
    schema = held.get("schema") if isinstance(held, dict) else None
    if isinstance(schema, str) and schema.startswith(SCHEMA_FAMILY) and schema != SCHEMA:
        raise DataError(
            f"“{file.path.name}” was written by a later version of the program.", advice="Update ASL Inspector."
        )
    if schema != SCHEMA:
        raise _broken(file.path, "is JSON of another kind")
    try:
        sweep = of_json(Sweep, held)
        _check(sweep)
    except ValueError as error:
        raise _broken(file.path, str(error)) from None
    return sweep


def _check(sweep: Sweep) -> None:
    """Raise `ValueError` where a place points beyond what there is, or the columns have different lengths."""
    clips, rows, runs = len(sweep.clips), len(sweep.rows), len(sweep.runs)
    if any(
        str(path).startswith(OTHER_MACHINES)
        for path in [row.path for row in sweep.rows] + [one.path for one in sweep.files]
    ):
        raise ValueError("names a file on another machine")
    if {clips} != {len(sweep.clips.glosses), len(sweep.clips.gloss_ids)}:
        raise ValueError("has clips without names")
    letters = {NOT_RUN, RIGHT, WRONG}
    for row in sweep.rows:
        if row.outcome and (len(row.outcome) != clips or not set(row.outcome) <= letters):
            raise ValueError("has a file whose clips are not those of the others")
        if row.accuracy is not None and not 0 <= row.accuracy.correct <= row.accuracy.of:
            raise ValueError("has an accuracy that cannot be")
    places: list[tuple[Iterable[int], int]] = [(_rows_of(sweep.answers.best), rows)]
    places += [((*run.rows, *_rows_of(run.best)), rows) for run in sweep.runs]
    places.append(((one.clip for one in sweep.answers.hard), clips))
    places.append(((clip for clip, _ in sweep.answers.alone), clips))
    places.append(((run for _, run in sweep.answers.alone), runs))
    if not all(0 <= one < most for found, most in places for one in found):
        raise ValueError("points to files or clips that it does not hold")
    if any(row.accuracy is not None and not row.accuracy.of for row in sweep.rows):
        raise ValueError("has an accuracy of no clips")


def _rows_of(best: Best | None) -> tuple[int, ...]:
    if best is None:
        return ()
    return (best.row, *best.as_good, *(() if best.next is None else (best.next,)))


def _broken(path: Path, why: str) -> DataError:
    return DataError(f"“{path.name}” is no result of a sweep: it {why}.", advice="Copy it again, or sweep again.")
