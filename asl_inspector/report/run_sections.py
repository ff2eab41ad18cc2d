"""The report's sections on the training run and on the clips."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import ClipSurvey, DataMeasures
from asl_inspector.diagnosis.run_records import EarlyStop, RunMeasures
from asl_inspector.history.records import History, Points
from asl_inspector.report.charts import Axis, Chart, Series
from asl_inspector.report.contents import Inspected
from asl_inspector.report.epoch_parts import epoch_parts
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import filled_table, section_part, sentences_of, table_part, text_part
from asl_inspector.report.probe_parts import learning_table
from asl_inspector.samples.records import Clips
from asl_inspector.visible_text import visible

MOST_BARS = 120
MOST_PAIRS = 20
MOST_ABOVE = 3  # points above a frame that are told one by one
HEIGHTS_DRAWN = 4.0  # times the usual height up to which a chart grows for its tallest point
WATCHED = {"val_loss": "validation loss", "val_acc": "validation accuracy", "drop": "accuracy a point below its best"}
FloatArray = NDArray[np.float64]


def history_section(inspected: Inspected) -> dict[str, Json] | None:
    """The files of the run, curves, how sure they are, early stopping, contradictions, and what the code shows."""
    history, run = inspected.history, inspected.diagnosis.run
    parts = epoch_parts(inspected)
    if history is None or not history.tells_of_a_run:
        return section_part("Training history", parts) if parts else None
    if history.epochs:
        parts.append(text_part(_source_words(history) + " " + sentences_of(inspected, "run", "learning_rate")))
        parts += _charts(history, run)
        if run is not None and any(one.stopped is not None for one in run.stops):
            parts.append(_stop_table(run.stops))
    if history.hints:
        parts.append(text_part("Seen in the text of the code, which was read and not run:"))
        rows = [
            [visible(one.where), _breakable(visible(one.text)[:90]), visible(one.sentence)] for one in history.hints
        ]
        parts.append(table_part(["place", "code", "what it does"], [1, 3, 5], [False] * 3, rows, prose=[2]))
    parts += [text_part(visible(note)) for note in history.notes]
    return section_part("Training history", parts)


def _breakable(code: str) -> str:
    """Code that a narrow column may break after a dot, a bracket or an underscore."""
    return re.sub(r"([._(,=])", "\\1\u200b", code)


def _source_words(history: History) -> str:
    names = history.sources or (history.source,)
    listed = ", ".join(f"“{visible(name)}”" for name in names)
    best = f", the best is {history.best_epoch}" if history.best_epoch is not None else ""
    if best and history.as_good:
        best += f", the first of {history.as_good + 1} that are alike"
    return f"From {listed}: {len(history.epochs)} {history.axis}s{best}."


def _series(name: str, epochs: FloatArray, values: Points) -> Series:
    found = np.array([np.nan if value is None else value for value in values], dtype=float)
    return Series(name, epochs[: len(found)], found)


def _charts(history: History, run: RunMeasures | None) -> list[Json]:
    epochs = np.array(history.epochs, dtype=float)
    x = Axis(float(epochs[0]), max(float(epochs[-1]), float(epochs[0]) + 1))
    marks = [(float(history.best_epoch), "best")] if history.best_epoch is not None else []
    losses = [
        _series("training loss", epochs, history.train_loss),
        _series("validation loss", epochs, history.val_loss),
    ]
    known = np.concatenate([one.y[np.isfinite(one.y)] for one in losses])
    found: list[Json] = []
    if len(known):
        high = float(np.quantile(known, 0.98)) * 1.1
        if (
            float(known.max()) <= HEIGHTS_DRAWN * high
        ):  # a tall first epoch is drawn; what would flatten all else is told
            high = max(high, float(known.max()) * 1.03)
        inside = [Series(one.name, one.x, np.where(one.y <= high, one.y, np.nan)) for one in losses]
        note = _above_words(losses, high, history.axis)
        alt = f"Training and validation loss by {history.axis}"
        axis = Axis(min(0.0, float(known.min())), high)
        found.append(Chart("Loss", alt, history.axis, x, axis, note=note, series=inside, marks=marks).as_json())
    return found + _accuracy_chart(history, run, epochs, x, marks)


def _above_words(losses: Sequence[Series], high: float, axis: str) -> str:
    """The points that lie above the frame, as words; empty where none does."""
    above = [
        f"{one.name} {value:,.3g} at {axis} {place:,.0f}"
        for one in losses
        for place, value in zip(one.x.tolist(), one.y.tolist(), strict=True)
        if value > high
    ]
    more = f" and {len(above) - MOST_ABOVE} more" if len(above) > MOST_ABOVE else ""
    return f"Above the frame: {', '.join(above[:MOST_ABOVE])}{more}." if above else ""


def _accuracy_chart(
    history: History, run: RunMeasures | None, epochs: FloatArray, x: Axis, marks: list[tuple[float, str]]
) -> list[Json]:
    accuracies = [
        _series("validation accuracy", epochs, history.val_acc),
        _series("training accuracy", epochs, history.train_acc),
    ]
    note = ""
    if run is not None and np.isfinite(run.low).any():
        accuracies += [
            Series("lower limit", epochs, run.low, dashed=True),
            Series("upper limit", epochs, run.high, dashed=True),
        ]
        note = f"Dashed: Wilson's 95 % limits for {run.clips:,} validation clips."
    best = max((float(np.nanmax(one.y)) for one in accuracies if np.isfinite(one.y).any()), default=0.0)
    if best <= 0:
        return []
    top = Axis(0, min(1.0, best * 1.1), percent=True)
    chart = Chart(
        "Accuracy",
        f"Accuracy by {history.axis}",
        history.axis,
        x,
        top,
        note=note,
        height=90,
        series=accuracies,
        marks=marks,
    )
    return [chart.as_json()]


def _stop_table(stops: tuple[EarlyStop, ...]) -> dict[str, Json]:
    rows = [
        [
            WATCHED[one.watched],
            str(one.patience),
            "never" if one.stopped is None else str(one.stopped),
            str(one.kept),
            "" if one.accuracy is None else f"{100 * one.accuracy:.2f} %",
            _forgone(one),
        ]
        for one in stops
    ]
    head = ["early stopping on", "patience", "stops at", "keeps", "its accuracy", "points below the best"]
    return table_part(head, [2, 0, 0, 0, 0, 1], [False] + [True] * 5, rows)


def _forgone(one: EarlyStop) -> str:
    if one.forgone is None:
        return ""
    if one.forgone == 0 or one.low is None or one.high is None:
        return f"{100 * one.forgone:.1f}"
    return f"{100 * one.forgone:.1f} ({100 * one.low:.0f} to {100 * one.high:.0f})"


def data_section(inspected: Inspected) -> dict[str, Json] | None:
    """The clips of both files, and one against the other."""
    rows = [
        _row(name, clips, found)
        for name, clips, found in (
            ("validation", inspected.case.validation, inspected.data.validation if inspected.data else None),
            ("training", inspected.case.train, inspected.data.train if inspected.data else None),
        )
        if clips is not None
    ]
    if not rows:
        return None
    words = sentences_of(inspected, "data_quality", "landmarks", "nearest", "capacity")
    head = ("part", "clips", "frames", "frames a clip", "glosses", "clips a gloss", "features")
    table = filled_table([(title, 1, title != "part") for title in head], rows)
    parts: list[Json] = [text_part(words), table] if words else [table]
    more = sentences_of(inspected, "separation", "learning", "effective_rank")
    if more:
        parts.append(text_part(more))
    if inspected.data is not None and inspected.data.learning is not None:
        parts.append(learning_table(inspected.data.learning))
    if inspected.data is not None:
        parts += _comparison(inspected.data)
    return section_part("Data", parts)


def _row(name: str, clips: Clips, found: ClipSurvey | None) -> list[str]:
    lengths = clips.lengths
    counts = [count for _, count in found.glosses] if found is not None else []
    return [
        name,
        f"{len(clips):,}",
        f"{int(lengths.sum()):,}",
        f"{int(lengths.min())} to {int(lengths.max())}",
        str(clips.gloss_count),
        f"{min(counts)} to {max(counts)}" if counts else "",
        str(clips.feature_count or ("differ" if len(clips.places) else "none given")),
    ]


def _comparison(data: DataMeasures) -> list[Json]:
    parts: list[Json] = []
    if data.shift is not None and len(data.shift.effect) <= MOST_BARS:
        parts.append(_shift_chart(data))
    pairs = [[visible(one.validation), visible(one.train), "the same, bit for bit"] for one in data.copies]
    pairs += [
        [visible(one.validation), visible(one.train), f"{one.frames} of {one.of} frames in common"]
        for one in data.shared_frames
    ]
    if pairs:
        head = ["validation clip", "training clip", "how near"]
        parts.append(table_part(head, [1, 1, 2], [False] * 3, pairs[:MOST_PAIRS]))
        if len(pairs) > MOST_PAIRS:
            parts.append(text_part(f"And {len(pairs) - MOST_PAIRS} more pairs."))
    return parts


def _shift_chart(data: DataMeasures) -> dict[str, Json]:
    """How far validation lies from training, feature by feature."""
    shift = data.shift
    effect = np.abs(np.nan_to_num(shift.effect)) if shift is not None else np.zeros(0)
    extreme = shift.extreme if shift is not None else ()
    usual = np.delete(effect, list(extreme))
    most = max(1.0, 1.5 * float(usual.max(initial=0.0)))
    note = "Size of Cohen's d over clip means; 0.2 is small, 0.8 is large."
    if extreme:
        note += f" The bar{'' if len(extreme) == 1 else 's'} of {column_words(extreme)} would be far longer."
    chart = Chart(
        "How far validation lies from training, feature by feature",
        "Absolute standardised difference of each feature between validation and training",
        "feature",
        Axis(-0.6, len(effect) - 0.4),
        Axis(0, most * 1.05),
        note=note,
        height=80,
        names=[str(index) for index in range(len(effect))],
        bars=[(i - 0.44, i + 0.44, min(float(size), most)) for i, size in enumerate(effect) if size],
    )
    return chart.as_json()
