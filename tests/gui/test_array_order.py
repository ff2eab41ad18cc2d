"""Orders of arrays against NumPy's stable sort of the same numbers."""

from __future__ import annotations

import numpy as np
import pytest

from asl_inspector.gui.array_order import order_of, ties

RANDOM = np.random.default_rng(8)
CASES = {
    "floats": RANDOM.random(5_000),
    "floats, few equal": np.round(RANDOM.random(5_000), 6),
    "floats, many equal": np.round(RANDOM.random(5_000), 2),
    "floats with gaps": np.where(RANDOM.random(5_000) < 0.1, np.nan, RANDOM.normal(size=5_000)),
    "only gaps": np.full(9, np.nan),
    "infinite": np.array([np.inf, -np.inf, 0.0, np.nan, np.inf]),
    "small whole numbers": RANDOM.integers(-5, 300, 5_000),
    "large whole numbers": RANDOM.integers(-(10**12), 10**12, 5_000),
    "truth": RANDOM.random(100) < 0.5,
    "words": RANDOM.integers(0, 2**63, 5_000).astype(np.uint64),
    "narrow": RANDOM.integers(-100, 100, 5_000).astype(np.int8),
    "none": np.zeros(0),
}


@pytest.mark.parametrize("name", CASES)
def test_upwards_it_is_the_stable_order(name: str) -> None:
    assert order_of(CASES[name]).tolist() == np.argsort(CASES[name], kind="stable").tolist()


@pytest.mark.parametrize("name", CASES)
def test_downwards_equal_numbers_keep_their_order_and_gaps_come_last(name: str) -> None:
    held = CASES[name].tolist()
    known = [row for row in range(len(held)) if held[row] == held[row]]
    gaps = [row for row in range(len(held)) if held[row] != held[row]]
    expected = sorted(known, key=lambda row: held[row], reverse=True) + gaps
    assert order_of(CASES[name], descending=True).tolist() == expected


def test_ties_are_the_places_beside_an_equal() -> None:
    assert ties(np.array([1.0, 2.0, 2.0, 3.0, np.nan, np.nan])).tolist() == [1, 2, 4, 5]
