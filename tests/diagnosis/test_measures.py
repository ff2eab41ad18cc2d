"""Intervals and tests against textbook values and independent formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from asl_inspector.diagnosis.measures import (
    accuracy_of,
    best_of,
    effective_classes,
    p_of_guessing,
    paired_p,
    unpaired_p,
)
from asl_inspector.diagnosis.overfitting import gap_interval


@pytest.mark.parametrize(
    ("k", "n", "low", "high"), [(6, 168, 0.016, 0.076), (1, 168, 0.001, 0.033), (42, 168, 0.191, 0.321)]
)
def test_wilson_limits_of_the_seed_case(k: int, n: int, low: float, high: float) -> None:
    found = accuracy_of(k, n)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 7), (10, 10), (97, 168)])
def test_wilson_limits_equal_the_formula(k: int, n: int) -> None:
    z, p = 1.959963984540054, k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    found = accuracy_of(k, n)
    assert found is not None
    assert (found.low, found.high) == pytest.approx((max(0, middle - half), min(1, middle + half)), abs=1e-9)


def test_an_accuracy_over_nothing_is_none() -> None:
    assert accuracy_of(0, 0) is None


def test_guessing_six_of_168_at_one_percent() -> None:
    exact = 1 - sum(math.comb(168, k) * 0.01**k * 0.99 ** (168 - k) for k in range(6))
    assert p_of_guessing(6, 168, 0.01) == pytest.approx(exact, rel=1e-9)
    assert round(exact, 4) == 0.0072


def test_the_best_of_fifty_looks() -> None:
    assert best_of(0.0072, 50) == pytest.approx(1 - (1 - 0.0072) ** 50)
    assert best_of(1e-20, 50) == pytest.approx(5e-19)


def test_mcnemar_counts_only_clips_that_changed() -> None:
    first = np.array([True] * 50 + [False] * 10)
    second = np.array([True] * 50 + [True] * 10)
    assert paired_p(first, second) == pytest.approx(2 * 0.5**10)
    assert paired_p(first, first) == 1.0


def test_fisher_of_six_against_one() -> None:
    a, b = accuracy_of(6, 168), accuracy_of(1, 168)
    assert a is not None
    assert b is not None
    assert unpaired_p(a, b) == pytest.approx(0.12, abs=0.005)


def test_effective_classes_of_uniform_and_constant_ids() -> None:
    assert effective_classes(np.arange(7)) == pytest.approx(7)
    assert effective_classes(np.zeros(9, int)) == pytest.approx(1)


def test_newcombe_interval_of_a_worked_example() -> None:
    """56/70 against 48/80: 0.2000, 95 % limits 0.0524 to 0.3339. Source: Newcombe 1998, Table II, method 10, example (a)."""
    a, b = accuracy_of(56, 70), accuracy_of(48, 80)
    assert a is not None
    assert b is not None
    assert gap_interval(a, b) == pytest.approx((0.0524, 0.3339), abs=5e-4)
