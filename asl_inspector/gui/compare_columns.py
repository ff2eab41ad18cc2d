"""What the tables of the Compare panel show: a column each for what is known of tensors, modules and values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.comparison_records import ModuleDistance, TensorComparison, ValueComparison
from asl_inspector.gui.key_nodes import shape_text
from asl_inspector.gui.tables import Column
from asl_inspector.visible_text import visible

SAYS = {
    "equal": "equal",
    "trace": "common start",
    "no-trace": "no common start",
    "faint": "almost zero on one side",
    "constant": "constant, tells nothing",
    "small": "too small to tell",
    "unreadable": "cannot be read",
}
STATUS = {
    "equal": "equal",
    "changed": "changed",
    "shape-blocked": "other shape",
    "only-a": "only in A",
    "only-b": "only in B",
}
GROUPS = {
    "progress": "progress",
    "metric": "metric",
    "optimizer": "optimizer",
    "hyperparameter": "hyperparameter",
    "vocabulary": "vocabulary",
    "other": "other",
}
LARGEST_SHARE = 10.0  # beyond it a distance says no more
SMALLEST_P = 1e-300


def tensor_columns(rows: Sequence[TensorComparison]) -> list[Column]:
    """One row a tensor of either side."""

    def tone(index: int) -> str | None:
        row = rows[index]
        return "good" if row.is_kin else "caution" if row.trace == "no-trace" else "muted"

    return [
        _text("tensor", [visible(row.key) for row in rows], "Key in A, or in B where only B has it", 240),
        _text("status", [status_text(row) for row in rows], "What corresponds to what", 98),
        _number("distance", [row.relative_distance for row in rows], share_text, "|A - B| / |B|", 74),
        _number("cosine", [row.cosine for row in rows], cosine_text, "1 where both point the same way", 68),
        _number("p", [row.null_p for row in rows], p_text, "How often unrelated networks agree so well", 86),
        _text("says", [says(row) for row in rows], "What the tensor says about a common start", 142, tone),
        _text("shape", [shapes_text(row) for row in rows], "Sizes of the dimensions", 120),
        _number("numbers", [float(row.count) for row in rows], "{:,.0f}".format, "How many numbers", 82),
        _text("key in B", [_other_key(row) for row in rows], "Where B calls the tensor something else", 200),
    ]


def module_columns(rows: Sequence[ModuleDistance]) -> list[Column]:
    """One row a module."""
    return [
        _text("module", [visible(row.name) or "(top level)" for row in rows], "Key without its last element", 280),
        _number(
            "distance", [row.relative_distance for row in rows], share_text, "|A - B| / |B| over all its numbers", 90
        ),
        _number("tensors", [float(row.tensors) for row in rows], "{:.0f}".format, "", 70),
        _number("equal", [float(row.equal) for row in rows], "{:.0f}".format, "Equal tensors", 66),
        _number("common start", [float(row.kin) for row in rows], "{:.0f}".format, "Equal ones included", 112),
        _number("no common start", [float(row.strangers) for row in rows], "{:.0f}".format, "", 134),
        _number("no partner", [float(row.unmatched) for row in rows], "{:.0f}".format, "Of the same shape", 86),
        _number("numbers", [float(row.numbers) for row in rows], "{:,.0f}".format, "", 90),
    ]


def value_columns(rows: Sequence[ValueComparison]) -> list[Column]:
    """One row a value that differs."""
    return [
        _text("value", [visible(".".join(row.path)) for row in rows], "Where it is", 330),
        _text("kind", [GROUPS[row.group] for row in rows], "What kind of value", 112),
        _text("A", ["–" if row.a is None else visible(row.a) for row in rows], "In A", 190),
        _text("B", ["–" if row.b is None else visible(row.b) for row in rows], "In B", 190),
    ]


def status_text(row: TensorComparison) -> str:
    """The status in words, with the type that an equality is up to."""
    return f"equal as {row.equal_up_to}" if row.equal_up_to else STATUS[row.status]


def says(row: TensorComparison) -> str:
    """What a tensor says about a common start."""
    return "the same, reordered" if row.reordered else SAYS.get(row.trace or "", "")


def share_text(share: float) -> str:
    """A distance as a percentage."""
    return f"{100 * share:.3g} %" if share <= LARGEST_SHARE else "> 1,000 %"


def cosine_text(cosine: float) -> str:
    """Enough digits to tell a cosine from 1."""
    return f"{cosine:.4f}" if cosine < 0.9999 or cosine == 1 else f"1 - {1 - cosine:.0e}"


def p_text(p: float) -> str:
    """A probability, however small."""
    return f"{p:.1e}" if p >= SMALLEST_P else "< 1e-300"


def shapes_text(row: TensorComparison) -> str:
    """The shape, or both where they differ."""
    shapes = [shape_text(shape) or "1" for shape in dict.fromkeys((row.shape_a, row.shape_b)) if shape is not None]
    return " against ".join(shapes)


def _other_key(row: TensorComparison) -> str:
    if row.b is None or row.b == row.a:
        return ""
    return visible(row.b) + (" (a guess)" if row.matched_by == "guess" else "")


def _text(
    title: str, texts: list[str], tooltip: str, width: int, colour: Callable[[int], str | None] | None = None
) -> Column:
    return Column(title, np.array(texts, dtype=object), lambda i: texts[i], tooltip, colour=colour, width=width)


def _number(
    title: str, numbers: Sequence[float | None], text: Callable[[float], str], tooltip: str, width: int
) -> Column:
    values: NDArray[Any] = np.array([np.nan if one is None else one for one in numbers], dtype=float)

    def shown(index: int) -> str:
        number = numbers[index]
        return "" if number is None else text(number)

    return Column(title, values, shown, tooltip, numeric=True, width=width)
