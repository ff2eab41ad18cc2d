"""The first row of a table of text, whatever the text is: most questions about a table are answered by its heading."""

from __future__ import annotations

import csv

LONGEST_CELL = 1 << 20  # characters; the module's own limit holds for all of a process, so each reader sets it


def cells_of(line: str, delimiter: str = ",") -> list[str]:
    """The cells of one line; none where it is no row of a table, as with a lone carriage return in its midst."""
    csv.field_size_limit(LONGEST_CELL)
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
