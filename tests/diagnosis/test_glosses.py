"""Figures of glosses against a hand-worked matrix and independent formulas."""

from __future__ import annotations

import numpy as np
import pytest

from asl_inspector.diagnosis.glosses import MOST_CLUSTERED, measure, order_by_similarity, wilson
from asl_inspector.diagnosis.measures import accuracy_of


def measured():  # type: ignore[no-untyped-def]
    """a: 3 right, 1 taken for b. b: 1 right, 2 taken for a. c: signed once, empty. d: answered by an insertion only."""
    pairs = [(0, 0), (0, 0), (0, 0), (0, 1), (1, 1), (1, 0), (1, 0), (2, 4), (4, 3)]
    true, answer = (np.array(one) for one in zip(*pairs, strict=True))
    return measure(["a", "b", "c", "d"], np.array([1, 2, 3, -1]), np.arange(9), true, answer, decoder="majority")


def test_counts_and_shares_are_those_worked_by_hand() -> None:
    found = measured()
    assert found.support.tolist() == [4, 3, 1, 0]
    assert found.said.tolist() == [5, 2, 0, 1]
    assert found.right.tolist() == [3, 1, 0, 0]
    np.testing.assert_allclose(found.recall, [3 / 4, 1 / 3, 0, np.nan])
    np.testing.assert_allclose(found.precision, [3 / 5, 1 / 2, np.nan, 0])
    np.testing.assert_allclose(found.f1, [2 * 3 / 9, 2 / 5, np.nan, np.nan])
    assert found.confused_with.tolist() == [1, 0, 4, -1]
    assert found.confused.tolist() == [1, 2, 1, 0]
    assert found.name_of(4) == "(nothing)"


def test_a_cell_lists_its_clips_and_cells_add_up() -> None:
    found = measured()
    assert found.clips_of(1, 0).tolist() == [5, 6]
    assert found.clips_of(2, 1).tolist() == []
    assert int(found.cell_count.sum()) == 9
    assert not found.cell_count.flags.writeable


def test_a_tie_of_confusions_goes_to_the_lowest_place() -> None:
    found = measure(["a", "b", "c"], np.arange(3), np.arange(2), np.array([0, 0]), np.array([2, 1]), decoder="majority")
    assert (found.confused_with[0], found.confused[0]) == (1, 1)


@pytest.mark.parametrize(("right", "of"), [(0, 5), (5, 5), (3, 7), (1, 1), (40, 1000)])
def test_the_interval_is_wilsons(right: int, of: int) -> None:
    low, high = wilson(np.array([right]), np.array([of]))
    known = accuracy_of(right, of)
    assert known is not None
    assert (low[0], high[0]) == pytest.approx((known.low, known.high), abs=1e-12)


def test_an_interval_of_nothing_is_undefined() -> None:
    low, high = wilson(np.array([0]), np.array([0]))
    assert np.isnan(low[0])
    assert np.isnan(high[0])


def test_glosses_that_are_confused_lie_side_by_side() -> None:
    """Ten glosses in pairs far apart by index, each taken for its partner half of the time."""
    partner = [(index + 5) % 10 for index in range(10)]
    pairs = [(index, answer) for index in range(10) for answer in (index, partner[index])]
    true, answer = (np.array(one) for one in zip(*pairs, strict=True))
    found = measure([str(one) for one in range(10)], np.arange(10), np.arange(20), true, answer, decoder="majority")
    order = found.similar.tolist()
    assert sorted(order) == list(range(10))
    assert all(abs(order.index(one) - order.index(partner[one])) == 1 for one in range(10))


def test_too_many_glosses_are_not_clustered() -> None:
    nothing = np.zeros(0, np.int64)
    count = MOST_CLUSTERED + 1
    assert len(order_by_similarity(count, nothing, nothing, nothing, np.ones(count, np.int64))) == 0
