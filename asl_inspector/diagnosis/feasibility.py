"""Are the clips long enough for CTC to say their glosses?

Formula: a target of L glosses with R equal neighbours needs L + R outputs. A network with a blank makes one output a
frame, or fewer where it thins time. Clips below that have an infinite loss, which `zero_infinity=True` turns into no
gradient without a word.

Threshold: none for the fact; it is critical where a fifth of the clips are concerned, for then the network learns from
the others alone.

Source: Graves et al. 2006, section 3.
"""

from __future__ import annotations

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.diagnosis.findings import Answers, Fact, Finding, Severity

MANY = 0.2


def ask(evidence: Evidence) -> Answers:
    """One finding for each file with clips that are too short."""
    data, architecture = evidence.data, evidence.architecture
    if data is None or architecture is None or architecture.blank is None:
        return Answers()
    findings: list[Finding] = []
    for found, what in ((data.train, "training"), (data.validation, "validation")):
        if found is None or not found.infeasible:
            continue
        share = found.infeasible / max(1, found.clips)
        severity: Severity = "critical" if share > MANY else "warning"
        facts: dict[str, Fact] = {"clips": found.infeasible, "of": found.clips}
        sentence = (
            f"{found.infeasible} of {found.clips} {what} clips have fewer frames than CTC needs for their glosses: no "
            "path says them, and `zero_infinity` hides the infinite loss."
        )
        id_ = "targets-too-long" if share > MANY else "some-targets-too-long"
        findings.append(Finding(id_, "feasibility", severity, sentence, facts, "data"))
    if not findings:
        sentence = "Every clip has the frames that CTC needs for its glosses."
        return Answers((Finding("targets-fit", "feasibility", "info", sentence, {}, "data"),))
    return Answers(tuple(findings))
