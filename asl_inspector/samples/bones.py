"""Which joints a line joins, by the names of the joints.

Sources, read for the pairs alone: `HAND_CONNECTIONS`, `POSE_CONNECTIONS` and the contours of `FACEMESH_CONTOURS` of
MediaPipe; the figures of BODY_25 and of the hand in OpenPose's output format; the skeleton of the COCO keypoints, which
COCO-WholeBody keeps; the iBUG 68 marks of a face, of which OpenPose's face has two more, the pupils. SPOTER's joints
are a choice of these under names of their own, and Google's ISLR rows and ASL Citizen's are MediaPipe's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from asl_inspector.samples.records import LandmarkGroup

Bones = tuple[tuple[int, int], ...]
Pairs = tuple[tuple[str, str], ...]
HANDS = ("left hand", "right hand", "hand")
FINGERS = ("index", "middle", "ring", "little")
SIDES = ("left", "right")
LARGEST_IBUG = 70
HEAD = ("nose", "eye", "ear", "mouth")
LEGS = ("knee", "ankle", "heel", "toe", "foot")
CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
NUMBER = re.compile(r"\d+$")


def _chains(*chains: Sequence[str]) -> Pairs:
    return tuple(pair for chain in chains for pair in pairwise(chain))


def _both(*chains: Sequence[str]) -> Pairs:
    """Chains of one side of the body for both; "_" stands for the side."""
    return _chains(*([joint.replace("_", side) for joint in chain] for chain in chains for side in SIDES))


_THUMB = ("wrist", "thumb cmc", "thumb mcp", "thumb ip", "thumb tip")
_FINGERS = tuple(tuple(f"{finger} {joint}" for joint in ("mcp", "pip", "dip", "tip")) for finger in FINGERS)
_PALM = ("wrist", *(f"{finger} mcp" for finger in FINGERS), "wrist")
HAND_BONES = _chains(_THUMB, _PALM, *_FINGERS)
OPENPOSE_HAND_BONES = _chains(_THUMB, *(("wrist", *finger) for finger in _FINGERS))
_ARMS = _both(("_ shoulder", "_ elbow", "_ wrist"))
_LEGS = _both(("_ hip", "_ knee", "_ ankle"))
MEDIAPIPE_POSE_BONES = (
    *_both(("nose", "_ eye inner", "_ eye", "_ eye outer", "_ ear")),
    ("mouth left", "mouth right"),
    ("left shoulder", "right shoulder"),
    ("left hip", "right hip"),
    *_ARMS,
    *_LEGS,
    *_both(("_ shoulder", "_ hip"), ("_ ankle", "_ heel", "_ foot index", "_ ankle")),
    *_both(("_ wrist", "_ pinky", "_ index", "_ wrist", "_ thumb")),
)
NECK_POSE_BONES = (  # OpenPose, and SPOTER, which has no hips
    ("neck", "nose"),
    ("neck", "mid hip"),
    *_both(("neck", "_ shoulder"), ("mid hip", "_ hip"), ("nose", "_ eye", "_ ear")),
    *_ARMS,
    *_LEGS,
    *_both(("_ ankle", "_ big toe", "_ small toe"), ("_ ankle", "_ heel")),
)
COCO_POSE_BONES = (
    ("left eye", "right eye"),
    ("left shoulder", "right shoulder"),
    ("left hip", "right hip"),
    *_both(("nose", "_ eye", "_ ear", "_ shoulder", "_ hip")),
    *_ARMS,
    *_LEGS,
)
MEDIAPIPE_FACE_CHAINS = (
    # the oval, then lips outside and inside, eyes and brows
    (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152),
    (152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109, 10),
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185, 61),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191, 78),
    (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466, 263),
    (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246, 33),
    (276, 283, 282, 295, 285),
    (300, 293, 334, 296, 336),
    (46, 53, 52, 65, 55),
    (70, 63, 105, 66, 107),
)
IBUG_FACE_CHAINS = (
    tuple(range(17)),
    tuple(range(17, 22)),
    tuple(range(22, 27)),
    tuple(range(27, 31)),
    tuple(range(31, 36)),
    (*range(36, 42), 36),
    (*range(42, 48), 42),
    (*range(48, 60), 48),
    (*range(60, 68), 60),
)


def bones_of(group: LandmarkGroup, layout: str = "") -> Bones:
    """The lines of a part of the body, as pairs of places in `group.joints`; empty where its joints are not known.

    Args:
        group: The part. Where the file itself tells its lines, those are taken.
        layout: The layout that it is of; OpenPose joins every finger with the wrist.
    """
    if group.bones:
        return group.bones
    if group.part == "face":
        return _face_bones(group.joints)
    names = [plain_name(joint, group.part) for joint in group.joints]
    if group.part in HANDS:
        return _placed(names, OPENPOSE_HAND_BONES if layout.startswith(("OpenPose", "COCO")) else HAND_BONES)
    if "neck" in names:
        return _placed(names, NECK_POSE_BONES)
    return _placed(names, MEDIAPIPE_POSE_BONES if "left eye inner" in names else COCO_POSE_BONES)


def plain_name(joint: str, part: str) -> str:
    """A joint's name as the tables here have it: "indexMCP left" and "index finger mcp" are both "index mcp"."""
    words = CAMEL.sub(" ", joint).replace("_", " ").lower().split()
    if part in HANDS:
        known = {"pinky": "little", "mp": "mcp"}
        words = [known.get(word, word) for word in words if word not in (*SIDES, "finger")]
    return " ".join(words)


def is_of_head(joint: str) -> bool:
    """True for a joint of the body that a face shows better."""
    return any(word in joint.lower() for word in HEAD)


def is_of_legs(joint: str) -> bool:
    """True for a joint below the hips, which is guessed where the picture ends above it."""
    return any(word in joint.lower() for word in LEGS)


def _placed(names: Sequence[str], pairs: Pairs) -> Bones:
    places = {name: place for place, name in enumerate(names)}
    return tuple((places[a], places[b]) for a, b in pairs if a in places and b in places)


def _face_bones(joints: Sequence[str]) -> Bones:
    """Contours of a face whose joints are named by their numbers."""
    found = [NUMBER.search(joint) for joint in joints]
    numbers = [int(one.group()) for one in found if one is not None]
    if len(numbers) != len(joints) or not numbers:
        return ()
    places = {number: place for place, number in enumerate(numbers)}
    chains: Iterable[tuple[int, ...]] = IBUG_FACE_CHAINS if max(numbers) < LARGEST_IBUG else MEDIAPIPE_FACE_CHAINS
    return tuple((places[a], places[b]) for chain in chains for a, b in pairwise(chain) if a in places and b in places)
