"""From the numbers of a clip to a skeleton that can be drawn, in the plane of the picture. T frames, J joints.

x to the right and y downwards, as in an image; of three coordinates the third is left out. A joint is missing where a
coordinate is NaN or infinite, or where all of them are exactly 0, which is how OpenPose, SPOTER and masked arrays write
what was not found. One joint of a part may lie on the origin in every frame and be there all the same: the one that
the part was centred on, which shows in the other joints lying on all sides of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.samples.bones import HANDS, Bones, bones_of, is_of_head, is_of_legs, plain_name
from asl_inspector.samples.records import FloatArray, LandmarkGroup, Landmarks

Kind = Literal["body", "left", "right", "face", "other"]
BoolArray = NDArray[np.bool_]
KINDS: dict[str, Kind] = {"pose": "body", "left hand": "left", "right hand": "right", "face": "face", "hand": "right"}
FAR = 5.0  # interquartile ranges from the median: farther out a joint is a slip of the tracker
NEGATIVE = 0.1  # of the joints of a part that was centred on one of them
MOST_SAMPLES = 200_000
ROOM = 0.06
FEWEST_VOTES = 10  # frames with a hand and both wrists
MAJORITY = 0.8


@dataclass(frozen=True, slots=True, eq=False)
class BodyPart:
    """One part of the body over a clip.

    Attributes:
        name: "left hand".
        kind: What it is drawn as.
        points: (T, J, 2), x and y; NaN where a joint is missing.
        bones: Pairs of joints that a line joins.
        missing: (T,), frames in which no joint of it was found.
        shown: (J,), joints to draw; those of the head are left out where a face shows them better.
    """

    name: str
    kind: Kind
    points: FloatArray
    bones: Bones
    missing: BoolArray
    shown: BoolArray


@dataclass(frozen=True, slots=True, eq=False)
class Skeleton:
    """A clip as parts of a body.

    Attributes:
        parts: In the order of the numbers.
        extent: Left, top, right and bottom of what the clip shows, slips of the tracker left out.
    """

    parts: tuple[BodyPart, ...]
    extent: tuple[float, float, float, float]

    @property
    def frames(self) -> int:
        """T."""
        return len(self.parts[0].points)

    def missing_at(self, frame: int) -> tuple[str, ...]:
        """The parts that were not found in a frame."""
        return tuple(part.name for part in self.parts if part.missing[frame])


def why_no_skeleton(landmarks: Landmarks | None, width: int) -> str:
    """Why there is nothing to draw and what would change that, as a sentence; empty where a skeleton can be drawn."""
    if landmarks is None:
        return (
            f"No skeleton: nothing says which joints the {width:,} numbers of a frame are. Files that name them "
            "(.pose, OpenPose, ISLR, SPOTER) and known layouts (T × 75 × 3) are drawn."
        )
    if landmarks.width != width:
        return f"No skeleton: a frame has {width:,} numbers and its landmarks {landmarks.width:,}."
    if not any(_is_drawable(group, landmarks) for group in landmarks.groups):
        return "No skeleton: the landmarks have no x and y."
    return ""


def _is_drawable(group: LandmarkGroup, landmarks: Landmarks) -> bool:
    """Landmarks in metres have an origin of their own and lie on top of the others, so they are left out."""
    plane = not landmarks.axes or landmarks.axes.startswith("xy")
    return bool(group.joints) and group.dims >= 2 and plane and not group.part.endswith("in metres")


def joints_of(features: FloatArray, landmarks: Landmarks, group: LandmarkGroup) -> FloatArray:
    """(T, J, dims), the numbers of a part; its joints side by side whatever their order in the file."""
    numbers = features[:, landmarks.columns_of(group)]
    if landmarks.interleaved:
        return numbers.reshape(len(features), len(group.joints), group.dims)
    return numbers.reshape(len(features), group.dims, len(group.joints)).transpose(0, 2, 1)


def points_of(features: FloatArray, landmarks: Landmarks, group: LandmarkGroup) -> FloatArray:
    """(T, J, 2), x and y of a part; NaN where a joint is missing."""
    joints = joints_of(features, landmarks, group)
    space = joints[..., : min(group.dims, 3)]  # a fourth number is a visibility
    lost = ~np.isfinite(space).all(axis=2)
    origin = (space == 0).all(axis=2)
    points = np.array(joints[..., :2], np.float32)
    points[lost | origin] = np.nan
    there = ~np.isnan(points[..., 0]).all(axis=1)
    centre = np.flatnonzero(origin[there].all(axis=0)) if there.any() else np.zeros(0, np.intp)
    if len(centre) == 1 and _is_centred(points[there]):
        points[there, centre[0]] = 0.0
    return points


def _is_centred(points: FloatArray) -> bool:
    """True where a good part of the joints lies left of the origin or above it, as in no picture; (T, J, 2)."""
    known = points[np.isfinite(points).all(axis=2)]  # (joints found, 2)
    return bool((known < 0).any(axis=1).mean() > NEGATIVE)


def skeleton_of(features: FloatArray, landmarks: Landmarks | None) -> Skeleton | None:
    """The skeleton of a clip, or None where `why_no_skeleton` says why.

    Args:
        features: (T, F).
        landmarks: What the numbers are.
    """
    if landmarks is None or not len(features) or why_no_skeleton(landmarks, features.shape[1]):
        return None
    groups = [group for group in landmarks.groups if _is_drawable(group, landmarks)]
    has_face = any(group.part == "face" for group in groups)
    parts = []
    for group in groups:
        points = points_of(features, landmarks, group)
        kind = KINDS.get(group.part, "other")
        shown = np.array([not (has_face and kind == "body" and is_of_head(joint)) for joint in group.joints])
        missing: BoolArray = np.asarray(np.isnan(points[..., 0]).all(axis=1))
        for array in (points, shown, missing):
            array.flags.writeable = False
        bones = tuple((a, b) for a, b in bones_of(group, landmarks.layout) if shown[a] and shown[b])
        parts.append(BodyPart(group.part, kind, points, bones, missing, shown))
    return Skeleton(tuple(parts), _extent(parts, groups))


def _extent(parts: list[BodyPart], groups: list[LandmarkGroup]) -> tuple[float, float, float, float]:
    """A box around all joints above the knees over the whole clip, but for slips of the tracker."""
    held = []
    for part, group in zip(parts, groups, strict=True):
        above = np.array([part.kind != "body" or not is_of_legs(joint) for joint in group.joints])
        points = part.points[:, part.shown & above].reshape(-1, 2)
        held.append(points[np.isfinite(points).all(axis=1)].astype(np.float64))
    every = np.concatenate(held)
    if not len(every):
        return 0.0, 0.0, 1.0, 1.0
    # the hundreds of joints of a face lie close together and would make the arms look far out
    limbs = [points for part, points in zip(parts, held, strict=True) if part.kind != "face" and len(points)]
    sample = np.concatenate(limbs) if limbs else every
    sample = sample[:: -(-len(sample) // MOST_SAMPLES)]
    quarter, middle, three = np.quantile(sample, [0.25, 0.5, 0.75], axis=0)
    reach = FAR * float((three - quarter).max())  # of both axes: a still arm is narrow, not far out
    near = every[(np.abs(every - middle) <= reach).all(axis=1)] if reach else every
    low, high = near.min(axis=0), near.max(axis=0)
    room = ROOM * max(float((high - low).max()), 1e-9)
    return float(low[0] - room), float(low[1] - room), float(high[0] + room), float(high[1] + room)


class Sides:
    """Settles which of two hands is the left one, where the layout alone does not tell it, by the wrists of the body.

    Args:
        landmarks: A layout whose sides are assumed, or any other, which is left as it is.
    """

    def __init__(self, landmarks: Landmarks | None) -> None:
        self.landmarks = landmarks
        self.as_assumed = self.exchanged = 0
        parts = {group.part: group for group in landmarks.groups} if landmarks is not None else {}
        self._hands = [parts[name] for name in HANDS[:2] if name in parts]
        self._pose = parts.get("pose")
        names = [plain_name(joint, "pose") for joint in self._pose.joints] if self._pose is not None else []
        self._wrists = [names.index(name) for name in ("left wrist", "right wrist") if name in names]
        self.is_open = (
            landmarks is not None and landmarks.sides_assumed and len(self._hands) == 2 and len(self._wrists) == 2
        )

    def add(self, features: FloatArray) -> None:
        """Take in one clip, (T, F): every frame with a hand and both wrists of the body is a vote."""
        if not self.is_open or self.landmarks is None or self._pose is None:
            return
        body = points_of(features, self.landmarks, self._pose)[:, self._wrists]  # (T, 2, 2): left, right
        for own, hand in enumerate(self._hands):
            wrist = points_of(features, self.landmarks, hand)[:, :1]  # (T, 1, 2)
            far = np.linalg.norm(body - wrist, axis=2)  # (T, 2)
            self.as_assumed += int((far[:, own] < far[:, 1 - own]).sum())
            self.exchanged += int((far[:, own] > far[:, 1 - own]).sum())

    def settled(self) -> Landmarks | None:
        """The landmarks with the hands that the votes give; as they were where there are too few, or no majority."""
        votes = self.as_assumed + self.exchanged
        if self.landmarks is None or votes < FEWEST_VOTES or max(self.as_assumed, self.exchanged) < MAJORITY * votes:
            return self.landmarks
        swap = {"left hand": "right hand", "right hand": "left hand"} if self.exchanged > self.as_assumed else {}
        groups = tuple(
            LandmarkGroup(swap.get(one.part, one.part), one.start, one.joints, one.dims, one.bones)
            for one in self.landmarks.groups
        )
        first = "right" if swap else "left"
        why = f"{self.landmarks.why.split('. ')[0].rstrip('.')}. The first hand lies at the {first} wrist of the body."
        held = self.landmarks
        return Landmarks(held.layout, groups, why, held.axes, held.interleaved)
