"""From findings to ranked causes.

The confidence of a cause comes from `weights_of_evidence`. Likely causes come first, in the order of their kinds: what
makes every figure meaningless, then what was not trained or loaded, then collapse, then data, then tuning; within a kind
the most likely first. Less likely ones follow, the most likely first. A cause that a likely one explains away loses weight
(`EXPLAINED_BY`): a network whose encoder was never trained has blanks and gaps too. What is listed and in which order the
weights decide; the confidence that is told is then read from `CALIBRATION`.
"""

from __future__ import annotations

import math
from dataclasses import replace

from asl_inspector.diagnosis.findings import SEVERITIES, Finding
from asl_inspector.diagnosis.records import Cause, Counterfactual, Verdict
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.weights_of_evidence import EXPLAINED_BY, PRIOR, calibrated, weight

LISTED_FROM = 0.3
ILL_FROM = 0.5


def rank(findings: tuple[Finding, ...], counterfactuals: dict[str, Counterfactual]) -> tuple[Cause, ...]:
    """The causes that the findings point to, in order."""
    causes = explained([_judge(cause, findings, counterfactuals.get(cause)) for cause in REMEDIES])
    listed = sorted((cause for cause in causes if cause.confidence >= LISTED_FROM), key=_place)
    return tuple(replace(cause, confidence=calibrated(cause.confidence)) for cause in listed)


def _place(cause: Cause) -> tuple[int, float]:
    likely = cause.confidence >= ILL_FROM
    return REMEDIES[cause.id].family if likely else len(REMEDIES), -cause.confidence


def explained(causes: list[Cause]) -> list[Cause]:
    """The causes with what others explain taken off their confidence.

    Every explaining cause takes off its weight times its own confidence, as it was judged by itself; but it must be at
    least as likely as what it explains, or a faint suspicion would excuse a plain fault.
    """
    alone = {cause.id: cause.confidence for cause in causes}
    found = []
    for cause in causes:
        explains = EXPLAINED_BY.get(cause.id, {}).items()
        likely = ((value, alone.get(other, 0.0)) for other, value in explains)
        taken = sum(value * confidence for value, confidence in likely if confidence >= ILL_FROM)
        confidence = 1 / (1 + math.exp(taken - _log_odds(cause.confidence))) if taken else cause.confidence
        found.append(replace(cause, confidence=confidence))
    return found


def _log_odds(confidence: float) -> float:
    return math.log(confidence / (1 - confidence)) if confidence < 1 else 36.0


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
        snippet="",
        would_change=remedy.would_change,
    )


def verdict_of(causes: tuple[Cause, ...], above_chance: bool | None) -> Verdict:
    """ "ill" where a likely cause is critical, "healthy" where none is and the network is above chance."""
    if any(cause.severity == "critical" and cause.confidence >= ILL_FROM for cause in causes):
        return "ill"
    return "healthy" if above_chance else "undetermined"
