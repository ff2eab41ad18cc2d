"""A notebook or a log becomes a `History`. Code in a notebook is text here and is never run."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import islice

from asl_inspector.bounded_json import DEEPEST_JSON, read_json, shortened
from asl_inspector.errors import DataError
from asl_inspector.history.printed_text import read_printed
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile

LARGEST_FILE = 256 << 20
LARGEST_LOG = 64 << 20
MOST_LINES = 2_000_000


def looks_like_notebook(held: object) -> bool:
    """True for the JSON of a Jupyter notebook."""
    return isinstance(held, dict) and isinstance(held.get("cells"), list) and "nbformat" in held


def open_history(file: MappedFile) -> History:
    """The history in a notebook's outputs or in a text log.

    Raises:
        DataError: If the file is too large or no text.
    """
    if file.size > LARGEST_FILE:
        raise DataError(f"“{file.path.name}” has {file.size >> 20} MB of text, too much for a log of one run.")
    text = bytes(file.view).decode("utf-8", "replace")
    if text.lstrip("\ufeff \r\n\t").startswith("{"):
        try:
            held = read_json(text.lstrip("\ufeff").encode(), deepest=DEEPEST_JSON, with_constants=True)
        except ValueError as error:
            raise DataError(f"“{file.path.name}” is no valid notebook.", detail=f"It {shortened(error)}.") from None
        if not isinstance(held, dict) or not looks_like_notebook(held):
            raise DataError(f"“{file.path.name}” is JSON, but no notebook.")
        return _read_notebook(file.path.name, held)
    if file.size > LARGEST_LOG:
        raise DataError(
            f"“{file.path.name}” has {file.size >> 20} MB of text, too much for a log of one run.",
            advice="Cut out the lines that tell losses and accuracies.",
        )
    numbered = enumerate(io.StringIO(text, newline=None), start=1)
    lines = ((f"line {number}", line.rstrip("\n")) for number, line in islice(numbered, MOST_LINES))
    return read_printed(file.path.name, lines)


def _read_notebook(source: str, notebook: dict[str, object]) -> History:
    cells = notebook.get("cells")
    errors: list[str] = []
    lines = list(_printed_lines(cells if isinstance(cells, list) else [], errors))
    return read_printed(source, lines, tuple(errors))


def _printed_lines(cells: list[object], errors: list[str]) -> Iterator[tuple[str, str]]:
    """`(cell, line)` of everything that the cells printed; error messages are collected aside."""
    for number, cell in enumerate(cells):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            if not isinstance(output, dict):
                continue
            if output.get("output_type") == "error":
                errors.append(f"cell {number}: {output.get('ename')}: {output.get('evalue')}")
            data = output.get("data")
            text = output.get("text", data.get("text/plain") if isinstance(data, dict) else None)
            joined = "".join(part for part in text if isinstance(part, str)) if isinstance(text, list) else text
            if isinstance(joined, str):
                yield from ((f"cell {number}", line) for line in joined.splitlines())
