"""The learning curve of a nearest neighbour, against distances that are known and sets that are hard or easy."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of

from asl_inspector.data.learning import curve, last_point
from asl_inspector.data.measuring import measure_clips
from asl_inspector.progress import Cancelled, CancelToken


def test_the_last_point_is_the_highest_power_of_two_that_half_of_the_glosses_have() -> None:
    ours = ["a", "b", "c", "d", None]
    theirs = ["a"] * 9 + ["b"] * 8 + ["c"] * 2 + ["d"]
    assert last_point(ours, theirs) == 8
    assert last_point(ours, ["a", "b", "c", "d"]) is None
    assert last_point([None], theirs) is None


def test_the_curve_by_hand() -> None:
    """Of gloss a one of two clips is near every question, and both of b are far: with one clip a draw has it half of the time."""
    ours, theirs = ["a"] * 40, ["a", "a", "b", "b"]
    squared = np.tile(np.array([1.0, 9.0, 4.0, 4.0], np.float32), (40, 1))
    found = curve(squared, ours, theirs, 2, CancelToken())
    assert [one.clips for one in found.points] == [1, 2]
    assert found.points[1].accuracy == 1.0
    drawn = found.points[0].accuracy * 12  # each of the draws takes one of the two clips of a
    assert drawn == pytest.approx(round(drawn))
    assert 1 <= drawn <= 11
    assert found.points[0].low <= found.points[0].accuracy <= found.points[0].high


def signs(seed: int, each: int, noise: float) -> tuple[list[np.ndarray], list[str]]:
    centres = np.random.default_rng(5).normal(size=(10, 4))
    random = np.random.default_rng(seed)
    names = [f"g{number}" for number in range(10) for _ in range(each)]
    return [centres[int(name[1:])] + noise * random.normal(size=4) + np.zeros((10, 4)) for name in names], names


def test_hard_clips_gain_with_more_and_easy_ones_are_at_the_top_from_the_first() -> None:
    hard, names = signs(1, 10, 0.5)
    more, their_names = signs(2, 16, 0.5)
    found = measure_clips(clips_of(hard, names), clips_of(more, their_names, name="train"))
    assert found is not None
    assert found.learning is not None
    assert [one.clips for one in found.learning.points] == [1, 2, 4, 8, 16]
    shares = [one.accuracy for one in found.learning.points]
    assert shares[-1] > shares[0] + 0.1
    easy, names = signs(1, 10, 0.02)
    more, their_names = signs(2, 4, 0.02)
    found = measure_clips(clips_of(easy, names), clips_of(more, their_names, name="train"))
    assert found is not None
    assert found.learning is not None
    assert min(one.accuracy for one in found.learning.points) > 0.95
    assert found.learning.p > 0.01


def test_copies_of_training_clips_are_not_asked_and_labels_are_needed() -> None:
    arrays, names = signs(1, 10, 0.9)
    found = measure_clips(clips_of(arrays, names), clips_of(arrays, names, name="train"))
    assert found is not None
    assert found.learning is None
    bare = measure_clips(clips_of(arrays, [None] * 100), clips_of(signs(2, 4, 1.0)[0], [None] * 40, name="train"))
    assert bare is not None
    assert bare.learning is None


def test_it_can_be_cancelled() -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        curve(np.ones((4, 4), np.float32), ["a"] * 4, ["a", "a", "b", "b"], 2, token)


def test_a_linear_classifier_finds_what_lies_in_the_means_and_nothing_in_noise() -> None:
    easy, names = signs(1, 10, 0.05)
    more, their_names = signs(2, 8, 0.05)
    found = measure_clips(clips_of(easy, names), clips_of(more, their_names, name="train"))
    assert found is not None
    assert found.linear is not None
    assert found.linear.of == 100
    assert found.linear.correct >= 90
    random = np.random.default_rng(3)
    noise = [random.normal(size=(10, 4)) for _ in range(180)]
    found = measure_clips(clips_of(noise[:100], names), clips_of(noise[100:], their_names, name="train"))
    assert found is not None
    assert found.linear is not None
    assert found.linear.correct <= 22  # ten glosses: 10 expected, p = .0002 beyond


def test_the_linear_classifier_is_ridge_regression_on_columns_of_glosses() -> None:
    """Against the same weights from the normal equations of augmented rows, all directions kept."""
    easy, names = signs(1, 4, 0.7)
    more, their_names = signs(2, 4, 0.7)
    found = measure_clips(clips_of(easy, names), clips_of(more, their_names, name="train"))
    assert found is not None
    assert found.linear is not None
    taught, asked = (
        np.array([one.astype(np.float32).astype(np.float64).mean(axis=0) for one in part]) for part in (more, easy)
    )
    centre, spread = taught.mean(axis=0), taught.std(axis=0)
    points, questions = (taught - centre) / spread, (asked - centre) / spread
    target = np.array([[float(name == f"g{column}") for column in range(10)] for name in their_names])
    ridge = 0.1 * (points**2).sum() / 4
    rows = np.vstack([points, np.sqrt(ridge) * np.eye(4)])
    weights = np.linalg.lstsq(rows, np.vstack([target - target.mean(axis=0), np.zeros((4, 10))]), rcond=None)[0]
    said = (questions @ weights + target.mean(axis=0)).argmax(axis=1)
    assert found.linear.correct == int(sum(f"g{one}" == name for one, name in zip(said, names, strict=True)))
