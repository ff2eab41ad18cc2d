"""`--csv`: one row a validation clip. Text that a spreadsheet would take for a formula is written as text."""

from __future__ import annotations

import csv
import io

from asl_inspector.report.anonymising import anonymiser_of
from asl_inspector.report.cells import as_cell
from asl_inspector.report.contents import Inspected
from asl_inspector.report.options import STANDARD, ReportOptions
from asl_inspector.report.sample_table import SampleTable, clips_alone, sample_table
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
    "left_hand_missing",
    "right_hand_missing",
    "hand_missing",
    "frozen",
    "recognised",
    "substitutions",
    "deletions",
    "insertions",
)
HANDS = ("left hand", "right hand", "hand")
Cell = str | int


def samples_csv(inspected: Inspected, options: ReportOptions = STANDARD) -> str:
    """The table of the validation clips, run or not; only its header where there are none."""
    without_folders = anonymiser_of(inspected).text if options.anonymise else str
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    table = sample_table(inspected) or clips_alone(inspected)
    if table is not None:
        quality = [*(table.missing_in(hand) for hand in HANDS), table.frozen]
        for index in range(len(table)):
            cells = [*_row(table, index), *(_number(column[index]) for column in quality), *_continuous(table, index)]
            writer.writerow([without_folders(cell) if isinstance(cell, str) else cell for cell in cells])
    return out.getvalue()


def _row(table: SampleTable, index: int) -> list[Cell]:
    true_id, learned_id = int(table.true_ids[index]), int(table.learned_ids[index])
    row: list[Cell] = [
        index,
        as_cell(table.clip_ids[index]),
        as_cell(table.glosses[index]),
        "" if true_id == UNLABELLED else true_id,
        "" if learned_id == UNLABELLED else learned_id,
    ]
    if table.ran[index]:
        guess = int(table.majority[index])
        row += [
            guess,
            int(table.first_token[index]),
            int(table.score[index]),
            as_cell(table.name_of(guess)) if guess != table.blank else "",
            "" if true_id == UNLABELLED else int(guess == true_id),
            "" if learned_id == UNLABELLED else int(guess == learned_id),
            *(_number(column[index]) for column in (table.loss, table.confidence, table.margin, table.blank_share)),
        ]
    else:
        row += [""] * 10
    return [*row, int(table.lengths[index]), int(table.ran[index])]


def _continuous(table: SampleTable, index: int) -> list[Cell]:
    """What was recognised and its edits, for clips of several glosses."""
    found = table.continuous
    if found is None or not table.ran[index]:
        return [""] * 4
    counts = (found.substitutions, found.deletions, found.insertions)
    return [as_cell(found.recognised[index]), *(int(column[index]) for column in counts)]


def _number(value: float) -> str:
    return f"{value:.6g}" if value == value else ""
