"""The clips, all of them or the informative ones."""

from __future__ import annotations

import numpy as np

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import filled_table, section_part, text_part
from asl_inspector.report.sample_table import SampleTable, sample_table
from asl_inspector.visible_text import visible

MOST_SAMPLES = 400
ATTACHED = "samples.csv"
COLUMNS = (  # heading, share of the width (0 takes what the text needs), whether numbers stand in it
    ("clip", 2, False),
    ("true gloss", 2, False),
    ("id", 0, True),
    ("in training", 0, True),
    ("predicted", 2, False),
    ("id", 0, True),
    ("answer", 0, False),
    ("loss", 0, True),
    ("blank", 0, True),
    ("frames", 0, True),
)


def sample_section(inspected: Inspected) -> dict[str, Json] | None:
    """The table of clips, or None where nothing was predicted."""
    table = sample_table(inspected)
    if table is None:
        return None
    shown = chosen_samples(table)
    rows = [_sample_row(table, index) for index in shown]
    right = table.correct_by_name if table.scored_by_name else table.correct
    how = " by gloss name, because the file's own ids are wrong" if table.scored_by_name else ""
    words = f"{int(right.sum())} of {len(table)} clips are right{how}."
    if len(shown) < len(table):
        which = "clips with the highest loss" if _has_losses(table) else "wrong clips"
        if not _has_losses(table) and len(shown) == MOST_SAMPLES:
            which += " with the widest margin"
        words += f" The {len(shown)} {which} are listed; the whole table is in {ATTACHED}, which the PDF carries as an attachment."
    return section_part("Samples", [text_part(words), filled_table(COLUMNS, rows)])


def listed_in_part(inspected: Inspected) -> bool:
    """True where the report's table leaves clips out."""
    table = sample_table(inspected)
    return table is not None and len(table) > MOST_SAMPLES


def chosen_samples(table: SampleTable) -> list[int]:
    """All clips, or those with the highest loss where there are too many to print; without losses the wrong ones."""
    if len(table) <= MOST_SAMPLES:
        return list(range(len(table)))
    if not _has_losses(table):
        right = table.correct_by_name if table.scored_by_name else table.correct
        wrong = np.flatnonzero(table.ran & ~right)
        margin = np.where(np.isfinite(table.margin), table.margin, -np.inf)[wrong]
        return [int(index) for index in np.sort(wrong[np.argsort(-margin, kind="stable")[:MOST_SAMPLES]])]
    loss = np.where(np.isfinite(table.loss), table.loss, -np.inf)
    return [int(index) for index in np.sort(np.argsort(-loss, kind="stable")[:MOST_SAMPLES])]


def _has_losses(table: SampleTable) -> bool:
    return bool(np.isfinite(table.loss).any())


def _sample_row(table: SampleTable, index: int) -> list[str]:
    learned, true_id = int(table.learned_ids[index]), int(table.true_ids[index])
    ids = ["" if number < 0 else str(number) for number in (true_id, learned)]
    row = [visible(table.clip_ids[index]), visible(table.glosses[index]), *ids]
    if not table.ran[index]:
        return [*row, "not run", "", "", "", "", str(table.lengths[index])]
    guess = int(table.majority[index])
    right = table.correct_by_name if table.scored_by_name else table.correct
    loss = float(table.loss[index])
    return [
        *row,
        visible(table.name_of(guess)) or "–",
        str(guess),
        "right" if right[index] else "wrong",
        f"{loss:.2f}" if loss == loss else "",
        f"{100 * table.blank_share[index]:.0f} %" if table.blank >= 0 else "",
        str(table.lengths[index]),
    ]
