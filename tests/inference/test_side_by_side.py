"""The number of batches side by side: found from the times of a run's own batches, told, and kept for a while."""

from __future__ import annotations

import threading
import time

import pytest

from asl_inspector.inference.side_by_side import SideBySide
from asl_inspector.inference.workers import Gate


@pytest.fixture(autouse=True)
def _nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SideBySide, "_known", {})


def played(found: SideBySide, rate: dict[int, float], *, drift: float = 1.0) -> tuple[int, int]:
    """Batches of 1,000 frames until it is settled, at so many frames a second by count; `(settled count, batches)`.

    Args:
        found: What settles.
        rate: Frames a second.
        drift: How much faster batches are at the end of 300 than at the beginning, as where clips get shorter.
    """
    now, batches = 0.0, 0
    while not found.settled and batches < 2_000:
        batches += 1
        now += 1_000 / (rate[found.count] * (1 + (drift - 1) * min(1.0, batches / 300)))
        found.note(1_000, now)
    return found.count, batches


@pytest.mark.parametrize(
    ("rate", "best", "told"),
    [
        ({8: 80_000, 4: 40_000, 2: 20_000, 1: 10_000}, 8, "measured: 4 side by side are 2.0 times slower"),
        ({8: 80_000, 4: 78_000, 2: 20_000, 1: 10_000}, 8, "measured: 4 side by side are no faster"),
        ({8: 40_000, 4: 80_000, 2: 40_000, 1: 10_000}, 4, "measured: 2.0 times as fast as 8 side by side"),
        ({8: 10_000, 4: 20_000, 2: 40_000, 1: 80_000}, 1, "measured: 2.0 times as fast as 2 side by side"),
    ],
)
def test_fewer_are_taken_where_they_are_faster(rate: dict[int, float], best: int, told: str) -> None:
    found = SideBySide(8)
    count, batches = played(found, rate)
    assert (count, found.why) == (best, told)
    assert found.settled
    assert batches < 500
    again = SideBySide(8)
    assert (again.count, again.why, again.settled) == (best, told, True)  # a run that follows soon asks nothing


def test_batches_that_get_quicker_along_the_run_do_not_speak_for_fewer() -> None:
    """The longest clips come first, so later trials are quicker whatever is tried."""
    found = SideBySide(4)
    count, _ = played(found, {4: 40_000, 2: 38_000, 1: 20_000}, drift=3.0)
    assert count == 4


def test_a_run_that_is_too_short_keeps_one_a_core_and_says_so() -> None:
    found = SideBySide(4)
    for batch in range(12):
        found.note(1_000, batch / 100)
    assert (found.count, found.settled) == (4, False)
    assert "too short" in found.why


def test_one_core_has_nothing_to_settle() -> None:
    found = SideBySide(1)
    assert (found.count, found.settled, found.why) == (1, True, "there is one core")


def test_a_gate_lets_in_as_many_as_it_says_while_that_changes() -> None:
    gate, inside, most = Gate(3), [0], [0]
    lock = threading.Lock()

    def work() -> None:
        for _ in range(20):
            with gate:
                with lock:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                time.sleep(0.0005)
                with lock:
                    inside[0] -= 1

    def all_at_once() -> int:
        most[0] = 0
        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        return most[0]

    assert 1 < all_at_once() <= 3
    gate.open_for(1)
    assert all_at_once() == 1
    gate.open_for(6)
    assert 1 < all_at_once() <= 6
