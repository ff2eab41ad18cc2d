"""Skeletons from numbers, against hand-worked frames; and which of two hands is the left one."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from samples.test_pose import component, made, written

from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.known_landmarks import POSE, landmarks_of, recognise_landmarks
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.pose import read_header
from asl_inspector.samples.records import Landmarks
from asl_inspector.samples.skeletons import Sides, skeleton_of, why_no_skeleton

HANDS = (("left hand", ("wrist", "index mcp", "index pip")), ("right hand", ("wrist", "thumb cmc", "thumb mcp")))
TWO = landmarks_of("two hands", HANDS, 2, "")


def known(landmarks: Landmarks | None) -> Landmarks:
    assert landmarks is not None
    return landmarks


def frames(count: int = 4, width: int = 12) -> np.ndarray:
    return np.random.default_rng(0).uniform(1, 2, (count, width)).astype("f4")


def test_a_joint_is_missing_where_it_is_nan_or_zero_and_a_part_where_all_its_joints_are() -> None:
    features = frames()
    features[0, :6] = 0
    features[1, 2:4] = np.nan
    features[2, 2] = np.nan  # half a joint
    features[3, 0] = 0  # x is 0 and y is not: it lies on the rim of the picture
    skeleton = skeleton_of(features, TWO)
    assert skeleton is not None
    left, right = skeleton.parts
    assert left.missing.tolist() == [True, False, False, False]
    assert np.isnan(left.points[..., 0]).tolist() == [
        [True, True, True],
        [False, True, False],
        [False, True, False],
        [False, False, False],
    ]
    assert not right.missing.any()
    assert (left.kind, right.kind) == ("left", "right")
    assert left.bones == ((0, 1), (1, 2))
    assert skeleton.missing_at(0) == ("left hand",)
    assert skeleton.missing_at(1) == ()


def test_coordinates_that_come_apart_are_put_together_again() -> None:
    """All x, then all y: joint 1 of the left hand is column 1 and column 7."""
    features = frames()
    skeleton = skeleton_of(features, replace(TWO, interleaved=False))
    assert skeleton is not None
    np.testing.assert_array_equal(skeleton.parts[0].points[:, 1], features[:, [1, 7]])
    np.testing.assert_array_equal(skeleton.parts[1].points[:, 2], features[:, [5, 11]])


def test_depth_and_visibility_are_left_out_and_a_visibility_alone_is_no_joint() -> None:
    layout = landmarks_of("one", (("pose", ("nose", "neck")),), 4, "")
    features = np.array([[1, 2, 3, 0.9, 0, 0, 0, 0.1]], np.float32)
    skeleton = skeleton_of(features, layout)
    assert skeleton is not None
    np.testing.assert_array_equal(skeleton.parts[0].points[0, 0], [1, 2])
    assert np.isnan(skeleton.parts[0].points[0, 1]).all()


def test_the_joint_that_a_hand_was_centred_on_is_there() -> None:
    features = frames()
    features[:, 0:2] = 0  # the wrist
    features[:, 2:4] -= 1.5
    features[:, 4:6] -= 1.5
    features[2, :6] = 0  # and once the hand was not found
    skeleton = skeleton_of(features, TWO)
    assert skeleton is not None
    np.testing.assert_array_equal(skeleton.parts[0].points[[0, 1, 3], 0], 0)
    assert np.isnan(skeleton.parts[0].points[2]).all()


def test_a_joint_that_was_never_found_does_not_lie_in_the_corner_of_the_picture() -> None:
    features = frames() * 100
    features[:, 0:2] = 0
    skeleton = skeleton_of(features, TWO)
    assert skeleton is not None
    assert np.isnan(skeleton.parts[0].points[:, 0]).all()


def test_the_extent_holds_the_clip_and_leaves_slips_out() -> None:
    features = frames(40)
    plain = skeleton_of(features, TWO)
    features[7, 4:6] = 1e6
    slipped = skeleton_of(features, TWO)
    assert plain is not None
    assert slipped is not None
    left, top, right, bottom = plain.extent
    assert left < 1 < 2 < right
    assert top < 1 < 2 < bottom
    assert right - left < 1.3
    np.testing.assert_allclose(slipped.extent, plain.extent, atol=0.1)


def test_legs_and_a_body_without_a_frame_do_not_shrink_the_rest() -> None:
    layout = landmarks_of("MediaPipe pose", (("pose", POSE),), 2, "")
    features = frames(20, 66).reshape(20, 33, 2)
    features[:, 25:] += 10  # knees and below
    skeleton = skeleton_of(features.reshape(20, 66), layout)
    assert skeleton is not None
    assert skeleton.extent[3] < 3
    empty = skeleton_of(np.full((3, 66), np.nan, np.float32), layout)
    assert empty is not None
    assert empty.extent == (0.0, 0.0, 1.0, 1.0)
    assert empty.parts[0].missing.all()


def test_why_nothing_is_drawn_is_told() -> None:
    assert "36 numbers" in why_no_skeleton(None, 36)
    assert "12" in why_no_skeleton(TWO, 11)
    assert "no x and y" in why_no_skeleton(replace(TWO, axes="z"), 12)
    assert why_no_skeleton(TWO, 12) == ""
    assert skeleton_of(frames(), None) is None
    assert skeleton_of(frames(0), TWO) is None
    assert skeleton_of(frames(3, 11), TWO) is None


def citizen(hand_at: tuple[str, str], count: int = 12, seed: int = 1) -> np.ndarray:
    """(T, 150): a pose of 33 and two hands, the first and the second one at these wrists of the body."""
    random = np.random.default_rng(seed)
    points = random.normal(0, 0.01, (count, 75, 2))
    wrists = {"left": (0.8, 0.5), "right": (0.2, 0.5)}
    points[:, POSE.index("left wrist")] += wrists["left"]
    points[:, POSE.index("right wrist")] += wrists["right"]
    for first, side in zip((33, 54), hand_at, strict=True):
        points[:, first : first + 21] += wrists[side]
    return points.reshape(count, 150).astype("f4")


@pytest.mark.parametrize(("hand_at", "names"), [(("right", "left"), "right"), (("left", "right"), "left")])
def test_the_wrists_of_the_body_tell_which_hand_is_which(hand_at: tuple[str, str], names: str) -> None:
    layout = known(recognise_landmarks(150, (75, 2)))
    assert layout.sides_assumed
    sides = Sides(layout)
    sides.add(citizen(hand_at))
    settled = known(sides.settled())
    assert not settled.sides_assumed
    assert [group.part for group in settled.groups][1] == f"{names} hand"
    assert [group.start for group in settled.groups] == [0, 66, 108]
    assert f"lies at the {names} wrist" in settled.why


def test_sides_stay_assumed_without_a_clear_majority_and_told_ones_are_left_alone() -> None:
    layout = known(recognise_landmarks(150, (75, 2)))
    sides = Sides(layout)
    sides.add(citizen(("right", "right")))
    assert sides.settled() is layout
    few = Sides(layout)
    few.add(citizen(("right", "left"), 2))
    assert few.settled() is layout
    told = known(recognise_landmarks(1086, (543, 2)))
    sides = Sides(told)
    sides.add(np.zeros((3, 1086), np.float32))
    assert sides.settled() is told
    assert Sides(None).settled() is None


def test_a_pose_file_tells_its_bones_and_its_rate(tmp_path: Path) -> None:
    clips = open_clips(MappedFile(written(made(), tmp_path / "a.pose")))
    assert clips.rates == (25.0,)
    assert known(clips.landmarks).groups[0].bones == ((0, 1),)


def test_bones_of_a_pose_file_that_lead_nowhere_are_left_out(tmp_path: Path) -> None:
    path = written(made(), tmp_path / "a.pose")
    raw = path.read_bytes()
    limb = struct.pack("<2H", 0, 1)
    at = raw.index(limb + struct.pack("<3H", 255, 0, 0))
    path.write_bytes(raw[:at] + struct.pack("<2H", 0, 999) + raw[at + 4 :])
    header = read_header(MappedFile(path))
    assert header.components[0].limbs == ()
    assert header.components[1].limbs == ((0, 1),)
    assert component("POSE_LANDMARKS", 2).limbs == [(0, 1)]


@pytest.mark.parametrize(
    ("name", "parts", "missing"),
    [
        ("pose/mediapipe.pose", ["pose", "face", "left hand", "right hand"], {"left hand": 170, "right hand": 25}),
        ("pose/openpose.pose", ["pose", "face", "left hand", "right hand"], {"left hand": 44, "right hand": 0}),
        (
            "islr_parquet/bird-0.parquet",
            ["face", "left hand", "pose", "right hand"],
            {"left hand": 54, "right hand": 2},
        ),
    ],
)
def test_real_clips_become_skeletons(cases: Path, name: str, parts: list[str], missing: dict[str, int]) -> None:
    clips = open_clips(MappedFile(cases / "real" / name))
    features = clips.features(0)
    skeleton = skeleton_of(features, clips.landmarks)
    assert skeleton is not None
    assert [part.name for part in skeleton.parts] == parts
    assert {part.name: int(part.missing.sum()) for part in skeleton.parts if "hand" in part.name} == missing
    assert all(part.bones for part in skeleton.parts)
    left, top, right, bottom = skeleton.extent
    hand = next(part for part in skeleton.parts if part.name == "right hand")
    held = hand.points[np.isfinite(hand.points).all(axis=2)]
    assert ((held >= [left, top]) & (held <= [right, bottom])).all(), "the signing hand is never out of the picture"
