"""The words of an empty panel while a result is on its way, or did not come."""

from __future__ import annotations

from asl_inspector.engine.messages import InspectionView


def why_nothing(inspection: InspectionView | None) -> tuple[str, str]:
    """Title and advice where the inspection brought no predictions; empty texts for the panel's own words."""
    if inspection is None:
        return "", ""
    if inspection.problems:
        problem = inspection.problems[0]
        return problem.sentence, problem.advice
    return "", ""
