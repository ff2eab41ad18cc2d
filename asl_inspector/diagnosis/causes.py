"""From findings to ranked causes.

The confidence of a cause comes from `weights_of_evidence`. The order is that of the kinds first: what makes every
figure meaningless, then what was not trained or loaded, then collapse, then data, then tuning; within a kind the most
likely first. A cause that another one explains away is not judged at all: its question answers "undetermined".
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from asl_inspector.diagnosis.findings import SEVERITIES, Finding, Severity
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.weights_of_evidence import PRIOR, weight

LISTED_FROM = 0.3
ILL_FROM = 0.5

Verdict = Literal["healthy", "ill", "undetermined"]


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """What the accuracy would be if the cause were gone.

    Attributes:
        accuracy_now: As a fraction.
        accuracy_if_fixed: As a fraction.
        low: Wilson 95 % limit of the latter.
        high: Wilson 95 % limit of the latter.
        how: How it was computed, as a sentence.
    """

    accuracy_now: float
    accuracy_if_fixed: float
    low: float
    high: float
    how: str


@dataclass(frozen=True, slots=True)
class Cause:
    """A ranked cause.

    Attributes:
        id: Name in the contract.
        title: Name for people.
        confidence: In [0, 1].
        severity: That of its gravest finding.
        supporting: Ids of the findings for it.
        opposing: Ids of the findings against it.
        counterfactual: Or None where none can be computed.
        next_experiment: The cheapest step that settles or mends it.
        fix: What to change.
        snippet: Python to copy, or an empty string.
    """

    id: str
    title: str
    confidence: float
    severity: Severity
    supporting: tuple[str, ...]
    opposing: tuple[str, ...]
    counterfactual: Counterfactual | None
    next_experiment: str
    fix: str
    snippet: str


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
