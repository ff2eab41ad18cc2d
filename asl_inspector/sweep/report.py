"""The runs report: the sweep as a document for HTML, Markdown and PDF, and as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from asl_inspector.errors import ExportError
from asl_inspector.report.charts import Axis, Chart, FloatArray, Series
from asl_inspector.report.document import framed
from asl_inspector.report.json_text import Json, to_json
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.parts import list_part, matrix_part, section_part, small_part, table_part, text_part
from asl_inspector.report.rendering import rendered
from asl_inspector.report.writing import write_atomically
from asl_inspector.sweep.plain import as_json
from asl_inspector.sweep.records import RIGHT, WRONG, Row, Run, Sweep
from asl_inspector.sweep.tables import SCHEMA, rows_csv
from asl_inspector.sweep.words import (
    ROW_HEAD,
    RUN_HEAD,
    best_words,
    cause_words,
    clip_words,
    headline,
    pair_words,
    row_cells,
    run_cells,
    run_words,
    sentences,
    summary,
    table_lines,
)
from asl_inspector.visible_text import visible

KINDS = ("pdf", "html", "md", "json", "csv")
MOST_CHARTS = 24
MOST_ROWS = 2_000
MOST_CLIPS = 50
MOST_CELLS = 400  # rows or columns of the picture
MOST_RUNS_IN_TEXT = 60
METHODS = (
    "Accuracies are by the chosen decoder with Wilson's 95 % limits. Files are compared clip by clip (McNemar, exact), "
    "corrected by Holm's method for all pairs of files. Conditions are compared over runs (Welch's t test), and over clips "
    "(sign test), both corrected for the pairs of conditions; a condition is called better only where both hold. The "
    "detectable difference is that of a t test with the pooled spread. A collapse begins at the first epoch from which "
    "every later one comes out empty or narrower than draws from the labels."
)


def sweep_document(sweep: Sweep, options: ReportOptions = STANDARD) -> dict[str, Json]:
    """The report, with every text of a file made visible."""
    failed = [row for row in sweep.rows if row.problem]
    front: list[Json] = [section_part("What follows", [text_part(visible(one)) for one in sentences(sweep)])]
    front.append(section_part("Runs", [_run_table(sweep)]))
    sections = [
        section_part("Along epochs", _charts(sweep)),
        section_part("Which file to keep", _best_parts(sweep)),
        section_part("Conditions", _condition_parts(sweep)),
        section_part("Clips", _clip_parts(sweep)),
        section_part("Files", _file_parts(sweep, failed)),
        section_part("Methods", [text_part(METHODS)]),
    ]
    return framed(
        title=f"{len(sweep.runs)} runs: {visible(headline(sweep))}",
        short_title="Runs",
        case_name=f"{len(sweep.rows):,} checkpoints",
        headline=visible(headline(sweep)),
        summary=visible(summary(sweep)),
        tiles=_tiles(sweep, failed),
        problems=[[visible(row.problem), visible(row.advice)] for row in failed[:3]],
        front=front,
        sections=[] if options.summary else sections,
        options=options,
    )


def sweep_text(sweep: Sweep) -> str:
    """The sweep as text for a terminal."""
    lines = [headline(sweep), summary(sweep), ""]
    lines += table_lines(
        RUN_HEAD, [[visible(cell) for cell in run_cells(sweep, run)] for run in sweep.runs[:MOST_RUNS_IN_TEXT]]
    )
    if len(sweep.runs) > MOST_RUNS_IN_TEXT:
        lines.append(f"and {len(sweep.runs) - MOST_RUNS_IN_TEXT} more, which the report lists")
    lines += ["", *sentences(sweep)]
    lines += [f"{row.name}: {row.problem}" for row in sweep.rows if row.problem]
    return "\n".join(lines)


def _tiles(sweep: Sweep, failed: Sequence[Row]) -> list[Json]:
    best = sweep.rows[sweep.answers.best.row].accuracy if sweep.answers.best is not None else None
    collapsed = sum(run.collapse is not None for run in sweep.runs)
    files = f"{len(failed)} failed" if failed else f"{sweep.waiting} waiting" if sweep.waiting else "all inspected"
    return [
        _tile("checkpoints", f"{len(sweep.rows):,}", files, alarm=bool(failed)),
        _tile("runs", f"{len(sweep.runs):,}", f"{len({run.condition for run in sweep.runs})} conditions"),
        _tile(
            "best accuracy",
            f"{100 * best.value:.1f} %" if best else "–",
            f"{best.correct} of {best.of}" if best else "",
        ),
        _tile("runs that collapse", str(collapsed), "", alarm=collapsed > 0),
    ]


def _tile(title: str, value: str, note: str, *, alarm: bool = False) -> dict[str, Json]:
    return {"title": title, "value": value, "note": note, "alarm": alarm}


def _run_table(sweep: Sweep) -> Json:
    rows = [[visible(cell) for cell in run_cells(sweep, run)] for run in sweep.runs]
    numeric = [name in ("seed", "files", "best epoch", "right", "accuracy", "95 %") for name in RUN_HEAD]
    return table_part(list(RUN_HEAD), [3, 3, 0, 0, 0, 0, 0, 0, 0, 4], numeric, rows)


def _charts(sweep: Sweep) -> list[Json]:
    shown = [run for run in sweep.runs if len({sweep.rows[index].epoch for index in run.rows} - {None}) > 1]
    found: list[Json] = [_chart(sweep, run) for run in shown[:MOST_CHARTS]]
    if len(shown) > MOST_CHARTS:
        found.append(small_part(f"The other {len(shown) - MOST_CHARTS} runs are in the window and in the tables."))
    return found or [text_part("No run has several epochs.")]


def _chart(sweep: Sweep, run: Run) -> Json:
    """Accuracy with its limits and the share of blank frames, along the epochs of one run."""
    rows = [sweep.rows[index] for index in run.rows if sweep.rows[index].epoch is not None]
    epochs = np.array([row.epoch for row in rows], dtype=float)
    series = [
        Series("accuracy", epochs, _values([row.accuracy.value if row.accuracy else None for row in rows])),
        Series(
            "lower limit", epochs, _values([row.accuracy.low if row.accuracy else None for row in rows]), dashed=True
        ),
        Series(
            "upper limit", epochs, _values([row.accuracy.high if row.accuracy else None for row in rows]), dashed=True
        ),
        Series("empty clips", epochs, _values([row.figures.empty_share if row.figures else None for row in rows])),
    ]
    marks = [(float(run.collapse.begins), "collapse begins")] if run.collapse is not None else []
    chart = Chart(
        visible(run.name),
        f"{visible(run.name)}, accuracy and empty clips by epoch",
        "epoch",
        Axis(float(epochs[0]), float(epochs[-1])),
        Axis(0, 1, percent=True),
        note=visible(f"{run_words(sweep, run)} {cause_words(sweep, run)}"),
        height=60,
        series=series,
        marks=marks,
    )
    return chart.as_json()


def _values(values: Sequence[float | None]) -> FloatArray:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def _best_parts(sweep: Sweep) -> list[Json]:
    best = sweep.answers.best
    found: list[Json] = [text_part(visible(best_words(sweep, best)))] if best is not None else []
    return [*found, list_part([(f"{visible(run.name)}:", visible(run_words(sweep, run))) for run in sweep.runs])]


def _condition_parts(sweep: Sweep) -> list[Json]:
    answers = sweep.answers
    found: list[Json] = [text_part(visible(pair_words(pair, answers.compared_epoch))) for pair in answers.pairs]
    return found or [text_part("The runs are of one condition, so there is nothing to compare.")]


def _clip_parts(sweep: Sweep) -> list[Json]:
    found: list[Json] = [text_part(visible(one)) for one in clip_words(sweep)]
    answers, clips = sweep.answers, sweep.clips
    hard = [
        [
            visible(clips.ids[one.clip]),
            visible(clips.glosses[one.clip]),
            visible(one.said),
            f"{one.times} of {answers.judged}",
        ]
        for one in answers.hard[:MOST_CLIPS]
    ]
    if hard:
        head = ["clip wrong everywhere", "gloss", "most runs say", "runs that do"]
        found.append(table_part(head, [2, 1, 1, 0], [False, False, False, True], hard))
    alone = [
        [visible(clips.ids[clip]), visible(clips.glosses[clip]), visible(sweep.runs[run].name)]
        for clip, run in answers.alone[:MOST_CLIPS]
    ]
    if alone:
        found.append(table_part(["clip right in one run alone", "gloss", "run"], [2, 1, 1], [False] * 3, alone))
    return [*found, *_picture(sweep)] or [text_part("Clips can be compared once two runs are scored.")]


def _picture(sweep: Sweep) -> list[Json]:
    """Which clip is right in which file; of very many, every second or third."""
    order = [index for run in sweep.runs for index in run.rows if sweep.rows[index].outcome]
    if not order or not len(sweep.clips):
        return []
    letters = np.array([np.frombuffer(sweep.rows[index].outcome.encode(), np.uint8) for index in order])
    easiest = np.argsort(-(letters == ord(RIGHT)).sum(axis=0), kind="stable")
    steps = [max(1, -(-count // MOST_CELLS)) for count in letters.shape]
    shown = letters[:: steps[0], easiest[:: steps[1]]]
    every = [f", every {step}." if step > 1 else "" for step in steps]
    part = matrix_part(
        "Which clip is right in which file",
        "One row a file, one column a clip, coloured by whether the file gets the clip right",
        [("right", shown == ord(RIGHT)), ("wrong", shown == ord(WRONG))],
        across=f"clips, those that most files get right first{every[1]}",
        down=f"files, run by run in the order of their epochs{every[0]}",
    )
    return [part]


def _file_parts(sweep: Sweep, failed: Sequence[Row]) -> list[Json]:
    shown = [
        place for place, name in enumerate(ROW_HEAD) if name != "right"
    ]  # the accuracy says it; names need the room
    cells = [row_cells(run, sweep.rows[index]) for run in sweep.runs for index in run.rows]
    rows = [[visible(one[place]) for place in shown] for one in cells]
    head, numeric = [ROW_HEAD[place] for place in shown], [False, True, False, True, True, True, True, True, False]
    found: list[Json] = [table_part(head, [3, 0, 5, 0, 0, 0, 0, 0, 4], numeric, rows[:MOST_ROWS])]
    if len(rows) > MOST_ROWS:
        found.append(small_part(f"The other {len(rows) - MOST_ROWS:,} files are in the tables."))
    if failed:
        found.append(
            list_part([(f"{visible(row.name)}:", visible(f"{row.problem} {row.advice}".strip())) for row in failed])
        )
    if sweep.left_out:
        found.append(list_part([("", visible(one)) for one in sweep.left_out[:MOST_ROWS]]))
    data = [f"{one.role}: {visible(one.path.name)} ({one.sha256[:12]}…)" for one in sweep.files]
    return [*found, small_part(f"Data: {'; '.join(data)}. Decoder: {sweep.decoder}. Found {sweep.made}.")]


def sweep_bytes(sweep: Sweep, kind: str, options: ReportOptions = STANDARD) -> bytes:
    """The report as the content of a file.

    Args:
        sweep: What was found.
        kind: "pdf", "html", "md", "json" or "csv".
        options: The paper, and whether to keep to the first page.

    Raises:
        ExportError: If there is no such kind, or the typesetter fails.
    """
    if kind == "json":
        return to_json({"schema": SCHEMA, **as_json(sweep)}).encode()
    if kind == "csv":
        return rows_csv(sweep).encode()
    return rendered(sweep_document(sweep, options), kind)


def export_sweep(sweep: Sweep, path: Path, kind: str, options: ReportOptions = STANDARD) -> None:
    """Write the report, whole or not at all.

    Raises:
        ExportError: If it cannot be written, or there is no such kind.
    """
    if kind not in KINDS:
        raise ExportError(
            f"“{path.name}” has no ending that tells its kind.", advice=f"End it in .{', .'.join(KINDS)}."
        )
    write_atomically(path, sweep_bytes(sweep, kind, options))
