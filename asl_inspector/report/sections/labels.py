"""The label audit, with the glosses whose ids clash."""

from __future__ import annotations

from asl_inspector.report.contents import Inspected
from asl_inspector.report.json_text import Json
from asl_inspector.report.parts import section_part, sentences_of, table_part, text_part
from asl_inspector.visible_text import visible

MOST_CLASHES = 120


def label_section(inspected: Inspected) -> dict[str, Json] | None:
    """Glosses with two ids, those with most clips first, or None where no names could be compared."""
    audit = inspected.diagnosis.labels
    if audit is None:
        return None
    parts: list[Json] = [text_part(sentences_of(inspected, "labels"))]
    if audit.clashes:
        rows = [
            [visible(one.gloss), str(one.there), str(one.here), str(one.clips)] for one in audit.clashes[:MOST_CLASHES]
        ]
        reference = "training" if audit.reference == "the training clips" else audit.reference
        head = ["gloss", f"id in {reference}", "id in validation", "clips"]
        parts.append(table_part(head, [2, 1, 1, 1], [False, True, True, True], rows))
        if len(audit.clashes) > MOST_CLASHES:
            parts.append(text_part(f"And {len(audit.clashes) - MOST_CLASHES} more glosses."))
    return section_part("Label audit", parts)
