"""Tables of metrics, one row a step or an epoch: Lightning's `metrics.csv` with its gaps, Keras' CSVLogger, fastai's and
Hugging Face's tables in notebooks, lists of dicts, and whatever else has a heading with losses and accuracies.

Rows of one epoch are laid together, for training and validation are often written apart; the last number of an epoch
counts. Columns of single steps ("train_loss_step") are used only where there is none of the epoch.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from asl_inspector.delimited import cells_of
from asl_inspector.history.figures import Epoch, Side, build, figure_of, is_bare_side, last_of_several, words_of
from asl_inspector.history.records import FigureName, History

MOST_ROWS = 2_000_000
LONGEST_CELL = 4_000
EPOCH_COLUMNS = ("epoch", "epochs", "epoch_num", "epoch_number", "ep")
STEP_COLUMNS = ("step", "steps", "global_step", "iteration", "iter", "iterations", "batch")
DELIMITERS = (",", "\t", ";", "|")
Row = Mapping[str, str | float | None]


def looks_like_table(text: str) -> bool:
    """True for a delimited table whose heading has an epoch or a step, and a loss or an accuracy."""
    first = text.lstrip("\ufeff\r\n").split("\n", 1)[0]
    return _delimiter(first) is not None


def _delimiter(heading: str) -> str | None:
    for delimiter in DELIMITERS:
        names = [_clean(name) for name in heading.split(delimiter)]
        if len(names) > 1 and is_heading(names):
            return delimiter
    return None


def is_heading(names: Sequence[str]) -> bool:
    """True where column names hold an epoch or a step, and a figure; or two figures."""
    known = [name for name in names if _figure(name, None)]
    counted = [name for name in names if _is_epoch(name) or _is_step(name)]
    return bool(known) and (bool(counted) or len(known) > 1) and len(known) + len(counted) > 1


def read_csv(source: str, text: str, side: Side | None = None) -> History:
    """The history in a delimited table with a heading.

    Args:
        source: Name of the file.
        text: Its content.
        side: What the surroundings say of columns that name no side.
    """
    lines = text.lstrip("\ufeff\r\n").splitlines()
    delimiter = _delimiter(lines[0]) if lines else None
    if delimiter is None:
        return History(source, kind="table")
    names = [_clean(name) for name in cells_of(lines[0], delimiter)]
    cells = (cells_of(line[:LONGEST_CELL], delimiter) for line in lines[1:])
    rows = (
        (f"line {number}", dict(zip(names, row, strict=False)))
        for number, row in enumerate(cells, start=2)
        if number <= MOST_ROWS
    )
    return read_rows(source, names, rows, side=side)


def read_rows(
    source: str, names: Sequence[str], rows: Iterable[tuple[str, Row]], *, side: Side | None = None
) -> History:
    """The history in rows by column name.

    Args:
        source: Name of the file.
        names: The columns.
        rows: `(where, row)` in order; a cell that is no number is a gap.
        side: What the surroundings say of columns that name no side.
    """
    figures = _columns(names, side)
    counter = next((name for name in names if _is_epoch(name)), None)
    axis = "epoch" if counter else "step" if any(map(_is_step, names)) else "epoch"
    counter = counter or next((name for name in names if _is_step(name)), None)
    epochs: list[Epoch] = []
    fallback: dict[int, dict[FigureName, float]] = {}
    for index, (where, row) in enumerate(rows):
        number = _epoch_number(row.get(counter)) if counter else index + 1
        if number is None:
            continue
        if not epochs or epochs[-1].number != number:
            epochs.append(Epoch(number, where))
        for name, figure, of_step in figures:
            value, percent = _cell(row.get(name))
            if value is None:
                continue
            if of_step:
                fallback.setdefault(id(epochs[-1]), {})[figure] = value
            else:
                epochs[-1].take(figure, value, percent=percent, passing=True)
    for epoch in epochs:
        for figure, value in fallback.get(id(epoch), {}).items():
            if figure not in epoch.figures:
                epoch.take(figure, value, percent=False)
    told, notes = last_of_several(epochs)
    return replace(build(source, told, kind="table", axis=axis), notes=tuple(notes))


def _columns(names: Sequence[str], side: Side | None) -> list[tuple[str, FigureName, bool]]:
    """`(column, figure, is of single steps)`, the plainest column of each figure."""
    found: dict[tuple[FigureName, bool], str] = {}
    for name in sorted(names, key=lambda one: len(words_of(one))):
        figure = _figure(name, side)
        if figure is not None:
            found.setdefault((figure, _of_step(name)), name)
    return [(name, figure, of_step) for (figure, of_step), name in found.items()]


def _of_step(name: str) -> bool:
    """True for the columns that Lightning adds for single steps, "train_loss_step"."""
    return name.lower().endswith("_step") and len(words_of(name)) > 2


def _figure(name: str, side: Side | None) -> FigureName | None:
    if _is_epoch(name) or _is_step(name) or is_bare_side(name):
        return None
    last = name.rsplit(" - ", 1)[-1]  # experiment trackers export "run name - val_loss"
    if last.endswith(("__MIN", "__MAX")):
        return None
    return figure_of(last[: -len("_step")] if _of_step(last) else last, side)


def _is_epoch(name: str) -> bool:
    return name.lower().rsplit("/", 1)[-1] in EPOCH_COLUMNS


def _is_step(name: str) -> bool:
    return name.lower().rsplit("/", 1)[-1] in STEP_COLUMNS


def _clean(name: str) -> str:
    return name.strip().strip("\"'").strip()


def _cell(value: str | float | None) -> tuple[float | None, bool]:
    """A cell's number, and whether it is written in percent; None for a gap."""
    if value is None or isinstance(value, bool):
        return None, False
    if isinstance(value, int | float):
        return float(value), False
    text = value.strip()
    percent = text.endswith("%")
    text = text.removesuffix("%").strip()
    match = re.fullmatch(r"(?:tensor\()?([-+0-9.eE]{1,40}|nan|[-+]?inf)(?:\))?", text, re.IGNORECASE)
    if match is None:
        return None, False
    try:
        number = float(match[1])
    except ValueError:
        return None, False
    return number, percent


def _epoch_number(value: str | float | None) -> int | None:
    number, _ = _cell(value)
    if number is None or not math.isfinite(number) or abs(number) > 1e12:
        return None
    return math.ceil(number - 1e-9)
