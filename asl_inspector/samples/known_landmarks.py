"""Landmark layouts that sign-language work uses, and how to tell them.

Sources: MediaPipe Holistic's model card (33 pose, 468 face or 478 with irises, 21 a hand); the OpenPose output format
(BODY_25, 70 face, 21 a hand); the COCO-WholeBody paper (17 body, 6 feet, 68 face, 21 a hand); the column names of
SPOTER's data files, and the order of a hand's joints in its code.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import accumulate

import numpy as np

from asl_inspector.samples.records import Clips, LandmarkGroup, Landmarks

HAND = (
    "wrist",
    *(f"{finger} {joint}" for finger in ("thumb",) for joint in ("cmc", "mcp", "ip", "tip")),
    *(
        f"{finger} {joint}"
        for finger in ("index", "middle", "ring", "little")
        for joint in ("mcp", "pip", "dip", "tip")
    ),
)
_SIDES = ("left", "right")
POSE = (
    "nose",
    *(f"{side} eye{part}" for side in _SIDES for part in (" inner", "", " outer")),
    *(f"{side} {part}" for part in ("ear",) for side in _SIDES),
    *(f"mouth {side}" for side in _SIDES),
    *(
        f"{side} {part}"
        for part in ("shoulder", "elbow", "wrist", "pinky", "index", "thumb", "hip", "knee", "ankle", "heel")
        for side in _SIDES
    ),
    *(f"{side} foot index" for side in _SIDES),
)
BODY_25 = (
    "nose",
    "neck",
    *(f"{side} {part}" for side in ("right", "left") for part in ("shoulder", "elbow", "wrist")),
    "mid hip",
    *(f"{side} {part}" for side in ("right", "left") for part in ("hip", "knee", "ankle")),
    *(f"{side} {part}" for part in ("eye", "ear") for side in ("right", "left")),
    *(f"{side} {part}" for side in _SIDES for part in ("big toe", "small toe", "heel")),
)
COCO_BODY = (
    "nose",
    *(
        f"{side} {part}"
        for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in _SIDES
    ),
)
FEET = tuple(f"{side} {part}" for side in _SIDES for part in ("big toe", "small toe", "heel"))
SPOTER_BODY = (
    "nose",
    "neck",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
    "right shoulder",
    "left shoulder",
    "right elbow",
    "left elbow",
    "right wrist",
    "left wrist",
)
SPOTER_HAND = (
    "wrist",
    *(
        f"{finger} {joint}"
        for finger in ("index", "middle", "ring", "little")
        for joint in ("tip", "dip", "pip", "mcp")
    ),
    *(f"thumb {joint}" for joint in ("tip", "ip", "mcp", "cmc")),
)


def face(count: int) -> tuple[str, ...]:
    """Names of face landmarks, which have numbers only."""
    return tuple(f"face {index}" for index in range(count))


@dataclass(frozen=True, slots=True)
class Layout:
    """A known layout: its name and its groups in order."""

    name: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    doubt: str = ""
    sides_assumed: bool = False

    @property
    def points(self) -> int:
        """Landmarks in a frame."""
        return sum(len(joints) for _, joints in self.groups)


_HANDS = (("left hand", HAND), ("right hand", HAND))
_WHICH_HAND = "Which hand comes first differs between tools; left is assumed"
LAYOUTS = (
    Layout("MediaPipe Holistic", (("face", face(468)), ("left hand", HAND), ("pose", POSE), ("right hand", HAND))),
    Layout(
        "MediaPipe Holistic with irises",
        (("face", face(478)), ("left hand", HAND), ("pose", POSE), ("right hand", HAND)),
    ),
    Layout("MediaPipe pose and hands", (("pose", POSE), *_HANDS), _WHICH_HAND, sides_assumed=True),
    Layout("two hands", _HANDS, _WHICH_HAND, sides_assumed=True),
    Layout("one hand", (("hand", HAND),)),
    Layout("OpenPose", (("pose", BODY_25), ("face", face(70)), *_HANDS)),
    Layout("OpenPose without the face", (("pose", BODY_25), *_HANDS)),
    Layout("OpenPose body", (("pose", BODY_25),)),
    Layout("COCO-WholeBody", (("pose", COCO_BODY), ("feet", FEET), ("face", face(68)), *_HANDS)),
    Layout(
        "SPOTER",
        (("pose", SPOTER_BODY), ("left hand", SPOTER_HAND), ("right hand", SPOTER_HAND)),
        "A guess from 54 landmarks",
    ),
    Layout("MediaPipe pose", (("pose", POSE),)),
)
BY_POINTS = {layout.points: layout for layout in LAYOUTS}
SURE_WIDTHS = {  # of frames without an axis of landmarks: numbers a frame, then landmarks and numbers for each
    1629: (543, 3),
    1086: (543, 2),
    1659: (553, 3),
    1106: (553, 2),
    225: (75, 3),
    150: (75, 2),
    126: (42, 3),
    84: (42, 2),
    63: (21, 3),
    411: (137, 3),
    274: (137, 2),
    201: (67, 3),
    134: (67, 2),
    399: (133, 3),
    266: (133, 2),
    108: (54, 2),
}
MIXED_WIDTHS = {  # pose with x, y, z and visibility, everything else with x, y, z
    1662: (("pose", POSE, 4), ("face", face(468), 3), ("left hand", HAND, 3), ("right hand", HAND, 3)),
    258: (("pose", POSE, 4), ("left hand", HAND, 3), ("right hand", HAND, 3)),
}
AXES = {2: "xy", 3: "xyz", 4: "xyzv"}


def landmarks_of(
    layout: str, groups: tuple[tuple[str, tuple[str, ...]], ...], dims: int, why: str, *, interleaved: bool = True
) -> Landmarks:
    """A record of groups whose landmarks all have `dims` numbers."""
    starts = accumulate((len(joints) * dims for _, joints in groups), initial=0)
    placed = tuple(
        LandmarkGroup(part, start, joints, dims) for start, (part, joints) in zip(starts, groups, strict=False)
    )
    return Landmarks(layout, placed, why, AXES.get(dims, ""), interleaved)


def recognise_landmarks(width: int | None, shape: tuple[int, ...]) -> Landmarks | None:
    """The layout of a frame, or None where it is none of the known ones.

    Args:
        width: Numbers a frame.
        shape: Sizes of a frame's axes as the file has them, `(543, 3)`; `(1629,)` where landmarks have no axis.
    """
    if width is None:
        return None
    sizes = tuple(size for size in shape if size != 1)
    if len(sizes) == 2:
        for points, dims, interleaved in ((sizes[0], sizes[1], True), (sizes[1], sizes[0], False)):
            if points in BY_POINTS and dims in AXES:
                layout = BY_POINTS[points]
                why = _why(f"A frame has {points} landmarks of {dims} numbers.", layout)
                found = landmarks_of(layout.name, layout.groups, dims, why, interleaved=interleaved)
                return replace(found, sides_assumed=layout.sides_assumed)
        return None
    if width in MIXED_WIDTHS:
        mixed = MIXED_WIDTHS[width]
        starts = accumulate((len(joints) * dims for _, joints, dims in mixed), initial=0)
        groups = tuple(
            LandmarkGroup(part, start, joints, dims) for start, (part, joints, dims) in zip(starts, mixed, strict=False)
        )
        return Landmarks("MediaPipe Holistic", groups, f"Guessed from {width:,} numbers a frame.")
    if width in SURE_WIDTHS:
        points, dims = SURE_WIDTHS[width]
        layout = BY_POINTS[points]
        why = _why(f"Guessed from {width:,} numbers a frame: {points} landmarks of {dims}.", layout)
        return replace(landmarks_of(layout.name, layout.groups, dims, why), sides_assumed=layout.sides_assumed)
    return None


def known_landmarks(clips: Clips) -> Landmarks | None:
    """What the numbers of clips are: as the file says, else by the shape of a frame, or None."""
    width = clips.feature_count
    if clips.landmarks is not None or not width or not len(clips.places):
        return clips.landmarks
    inner = np.unique(clips.places.inner[clips.lengths > 0], axis=0)
    shape = tuple(inner[0].tolist()) if len(inner) == 1 else (width,)
    return recognise_landmarks(width, shape) or recognise_landmarks(width, (width,))


def _why(start: str, layout: Layout) -> str:
    return f"{start} {layout.doubt}." if layout.doubt else start


def named_points(part: str, count: int) -> tuple[str, ...]:
    """Names of `count` landmarks of a part, where they are known; else numbers."""
    known = {"pose": (POSE, BODY_25, COCO_BODY), "left hand": (HAND,), "right hand": (HAND,)}.get(part, ())
    return next((names for names in known if len(names) == count), tuple(f"{part} {index}" for index in range(count)))


_COLUMN = re.compile(r"(?i)^(x|y|z)_(face|left_hand|pose|right_hand)_(\d+)$")


def landmarks_of_columns(names: list[str]) -> Landmarks | None:
    """The layout of columns called `x_face_0`, ..., `z_right_hand_20`: all x first, or landmark by landmark; or None."""
    told = [_COLUMN.match(name) for name in names]
    if not told or not all(told):
        return None
    rows = [(one.group(1).lower(), one.group(2).lower().replace("_", " "), int(one.group(3))) for one in told if one]
    axes = list(dict.fromkeys(axis for axis, _, _ in rows))
    points = list(dict.fromkeys((part, index) for _, part, index in rows))
    by_axis = [(axis, *point) for axis in axes for point in points]
    by_point = [(axis, *point) for point in points for axis in axes]
    if rows not in (by_axis, by_point):
        return None
    groups: dict[str, int] = {}
    for part, _ in points:
        groups[part] = groups.get(part, 0) + 1
    named = tuple((part, named_points(part, count)) for part, count in groups.items())
    why = "The columns name their landmarks."
    return landmarks_of("MediaPipe Holistic", named, len(axes), why, interleaved=rows == by_point)
