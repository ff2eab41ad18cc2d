"""Faults of landmarks, against hand-worked examples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.samples.known_landmarks import LAYOUTS, landmarks_of, recognise_landmarks
from asl_inspector.samples.landmarks import clip_faults, count_faults
from asl_inspector.samples.opening import open_clips

TWO_HANDS = landmarks_of("two hands", (("left hand", ("a", "b")), ("right hand", ("c", "d"))), 3, "")


def clip(frames: int = 8) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(frames, 12)).astype("f4")


def test_a_hand_is_missing_where_all_its_numbers_are_zero_or_nan() -> None:
    features = clip()
    features[0, :6] = 0
    features[1, :6] = np.nan
    features[2, :3] = 0  # one joint of it only
    features[3, 6:] = np.nan
    faults = clip_faults(features, TWO_HANDS)
    assert faults.missing == {"left hand": 2 / 8, "right hand": 1 / 8}
    assert faults.not_finite == pytest.approx(12 / 96)


def test_coordinates_that_come_apart_are_put_together_again() -> None:
    """All x, then all y, then all z: the left hand's numbers are columns 0, 1, 4, 5, 8, 9."""
    apart = landmarks_of("two hands", (("left hand", ("a", "b")), ("right hand", ("c", "d"))), 3, "", interleaved=False)
    features = clip()
    features[:2, [0, 1, 4, 5, 8, 9]] = 0
    assert clip_faults(features, apart).missing == {"left hand": 0.25, "right hand": 0.0}


def test_frozen_frames_are_those_that_equal_the_one_before() -> None:
    features = clip(5)
    features[2] = features[1]
    features[3] = features[1]
    assert clip_faults(features, None).frozen == 2 / 4


def test_frames_that_say_nothing_are_not_frozen() -> None:
    features = clip(6)
    features[1] = features[0]
    features[2:5] = 0
    assert clip_faults(features, None).frozen == 1.0  # pairs that count: (0, 1) alone


def test_a_frame_with_the_same_missing_hand_can_be_frozen() -> None:
    features = clip(3)
    features[:, :6] = np.nan
    features[1] = features[0]
    assert clip_faults(features, TWO_HANDS).frozen == 0.5


@pytest.mark.parametrize("features", [np.zeros((0, 12), "f4"), np.zeros((1, 12), "f4"), np.zeros((4, 12), "f4")])
def test_what_cannot_be_said_is_none(features: np.ndarray) -> None:
    faults = clip_faults(features, TWO_HANDS)
    assert faults.frozen is None
    assert (faults.not_finite is None) == (len(features) == 0)


def test_numbers_that_do_not_fit_the_landmarks_are_not_taken_for_them() -> None:
    assert clip_faults(np.zeros((4, 11), "f4"), TWO_HANDS).missing == {}


def test_all_clips_become_columns(tmp_path: Path) -> None:
    stack = np.random.default_rng(0).normal(size=(5, 6, 75, 3)).astype("f4")
    stack[1, :3, 33:54] = 0
    stack[2, 4] = stack[2, 3]
    stack[3, 0, 0, 0] = np.inf
    np.savez(tmp_path / "a.npz", X=stack, y=np.arange(5))
    clips = open_clips(MappedFile(tmp_path / "a.npz"))
    found = count_faults(clips)
    np.testing.assert_allclose(found.missing["left hand"], [0, 0.5, 0, 0, 0])
    np.testing.assert_allclose(found.missing["right hand"], 0)
    np.testing.assert_allclose(found.frozen, [0, 0, 1 / 5, 0, 0])
    np.testing.assert_allclose(found.not_finite, [0, 0, 0, 1 / (6 * 225), 0])
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        count_faults(clips, cancel=cancel)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
@pytest.mark.parametrize("dims", [2, 3])
def test_every_layout_is_known_by_the_shape_of_a_frame(layout, dims: int) -> None:  # type: ignore[no-untyped-def]
    found = recognise_landmarks(layout.points * dims, (layout.points, dims))
    assert found is not None
    assert (found.layout, found.points, found.width) == (layout.name, layout.points, layout.points * dims)
    assert len({joint for group in found.groups for joint in group.joints if group.part == "pose"}) == sum(
        len(group.joints) for group in found.groups if group.part == "pose"
    ), "no joint of the body has two places"


@pytest.mark.parametrize(
    ("width", "layout"),
    [
        (1629, "MediaPipe Holistic"),
        (1662, "MediaPipe Holistic"),
        (258, "MediaPipe Holistic"),
        (274, "OpenPose"),
        (108, "SPOTER"),
        (36, None),
        (133, None),
    ],
)
def test_a_width_alone_is_a_guess_only_where_nothing_else_has_it(width: int, layout: str | None) -> None:
    found = recognise_landmarks(width, (width,))
    assert (found.layout if found else None) == layout
    assert found is None or "Guessed" in found.why
    assert found is None or found.width == width
