"""What is known of saved outputs, as the JSON of a diagnosis has it."""

from __future__ import annotations

from asl_inspector.inference.saved import SavedFacts
from asl_inspector.report.json_text import Json


def saved_json(saved: SavedFacts | None) -> Json:
    """The facts, or None where no saved outputs stand for a network's."""
    if saved is None:
        return None
    told = saved.matched
    return {
        "file": saved.file,
        "form": saved.form,
        "kind": saved.kind,
        "scale": saved.scale,
        "per_frame": saved.per_frame,
        "classes": saved.classes,
        "blank": saved.blank,
        "blank_why": saved.blank_why or None,
        "not_finite": saved.not_finite,
        "outside": saved.outside,
        "joined": {
            "by": told.how,
            "labels_in": told.labels_in or None,
            "answers": told.answers,
            "matched": told.matched,
            "without_label": told.without_label_count,
            "without_answer": told.without_answer_count,
            "repeated": told.repeated,
            "disagreeing": told.disagreeing,
            "unknown_glosses": told.unknown_glosses,
        },
    }
