"""What a sweep claims, on made-up predictions: no better condition or file where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sweeps_at_hand import figures, row, run_of, simulated

from asl_inspector.sweep.answers import answers_of, best_of, compare_conditions
from asl_inspector.sweep.words import pair_words, power_words

REPEATS = 50


def test_a_better_condition_is_falsely_named_in_at_most_one_repeat_in_twenty() -> None:
    false = 0
    for seed in range(REPEATS):
        rows, runs = simulated(np.random.default_rng(seed), {"a": 0.4, "b": 0.4}, epochs=1)
        _, (pair,) = compare_conditions(rows, runs)
        false += bool(pair.better)
    assert false <= 0.05 * REPEATS


def test_a_file_is_falsely_called_better_than_its_equals_in_at_most_one_repeat_in_twenty() -> None:
    false = 0
    for seed in range(REPEATS):
        random = np.random.default_rng(1_000 + seed)
        hardness = random.random(168)
        rows = [
            row(f"{number}.pt", "".join("1" if one else "0" for one in (random.random(168) < hardness).tolist()))
            for number in range(30)
        ]
        best = best_of(rows, range(30))
        assert best is not None
        false += len(best.as_good) < 29
    assert false <= 0.05 * REPEATS


def test_of_four_equal_conditions_the_pairs_are_corrected_for() -> None:
    false = 0
    for seed in range(REPEATS):
        rows, runs = simulated(np.random.default_rng(2_000 + seed), dict.fromkeys("abcd", 0.5), epochs=1)
        _, pairs = compare_conditions(rows, runs)
        assert len(pairs) == 6
        false += any(pair.better for pair in pairs)
    assert false <= 0.05 * REPEATS


def test_a_difference_beyond_what_so_many_runs_detect_is_mostly_named() -> None:
    found = []
    for seed in range(REPEATS):
        rows, runs = simulated(np.random.default_rng(seed), {"a": 0.3, "b": 0.6}, epochs=1)
        found.append(compare_conditions(rows, runs)[1][0].better)
    assert found.count("b") > 0.8 * REPEATS
    assert "a" not in found


def test_runs_are_compared_at_the_last_epoch_that_all_have() -> None:
    rows = [
        row("a1", "1100", 1),
        row("a2", "1111", 2),
        row("b1", "1000", 1),
        row("c1", "0000", 1),
        row("c3", "1111", 3),
    ]
    runs = [run_of(rows, "a", "a", [0, 1]), run_of(rows, "b", "b", [2]), run_of(rows, "c", "b", [3, 4])]
    epoch, (pair,) = compare_conditions(rows, runs)
    assert epoch == 1
    assert (pair.mean_a, pair.mean_b) == (0.5, 0.125)
    assert pair.p is None
    assert "single run" in pair_words(pair, epoch)


def test_the_words_tell_what_so_few_runs_can_show() -> None:
    rows, runs = simulated(np.random.default_rng(7), {"plain": 0.57, "pretrained": 0.62}, clips=46, spread=0.02)
    epoch, (pair,) = compare_conditions(rows, runs)
    assert pair.detectable is not None
    assert f"3 + 3 runs with this spread detect {100 * pair.detectable:.0f} points at 80 % power." in pair_words(
        pair, epoch
    )
    assert "which so few runs cannot bring below 0.1" in pair_words(pair, epoch)
    assert power_words(pair).startswith("3 + 3 runs")


def test_the_earliest_of_equal_files_is_kept_and_all_of_them_are_as_good() -> None:
    rows = [row("ten", "1110", 10), row("five", "1110", 5), row("one", "0000", 1)]
    best = best_of(rows, range(3))
    assert best is not None
    assert (best.row, best.next, best.shown) == (1, 0, False)
    assert best.p == 1.0


def test_a_file_far_better_than_all_others_is_shown_to_be() -> None:
    rows = [row("good", "1" * 60), row("bad", "0" * 60), row("worse", "0" * 60)]
    best = best_of(rows, range(3))
    assert best is not None
    assert (best.row, best.shown, best.as_good) == (0, True, ())
    assert best.p_corrected == pytest.approx(3 * 2 * 0.5**60)


def test_the_best_of_many_guesses_is_no_file_to_keep() -> None:
    random = np.random.default_rng(3)
    guesses = ["".join("1" if one else "0" for one in (random.random(60) < 1 / 6).tolist()) for _ in range(40)]
    rows = [replace(row(f"{number}.pt", letters), figures=figures(6)) for number, letters in enumerate(guesses)]
    lucky, sound = (
        best_of(rows, range(40)),
        best_of([*rows, replace(row("s.pt", "1" * 40 + "0" * 20), figures=figures(6))], range(41)),
    )
    assert lucky is not None
    assert sound is not None
    assert (lucky.above_guessing, sound.above_guessing) == (False, True)
    constant = best_of([*rows, replace(row("s.pt", "1" * 40 + "0" * 20), figures=figures(6))], range(41), 0.6)
    assert constant is not None
    assert constant.above_guessing is False  # one gloss for all clips would do as well


def test_files_are_compared_on_the_clips_that_all_of_them_ran() -> None:
    rows = [row("a", "11-0"), row("b", "1-10")]
    best = best_of(rows, range(2))
    assert best is not None
    assert best.clips == 2


def test_clips_wrong_everywhere_and_right_in_one_run_alone_are_named() -> None:
    rows = [row("a", "1100-"), row("b", "1000-"), row("c", "1000-")]
    runs = [run_of(rows, name, "all", [index]) for index, name in enumerate("abc")]
    said = {"a": ["x", "x", "dog", "eel", ""], "b": ["x", "y", "dog", "fox", ""], "c": ["x", "z", "dog", "", ""]}
    found = answers_of(rows, runs, said)
    assert [(one.clip, one.said, one.times) for one in found.hard] == [(2, "dog", 3), (3, "eel", 1)]
    assert found.alone == ((1, 0),)
    assert found.judged == 3


def test_one_run_alone_has_no_clips_to_compare() -> None:
    rows = [row("a", "10")]
    found = answers_of(rows, [run_of(rows, "a", "all", [0])], {"a": ["x", "y"]})
    assert (found.hard, found.alone, found.pairs) == ((), (), ())
