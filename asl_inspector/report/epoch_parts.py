"""The files of one run beside each other: as JSON, as text for a terminal, and as parts of the report."""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.epoch_findings import action, not_scored
from asl_inspector.diagnosis.epoch_records import AlongEpochs, EpochPoint
from asl_inspector.report.accuracy_json import accuracy_json
from asl_inspector.report.charts import Axis, Chart, FloatArray, Series
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import sentences_of, table_part, text_part
from asl_inspector.visible_text import visible

HEAD = ("epoch", "file", "right", "accuracy", "95 %", "blank", "empty", "varied as", "p")
MOST_IN_TEXT = 40


def epochs_json(along: AlongEpochs | None) -> Json:
    """The files of the run, or None where there is one or none was scored."""
    if along is None:
        return None
    best = along.points[along.best].name if along.best is not None else None
    found = along.collapse
    return {
        "files": along.files,
        "scored": len(along.scored),
        "partial": along.partial,
        "waiting": list(along.waiting),
        "by_gloss_name": along.by_name,
        "compared_clips": along.clips,
        "points": [_point_json(one) for one in along.points],
        "best": best,
        "shown_better": along.shown,
        "p_guessing": along.p_guessing,
        "collapse": None
        if found is None
        else {
            "kind": found.kind,
            "after_epoch": found.after,
            "first_epoch": found.begins,
            "before": found.before,
            "least_extreme": found.low,
            "most_extreme": found.high,
            "p": found.p,
        },
        "action": action(along),
    }


def _point_json(point: EpochPoint) -> Json:
    return {
        "file": point.name,
        "epoch": point.epoch,
        "inspected": point.inspected,
        "clips": point.clips,
        "accuracy": accuracy_json(point.accuracy),
        "blank_share": point.blank_share,
        "empty_share": point.empty_share,
        "effective_classes": point.effective,
        "null_low": point.null_low,
        "null_high": point.null_high,
        "loss": point.loss,
        "p": point.p,
        "p_corrected": point.p_corrected,
        "problem": point.problem,
    }


def row_of(point: EpochPoint) -> list[str]:
    """One file as the cells of a table, in the order of `HEAD`."""
    right = point.accuracy
    return [
        "" if point.epoch is None else str(point.epoch),
        visible(point.name) + (" (inspected)" if point.inspected else ""),
        "" if right is None else f"{right.correct}/{right.of}",
        "" if right is None else f"{100 * right.value:.1f} %",
        "" if right is None else f"{100 * right.low:.1f} to {100 * right.high:.1f}",
        _share(point.blank_share),
        _share(point.empty_share),
        "" if point.effective is None else f"{point.effective:.1f}",
        "" if point.p_corrected is None else f"{point.p_corrected:.2g}",
    ]


def _share(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f} %"


def epoch_lines(along: AlongEpochs | None) -> list[str]:
    """A table for a terminal, the best file marked with a star."""
    if along is None:
        return []
    shown = along.points[:MOST_IN_TEXT]
    rows = [list(HEAD), *(row_of(one) for one in shown)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = [_title(along)]
    for index, row in enumerate(rows):
        point = along.points[index - 1] if index else None
        mark = "*" if index and index - 1 == along.best else " "
        if point is not None and point.problem:
            lines.append(f"  {row[0]:>{widths[0]}}  {row[1]}: {visible(point.problem)}")
            continue
        cells = [
            f"{cell:<{width}}" if n == 1 else f"{cell:>{width}}"
            for n, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append(f"{mark} {'  '.join(cells)}".rstrip())
    if len(along.points) > len(shown):
        lines.append(f"  and {len(along.points) - len(shown)} more, which --json lists")
    return lines


def _title(along: AlongEpochs) -> str:
    """What the table is of."""
    by_name = ", by gloss name" if along.by_name else ""
    partial = f"; {not_scored(along)}" if along.partial else ""
    clips = f"the same {along.clips} clips" if along.clips else "the same clips, which have no labels"
    return f"The {along.files} files of this run on {clips}{by_name}{partial}:"


def epoch_parts(inspected: Inspected) -> list[Json]:
    """The report's part on the files of the run."""
    along = inspected.diagnosis.along
    if along is None:
        return []
    words = [_title(along).replace(":", "."), sentences_of(inspected, "along_epochs"), visible(action(along))]
    parts: list[Json] = [text_part(" ".join(word for word in words if word))]
    parts += _charts(along)
    failed = [one for one in along.points if one.problem]
    rows = [row_of(one) for one in along.points if not one.problem]
    parts.append(table_part(list(HEAD), [0, 2, 0, 0, 0, 0, 0, 0, 0], [True, False] + [True] * 7, rows))
    note = "p: McNemar's exact test against the inspected file, corrected by Holm's method. "
    note += "Varied as: effective number of glosses among the answers."
    parts.append(text_part(note))
    parts += [text_part(f"{visible(one.name)}: {visible(one.problem)}") for one in failed]
    return parts


def _charts(along: AlongEpochs) -> list[Json]:
    """Accuracy with its limits, and blanks and variety, along epochs."""
    points = [one for one in along.scored if one.epoch is not None]
    if len({one.epoch for one in points}) < 2:
        return []
    epochs = np.array([one.epoch for one in points], dtype=float)
    x = Axis(float(epochs[0]), float(epochs[-1]))
    marks = [(float(along.collapse.begins), "collapse begins")] if along.collapse is not None else []
    right = [one.accuracy for one in points]
    limits = [
        Series("lower limit", epochs, numbers([one.low if one else None for one in right]), dashed=True),
        Series("upper limit", epochs, numbers([one.high if one else None for one in right]), dashed=True),
    ]
    accuracy = Series("accuracy", epochs, numbers([one.value if one else None for one in right]))
    blank = Series("blank frames", epochs, numbers([one.blank_share for one in points]))
    empty = Series("empty clips", epochs, numbers([one.empty_share for one in points]), dashed=True)
    variety = Series("effective number of glosses", epochs, numbers([one.effective for one in points]))
    null = Series("5 % limit of the labels", epochs, numbers([one.null_low for one in points]), dashed=True)
    found: list[Json] = []
    if np.isfinite(accuracy.y).any():
        top = Axis(0, min(1.0, max(0.02, 1.1 * float(np.nanmax(limits[1].y)))), percent=True)
        note = "Dashed: Wilson's 95 % limits."
        series = [accuracy, *limits]
        found.append(_chart("Accuracy of each file", x, top, series, marks, note))
    if np.isfinite(blank.y).any():
        found.append(_chart("Blanks of each file", x, Axis(0, 1, percent=True), [blank, empty], marks, ""))
    if np.isfinite(variety.y).any():
        known = np.concatenate([variety.y, null.y])
        top = Axis(0, 1.1 * float(np.nanmax(known)))
        found.append(_chart("Variety of the answers of each file", x, top, [variety, null], marks, ""))
    return found


def _chart(title: str, x: Axis, y: Axis, series: list[Series], marks: list[tuple[float, str]], note: str) -> Json:
    chart = Chart(title, f"{title}, by epoch", "epoch", x, y, note=note, height=80, series=series, marks=marks)
    return chart.as_json()


def numbers(values: list[float | None]) -> FloatArray:
    """Values with NaN for what is missing."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)
