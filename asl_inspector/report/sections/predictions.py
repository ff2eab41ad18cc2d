"""What the network says, beside what is labelled."""

from __future__ import annotations

import numpy as np

from asl_inspector.report.charts import bar_chart
from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, sentences_of, table_part, text_part
from asl_inspector.report.probe_parts import signer_table
from asl_inspector.report.sample_table import sample_table
from asl_inspector.visible_text import visible

MOST_BARS = 120


def prediction_section(inspected: Inspected) -> dict[str, Json] | None:
    """Answers by gloss and the most frequent classes, or None where nothing was predicted."""
    measures, table = inspected.diagnosis.validation, sample_table(inspected)
    if measures is None or table is None:
        return None
    found = measures.histogram
    truth_ids = table.learned_ids if table.scored_by_name else table.true_ids
    values, counts = np.unique(truth_ids[truth_ids >= 0], return_counts=True)
    truth = dict(zip(values.tolist(), counts.tolist(), strict=True))
    said = {number: count for number, count in found.clip_counts if number != table.blank}
    numbers = sorted(set(said) | set(truth))
    cut = len(numbers) > MOST_BARS
    if cut:
        numbers = sorted(numbers, key=lambda number: (-said.get(number, 0), number))[:MOST_BARS]
    names = [visible(table.name_of(number) or str(number))[:12] for number in numbers]
    parts: list[Json] = [
        text_part(sentences_of(inspected, "collapse") + " " + sentences_of(inspected, "decoders")),
        *_more_words(inspected),
        bar_chart(
            f"The {MOST_BARS} most frequent predictions" if cut else "Predictions by gloss",
            "Predicted and labelled clips by gloss",
            "gloss",
            names,
            [said.get(number, 0) for number in numbers],
            [truth.get(number, 0) for number in numbers],
        ).as_json(),
    ]
    rows = [
        [
            visible(table.name_of(number)) or "–",
            str(number),
            f"{frames:,}",
            f"{dict(found.clip_counts).get(number, 0):,}",
        ]
        for number, frames in found.frame_counts[:10]
    ]
    parts.append(
        table_part(
            ["most frequent class", "id", "valid frames", "clips"], [1, 0, 0, 0], [False, True, True, True], rows
        )
    )
    probes = inspected.diagnosis.probes
    if probes is not None and probes.signers is not None and len(probes.signers.signers) > 1:
        parts.append(signer_table(probes.signers))
    return section_part("Predictions", parts)


def _more_words(inspected: Inspected) -> list[Json]:
    """How sure the network is, and by whom the clips are."""
    words = [sentences_of(inspected, one) for one in ("confidence", "temperature", "signers")]
    return [text_part(one) for one in words if one]
