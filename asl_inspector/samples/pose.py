"""`.pose` files: a header that names the landmarks, then coordinates and confidences of every frame.

The coordinates of versions 0.1 and 0.2 lie plainly in the file and stay there; a landmark whose confidence is zero is
missing and reads as zero. Version 0.0 keeps people frame by frame and is unpacked.

Source: the specification in the pose-format repository, versions 0.0 to 0.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.choosing import Chosen
from asl_inspector.samples.gathering import Rows, Source, finish
from asl_inspector.samples.job import Job
from asl_inspector.samples.known_landmarks import BODY_25
from asl_inspector.samples.labels import NO_LABEL
from asl_inspector.samples.placing import Placer
from asl_inspector.samples.records import Clips, FeaturePlace, FloatArray, LandmarkGroup, Landmarks

MOST_COMPONENTS = 256
MOST_POINTS = 100_000
FASTEST = 10_000  # frames a second
WHAT_TO_DO = "Copy or download it again, or write it again with the pose-format package."
PARTS = {
    "POSE_LANDMARKS": "pose",
    "FACE_LANDMARKS": "face",
    "LEFT_HAND_LANDMARKS": "left hand",
    "RIGHT_HAND_LANDMARKS": "right hand",
    "POSE_WORLD_LANDMARKS": "pose in metres",
    "pose_keypoints_2d": "pose",
    "face_keypoints_2d": "face",
    "hand_left_keypoints_2d": "left hand",
    "hand_right_keypoints_2d": "right hand",
}


@dataclass(frozen=True, slots=True)
class Component:
    """A named group of landmarks; `format` has a letter for each number of a landmark, the confidence last.

    `limbs` are pairs of places in `points`.
    """

    name: str
    format: str
    points: tuple[str, ...]
    limbs: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PoseHeader:
    """The header; `end` is the place of the body."""

    version: float
    components: tuple[Component, ...]
    end: int

    @property
    def points(self) -> int:
        """Landmarks in a frame."""
        return sum(len(component.points) for component in self.components)

    @property
    def dims(self) -> int:
        """Coordinates of a landmark."""
        return max(len(component.format) for component in self.components) - 1


class _Reader:
    """Takes what is next from the file, and nothing beyond its end."""

    def __init__(self, view: memoryview, name: str) -> None:
        self.view = view
        self.name = name
        self.position = 0

    def unpack(self, layout: str) -> tuple[int | float, ...]:
        size = struct.calcsize(layout)
        if self.position + size > len(self.view):
            raise DataError(f"“{self.name}” is cut short.", advice=WHAT_TO_DO)
        found = struct.unpack_from(layout, self.view, self.position)
        self.position += size
        return found

    def whole(self) -> int:
        return int(self.unpack("<H")[0])

    def text(self) -> str:
        size = self.whole()
        raw = bytes(self.view[self.position : self.position + size])
        if len(raw) < size:
            raise DataError(f"“{self.name}” is cut short.", advice=WHAT_TO_DO)
        self.position += size
        return raw.decode("utf-8", "backslashreplace")


def read_header(file: MappedFile) -> PoseHeader:
    """The header of a `.pose`.

    Raises:
        DataError: If it is damaged, or of a version that is not known.
    """
    reader = _Reader(file.view, file.path.name)
    version = round(reader.unpack("<f")[0], 3)
    if version not in (0.0, 0.1, 0.2):
        raise DataError(f"“{file.path.name}” is a pose file of version {version:g}, which is not known.")
    reader.unpack("<3H")
    count = reader.whole()
    components: list[Component] = []
    points = 0
    for _ in range(min(count, MOST_COMPONENTS + 1)):
        name, shape = reader.text(), reader.text()
        sizes = reader.unpack("<3H")
        points += int(sizes[0])
        if points > MOST_POINTS or len(shape) < 2:
            raise DataError(f"The header of “{file.path.name}” is damaged.", advice=WHAT_TO_DO)
        names = tuple(reader.text() for _ in range(int(sizes[0])))
        ends = [int(end) for end in reader.unpack(f"<{2 * int(sizes[1])}H")]
        reader.unpack(f"<{3 * int(sizes[2])}H")
        limbs = tuple((a, b) for a, b in zip(ends[::2], ends[1::2], strict=True) if max(a, b) < len(names))
        components.append(Component(name, shape, names, limbs))
    if not 0 < count <= MOST_COMPONENTS or not points:
        raise DataError(f"The header of “{file.path.name}” names no landmarks.", advice=WHAT_TO_DO)
    return PoseHeader(version, tuple(components), reader.position)


def landmarks_of_header(header: PoseHeader) -> Landmarks:
    """The header's components as groups of landmarks."""
    groups: list[LandmarkGroup] = []
    start = 0
    for component in header.components:
        part = PARTS.get(component.name, component.name.replace("_", " ").lower())
        joints = tuple(point.replace("_", " ").lower() for point in component.points)
        groups.append(LandmarkGroup(part, start, joints, header.dims, component.limbs))
        start += len(joints) * header.dims
    names = {component.name for component in header.components}
    layout = "landmarks"
    if "POSE_LANDMARKS" in names or "LEFT_HAND_LANDMARKS" in names:
        layout = "MediaPipe Holistic"
    elif "pose_keypoints_2d" in names:
        layout = "OpenPose" if len(groups[0].joints) == len(BODY_25) else "OpenPose landmarks"
    axes = max((component.format for component in header.components), key=len)[:-1].lower()
    return Landmarks(layout, tuple(groups), "The header names the landmarks.", axes)


def read_pose_clips(file: MappedFile, job: Job) -> Clips:
    """The one clip of a `.pose`; of several people the first.

    Raises:
        DataError: If the file is damaged or cut short.
    """
    header = read_header(file)
    rows = Rows(Placer(job.sink))
    if header.version == 0:
        rows.placer.add_frames(_frame_by_frame(file, header, rows))
    else:
        rows.placer.add_place(_place(file, header, rows))
    rows.shape = (header.points, header.dims)
    rows.landmarks = landmarks_of_header(header)
    rows.ids.append(file.path.stem)
    rows.labels.append(NO_LABEL)
    rows.splits.append(None)
    rows.signers.append(None)
    rows.rates.append(_rate(file, header))
    shown = tuple(f"{part.name}: {len(part.points)} landmarks, {part.format}" for part in header.components)
    source = Source(file.path, "pose file", None, lambda _: None, job)
    return finish(source, rows, Chosen(features="coordinates", available=shown), "one clip")


def _rate(file: MappedFile, header: PoseHeader) -> float | None:
    """Frames a second, the first number of the body; None where it is no rate."""
    reader = _Reader(file.view, file.path.name)
    reader.position = header.end
    (rate,) = reader.unpack("<f" if header.version == 0.2 else "<H")
    return float(rate) if 0 < rate < FASTEST else None


def _place(file: MappedFile, header: PoseHeader, rows: Rows) -> FeaturePlace:
    reader = _Reader(file.view, file.path.name)
    reader.position = header.end
    if header.version == 0.2:
        frames, people = (int(number) for number in reader.unpack("<fIH")[1:])
    else:
        _, frames, people = (int(number) for number in reader.unpack("<3H"))
    points, dims = header.points, header.dims
    left = len(file.view) - reader.position
    frame_bytes = 4 * people * points * (dims + 1)
    if header.version == 0.1 and frame_bytes:
        frames = left // frame_bytes  # the count has 16 bits only; the size of the file tells
    if frames * frame_bytes > left:
        raise DataError(
            f"“{file.path.name}” announces {frames:,} frames and has {left // max(1, frame_bytes):,}.",
            advice=WHAT_TO_DO,
        )
    if not people:
        rows.notes.append("Nobody is in this clip.")
        return FeaturePlace(reader.position, (0, points * dims), "<f4", inner=(points, dims))
    steps = (4 * people * points * dims, 4 * dims, 4)
    start = reader.position
    mask = start + frames * people * points * dims * 4
    if people > 1:
        rows.notes.append(f"{people} people are in this clip; the first one is read.")
    return FeaturePlace(
        start,
        (frames, points * dims),
        "<f4",
        inner=(points, dims),
        steps=steps,
        mask=mask,
        mask_step=4 * people * points,
    )


def _frame_by_frame(file: MappedFile, header: PoseHeader, rows: Rows) -> FloatArray:
    """Version 0.0: every frame has its own number of people. (T, points x dims), zero where nobody is."""
    reader = _Reader(file.view, file.path.name)
    reader.position = header.end
    _, frames = (int(number) for number in reader.unpack("<2H"))
    person_bytes = 4 * sum(len(part.points) * len(part.format) for part in header.components)
    found = []
    crowded = 0
    for _ in range(frames):
        people = reader.whole()
        crowded += people > 1
        frame = np.zeros((header.points, header.dims), np.float32)
        for person in range(people):
            reader.unpack("<h")
            start, reader.position = reader.position, reader.position + person_bytes
            if reader.position > len(file.view):
                raise DataError(f"“{file.path.name}” is cut short.", advice=WHAT_TO_DO)
            if person == 0:
                _fill(frame, file.view[start : reader.position], header)
        found.append(frame.reshape(-1))
    if crowded:
        rows.notes.append(f"Several people are in {crowded:,} frames of this clip; the first one is read.")
    return np.stack(found) if found else np.zeros((0, header.points * header.dims), np.float32)


def _fill(frame: FloatArray, raw: memoryview, header: PoseHeader) -> None:
    """Coordinates of one person, zero where the confidence is."""
    position = first = 0
    for part in header.components:
        count, size = len(part.points), len(part.format)
        numbers = np.frombuffer(raw, "<f4", count * size, position).reshape(count, size)
        frame[first : first + count, : size - 1] = np.where(numbers[:, -1:] > 0, numbers[:, :-1], 0)
        position, first = position + 4 * count * size, first + count
