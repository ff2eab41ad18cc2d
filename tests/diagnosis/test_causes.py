"""How findings become ranked causes: likely ones by their kind, consequences explained away."""

from __future__ import annotations

import math

import pytest

from asl_inspector.diagnosis.causes import explained, rank
from asl_inspector.diagnosis.findings import Finding, Severity
from asl_inspector.diagnosis.records import Cause
from asl_inspector.diagnosis.remedies import REMEDIES
from asl_inspector.diagnosis.weights_of_evidence import EXPLAINED_BY, WEIGHTS


def found(id_: str, severity: Severity = "warning") -> Finding:
    return Finding(id_, "", severity, "")


def cause(id_: str, confidence: float) -> Cause:
    return Cause(id_, "", confidence, "warning", (), (), None, "", "", "")


def test_every_cause_of_the_tables_has_a_remedy() -> None:
    named = {name for row in WEIGHTS.values() for name in row}
    named |= {*EXPLAINED_BY, *(name for row in EXPLAINED_BY.values() for name in row)}
    assert named <= set(REMEDIES)


def test_what_explains_takes_its_weight_times_its_confidence_off() -> None:
    weight = EXPLAINED_BY["overfitting"]["label-map-mismatch"]
    one, other = explained([cause("overfitting", 0.9), cause("label-map-mismatch", 0.8)])
    assert one.confidence == pytest.approx(1 / (1 + math.exp(weight * 0.8 - math.log(9))))
    assert other.confidence == 0.8


def test_an_unlikely_cause_explains_nothing() -> None:
    one, _ = explained([cause("overfitting", 0.9), cause("label-map-mismatch", 0.4)])
    assert one.confidence == 0.9


def test_a_faint_suspicion_of_a_grave_kind_comes_after_a_likely_cause() -> None:
    ranked = rank((found("hands-missing-differ"), found("glosses-share-ids"), found("ids-agree")), {})
    assert ranked[0].id == "missing-landmarks"


@pytest.mark.parametrize(
    ("findings", "first"),
    [
        (
            ("layers-untouched", "parameters-without-gradients", "blank-hides-answers", "train-validation-gap"),
            "layers-never-trained",
        ),
        (("training-labels-doubtful", "train-validation-gap"), "label-noise"),
        (("realigning-helps", "neighbours-agree", "train-validation-gap"), "feature-mismatch"),
        (("targets-too-long",), "ctc-infeasible"),
        (("huge-step-size", "poor-fit"), "learning-rate-too-high"),
        (("labels-of-other-clips", "ids-agree", "train-validation-gap"), "label-map-mismatch"),
        (("stated-by-weaker-decoder", "train-validation-gap"), "decoder-mismatch"),
    ],
)
def test_the_cause_comes_before_its_consequences(findings: tuple[str, ...], first: str) -> None:
    assert rank(tuple(found(one) for one in findings), {})[0].id == first


def test_an_encoder_that_was_loaded_may_be_frozen() -> None:
    findings = (found("parameters-without-gradients"), found("stage1-loaded", "info"))
    assert "layers-never-trained" not in [one.id for one in rank(findings, {})]
