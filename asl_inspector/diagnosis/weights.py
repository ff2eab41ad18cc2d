"""Are the weights themselves sound? Numbers that are not finite make every output meaningless.

The other questions on the weights (`checkpoints.health`) are passed on where their answer is bad: a layer that never
moved or never received a gradient, weights that ran away, gates that are stuck.
"""

from __future__ import annotations

from asl_inspector.checkpoints.health_records import HealthNote, Question
from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity

FOUND: dict[Question, tuple[str, Severity]] = {
    "initial": ("layers-untouched", "warning"),
    "frozen": ("parameters-without-gradients", "warning"),
    "exploding": ("weights-exploded", "warning"),
    "saturated": ("gates-saturated", "warning"),
    "dead": ("dead-units", "info"),
    "duplicated": ("tensors-duplicated", "info"),
}
MOST_KEYS = 20


def ask(evidence: Evidence) -> Answers:
    """Findings on numbers that are not finite, and on the health of the others."""
    if evidence.checkpoint is None or not evidence.checkpoint.weights:
        return Answers()
    if not evidence.nonfinite:
        sentence = "All weights are finite numbers."
        finite = Finding("weights-finite", "weights", "info", sentence, {}, "keys")
        bad = [note for note in evidence.health if note.question in FOUND and note.verdict in ("ill", "suspect")]
        return Answers((finite, *(_finding(note) for note in bad), *_head(evidence, bad)))
    total = sum(evidence.nonfinite.values())
    key = max(evidence.nonfinite, key=lambda name: evidence.nonfinite[name])
    sentence = (
        f"{total:,} weights in {len(evidence.nonfinite)} tensors are NaN or infinite, most of them in `{key}`: "
        "the training diverged, and nothing that this network says means anything."
    )
    facts: dict[str, Fact] = {"numbers": total, "tensors": len(evidence.nonfinite)}
    return Answers((Finding("weights-not-finite", "weights", "critical", sentence, facts, f"keys:{key}"),))


def _head(evidence: Evidence, notes: list[HealthNote]) -> list[Finding]:
    """The layer that answers, where no gradient reached it: an encoder is frozen on purpose at times, the head never."""
    checkpoint, classes = evidence.checkpoint, evidence.architecture.classes if evidence.architecture else None
    if checkpoint is None or classes is None:
        return []
    heads = [
        key
        for note in notes
        if note.question == "frozen"
        for key in note.keys
        if key in checkpoint.weights
        and len(checkpoint.weights[key].shape) == 2
        and classes in checkpoint.weights[key].shape
    ]
    if not heads:
        return []
    sentence = (
        f"The output layer, `{heads[0]}`, received no gradient or was not given to the optimizer: its {classes} answers are "
        "still those that it was made with."
    )
    facts: dict[str, Fact] = {"keys": list(dict.fromkeys(heads))}
    return [Finding("head-never-trained", "weights", "warning", sentence, facts, f"keys:{heads[0]}")]


def _finding(note: HealthNote) -> Finding:
    id_, severity = FOUND[note.question]
    facts: dict[str, Fact] = {"keys": list(note.keys[:MOST_KEYS]), "figure": note.figure}
    where = f"keys:{note.keys[0]}" if note.keys else "keys"
    return Finding(id_, "weights", severity, note.sentence, facts, where)
