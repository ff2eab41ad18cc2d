"""`keys` for a person: a table of tensors, the other values, and what a load would have run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from asl_inspector.visible_text import visible

MOST_VALUES = 60
LONGEST_VALUE = 90
LONGEST_NAME = 72


def keys_text(document: Mapping[str, Any]) -> str:
    """The document of `keys_json` as text."""
    totals = document["totals"]
    lines = [
        visible(str(document["file"])),
        f"{document['format']}, {document['bytes']:,} bytes, {totals['tensors']:,} tensors, "
        f"{totals['parameters']:,} parameters",
        "",
    ]
    lines += _tensor_lines(document["tensors"])
    lines += _value_lines(document["values"])
    if document["would_run"]:
        lines += ["", "An ordinary load of this file would import or call (nothing of it was run here):"]
        lines += [
            f"  {visible(run['call'])}{visible(run['arguments'])[:LONGEST_VALUE]}  at byte {run['offset']:,}"
            for run in document["would_run"]
        ]
    if document["notes"]:
        lines += ["", "Notes:"] + [f"  {visible(note)}" for note in document["notes"]]
    return "\n".join(lines) + "\n"


def _tensor_lines(tensors: Sequence[Mapping[str, Any]]) -> list[str]:
    if not tensors:
        return ["No tensors."]
    names = [visible(row["name"]) for row in tensors]
    width = min(LONGEST_NAME, max(len(name) for name in names))
    lines = []
    for name, row in zip(names, tensors, strict=True):
        shape = " x ".join(str(size) for size in row["shape"]) or "one number"
        line = f"{name:<{width}}  {row['dtype']:<9} {shape:<16} {row['role'] or '':<9}"
        if "stats" in row:
            line += _statistics(row["stats"])
        if "first" in row:
            line += "  " + " ".join(_short(number) for number in row["first"])
        lines.append(line.rstrip())
    return lines


def _statistics(stats: Mapping[str, Any]) -> str:
    shown = [f"{key} {_short(stats[key])}" for key in ("min", "max", "mean", "std")]
    shown += [f"{key} {stats[key]:,}" for key in ("zeros", "nan", "inf") if stats[key]]
    return "  " + ", ".join(shown)


def _short(number: object) -> str:
    return f"{number:.4g}" if isinstance(number, int | float) and not isinstance(number, bool) else str(number)


def _value_lines(values: Sequence[Mapping[str, Any]]) -> list[str]:
    if not values:
        return []
    lines = ["", "Other values:"]
    for value in values[:MOST_VALUES]:
        path = visible(".".join(value["path"])) or "(the whole file)"
        text = visible(value["text"])
        lines.append(
            f"  {path} = {text[:LONGEST_VALUE]}{'...' if len(text) > LONGEST_VALUE else ''}  ({value['type']})"
        )
    if len(values) > MOST_VALUES:
        lines.append(f"  and {len(values) - MOST_VALUES:,} more; --json lists all, --match TEXT some")
    return lines
