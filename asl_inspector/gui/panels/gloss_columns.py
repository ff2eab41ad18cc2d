"""The columns of the table of glosses, and of the list of confusions."""

from __future__ import annotations

import csv
import io

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.gui.tables import Column
from asl_inspector.gui.text_columns import TextColumn
from asl_inspector.report.cells import as_cell

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
HEADING = (
    "gloss",
    "id",
    "support",
    "right",
    "recall",
    "low",
    "high",
    "precision",
    "f1",
    "predicted",
    "confused_with",
    "confused",
)


def gloss_columns(found: GlossMeasures) -> list[Column]:
    """One row a gloss."""
    ranks = TextColumn(found.names)
    others = TextColumn([found.name_of(place) if place >= 0 else "" for place in found.confused_with.tolist()])
    rows = np.arange(len(found))
    interval = found.high - found.low
    return [
        Column("gloss", rows, lambda i: found.names[i], "Gloss by name", width=124, key=lambda: ranks.ranks),
        _count("support", found.support, "How often it was signed", 80),
        _share(
            "accuracy (recall)",
            found.recall,
            "Share of its clips that are right: the accuracy over its clips is its recall",
            128,
        ),
        Column(
            "95 % interval",
            interval,
            lambda i: f"{100 * found.low[i]:.0f} to {100 * found.high[i]:.0f} %" if interval[i] == interval[i] else "",
            "Wilson's interval of the accuracy; sorted by its width",
            numeric=True,
            width=110,
        ),
        _share("precision", found.precision, "Share of the clips answered with it that are of it", 84),
        Column(
            "F1",
            found.f1,
            lambda i: f"{found.f1[i]:.2f}" if found.f1[i] == found.f1[i] else "",
            "Harmonic mean of precision and recall",
            numeric=True,
            width=60,
        ),
        Column(
            "most confused with",
            rows,
            lambda i: found.name_of(int(found.confused_with[i])) if found.confused_with[i] >= 0 else "",
            "What it is most often taken for instead",
            width=156,
            key=lambda: others.ranks,
        ),
        _count("times", found.confused, "How often it was taken for that gloss", 70),
        _count("predicted", found.said, "How often it was answered", 84),
        Column(
            "id",
            found.numbers,
            lambda i: str(found.numbers[i]) if found.numbers[i] >= 0 else "none",
            "The network's output for it; none where it has none, so that it can never be said",
            numeric=True,
            colour=lambda i: "danger" if found.numbers[i] < 0 else None,
            width=56,
        ),
    ]


def confusion_columns(found: GlossMeasures, wrong: IntArray) -> list[Column]:
    """One row a kind of wrong answer; `wrong` are their cells."""
    true, answer, count = found.cell_true[wrong], found.cell_answer[wrong], found.cell_count[wrong]
    signed = TextColumn([found.name_of(place) for place in true.tolist()])
    said = TextColumn([found.name_of(place) for place in answer.tolist()])
    rows = np.arange(len(wrong))
    return [
        Column("true", rows, lambda i: found.name_of(int(true[i])), "Signed", width=92, key=lambda: signed.ranks),
        Column(
            "taken for", rows, lambda i: found.name_of(int(answer[i])), "Answered", width=92, key=lambda: said.ranks
        ),
        _count("clips", count, "How often", 64),
    ]


def wrong_cells(found: GlossMeasures) -> IntArray:
    """The cells off the diagonal, most frequent first."""
    wrong = np.flatnonzero(found.cell_true != found.cell_answer)
    order: IntArray = wrong[np.argsort(-found.cell_count[wrong], kind="stable")]
    return order


def glosses_csv(found: GlossMeasures) -> str:
    """All glosses as CSV: shares as fractions with a point, empty where they are undefined."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADING)
    for row, name in enumerate(found.names):
        other = int(found.confused_with[row])
        writer.writerow(
            [
                as_cell(name),
                int(found.numbers[row]) if found.numbers[row] >= 0 else "",
                int(found.support[row]),
                int(found.right[row]),
                *(_plain(column[row]) for column in (found.recall, found.low, found.high, found.precision, found.f1)),
                int(found.said[row]),
                as_cell(found.name_of(other)) if other >= 0 else "",
                int(found.confused[row]),
            ]
        )
    return out.getvalue()


def _plain(value: float) -> str:
    return f"{value:.6g}" if value == value else ""


def _count(title: str, values: IntArray, tooltip: str, width: int) -> Column:
    return Column(title, values, lambda i: f"{values[i]:,}", tooltip, numeric=True, width=width)


def _share(title: str, values: FloatArray, tooltip: str, width: int) -> Column:
    return Column(
        title,
        values,
        lambda i: f"{100 * values[i]:.1f} %" if values[i] == values[i] else "",
        tooltip,
        numeric=True,
        width=width,
    )
