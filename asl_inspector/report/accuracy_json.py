"""An accuracy as JSON, wherever a report has one."""

from __future__ import annotations

from asl_inspector.diagnosis.records import Accuracy
from asl_inspector.report.json_text import Json


def accuracy_json(found: Accuracy | None) -> Json:
    """Clips right, of how many, and the 95 % limits in [0, 1]; None where it is not known."""
    if found is None:
        return None
    return {"correct": found.correct, "of": found.of, "low": found.low, "high": found.high}
