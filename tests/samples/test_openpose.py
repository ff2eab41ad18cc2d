"""OpenPose's JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips

SIZES = {"pose": 25, "face": 70, "hand_left": 21, "hand_right": 21}


def frame(seed: int, people: int = 1) -> dict[str, object]:
    random = np.random.default_rng(seed)

    def person() -> dict[str, object]:
        found: dict[str, object] = {"person_id": [-1]}
        for name, count in SIZES.items():
            numbers = random.random((count, 3))
            numbers[random.random(count) < 0.2] = 0
            found[f"{name}_keypoints_2d"] = numbers.reshape(-1).tolist()
        return found

    return {"version": 1.3, "people": [person() for _ in range(people)]}


def expected(held: dict[str, object]) -> np.ndarray:
    people = held["people"]
    assert isinstance(people, list)
    parts = [np.array(people[0][f"{name}_keypoints_2d"]).reshape(-1, 3)[:, :2] for name in SIZES]
    return np.concatenate(parts).reshape(-1).astype("f4")


def written(tmp_path: Path, held: object) -> Path:
    (tmp_path / "clip_000000000000_keypoints.json").write_text(json.dumps(held))
    return tmp_path / "clip_000000000000_keypoints.json"


def test_one_frame_has_137_landmarks_by_name(tmp_path: Path) -> None:
    clips = open_clips(MappedFile(written(tmp_path, frame(0))))
    assert clips.ids == ("clip_000000000000",)
    np.testing.assert_array_equal(clips.features(0)[0], expected(frame(0)))
    assert [(group.part, len(group.joints)) for group in clips.landmarks.groups] == [
        ("pose", 25),
        ("face", 70),
        ("left hand", 21),
        ("right hand", 21),
    ]
    assert clips.landmarks.groups[0].joints[1] == "neck"
    assert any("single frame" in note for note in clips.notes)


def test_a_list_of_frames_is_a_clip_and_nobody_is_zero(tmp_path: Path) -> None:
    frames = [frame(0), {"version": 1.3, "people": []}, frame(2, people=2)]
    clips = open_clips(MappedFile(written(tmp_path, frames)))
    assert clips.lengths.tolist() == [3]
    assert not clips.features(0)[1].any()
    np.testing.assert_array_equal(clips.features(0)[2], expected(frames[2]))
    assert any("Several people are in 1 frames" in note for note in clips.notes)


@pytest.mark.parametrize(
    "person",
    [
        {"pose_keypoints_2d": [0.0] * 9000},
        {"pose_keypoints_2d": "x" * 30},
        {"pose_keypoints_2d": [[[[]]]]},
        {"pose_keypoints_2d": [1e400, 1, 1]},
    ],
)
def test_odd_frames_are_read_or_refused(tmp_path: Path, person: dict[str, object]) -> None:
    path = written(tmp_path, [frame(0), {"people": [person]}])
    try:
        features = open_clips(MappedFile(path)).features(0)
    except DataError as error:
        assert error.sentence  # noqa: PT017 - either zeros or a sentence
    else:
        assert not features[1].any()
