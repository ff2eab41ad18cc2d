"""The benchmark of planted faults on a few fixed runs that are really trained, and its own arithmetic."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.diagnosis import weights_of_evidence
from asl_inspector.diagnosis.weights_of_evidence import calibrated
from benchmarks.faults.baselines import authors_rules, judged_by, parameters_a_clip
from benchmarks.faults.fitting import calibration_of
from benchmarks.faults.generators import GENERATORS
from benchmarks.faults.inspecting import inspect_run
from benchmarks.faults.judging import Answer
from benchmarks.faults.kinds import BY_NAME, FITTED_ON, KINDS, cases, is_for_fitting
from benchmarks.faults.making import make_run
from benchmarks.faults.records import Case
from benchmarks.faults.scoring import calibration_error, score

FEW = (
    Case("vocabulary-per-split", "ctc", "landmarks", 0, 0),
    Case("stage1-partly-loaded", "pooled", "landmarks", 1, 0),
    Case("encoder-frozen", "pooled", "landmarks", 1, 0),
    Case("validation-in-pixels", "pooled", "landmarks", 1, 0),
    Case("validation-copied", "pooled", "landmarks", 1, 0),
    Case("noisy-training-labels", "pooled", "landmarks", 3, 1),
    Case("healthy", "pooled", "landmarks", 1, 0),
    Case("healthy-frozen-on-purpose", "pooled", "landmarks", 1, 0),
)


@pytest.mark.slow
@pytest.mark.parametrize("case", FEW, ids=lambda case: case.kind)
def test_a_planted_fault_is_named_first_and_a_sound_run_is_left_in_peace(case: Case, tmp_path: Path) -> None:
    make_run(case, tmp_path)
    said = inspect_run(tmp_path, ("all",))["all"]
    truth = BY_NAME[case.kind].truth
    if truth:
        assert any(said.causes[0][0] in names for names in truth)
    else:
        assert not [id_ for id_, severity in said.findings if severity == "critical"]
        assert said.verdict == "healthy"


def answer(kind: str, causes: list[tuple[str, float, str]], *, verdict: str = "undetermined") -> Answer:
    return Answer(
        case=Case(kind, "ctc", "landmarks", 0, 0),
        inputs="all",
        causes=tuple(causes),
        verdict=verdict,
        findings=(),
        facts={"train": 1.0, "clean": 0.95},
        blank_share=0.9,
        answers=10,
        parameters=20_000,
        train_clips=100,
    )


def test_scores_follow_their_definitions_on_four_cases_made_by_hand() -> None:
    right = answer("stale-metadata", [("stale-metadata", 0.9, "critical")], verdict="ill")
    second = answer("validation-copied", [("overfitting", 0.8, "warning"), ("validation-leak", 0.6, "warning")])
    half = answer("labels+stage1", [("label-map-mismatch", 0.9, "warning")])
    sound = answer("healthy", [("overfitting", 0.7, "critical")], verdict="ill")
    found = score([right, second, half, sound])
    assert (found.faults, found.healthy, found.alarms, found.silent) == (3, 1, 1.0, 0.0)
    assert found.first == pytest.approx(2 / 3)
    assert found.three == pytest.approx(2 / 3)  # one of two faults is not all of them
    assert found.reciprocal_rank == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.precision == pytest.approx(1 / 2)
    # tenths: 0.9 twice and both true, 0.8 once and wrong, 0.7 once and wrong, 0.6 once and true
    assert calibration_error([right, second, half, sound]) == pytest.approx((0.2 + 0.8 + 0.7 + 0.4) / 5)


def test_overfitting_that_was_measured_is_true_though_nobody_planted_it() -> None:
    one = answer("stale-metadata", [("overfitting", 0.7, "warning")])
    assert not one.is_true("overfitting")
    assert replace(one, facts={"train": 1.0, "clean": 0.8}).is_true("overfitting")
    assert not one.first_right


def test_the_rivals_say_what_their_rules_say() -> None:
    one = answer("healthy", [])
    assert [cause for cause, _, _ in authors_rules(one)] == ["stage1-not-loaded", "blank-collapse", "overfitting"]
    assert [cause for cause, _, _ in parameters_a_clip(one)] == ["overfitting", "too-little-data"]
    assert judged_by(authors_rules, [one])[0].alarm


def test_the_benchmark_has_what_it_promises() -> None:
    everything = cases(tuple(GENERATORS))
    healthy = [case for case in everything if BY_NAME[case.kind].healthy]
    assert len({kind.name for kind in KINDS if not kind.healthy}) >= 20
    assert {kind.row for kind in KINDS} >= set(range(1, 17))
    assert len(healthy) >= 0.3 * len(everything)
    assert len({case.name for case in everything}) == len(everything)
    for kind in KINDS:
        own = [case for case in everything if case.kind == kind.name and case.generator == FITTED_ON[0]]
        assert len({case.seed for case in own}) >= 5
        assert {case.arch for case in own} == set(kind.archs)
        assert {case.severity for case in own} == {0, 1, 2}


def test_nothing_that_is_held_out_is_for_fitting() -> None:
    everything = cases(tuple(GENERATORS))
    for case in everything:
        if is_for_fitting(case):
            assert case.generator in FITTED_ON
            assert not BY_NAME[case.kind].held_out
    held_out = [case for case in everything if not is_for_fitting(case)]
    new = {case.kind for case in held_out if BY_NAME[case.kind].held_out}
    assert len([name for name in new if not BY_NAME[name].healthy]) >= 8
    assert len([name for name in new if BY_NAME[name].healthy]) >= 3
    assert {case.generator for case in held_out} == set(GENERATORS)
    assert any(kind.once_held_out for kind in KINDS)
    assert not any(kind.once_held_out and kind.held_out for kind in KINDS)


def test_confidence_is_what_it_was_worth_on_kinds_left_out() -> None:
    points = weights_of_evidence.CALIBRATION
    assert [told for told, _ in points] == sorted(told for told, _ in points)
    assert [true for _, true in points] == sorted(true for _, true in points)
    assert calibrated(0.0) == 0.0
    assert calibrated(1.0) == 1.0
    told, true = points[0]
    assert calibrated(told) == pytest.approx(true)
    assert calibrated(told / 2) == pytest.approx(true / 2)


def test_shares_are_made_to_rise_and_pulled_towards_what_was_told() -> None:
    """Ten causes told with 0.6, all true, before ten told with 0.7, half of them true: one level between the two."""
    case = Case("healthy", "ctc", "landmarks", 0, 0)
    wrong = replace(answer("healthy", []), case=case, facts={"train": 1.0, "clean": 1.0})
    right = replace(wrong, case=Case("stale-metadata", "ctc", "landmarks", 0, 0))
    answers = [right] * 10 + [right] * 5 + [wrong] * 5
    confidences = np.array([[0.6]] * 10 + [[0.7]] * 10)
    points = calibration_of(confidences, answers, ["stale-metadata"])
    first, second = (10 + 10 * 0.6) / 20, (5 + 10 * 0.7) / 20
    level = (first + second) / 2
    assert [told for told, _ in points] == [0.6, 0.7]
    assert [true for _, true in points] == pytest.approx([level, level], abs=1e-3)
    rising = calibration_of(np.array([[0.6]] * 10 + [[0.7]] * 10), answers[::-1], ["stale-metadata"])
    assert [true for _, true in rising] == pytest.approx([(5 + 6) / 20, (10 + 7) / 20], abs=1e-3)
