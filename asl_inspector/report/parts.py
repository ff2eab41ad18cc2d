"""The parts that sections of the report are made of, as plain data. Every renderer knows every kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.visible_text import visible

MATRIX_HEIGHT = 180  # points


def text_part(text: str) -> dict[str, Json]:
    """A paragraph."""
    return {"kind": "text", "text": text}


def small_part(text: str) -> dict[str, Json]:
    """A paragraph of less weight."""
    return {"kind": "small", "text": text}


def list_part(items: Sequence[tuple[str, str]], *, numbered: bool = False) -> dict[str, Json]:
    """A list; the first text of each item is set in bold and may be empty."""
    return {"kind": "list", "numbered": numbered, "items": [[lead, text] for lead, text in items]}


def facts_part(rows: list[tuple[str, str]]) -> dict[str, Json]:
    """Names with their values."""
    return {"kind": "facts", "rows": [[name, value] for name, value in rows]}


def notes_part(rows: list[tuple[str, str, str, str]]) -> dict[str, Json]:
    """Terms with their meaning, the source in words and its DOI, which may be empty."""
    return {"kind": "notes", "rows": [list(row) for row in rows]}


def table_part(
    head: list[str], columns: list[int], numeric: list[bool], rows: list[list[str]], prose: Sequence[int] = ()
) -> dict[str, Json]:
    """A table.

    Args:
        head: One a column.
        columns: Shares of the width; 0 takes what the text needs.
        numeric: True for columns that stand at the right.
        rows: As text.
        prose: Columns that hold sentences of the program's own, in which backticks enclose code.
    """
    return {
        "kind": "table",
        "head": list(head),
        "columns": list(columns),
        "numeric": list(numeric),
        "prose": [index in prose for index in range(len(head))],
        "rows": [list(row) for row in rows],
    }


def filled_table(columns: Sequence[tuple[str, int, bool]], rows: list[list[str]]) -> dict[str, Json]:
    """A table without the columns in which no row has anything.

    Args:
        columns: Heading, share of the width (0 takes what the text needs), whether numbers stand in it.
        rows: As text, one cell a column.
    """
    filled = [place for place in range(len(columns)) if any(row[place] for row in rows)]
    kept = [columns[place] for place in filled]
    cells = [[row[place] for place in filled] for row in rows]
    return table_part([one[0] for one in kept], [one[1] for one in kept], [one[2] for one in kept], cells)


def matrix_part(
    title: str, alt: str, layers: Sequence[tuple[str, NDArray[np.bool_]]], *, across: str, down: str
) -> dict[str, Json]:
    """A picture of cells.

    Args:
        title: Of the picture.
        alt: What it shows, for those who do not see it.
        layers: Names, each with (rows, columns), True for the cells of its colour.
        across: What the columns are.
        down: What the rows are.
    """
    rows, columns = layers[0][1].shape
    return {
        "kind": "matrix",
        "title": title,
        "alt": alt,
        "rows": rows,
        "columns": columns,
        "across": across,
        "down": down,
        "height": MATRIX_HEIGHT,
        "layers": [{"name": name, "path": _outline(cells)} for name, cells in layers],
    }


def _outline(cells: NDArray[np.bool_]) -> str:
    """The path of an SVG that covers the cells, a box for every stretch of a row."""
    edges = np.diff(np.pad(cells.astype(np.int8), ((0, 0), (1, 1))), axis=1)  # (rows, columns + 1)
    rows, starts = np.nonzero(edges > 0)
    ends = np.nonzero(edges < 0)[1]
    boxes = zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    return "".join(f"M{start} {row}h{end - start}v1h{start - end}z" for row, start, end in boxes)


def section_part(title: str, parts: list[Json]) -> dict[str, Json]:
    """A section with its parts, under a name that links can use."""
    return {"title": title, "id": slug(title), "parts": parts}


def slug(title: str) -> str:
    """A title of the program's own as a name for links: lower case, words joined by hyphens."""
    return "-".join("".join(c if c.isalnum() else " " for c in title.lower()).split())


def sentences_of(inspected: Inspected, *questions: str) -> str:
    """All findings of some questions, as one paragraph."""
    return " ".join(visible(one.sentence) for one in inspected.diagnosis.findings if one.question in questions)
