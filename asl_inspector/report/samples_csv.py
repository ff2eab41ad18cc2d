"""`--csv`: one row a validation clip. Text that a spreadsheet would take for a formula is written as text."""

from __future__ import annotations

import csv
import io

from asl_inspector.report.contents import Inspected
from asl_inspector.report.sample_table import SampleTable, sample_table
from asl_inspector.samples.records import UNLABELLED

COLUMNS = (
    "row",
    "clip",
    "gloss",
    "id",
    "id_in_training",
    "majority",
    "first_token",
    "score",
    "predicted_gloss",
    "correct",
    "correct_by_name",
    "loss",
    "confidence",
    "margin",
    "blank_share",
    "frames",
    "ran",
    "recognised",
    "substitutions",
    "deletions",
    "insertions",
)
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
Cell = str | int


def as_text(value: str) -> str:
    """A cell that stays text in a spreadsheet: a leading apostrophe takes its power from a formula."""
    return "'" + value if value.startswith(FORMULA_STARTS) else value


def samples_csv(inspected: Inspected) -> str:
    """The table of the validation clips, or only its header where nothing was predicted."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    table = sample_table(inspected)
    if table is not None:
        writer.writerows(_row(table, index) for index in range(len(table)))
    return out.getvalue()


def _row(table: SampleTable, index: int) -> list[Cell]:
    true_id, learned_id = int(table.true_ids[index]), int(table.learned_ids[index])
    row: list[Cell] = [
        index,
        as_text(table.clip_ids[index]),
        as_text(table.glosses[index]),
        "" if true_id == UNLABELLED else true_id,
        "" if learned_id == UNLABELLED else learned_id,
    ]
    if table.ran[index]:
        guess = int(table.majority[index])
        row += [
            guess,
            int(table.first_token[index]),
            int(table.score[index]),
            as_text(table.name_of(guess)) if guess != table.blank else "",
            "" if true_id == UNLABELLED else int(guess == true_id),
            "" if learned_id == UNLABELLED else int(guess == learned_id),
            *(_number(column[index]) for column in (table.loss, table.confidence, table.margin, table.blank_share)),
        ]
    else:
        row += [""] * 10
    return [*row, int(table.lengths[index]), int(table.ran[index]), *_continuous(table, index)]


def _continuous(table: SampleTable, index: int) -> list[Cell]:
    """What was recognised and its edits, for clips of several glosses."""
    found = table.continuous
    if found is None or not table.ran[index]:
        return [""] * 4
    counts = (found.substitutions, found.deletions, found.insertions)
    return [as_text(found.recognised[index]), *(int(column[index]) for column in counts)]


def _number(value: float) -> str:
    return f"{value:.6g}" if value == value else ""
