"""The tables of the Data panel, as columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import ColumnFacts, DataMeasures, Neighbours
from asl_inspector.gui.tables import Column

FloatArray = NDArray[np.float64]
SAME = 1e-4


def feature_columns(data: DataMeasures) -> list[Column]:
    """One row a feature, those that differ most between training and validation first."""
    sides = [(name, found) for name, found in (("training", data.train), ("validation", data.validation)) if found]
    known = [(name, found.columns) for name, found in sides if found.columns is not None]
    if not known:
        return [Column("feature", np.zeros(0), str)]
    width = max(len(facts.mean) for _, facts in known)
    shift = data.shift
    effect = shift.effect if shift is not None else np.full(width, np.nan)
    rank = np.where(np.isfinite(effect), np.abs(effect), -1.0)
    if shift is not None:
        rank[list(shift.extreme)] = np.inf
    order = np.argsort(-rank, kind="stable")
    remarks = _remarks(data, known, width)
    columns = [Column("feature", order, lambda row: str(order[row]), "Counted from 0", numeric=True, width=70)]
    for name, facts in known:
        columns += _moments(name, facts, order)
    if shift is not None:
        columns += [
            _numbers(
                "shift",
                effect[order],
                "Difference of the clip means in pooled standard deviations (Cohen's d)",
                "{:+.3g}",
                width=84,
            ),
            _numbers(
                "KS",
                shift.statistic[order],
                "Largest distance of the two distributions of clip means, 0 to 1",
                "{:.2f}",
                width=60,
            ),
            _numbers("q", shift.q[order], "Its p-value, corrected over all features (Benjamini-Hochberg)", "{:.2g}"),
        ]
    words = np.array([remarks[index] for index in order.tolist()])
    columns.append(
        Column("", words, lambda row: str(words[row]), "What is conspicuous", colour=_danger(words), width=160)
    )
    return columns


def _danger(words: NDArray[np.str_]) -> Callable[[int], str | None]:
    return lambda row: "danger" if "scale" in str(words[row]) else None


def _moments(name: str, facts: ColumnFacts, order: NDArray[np.int64]) -> list[Column]:
    lacking = np.full(max(0, len(order) - len(facts.mean)), np.nan)  # the other file has more features
    mean, spread, low, high = (
        np.concatenate([values, lacking])[order] for values in (facts.mean, facts.spread, facts.low, facts.high)
    )
    return [
        Column(
            f"{name} mean",
            mean,
            lambda row: f"{mean[row]:.3g} ± {spread[row]:.2g}" if np.isfinite(mean[row]) else "-",
            f"Mean and standard deviation over all {name} frames",
            numeric=True,
            width=122,
        ),
        Column(
            "range",
            high - low,
            lambda row: f"{low[row]:.3g} to {high[row]:.3g}" if np.isfinite(low[row]) else "-",
            f"Smallest and largest number in the {name} clips",
            numeric=True,
            width=122,
        ),
    ]


def _numbers(title: str, values: FloatArray, tooltip: str, form: str, *, width: int = 70) -> Column:
    return Column(
        title,
        values,
        lambda row: "-" if not np.isfinite(values[row]) else form.format(values[row]),
        tooltip,
        numeric=True,
        width=width,
    )


def _remarks(data: DataMeasures, known: list[tuple[str, ColumnFacts]], width: int) -> list[str]:
    """What is conspicuous about each feature."""
    words: list[list[str]] = [[] for _ in range(width)]
    if data.shift is not None:
        for column in data.shift.extreme:
            words[column].append("on another scale")
        for column in data.shift.raw:
            words[column].append("far larger than the others")
    for found in (data.train, data.validation):
        for column in found.constant if found is not None else ():
            if "constant" not in words[column]:
                words[column].append("constant")
    for name, facts in known:
        for column in np.flatnonzero(facts.absent > 0).tolist():
            words[column].append(f"{100 * facts.absent[column]:.1f} % NaN in {name}")
    return [", ".join(one) for one in words]


def shared_clips(data: DataMeasures, neighbours: Neighbours | None) -> list[tuple[str, str, float, str]]:
    """`(validation clip, training clip, nearness, how)` of clips in both files, surest first; nearness 0 is the same."""
    rows = [(one.validation, one.train, 0.0, "the same, bit for bit") for one in data.copies]
    known = {(one.validation, one.train) for one in data.copies}
    for cut in data.shared_frames:
        known.add((cut.validation, cut.train))
        rows.append((cut.validation, cut.train, 1e-6, f"{cut.frames} of {cut.of} frames in common"))
    for pair in neighbours.pairs if neighbours is not None else ():
        if (pair.validation, pair.train) not in known:
            gloss = "" if pair.same_gloss is not False else ", another gloss"
            rows.append((pair.validation, pair.train, pair.ratio, _nearness(data, pair.ratio) + gloss))
    return sorted(rows, key=lambda row: (row[2], row[0]))


def _nearness(data: DataMeasures, ratio: float) -> str:
    extreme = data.shift.extreme if data.shift is not None else ()
    if ratio < SAME:
        return f"the same but for {column_words(extreme)}" if extreme else "the same to rounding"
    return f"at {100 * ratio:.1f} % of the usual distance"


def pair_columns(rows: list[tuple[str, str, float, str]]) -> list[Column]:
    """One row a pair of clips."""
    ours, theirs = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    near = np.array([row[2] for row in rows])
    return [
        Column("validation clip", ours, lambda row: rows[row][0], width=120),
        Column("training clip", theirs, lambda row: rows[row][1], width=110),
        Column("", near, lambda row: rows[row][3], "How near they are", width=160),
    ]


def block_columns(data: DataMeasures) -> list[Column]:
    """One row a group of features that are missing together."""
    theirs = {one.columns: one for one in data.train.blocks} if data.train else {}
    ours = {one.columns: one for one in data.validation.blocks} if data.validation else {}
    blocks = [theirs.get(columns) or ours[columns] for columns in dict.fromkeys([*theirs, *ours])]
    columns = [
        Column(
            "features",
            np.array([one.name for one in blocks]),
            lambda row: blocks[row].name,
            "Features that are NaN or exactly 0 in the very same frames: in practice a hand that was not found",
            width=300,
        )
    ]
    for name, found, held in (("training", data.train, theirs), ("validation", data.validation, ours)):
        if found is not None:
            share = np.array([held[one.columns].missing if one.columns in held else 0.0 for one in blocks])
            columns.append(_shares(f"missing in {name}", share))
            absent = np.array([held[one.columns].clips if one.columns in held else 0 for one in blocks])
            columns.append(_absent(f"{name} clips without", absent))
    return columns


def _absent(title: str, clips: NDArray[np.int64]) -> Column:
    words = "Clips in which they are missing from the first frame to the last"
    return Column(title, clips, lambda row: f"{clips[row]:,}", words, numeric=True, width=160)


def _shares(title: str, share: FloatArray) -> Column:
    return Column(title, share, lambda row: f"{100 * share[row]:.1f} %", "Share of all frames", numeric=True, width=160)
