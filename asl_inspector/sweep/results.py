"""The folder in which a sweep keeps what it found: one small JSON file for each finished job, and tables made of them.

    RUN/parts/KEY.json        one job, written whole or not at all when it ends; what a later sweep does not do again
    RUN/sweep.json            files, runs, answers and right or wrong clip by clip: all that the window shows
    RUN/checkpoints.parquet   one row a file
    RUN/predictions.parquet   one row a clip and a file
    RUN/clips.parquet         one row a clip

The parts are the truth; everything else is made of them, again and again while jobs finish, and only ever written by this
program, never read back. A killed sweep loses the jobs under way and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from asl_inspector.bounded_json import read_json
from asl_inspector.errors import DataError, ExportError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.report.json_text import to_json
from asl_inspector.report.writing import write_atomically
from asl_inspector.sweep.plain import as_json, of_json
from asl_inspector.sweep.records import Part

PARTS = "parts"
PART_SCHEMA = "asl-inspector/sweep-part/1"
DEEPEST = 12
MOST_VALUES = 20_000_000


class Results:
    """The folder of one sweep.

    Args:
        folder: Made where it is not there.

    Raises:
        ExportError: If it cannot be made, or holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        try:
            if folder.is_dir() and os.listdir(folder) and not (folder / PARTS).is_dir():
                raise ExportError(
                    f"The folder “{folder}” holds other files than those of a sweep.",
                    advice="Choose a new folder for --out, or that of an earlier sweep to go on with it.",
                )
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ExportError(f"“{folder}” cannot be used for results: {error.strerror}.") from None

    def _path(self, key: str) -> Path:
        return self.folder / PARTS / f"{key}.json"

    def keep(self, part: Part) -> None:
        """Write what a job found.

        Raises:
            ExportError: If it cannot be written.
        """
        write_atomically(self._path(part.key), to_json({"schema": PART_SCHEMA, **as_json(part)}, indent=None).encode())

    def known(self, keys: Iterable[str]) -> dict[str, Part]:
        """The jobs among these that are done. A damaged part counts as not done."""
        found = {}
        for key in keys:
            if self._path(key).is_file():
                try:
                    part = read_part(self._path(key))
                except DataError:
                    continue
                if part.key == key:
                    found[key] = part
        return found


def read_part(path: Path) -> Part:
    """What one job found.

    Raises:
        DataError: If the file is damaged or something else.
    """
    try:
        held = read_json(bytes(MappedFile(path).view), deepest=DEEPEST, most_values=MOST_VALUES)
        if not isinstance(held, dict) or held.get("schema") != PART_SCHEMA:
            raise ValueError("is of another kind")
        return of_json(Part, held)
    except ValueError as error:
        raise DataError(f"“{path.name}” is no part of a sweep: it {error}.") from None
