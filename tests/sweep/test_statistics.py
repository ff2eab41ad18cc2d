"""The tests for few runs, against hand-worked examples and other formulas."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, ttest_ind

from asl_inspector.sweep.statistics import clip_p, detectable, holm, paired_ps, permutation_p, welch_p


def test_three_and_three_runs_of_the_first_case_detect_sixteen_points() -> None:
    """The spread of its ablation: 57.25 and 61.60 on average with t = 1.01, so that s = 4.35 / 1.01 * sqrt(3 / 2)."""
    spread = 4.35 / 1.01 * np.sqrt(3 / 2)
    a, b = [57.25 - spread, 57.25, 57.25 + spread], [61.60 - spread, 61.60, 61.60 + spread]
    assert detectable(a, b) == pytest.approx(16, abs=0.5)
    assert welch_p(a, b) == pytest.approx(0.368, abs=0.005)


def test_the_detectable_difference_is_detected_in_four_of_five_draws() -> None:
    """An independent check of the power: draws from two normal distributions that lie so far apart."""
    a, b = [0.4, 0.5, 0.6], [0.45, 0.5, 0.55, 0.6]
    difference = detectable(a, b)
    assert difference is not None
    pooled = np.sqrt((2 * np.var(a, ddof=1) + 3 * np.var(b, ddof=1)) / 5)
    random = np.random.default_rng(1)
    first = random.normal(0, pooled, (20_000, 3))
    second = random.normal(difference, pooled, (20_000, 4))
    spread = np.sqrt((2 * first.var(1, ddof=1) + 3 * second.var(1, ddof=1)) / 5 * (1 / 3 + 1 / 4))
    statistic = (second.mean(1) - first.mean(1)) / spread
    assert (np.abs(statistic) > 2.5706).mean() == pytest.approx(0.8, abs=0.01)  # t of 5 degrees of freedom at 97.5 %


def test_three_and_three_runs_cannot_bring_the_exact_test_below_a_tenth() -> None:
    assert permutation_p([0.1, 0.2, 0.3], [0.7, 0.8, 0.9]) == (0.1, 0.1)
    assert permutation_p([0.1, 0.2], [0.7, 0.8, 0.9]) == pytest.approx((0.1, 0.1))
    assert permutation_p([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]) == (1.0, 0.1)


def test_many_runs_are_shared_out_at_random_and_never_give_zero() -> None:
    found = permutation_p([0.1] * 12, [0.9] * 12)
    assert found is not None
    assert 0 < found[0] < 0.001


def test_welch_is_that_of_the_library_and_bears_equal_runs() -> None:
    a, b = [0.31, 0.42, 0.38], [0.5, 0.61, 0.44, 0.52]
    assert welch_p(a, b) == pytest.approx(ttest_ind(a, b, equal_var=False).pvalue)
    assert welch_p([0.4, 0.4], [0.3, 0.5]) == 1.0
    assert welch_p([0.4, 0.4], [0.4, 0.4]) == 1.0
    assert welch_p([0.4, 0.4], [0.5, 0.5]) == 0.0


def test_a_single_run_says_nothing_of_its_spread() -> None:
    assert welch_p([0.5], [0.6, 0.7]) is None
    assert detectable([0.5], [0.6, 0.7]) is None
    assert detectable([0.5, 0.5], [0.5, 0.5]) is None


def test_mcnemar_for_many_files_is_that_of_each_alone() -> None:
    random = np.random.default_rng(2)
    best, others = random.random(40) < 0.7, random.random((5, 40)) < 0.5
    expected = []
    for other in others:
        gained, lost = int((best & ~other).sum()), int((~best & other).sum())
        expected.append(binomtest(gained, gained + lost, 0.5).pvalue)
    assert paired_ps(best, others).tolist() == pytest.approx(expected)
    assert paired_ps(best, best[None]).tolist() == [1.0]


def test_holm_counts_the_pairs_that_were_not_asked() -> None:
    assert holm([0.01, 0.04], 2) == [0.02, 0.04]
    assert holm([0.04, 0.001, 0.01], 10) == pytest.approx([0.32, 0.01, 0.09])


def test_clips_are_asked_by_their_share_of_runs() -> None:
    a = np.array([[True, True, False, True], [True, False, False, True]])
    b = np.array([[False, False, False, True], [False, False, False, True]])
    assert clip_p(a, b) == 0.5  # two clips for a, none for b
    assert clip_p(a, a) == 1.0
