"""Word errors of continuous clips, for JSON, text and report."""

from __future__ import annotations

import numpy as np

from asl_inspector.diagnosis.continuous import rate_words
from asl_inspector.diagnosis.continuous_records import ContinuousMeasures
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import facts_part, section_part, sentences_of, table_part, text_part
from asl_inspector.report.sample_table import sample_table
from asl_inspector.visible_text import visible

MOST_CLIPS = 200


def continuous_json(found: ContinuousMeasures | None, train: ContinuousMeasures | None) -> Json:
    """Both files' word errors, or null where clips have one gloss each."""
    if found is None:
        return None
    return {
        **_counts(found),
        "decoder": found.decoder,
        "greedy_word_error_rate": found.total.rate if found.greedy is None else found.greedy.rate,
        "ids_by": found.reference or None,
        "other_ids": found.other_ids,
        "train": _counts(train) if train is not None else None,
    }


def _counts(found: ContinuousMeasures) -> dict[str, Json]:
    total = found.total
    return {
        "word_error_rate": total.rate,
        "substitutions": total.substitutions,
        "deletions": total.deletions,
        "insertions": total.insertions,
        "glosses": total.glosses,
        "clips": found.clips,
    }


def continuous_tile(inspected: Inspected) -> dict[str, Json] | None:
    """The rate as a figure of the first page, or None."""
    found = inspected.diagnosis.continuous
    rate = found.total.rate if found is not None else None
    if found is None or rate is None:
        return None
    total = found.total
    note = f"{found.decoder}: {total.substitutions:,} S, {total.deletions:,} D, {total.insertions:,} I in {total.glosses:,} glosses"
    return {"title": "Word error rate", "value": f"{100 * rate:.1f} %", "note": note, "alarm": False}


def continuous_section(inspected: Inspected) -> dict[str, Json] | None:
    """The rate and the clips with most errors, or None where clips have one gloss each."""
    found, table = inspected.diagnosis.continuous, sample_table(inspected)
    if found is None or table is None or table.continuous is None:
        return None
    columns = table.continuous
    worst = np.argsort(-np.where(table.ran, columns.errors, -1), kind="stable")[:MOST_CLIPS].tolist()
    rows = [
        [
            visible(table.clip_ids[clip]),
            visible(table.glosses[clip]),
            visible(columns.recognised[clip]) or "–",
            *(str(column[clip]) for column in (columns.substitutions, columns.deletions, columns.insertions)),
        ]
        for clip in worst
        if table.ran[clip]
    ]
    facts = [("Decoder", found.decoder), ("Validation", rate_words(found.total))]
    if found.greedy is not None:
        facts.append(("Validation, greedy path", rate_words(found.greedy)))
    train = inspected.diagnosis.continuous_train
    if train is not None:
        facts.append(("Training", rate_words(train.total)))
    head = ["clip", "signed", "recognised", "S", "D", "I"]
    parts: list[Json] = [
        text_part(sentences_of(inspected, "continuous")),
        facts_part(facts),
        table_part(head, [1, 3, 3, 0, 0, 0], [False] * 3 + [True] * 3, rows),
    ]
    if len(rows) < found.clips:
        parts.append(text_part(f"The {len(rows)} clips with most errors are listed; all can be exported as CSV."))
    return section_part("Continuous recognition", parts)
