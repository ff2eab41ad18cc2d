"""`compare` for a person: the verdict, the evidence, the tensors by module, the values that differ."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Mapping
from typing import Any

from asl_inspector.visible_text import display_width, visible

LEANINGS = (
    ("for", "Speaks for a common origin"),
    ("against", "Speaks against it"),
    ("aside", "Set aside, or to bear in mind"),
)
GROUPS = {
    "progress": "progress",
    "metric": "metrics",
    "optimizer": "optimizer",
    "hyperparameter": "hyperparameters",
    "vocabulary": "vocabulary",
    "other": "other values",
}
LINE = 100
MOST_TENSORS = 400  # rows; the JSON has all
MOST_VALUES = 12  # of one group
LONGEST_VALUE = 40
FEWEST_FOLDED = 3
SMALLEST_P = 1e-300
LARGEST_DISTANCE = 10.0  # as a share; beyond it a tensor is not nearer than any other
LONGEST_NAME = 60


def compare_text(document: Mapping[str, Any]) -> str:
    """The document of `compare_json` as text."""
    lines = [*_wrapped(document["sentence"], ""), ""]
    lines += [
        f"A  {visible(document['a'])}{_part(document, 'a')}",
        f"B  {visible(document['b'])}{_part(document, 'b')}",
        "",
    ]
    for leaning, title in LEANINGS:
        clues = [clue["text"] for clue in document["evidence"] if clue["leaning"] == leaning]
        if clues:
            lines += [f"{title}:", *(line for clue in clues for line in _wrapped(clue, "  - ")), ""]
    lines += _tensors(document)
    lines += _values(document["values"])
    lines += [line for note in document["notes"] for line in _wrapped(note, "Note: ")]
    return "\n".join(lines).rstrip() + "\n"


def _wrapped(text: str, start: str) -> list[str]:
    return textwrap.wrap(
        visible(text), LINE, initial_indent=start, subsequent_indent=" " * len(start), break_long_words=False
    )


def _part(document: Mapping[str, Any], side: str) -> str:
    path = document["part"][side]
    return f"  [{visible('.'.join(path))}]" if path else ""


# -- tensors ------------------------------------------------------------------------------------------------------------


def _tensors(document: Mapping[str, Any]) -> list[str]:
    rows = document["tensors"]
    counts = Counter(row["status"] for row in rows)
    lines = [f"{len(rows):,} tensors: " + ", ".join(f"{count:,} {status}" for status, count in counts.most_common())]
    prefixes = [pair for pair in document["prefixes"] if pair["a"] or pair["b"]]
    lines += [visible(prefix_words(pair["a"], pair["b"], pair["tensors"])) for pair in prefixes]
    lines.append("")
    names = [_name(row, prefixes) for row in rows]
    width = min(LONGEST_NAME, max((display_width(name) for name in names), default=0))
    module = None
    for row, name in list(zip(rows, names, strict=True))[:MOST_TENSORS]:
        if module != _module(row):
            module = _module(row)
            lines.append(_heading(module, document["modules"]))
        lines.append(f"  {name:<{width}}  {row['status']:<14} {_figures(row)}".rstrip())
    if len(rows) > MOST_TENSORS:
        lines.append(f"  and {len(rows) - MOST_TENSORS:,} more tensors; --json lists all")
    return [*lines, ""]


def prefix_words(a: str, b: str, tensors: int) -> str:
    """Which keys were matched with which."""
    sides = [
        f"keys under “{prefix}” in {side}" if prefix else f"bare keys in {side}"
        for prefix, side in ((a, "A"), (b, "B"))
    ]
    matched = "1 tensor" if tensors == 1 else f"{tensors:,} tensors"
    return f"{sides[0][0].upper()}{sides[0][1:]} were matched with {sides[1]}: {matched}."


def _module(row: Mapping[str, Any]) -> str:
    key: str = row["a"] if row["a"] is not None else row["b"]
    return key.rpartition(".")[0]


def _name(row: Mapping[str, Any], prefixes: list[Mapping[str, Any]]) -> str:
    """The key's last element, and the other side's key where it is one that no prefix explains."""
    key = row["a"] if row["a"] is not None else row["b"]
    leaf = visible(key.rpartition(".")[2])
    if row["matched_by"] not in ("guess", "numbers"):
        return leaf
    if any(key.startswith(pair["a"]) and row["b"] == pair["b"] + key[len(pair["a"]) :] for pair in prefixes):
        return leaf
    return f"{leaf} = {visible(row['b'])}" + ("?" if row["matched_by"] == "guess" else "")


def _heading(name: str, modules: list[Mapping[str, Any]]) -> str:
    found = next((one for one in modules if one["name"] == name), None)
    distance = found["relative_distance"] if found else None
    shown = visible(name) or "(top level)"
    return shown if distance is None else f"{shown}   {_distance(distance)}"


def _figures(row: Mapping[str, Any]) -> str:
    if row["status"] == "shape-blocked":
        return f"{_shape(row['shape_a'])} against {_shape(row['shape_b'])}"
    if row["status"] in ("only-a", "only-b"):
        return _shape(row["shape_a"] if row["shape_a"] is not None else row["shape_b"])
    if row["status"] == "equal":
        return f"up to {row['equal_up_to']} rounding" if row["equal_up_to"] else ""
    parts = []
    if row["cosine"] is not None:
        parts.append(f"cosine {row['cosine']:.4f}")
    if row["relative_distance"] is not None:
        parts.append(_distance(row["relative_distance"]))
    parts.append(_judged(row))
    return ", ".join(part for part in parts if part)


def _distance(share: float) -> str:
    return f"distance {100 * share:.3g} %" if share <= LARGEST_DISTANCE else "distance over 1,000 %"


def _judged(row: Mapping[str, Any]) -> str:
    words = {
        "trace": "common start",
        "no-trace": "no common start",
        "faint": "almost zero on one side",
        "constant": "constant or computed: tells nothing",
        "small": "too small to tell",
        "unreadable": "cannot be read",
    }
    if row["reordered"]:
        return "the same numbers in another order"
    p = ""
    if row["null_p"] is not None and row["trace"] in ("trace", "no-trace"):
        p = f" (p = {row['null_p']:.2g})" if row["null_p"] >= SMALLEST_P else " (p below 1e-300)"
    return words.get(row["trace"] or "", "") + p


def _shape(shape: list[int] | None) -> str:
    return "one number" if not shape else " x ".join(str(size) for size in shape)


# -- values -------------------------------------------------------------------------------------------------------------


def _values(values: list[Mapping[str, Any]]) -> list[str]:
    if not values:
        return []
    lines = ["1 other value differs:" if len(values) == 1 else f"{len(values):,} other values differ:"]
    for group, title in GROUPS.items():
        found = _folded([row for row in values if row["group"] == group])
        if found:
            lines += [f"  {title}", *found[:MOST_VALUES]]
        if len(found) > MOST_VALUES:
            lines.append(f"    and {len(found) - MOST_VALUES:,} more")
    return [*lines, ""]


def _folded(rows: list[Mapping[str, Any]]) -> list[str]:
    """A line a value; one line for a container whose values are on one side only."""
    heads = Counter(row["path"][0] for row in rows if row["path"])
    one_sided = {head: {row["status"] for row in rows if row["path"][:1] == [head]} for head in heads}
    lines: dict[str, None] = {}
    for row in rows:
        head = row["path"][0] if row["path"] else ""
        if heads[head] > FEWEST_FOLDED and one_sided[head] in ({"only-a"}, {"only-b"}):
            count = f"{heads[head]:,} values"
            a, b = (count, "absent") if row["status"] == "only-a" else ("absent", count)
            lines[f"    {visible(head)}: {a} | {b}"] = None
        else:
            lines[f"    {visible('.'.join(row['path']))}: {_value(row['a'])} | {_value(row['b'])}"] = None
    return list(lines)


def _value(text: str | None) -> str:
    if text is None:
        return "absent"
    shown = visible(text)
    return shown if len(shown) <= LONGEST_VALUE else shown[: LONGEST_VALUE - 1] + "…"
