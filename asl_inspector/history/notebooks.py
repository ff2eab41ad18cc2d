"""A Jupyter notebook: what its cells printed, and the text of its code, which is read and never run."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace

from asl_inspector.history.code_hints import hints_of
from asl_inspector.history.code_names import names_of
from asl_inspector.history.code_parsing import Code
from asl_inspector.history.metrics_tables import Row, is_heading, read_rows
from asl_inspector.history.printed_text import read_printed
from asl_inspector.history.records import History

MOST_CODE = 2_000_000  # characters of all cells
LARGEST_TABLE = 4_000_000
TABLE_ROW = re.compile(r"<tr\b[^>]*>(.*?)</tr>", re.DOTALL | re.IGNORECASE)
TABLE_CELL = re.compile(r"<t[hd]\b[^>]*>(.*?)</t[hd]>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^>]*>")


def looks_like_notebook(held: object) -> bool:
    """True for the JSON of a Jupyter notebook."""
    return isinstance(held, dict) and isinstance(held.get("cells"), list) and "nbformat" in held


def read_notebook(source: str, notebook: dict[str, object]) -> History:
    """The history in a notebook's outputs, with hints from its code.

    Figures are taken from the printed text; where it has none, from a table of figures that a training library drew.
    """
    cells = notebook.get("cells")
    known = cells if isinstance(cells, list) else []
    errors: list[str] = []
    lines = list(_printed_lines(known, errors))
    history = read_printed(source, lines, tuple(errors), kind="notebook")
    if not history.epochs:
        drawn = max(
            (_table(source, where, text) for where, text in _drawn(known)), key=_epochs, default=History(source)
        )
        if drawn.epochs:
            history = replace(
                drawn, kind="notebook", stage1=history.stage1, errors=history.errors, stated=history.stated
            )
    code = list(_code(known))
    return replace(history, hints=hints_of(code), names=names_of(code))


def _epochs(history: History) -> int:
    return len(history.epochs)


def _text(held: object) -> str | None:
    """Text that a notebook holds whole or as a list of lines."""
    if isinstance(held, list):
        return "".join(part for part in held if isinstance(part, str))
    return held if isinstance(held, str) else None


def _outputs(cells: list[object]) -> Iterator[tuple[int, dict[str, object]]]:
    for number, cell in enumerate(cells):
        outputs = cell.get("outputs") if isinstance(cell, dict) else None
        for output in outputs if isinstance(outputs, list) else []:
            if isinstance(output, dict):
                yield number, output


def _printed_lines(cells: list[object], errors: list[str]) -> Iterator[tuple[str, str]]:
    """`(cell, line)` of everything that the cells printed; error messages are collected aside."""
    for number, output in _outputs(cells):
        if output.get("output_type") == "error":
            errors.append(f"cell {number}: {output.get('ename')}: {output.get('evalue')}")
        data = output.get("data")
        text = _text(output.get("text", data.get("text/plain") if isinstance(data, dict) else None))
        if text is not None:
            yield from ((f"cell {number}", line) for line in text.splitlines())


def _drawn(cells: list[object]) -> Iterator[tuple[str, str]]:
    """`(cell, HTML)` of outputs with a table."""
    for number, output in _outputs(cells):
        data = output.get("data")
        text = _text(data.get("text/html")) if isinstance(data, dict) else None
        if text is not None and "<tr" in text and len(text) <= LARGEST_TABLE:
            yield f"cell {number}", text


def _table(source: str, where: str, text: str) -> History:
    """The history in an HTML table."""
    rows = [[_plain(cell) for cell in TABLE_CELL.findall(row)] for row in TABLE_ROW.findall(text)]
    rows = [row for row in rows if row]
    if len(rows) < 2 or not is_heading(rows[0]):
        return History(source)
    names = rows[0]
    held: list[tuple[str, Row]] = [(where, dict(zip(names, row, strict=False))) for row in rows[1:]]
    return read_rows(source, names, held)


def _plain(cell: str) -> str:
    return html.unescape(TAG.sub("", cell)).strip()


def _code(cells: list[object]) -> Iterator[Code]:
    room = MOST_CODE
    for number, cell in enumerate(cells):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            text = _text(cell.get("source"))
            if text and room >= len(text):
                room -= len(text)
                yield Code(f"cell {number}", text)
