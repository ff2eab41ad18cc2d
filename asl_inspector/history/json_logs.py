"""Histories written as JSON: one object a line, a list of objects, an object of lists, or Hugging Face's trainer state."""

from __future__ import annotations

import json
from collections.abc import Iterator

from asl_inspector.history.figures import figure_of
from asl_inspector.history.metrics_tables import Row, is_heading, read_rows
from asl_inspector.history.records import History

MOST_LINES = 1_000_000


def looks_like_json_history(held: object) -> bool:
    """True for JSON that holds figures by epoch."""
    return bool(_rows(held))


def looks_like_json_lines(text: str) -> bool:
    """True for one JSON object a line, the first with an epoch or a step and a figure."""
    first = text.lstrip("\ufeff\r\n\t ").split("\n", 1)[0]
    return bool(next(iter(_objects([first])), None)) and is_heading(list(next(iter(_objects([first])))[1]))


def read_json_history(source: str, held: object) -> History:
    """The history in JSON that `looks_like_json_history`."""
    rows = _rows(held)
    return read_rows(source, _names(row for _, row in rows), rows)


def read_json_lines(source: str, text: str) -> History:
    """The history in JSON lines; lines that are none are left out."""
    rows = list(_objects(text.splitlines()[:MOST_LINES]))
    return read_rows(source, _names(row for _, row in rows), rows)


def _objects(lines: list[str]) -> Iterator[tuple[str, Row]]:
    for number, line in enumerate(lines, start=1):
        if not line.lstrip("\ufeff ").startswith("{"):
            continue
        try:
            held = json.loads(line.lstrip("\ufeff "))
        except (ValueError, RecursionError):
            continue
        if isinstance(held, dict):
            yield f"line {number}", _flat(held)


def _flat(held: dict[str, object]) -> Row:
    """Plain numbers and texts of an object, one level of nesting joined by a slash: {"val": {"loss": 1}}."""
    found: dict[str, str | float | None] = {}
    for key, value in held.items():
        if isinstance(value, dict):
            found |= {f"{key}/{inner}": one for inner, one in value.items() if isinstance(one, str | int | float)}
        elif isinstance(value, str | int | float):
            found[key] = value
    return found


def _rows(held: object) -> list[tuple[str, Row]]:
    if isinstance(held, dict) and isinstance(held.get("log_history"), list):
        held = held["log_history"]
    if isinstance(held, list) and held and all(isinstance(one, dict) for one in held):
        rows = [(f"entry {number}", _flat(one)) for number, one in enumerate(held, start=1)]
        return rows if is_heading(_names(row for _, row in rows)) else []
    if isinstance(held, dict):
        return _columns(held)
    return []


def _columns(held: dict[str, object]) -> list[tuple[str, Row]]:
    """Rows of an object of lists of numbers, under "history" or by itself."""
    inner = held.get("history")
    if isinstance(inner, dict):
        held = inner
    lists = {
        key: value
        for key, value in held.items()
        if isinstance(value, list) and value and all(isinstance(one, int | float) or one is None for one in value)
    }
    if not any(figure_of(name) not in (None, "learning_rate") for name in lists):
        return []
    count = max(map(len, lists.values()))
    if count < 2:
        return []
    return [
        (f"entry {index + 1}", {name: values[index] for name, values in lists.items() if index < len(values)})
        for index in range(count)
    ]


def _names(rows: Iterator[Row]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))
