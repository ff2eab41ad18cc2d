"""Are the weights themselves sound? Numbers that are not finite make every output meaningless."""

from __future__ import annotations

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding


def ask(evidence: Evidence) -> Answers:
    """Findings on numbers that are not finite."""
    if evidence.checkpoint is None or not evidence.checkpoint.weights:
        return Answers()
    if not evidence.nonfinite:
        sentence = "All weights are finite numbers."
        return Answers((Finding("weights-finite", "weights", "info", sentence, {}, "keys"),))
    total = sum(evidence.nonfinite.values())
    key = max(evidence.nonfinite, key=lambda name: evidence.nonfinite[name])
    sentence = (
        f"{total:,} weights in {len(evidence.nonfinite)} tensors are NaN or infinite, most of them in `{key}`: "
        "the training diverged, and nothing that this network says means anything."
    )
    facts: dict[str, Fact] = {"numbers": total, "tensors": len(evidence.nonfinite)}
    return Answers((Finding("weights-not-finite", "weights", "critical", sentence, facts, f"keys:{key}"),))
