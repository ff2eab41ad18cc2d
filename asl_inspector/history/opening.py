"""A notebook, a log, a table or an event file becomes a `History`. Code is text here and is never run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from asl_inspector.errors import DataError
from asl_inspector.history.code_hints import hints_of
from asl_inspector.history.code_names import names_of
from asl_inspector.history.code_parsing import Code, looks_like_code
from asl_inspector.history.figures import side_of, words_of
from asl_inspector.history.json_logs import (
    looks_like_json_history,
    looks_like_json_lines,
    read_json_history,
    read_json_lines,
)
from asl_inspector.history.metrics_tables import looks_like_table, read_csv
from asl_inspector.history.notebooks import looks_like_notebook, read_notebook
from asl_inspector.history.printed_text import read_printed
from asl_inspector.history.records import History
from asl_inspector.history.tensorboard_events import read_events
from asl_inspector.mapped_file import MappedFile
from asl_inspector.sniffing import Kind, sniff

LARGEST_FILE = 256 << 20
START = 1 << 20
FIRST_LINES, LAST_LINES = 700_000, 300_000  # about ten seconds


def tells_a_history(held: object) -> bool:
    """True for JSON that `open_history` reads: a notebook, or figures by epoch."""
    return looks_like_notebook(held) or looks_like_json_history(held)


def open_history(file: MappedFile) -> History:
    """The history in a notebook's outputs, a log, a table of metrics, JSON, an event file, or hints in a Python file.

    Raises:
        DataError: If the file is too large, damaged, or JSON that is no history.
    """
    name = file.path.name
    if sniff(file.view) is Kind.EVENTS:
        return read_events(name, file.view, side_of(words_of(file.path.parent.name)))
    if file.size > LARGEST_FILE:
        raise DataError(f"“{name}” has {file.size >> 20} MB of text, too much for a log of one run.")
    text = bytes(file.view).decode("utf-8", "replace")
    if text.lstrip("\ufeff \r\n\t").startswith(("{", "[{")):
        return _from_json(name, text)
    if looks_like_table(text[:START]):
        return read_csv(name, text, side_of(words_of(file.path.stem)))
    if looks_like_code(text):
        code = [Code("", text)]
        return History(name, kind="code", hints=hints_of(code), names=names_of(code))
    return _from_log(name, text)


def _from_log(name: str, text: str) -> History:
    """What was printed; of a log too long for the time that a reader has, the beginning and the end."""
    total = text.count("\n") + text.count("\r") + 1
    if total <= FIRST_LINES + LAST_LINES:
        return read_printed(name, _lines(text))
    ends = (one for n, one in enumerate(_lines(text)) if n < FIRST_LINES or n >= total - LAST_LINES)
    history = read_printed(name, ends)
    left_out = f"Of {total:,} lines the first {FIRST_LINES:,} and the last {LAST_LINES:,} were read."
    return replace(history, notes=(*history.notes, left_out))


def _from_json(name: str, text: str) -> History:
    if looks_like_json_lines(text[:START]):
        return read_json_lines(name, text)
    try:
        held = json.loads(text)
    except (ValueError, RecursionError) as error:
        if text.startswith(("{'", '{"')):  # dicts as a script prints them, one a line
            return _from_log(name, text)
        raise DataError(f"“{name}” is no valid notebook.", detail=str(error)) from None
    if looks_like_notebook(held):
        return read_notebook(name, held)
    if looks_like_json_history(held):
        return read_json_history(name, held)
    raise DataError(f"“{name}” is JSON, but no notebook and no history of a run.")


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """`(where, line)`; what a progress bar wrote over itself are several lines of one number."""
    for number, line in enumerate(text.split("\n"), start=1):
        for part in line.split("\r"):
            yield f"line {number}", part
