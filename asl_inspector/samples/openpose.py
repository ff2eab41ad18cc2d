"""OpenPose's JSON: a file a frame, with a list of people; a folder of such files is a clip.

Source: the OpenPose documentation, "Output format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.choosing import Chosen
from asl_inspector.samples.gathering import Rows, Source, finish
from asl_inspector.samples.job import Job
from asl_inspector.samples.known_landmarks import AXES, named_points
from asl_inspector.samples.labels import NO_LABEL
from asl_inspector.samples.placing import Placer
from asl_inspector.samples.records import Clips, FloatArray, LandmarkGroup, Landmarks

GROUPS = (
    ("pose_keypoints_2d", "pose"),
    ("face_keypoints_2d", "face"),
    ("hand_left_keypoints_2d", "left hand"),
    ("hand_right_keypoints_2d", "right hand"),
)
MOST_POINTS = 2_000
LARGEST_FRAME = 16 << 20
ENDING = "_keypoints.json"


def looks_like_openpose(held: object) -> bool:
    """True for the JSON of one frame."""
    people = held.get("people") if isinstance(held, dict) else None
    if not isinstance(people, list):
        return False
    return not people or (isinstance(people[0], dict) and any(key in people[0] for key, _ in GROUPS))


def parse_frame(content: memoryview, name: str) -> object:
    """The JSON of one frame.

    Raises:
        DataError: If it is none.
    """
    if len(content) > LARGEST_FRAME:
        raise DataError(f"“{name}” has {len(content) >> 20} MB, far more than a frame has.")
    try:
        held = json.loads(bytes(content))
    except (ValueError, RecursionError) as error:
        raise DataError(f"“{name}” is no valid JSON.", detail=str(error)) from None
    if not looks_like_openpose(held):
        raise DataError(f"“{name}” is no frame of OpenPose.", advice="Every file of the folder must be one.")
    return held


def openpose_features(frames: Iterable[object], name: str) -> tuple[FloatArray, Landmarks, int]:
    """Coordinates of the first person, zero where the confidence is zero.

    Args:
        frames: JSON of the frames in order.
        name: Of the clip, for messages.

    Returns:
        (T, landmarks x 2), what they are, and how many frames show several people.

    Raises:
        DataError: If the frames differ in their landmarks.
    """
    held = list(frames)
    sizes: dict[str, int] = {}
    crowded = 0
    people: list[dict[str, object]] = []
    for frame in held:
        found = frame.get("people") if isinstance(frame, dict) else None
        first = found[0] if isinstance(found, list) and found and isinstance(found[0], dict) else {}
        crowded += isinstance(found, list) and len(found) > 1
        people.append(first)
        for key, _ in GROUPS:
            count = len(_numbers(first, key)) // 3
            if count and sizes.setdefault(key, count) != count:
                raise DataError(f"The frames of “{name}” differ in how many landmarks they have.")
    points = sum(sizes.values())
    if points > MOST_POINTS:
        raise DataError(f"A frame of “{name}” has {points:,} landmarks, far more than OpenPose finds.")
    features = np.zeros((len(held), points, 2), np.float32)
    groups: list[LandmarkGroup] = []
    first_point = 0
    for key, part in GROUPS:
        count = sizes.get(key, 0)
        if not count:
            continue
        for index, person in enumerate(people):
            numbers = _numbers(person, key)
            if len(numbers) == 3 * count:
                block = np.array(numbers, np.float32).reshape(count, 3)
                features[index, first_point : first_point + count] = np.where(block[:, 2:] > 0, block[:, :2], 0)
        groups.append(LandmarkGroup(part, 2 * first_point, named_points(part, count), 2))
        first_point += count
    landmarks = Landmarks("OpenPose", tuple(groups), "The keys of the frames name their landmarks.", AXES[2])
    return features.reshape(len(held), 2 * points), landmarks, crowded


def _numbers(person: dict[str, object], key: str) -> list[float]:
    found = person.get(key)
    if not isinstance(found, list) or not all(isinstance(number, int | float) for number in found):
        return []
    return found


def read_openpose_clips(file: MappedFile, held: object, job: Job) -> Clips:
    """One frame, or a list of frames, as one clip.

    Raises:
        DataError: If the frames differ in their landmarks.
    """
    frames = held if isinstance(held, list) else [held]
    features, landmarks, crowded = openpose_features(frames, file.path.name)
    rows = Rows(Placer(job.sink))
    rows.placer.add_frames(features)
    rows.shape, rows.landmarks = (features.shape[1],), landmarks
    rows.ids.append(file.path.stem.removesuffix("_keypoints"))
    rows.labels.append(NO_LABEL)
    rows.splits.append(None)
    rows.signers.append(None)
    if len(frames) == 1:
        rows.notes.append("This is a single frame; drop the folder of a clip to read all its frames.")
    if crowded:
        rows.notes.append(f"Several people are in {crowded:,} frames; the first one is read.")
    shown = tuple(f"{group.part}: {len(group.joints)} landmarks, xyc" for group in landmarks.groups)
    source = Source(file.path, "OpenPose JSON", None, lambda _: None, job)
    return finish(source, rows, Chosen(features="x and y", available=shown), "one clip")
