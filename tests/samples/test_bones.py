"""Bones by the names of joints, against the pairs of indices that the sources print, and as graphs."""

from __future__ import annotations

import pytest

from asl_inspector.samples.bones import HAND_BONES, bones_of, plain_name
from asl_inspector.samples.known_landmarks import (
    BODY_25,
    COCO_BODY,
    HAND,
    POSE,
    SPOTER_BODY,
    SPOTER_HAND,
    face,
    landmarks_of_columns,
    recognise_landmarks,
)
from asl_inspector.samples.records import LandmarkGroup

MEDIAPIPE_HAND = (
    "0-1 1-2 2-3 3-4 0-5 5-6 6-7 7-8 5-9 9-10 10-11 11-12 9-13 13-14 14-15 15-16 13-17 17-18 18-19 19-20 0-17"
)
MEDIAPIPE_POSE = (
    "0-1 1-2 2-3 3-7 0-4 4-5 5-6 6-8 9-10 11-12 11-13 13-15 15-17 15-19 15-21 17-19 12-14 14-16 16-18 16-20 16-22 18-20 "
    "11-23 12-24 23-24 23-25 24-26 25-27 26-28 27-29 28-30 29-31 30-32 27-31 28-32"
)
OPENPOSE_BODY = "1-8 1-2 1-5 2-3 3-4 5-6 6-7 8-9 9-10 10-11 8-12 12-13 13-14 1-0 0-15 15-17 0-16 16-18 14-19 19-20 14-21 11-22 22-23 11-24"
OPENPOSE_HAND = "0-1 1-2 2-3 3-4 0-5 5-6 6-7 7-8 0-9 9-10 10-11 11-12 0-13 13-14 14-15 15-16 0-17 17-18 18-19 19-20"
COCO_SKELETON_FROM_1 = "16-14 14-12 17-15 15-13 12-13 6-12 7-13 6-7 6-8 7-9 8-10 9-11 2-3 1-2 1-3 2-4 3-5 4-6 5-7"


def pairs(text: str, first: int = 0) -> set[frozenset[int]]:
    return {frozenset(int(end) - first for end in pair.split("-")) for pair in text.split()}


def found(part: str, joints: tuple[str, ...], layout: str = "") -> set[frozenset[int]]:
    return {frozenset(pair) for pair in bones_of(LandmarkGroup(part, 0, joints, 2), layout)}


@pytest.mark.parametrize(
    ("part", "joints", "layout", "wanted"),
    [
        ("left hand", HAND, "MediaPipe Holistic", pairs(MEDIAPIPE_HAND)),
        ("right hand", HAND, "two hands", pairs(MEDIAPIPE_HAND)),
        ("left hand", HAND, "OpenPose", pairs(OPENPOSE_HAND)),
        ("pose", POSE, "MediaPipe Holistic", pairs(MEDIAPIPE_POSE)),
        ("pose", BODY_25, "OpenPose", pairs(OPENPOSE_BODY)),
        ("pose", COCO_BODY, "COCO-WholeBody", pairs(COCO_SKELETON_FROM_1, 1)),
    ],
    ids=["hand", "right hand", "OpenPose hand", "pose", "BODY_25", "COCO"],
)
def test_bones_are_those_of_the_source(
    part: str, joints: tuple[str, ...], layout: str, wanted: set[frozenset[int]]
) -> None:
    assert found(part, joints, layout) == wanted


def reached(bones: set[frozenset[int]], start: int) -> set[int]:
    """The joints that bones lead to."""
    seen, grew = {start}, True
    while grew:
        more = set().union(*(bone for bone in bones if bone & seen)) | seen
        grew, seen = more != seen, more
    return seen


@pytest.mark.parametrize(("part", "joints"), [("pose", SPOTER_BODY), ("left hand", SPOTER_HAND)])
def test_spoters_joints_hang_together(part: str, joints: tuple[str, ...]) -> None:
    bones = found(part, joints, "SPOTER")
    assert reached(bones, 0) == set(range(len(joints)))
    if part == "left hand":
        assert len(bones) == len(HAND_BONES)


def test_spoters_own_names_are_understood() -> None:
    names = ("wrist left", "indexTip left", "indexDIP left", "indexPIP left", "indexMCP left", "thumbMP left")
    assert [plain_name(name, "left hand") for name in names] == [
        "wrist",
        "index tip",
        "index dip",
        "index pip",
        "index mcp",
        "thumb mcp",
    ]
    assert found("left hand", names) == pairs("0-4 4-3 3-2 2-1")
    assert found("pose", ("nose", "neck", "rightEye", "leftShoulder", "leftElbow")) == pairs("0-1 0-2 1-3 3-4")


def test_a_part_of_a_layout_keeps_the_bones_between_its_joints() -> None:
    joints = ("left shoulder", "right shoulder", "left elbow", "left wrist", "left hip", "right hip")
    assert found("pose", joints) == pairs("0-1 0-2 2-3 0-4 1-5 4-5")


def test_the_bones_that_a_file_tells_come_first() -> None:
    group = LandmarkGroup("left hand", 0, HAND, 2, ((0, 20),))
    assert bones_of(group) == ((0, 20),)


def test_a_face_has_closed_contours_of_the_kind_that_its_numbers_tell() -> None:
    whole, marks = found("face", face(468)), found("face", face(68))
    ends = [end for bone in whole for end in bone]
    assert reached(whole, 10) == reached(whole, 152)  # forehead and chin are on one oval
    assert len(reached(whole, 10)) == 36
    assert all(ends.count(end) == 2 for end in reached(whole, 10))
    assert len(reached(marks, 0)) == 17  # the jaw is open
    assert len(reached(marks, 36)) == 6
    assert found("face", ("fb 0", "fb 1")) == pairs("0-1")
    assert found("face", ("0", "37", "267", "400")) == pairs("0-1 0-2")
    assert found("face", ("chin", "brow")) == set()


@pytest.mark.parametrize(("width", "points"), [(150, 75), (225, 75), (1629, 543), (108, 54)])
def test_every_part_of_a_guessed_layout_has_bones(width: int, points: int) -> None:
    landmarks = recognise_landmarks(width, (width,))
    assert landmarks is not None
    assert landmarks.points == points
    assert all(bones_of(group, landmarks.layout) for group in landmarks.groups)


def test_named_columns_have_bones() -> None:
    names = [f"{axis}_right_hand_{index}" for axis in "xy" for index in range(21)]
    landmarks = landmarks_of_columns(names)
    assert landmarks is not None
    assert {frozenset(pair) for pair in bones_of(landmarks.groups[0])} == pairs(MEDIAPIPE_HAND)
