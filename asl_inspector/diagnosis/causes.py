"""From findings to ranked causes.

The confidence of a cause comes from `weights_of_evidence`. The order is that of the kinds first: what makes every
figure meaningless, then what was not trained or loaded, then collapse, then data, then tuning; within a kind the most
likely first. A cause that another one explains away is not judged at all: its question answers "undetermined".
"""

from __future__ import annotations

import math

from asl_inspector.diagnosis.findings import SEVERITIES, Finding
from asl_inspector.diagnosis.records import Cause, Counterfactual, Verdict
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.weights_of_evidence import PRIOR, weight

LISTED_FROM = 0.3
ILL_FROM = 0.5


def rank(findings: tuple[Finding, ...], counterfactuals: dict[str, Counterfactual]) -> tuple[Cause, ...]:
    """The causes that the findings point to, in order."""
    causes = [_judge(cause, findings, counterfactuals.get(cause)) for cause in REMEDIES]
    listed = [cause for cause in causes if cause.confidence >= LISTED_FROM]
    return tuple(sorted(listed, key=lambda cause: (REMEDIES[cause.id].family, -cause.confidence)))


def _judge(cause: str, findings: tuple[Finding, ...], counterfactual: Counterfactual | None) -> Cause:
    weights = [(finding, weight(finding, cause)) for finding in findings]
    supporting = [finding for finding, value in weights if value > 0]
    total = PRIOR + sum(value for _, value in weights)
    grave = min((SEVERITIES.index(finding.severity) for finding in supporting), default=len(SEVERITIES) - 1)
    remedy = REMEDIES[cause]
    return Cause(
        id=cause,
        title=remedy.title,
        confidence=1 / (1 + math.exp(-total)),
        severity=SEVERITIES[grave],
        supporting=tuple(finding.id for finding in supporting),
        opposing=tuple(finding.id for finding, value in weights if value < 0),
        counterfactual=counterfactual,
        next_experiment=remedy.next_experiment,
        fix=remedy.fix,
        snippet=remedy.snippet,
    )


def verdict_of(causes: tuple[Cause, ...], above_chance: bool | None) -> Verdict:
    """ "ill" where a likely cause is critical, "healthy" where none is and the network is above chance."""
    if any(cause.severity == "critical" and cause.confidence >= ILL_FROM for cause in causes):
        return "ill"
    return "healthy" if above_chance else "undetermined"
