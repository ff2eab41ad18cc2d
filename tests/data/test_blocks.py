"""What goes missing together, against hand-worked examples."""

from __future__ import annotations

import numpy as np

from asl_inspector.data.blocks import BlockFinder
from asl_inspector.data.surveying import _movement, zero_or_nan
from asl_inspector.samples.known_landmarks import landmarks_of

PARTS = (("left hand", ("a", "b")), ("right hand", ("c", "d")))
TWO_HANDS = landmarks_of("two hands", PARTS, 3, "")


def clip(frames: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(frames, 12)).astype("f4")


def movement(features: np.ndarray) -> float:
    return _movement(features.astype(np.float64), zero_or_nan(features))[0]


def test_a_hand_is_missing_where_all_its_numbers_are_zero_or_nan() -> None:
    features = clip()
    features[0, :6] = 0
    features[1, :6] = np.nan
    features[2, :3] = 0  # one joint of it only
    features[3, 6:] = np.nan
    without = clip()
    without[:, 6:] = 0
    finder = BlockFinder(12, TWO_HANDS)
    finder.add(features)
    finder.add(without)
    left, right = finder.found()
    assert (left.name, left.missing, left.clips) == ("left hand", 2 / 16, 0)
    assert (right.name, right.missing, right.clips) == ("right hand", 9 / 16, 1)


def test_coordinates_that_come_apart_are_put_together_again() -> None:
    """All x, then all y, then all z: the left hand's numbers are columns 0, 1, 4, 5, 8, 9."""
    features = clip()
    features[:2, [0, 1, 4, 5, 8, 9]] = 0
    finder = BlockFinder(12, landmarks_of("two hands", PARTS, 3, "", interleaved=False))
    finder.add(features)
    assert [block.missing for block in finder.found()] == [0.25, 0.0]
    assert finder.found()[0].columns == (0, 1, 4, 5, 8, 9)


def test_landmarks_of_another_width_are_not_taken_for_these() -> None:
    finder = BlockFinder(11, TWO_HANDS)
    features = clip()[:, :11]
    features[:2, :5] = 0
    features[4:, 7:] = 0
    finder.add(features)
    assert [block.name for block in finder.found()] == ["features 7 to 10", "features 0 to 4"]


def test_blocks_without_a_name_count_the_clips_that_lack_them_altogether() -> None:
    finder = BlockFinder(12)
    absent, present = clip(), clip()
    absent[:, :5] = np.nan
    finder.add(absent)
    finder.add(present)
    (block,) = finder.found()
    assert (block.missing, block.clips) == (0.5, 1)


def test_frozen_frames_are_those_that_equal_the_one_before() -> None:
    features = clip(5)
    features[2] = features[1]
    features[3] = features[1]
    assert movement(features) == 2 / 4


def test_frames_that_say_nothing_are_not_frozen() -> None:
    features = clip(6)
    features[1] = features[0]
    features[2:5] = 0
    assert movement(features) == 1.0  # pairs that count: (0, 1) alone


def test_a_frame_with_the_same_missing_hand_can_be_frozen() -> None:
    features = clip(3)
    features[:, :6] = np.nan
    features[1] = features[0]
    assert movement(features) == 0.5


def test_whether_clips_that_say_nothing_are_frozen_is_not_known() -> None:
    assert np.isnan(movement(np.zeros((4, 12), np.float32)))
    assert np.isnan(movement(np.zeros((1, 12), np.float32)))
