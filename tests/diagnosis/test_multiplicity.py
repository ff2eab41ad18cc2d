"""All tests of a diagnosis together: the correction, what it takes away, and how often it lets luck through."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from diagnosis.stories import evidence, make_clips, scored

from asl_inspector.diagnosis import multiplicity
from asl_inspector.diagnosis.causes import rank
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.findings import Answers, Finding, Trial
from asl_inspector.diagnosis.weights_of_evidence import WEIGHTS


def answers(*ps: float) -> list[Answers]:
    """One answer with a finding for each p."""
    return [
        Answers(
            (Finding(f"f{index}", "q", "warning", f"Finding {index}.", {"p": p}),), (), (Trial("t", p, f"f{index}"),)
        )
        for index, p in enumerate(ps)
    ]


def test_the_corrected_values_by_hand() -> None:
    """Of four tests: .001 * 4 / 1, .02 * 4 / 2, .03 * 4 / 3 (= .04), .5."""
    found = multiplicity.count(answers(0.03, 0.001, 0.5, 0.02))
    assert [one.corrected for one in found.tests] == pytest.approx([0.04, 0.004, 0.5, 0.04])


def test_what_does_not_stand_becomes_a_remark_without_weight() -> None:
    made = [*answers(0.03), *(Answers(trials=(Trial("nothing", 0.6),)) for _ in range(9))]
    found = multiplicity.correct(made, multiplicity.count(made))
    finding = found[0].findings[0]
    assert (finding.id, finding.severity) == ("not-shown-f0", "info")
    assert "of the 10 tests" in finding.sentence
    assert finding.evidence["p_corrected"] == pytest.approx(0.3)
    assert not any(name.startswith(multiplicity.NOT_SHOWN) for name in WEIGHTS)
    strong = [*answers(0.0001), *(Answers(trials=(Trial("nothing", 0.6),)) for _ in range(9))]
    kept = multiplicity.correct(strong, multiplicity.count(strong))[0].findings[0]
    assert (kept.id, kept.severity) == ("f0", "warning")


def test_a_finding_of_two_tests_stands_where_one_does_and_facts_always() -> None:
    both = [
        Answers(
            (Finding("two", "q", "warning", "Two."), Finding("fact", "q", "critical", "A fact.")),
            trials=(Trial("a", 0.9, "two"), Trial("b", 0.001, "two")),
        )
    ]
    found = multiplicity.correct(both, multiplicity.count(both))
    assert [one.id for one in found[0].findings] == ["two", "fact"]


def test_a_finding_that_does_not_stand_names_no_cause() -> None:
    id_ = "training-labels-suspected"
    assert rank((Finding(id_, "agreement", "info", ""),), {})
    assert rank((Finding(multiplicity.NOT_SHOWN + id_, "agreement", "info", ""),), {}) == ()


@pytest.mark.parametrize("shared", [0.0, 0.5, 0.95])
def test_where_nothing_is_to_be_found_one_of_a_dozen_tests_stands_in_four_percent_of_cases_at_most(
    shared: float,
) -> None:
    """3,000 families of twelve one-sided tests of one and the same noise, more or less shared: independent and dependent."""
    from scipy.stats import norm

    random = np.random.default_rng(6)
    cases = 3_000
    common, own = random.normal(size=(cases, 1)), random.normal(size=(cases, 12))
    ps = norm.sf(np.sqrt(shared) * common + np.sqrt(1 - shared) * own)
    false = 0
    for row in ps:
        order = np.sort(row)
        false += bool((order * 12 / np.arange(1, 13) <= multiplicity.LEVEL).any())
    told = multiplicity.count(answers(*ps[0].tolist()))
    assert min(one.corrected for one in told.tests) == pytest.approx((np.sort(ps[0]) * 12 / np.arange(1, 13)).min())
    assert false / cases <= multiplicity.LEVEL + 3 * np.sqrt(multiplicity.LEVEL * (1 - multiplicity.LEVEL) / cases)
    assert (ps < 0.05).any(axis=1).mean() > multiplicity.LEVEL  # uncorrected it would be more often


def sound_case(seed: int):  # type: ignore[no-untyped-def]
    """A network that knows nothing, on clips that are noise in both files: no test has anything to find."""
    random = np.random.default_rng(seed)
    glosses = 12

    def told(count: int, path: str):  # type: ignore[no-untyped-def]
        ids = random.integers(1, glosses + 1, count).tolist()
        clips = make_clips([f"g{one}" for one in ids], ids, length=5, path=path, seed=int(random.integers(1 << 30)))
        case = scored(clips, random.integers(1, glosses + 1, count).tolist(), classes=glosses + 1)
        log_prob = case.predictions.top_log_prob.copy()
        log_prob[:, 0] = -np.log(glosses)  # as sure as it is right
        return replace(case, predictions=replace(case.predictions, top_log_prob=log_prob))

    return evidence(validation=told(90, "val.pkl"), train=told(150, "train.pkl"))


@pytest.mark.slow
def test_whole_diagnoses_of_noise_show_something_in_one_of_twenty_at_most() -> None:
    """80 cases; the level is 5 % with the question of chance, three deviations are allowed for."""
    cases, false, tests = 80, 0, 0
    for seed in range(cases):
        found = diagnose(sound_case(seed))
        assert found.tests is not None
        tests += len(found.tests.tests)
        shown = [one for one in found.tests.tests if one.finding and one.corrected <= multiplicity.LEVEL]
        above = any(one.id == "above-chance" for one in found.findings)
        false += bool(shown or above)
    assert tests / cases > 8
    assert false / cases <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / cases)
