"""`compare` for a person: the verdict and a line a tensor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from asl_inspector.visible_text import visible

VERDICTS = {
    "identical": "The weights are identical.",
    "descends": "One network descends from the other, or both from one start.",
    "partly": "The networks are partly related.",
    "unrelated": "The networks are unrelated: no tensor of one carries a trace of the other.",
    "undetermined": "Nothing in these files can tell whether the networks are related.",
}
LONGEST_VALUES = 20


def compare_text(document: Mapping[str, Any]) -> str:
    """The document of `compare_json` as text."""
    tensors = document["tensors"]
    counts = Counter(row["status"] for row in tensors)
    prefixes = document["prefix"]
    lines = [VERDICTS[document["verdict"]], ", ".join(f"{count} {status}" for status, count in counts.items())]
    if prefixes["a"] or prefixes["b"]:
        lines.append(f"Names were matched without the prefixes “{prefixes['a']}” and “{prefixes['b']}”.")
    lines.append("")
    width = max((len(visible(row["a"] or row["b"])) for row in tensors), default=0)
    lines += [
        f"{visible(row['a'] or row['b']):<{width}}  {row['status']:<13} {_figures(row)}".rstrip() for row in tensors
    ]
    changed = document["values"]
    if changed:
        lines += ["", f"{len(changed)} other values differ:"]
        lines += [
            f"  {visible('.'.join(row['path']))}: {_value(row['a'])} | {_value(row['b'])}"
            for row in changed[:LONGEST_VALUES]
        ]
        if len(changed) > LONGEST_VALUES:
            lines.append(f"  and {len(changed) - LONGEST_VALUES:,} more")
    lines += [""] + [visible(note) for note in document["notes"]] if document["notes"] else []
    return "\n".join(lines) + "\n"


def _figures(row: Mapping[str, Any]) -> str:
    if row["status"] == "shape-blocked":
        return f"{row['shape_a']} against {row['shape_b']}"
    if row["status"] != "changed" or row["cosine"] is None:
        return ""
    p = "" if row["null_p"] is None else f", by chance with p = {row['null_p']:.2g}"
    return f"cosine {row['cosine']:.3f}{p}"


def _value(text: str | None) -> str:
    return "absent" if text is None else visible(text)[:40]
