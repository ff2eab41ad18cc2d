"""`.pose` files, written and read by the pose-format package."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from pose_format import Pose
from pose_format.numpy import NumPyPoseBody
from pose_format.pose_header import PoseHeader, PoseHeaderComponent, PoseHeaderDimensions

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import THE_FILE, Clips
from asl_inspector.sniffing import Kind, sniff


def component(name: str, points: int, form: str = "XYZC") -> PoseHeaderComponent:
    limbs = [(0, 1)] if points > 1 else []
    return PoseHeaderComponent(name, [f"P_{index}" for index in range(points)], limbs, [(255, 0, 0)], form)


COMPONENTS = [("POSE_LANDMARKS", 33), ("LEFT_HAND_LANDMARKS", 21), ("RIGHT_HAND_LANDMARKS", 21)]


def made(frames: int = 7, people: int = 1, seed: int = 0) -> Pose:
    random = np.random.default_rng(seed)
    points = sum(count for _, count in COMPONENTS)
    data = random.normal(size=(frames, people, points, 3)).astype("f4")
    confidence = (random.random((frames, people, points)) > 0.3).astype("f4")
    header = PoseHeader(0.2, PoseHeaderDimensions(640, 480, 0), [component(*one) for one in COMPONENTS])
    return Pose(header, NumPyPoseBody(25.0, data, confidence))


def written(pose: Pose, path: Path) -> Path:
    with open(path, "wb") as file:
        pose.write(file)
    return path


def opened(path: Path) -> Clips:
    return open_clips(MappedFile(path))


def by_the_library(path: Path) -> np.ndarray:
    """(T, points x dims) of the first person, zero where it is missing."""
    body = Pose.read(path.read_bytes()).body
    filled = body.data.filled(0)[:, 0]
    return np.asarray(filled, np.float32).reshape(len(filled), -1)


def test_what_the_library_writes_is_read_as_it_reads_it(tmp_path: Path) -> None:
    path = written(made(), tmp_path / "a.pose")
    clips = opened(path)
    np.testing.assert_array_equal(clips.features(0), by_the_library(path))
    assert clips.places.part_names == (THE_FILE,)
    assert (clips.ids, clips.lengths.tolist(), clips.feature_count) == (("a",), [7], 225)


def test_numbers_under_the_mask_are_zero_whatever_they_are(tmp_path: Path) -> None:
    path = written(made(), tmp_path / "a.pose")
    raw = Pose.read(path.read_bytes())
    hidden = np.asarray(raw.body.confidence[:, 0] == 0)
    assert (np.asarray(raw.body.data.data[:, 0])[hidden] != 0).all()
    assert (opened(path).features(0).reshape(7, 75, 3)[hidden] == 0).all()


def test_the_header_names_the_landmarks(tmp_path: Path) -> None:
    landmarks = opened(written(made(), tmp_path / "a.pose")).landmarks
    assert landmarks.layout == "MediaPipe Holistic"
    assert [(group.part, len(group.joints), group.start) for group in landmarks.groups] == [
        ("pose", 33, 0),
        ("left hand", 21, 99),
        ("right hand", 21, 162),
    ]
    assert landmarks.axes == "xyz"


def test_of_several_people_the_first_is_read(tmp_path: Path) -> None:
    pose = made(people=3)
    path = written(pose, tmp_path / "a.pose")
    clips = opened(path)
    assert any("3 people" in note for note in clips.notes)
    np.testing.assert_array_equal(clips.features(0), by_the_library(path))


def old(pose: Pose, version: float, tmp_path: Path) -> Path:
    """The same in an earlier version of the format, which the library reads and no longer writes."""
    out = io.BytesIO()
    pose.header.write(out)
    raw = struct.pack("<f", version) + out.getvalue()[4:]
    data, confidence = np.asarray(pose.body.data.data, "<f4"), np.asarray(pose.body.confidence, "<f4")
    frames, people = data.shape[:2]
    if version == 0.1:
        raw += struct.pack("<3H", 25, frames % 65536, people) + data.tobytes() + confidence.tobytes()
    else:
        raw += struct.pack("<2H", 25, frames)
        for frame in range(frames):
            raw += struct.pack("<H", people)
            for person in range(people):
                both = np.concatenate([data[frame, person], confidence[frame, person, :, None]], axis=1)
                raw += struct.pack("<h", person) + both.astype("<f4").tobytes()
    (tmp_path / "old.pose").write_bytes(raw)
    return tmp_path / "old.pose"


@pytest.mark.parametrize("version", [0.0, 0.1])
@pytest.mark.parametrize("people", [1, 2])
def test_earlier_versions(tmp_path: Path, version: float, people: int) -> None:
    path = old(made(people=people), version, tmp_path)
    assert sniff(path.read_bytes()) is Kind.POSE
    np.testing.assert_array_equal(opened(path).features(0), by_the_library(path))


@pytest.mark.parametrize("name", ["mediapipe.pose", "mediapipe_hand_normalized.pose", "openpose.pose"])
def test_real_files_are_read_as_the_library_reads_them(cases: Path, name: str) -> None:
    path = cases / "real" / "pose" / name
    clips = opened(path)
    np.testing.assert_array_equal(clips.features(0), by_the_library(path))
    assert any("hand" in group.part for group in clips.landmarks.groups)


@pytest.mark.parametrize("keep", [3, 14, 40, 200, 900, -1])
def test_a_file_cut_short_becomes_a_sentence(tmp_path: Path, keep: int) -> None:
    path = written(made(), tmp_path / "a.pose")
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError):
        opened(path)


@pytest.mark.parametrize("version", [0.0, 0.2])
def test_counts_that_lie_become_a_sentence(tmp_path: Path, version: float) -> None:
    path = written(made(), tmp_path / "a.pose") if version else old(made(), 0.0, tmp_path)
    raw, size = path.read_bytes(), len(path.read_bytes())
    body = size - 7 * 75 * 16 - (10 if version else 4 + 7 * 4)
    lie = struct.pack("<fIH", 25, 1 << 31, 60000) if version else struct.pack("<2H", 25, 65535)
    path.write_bytes(raw[:body] + lie + raw[body + len(lie) :])
    with pytest.raises(DataError, match=r"announces|cut short"):
        opened(path)


def test_a_header_that_names_millions_of_points_becomes_a_sentence(tmp_path: Path) -> None:
    head = struct.pack("<f3HH", 0.2, 640, 480, 0, 255)
    one = struct.pack("<H", 4) + b"FACE" + struct.pack("<H", 4) + b"XYZC" + struct.pack("<3H", 65535, 65535, 65535)
    (tmp_path / "a.pose").write_bytes(head + one + b"\0" * 1000)
    with pytest.raises(DataError):
        opened(tmp_path / "a.pose")
