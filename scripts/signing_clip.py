"""A made-up signer for pictures: 75 joints, the right hand drawing a circle, the left one lost for a while.

No recording of anybody; the proportions are rough.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.samples.known_landmarks import POSE

FRAMES = 60
LOST = slice(18, 34)
FloatArray = NDArray[np.float64]
RIGHT_HALF = {  # of the body, the signer's right, which is left in the picture; the other half mirrors it
    "eye inner": (0.48, 0.16),
    "eye": (0.47, 0.16),
    "eye outer": (0.455, 0.162),
    "ear": (0.435, 0.18),
    "shoulder": (0.37, 0.36),
    "hip": (0.41, 0.80),
    "knee": (0.41, 1.15),
    "ankle": (0.41, 1.5),
    "heel": (0.40, 1.54),
    "foot index": (0.39, 1.57),
}
MIDDLE = {"nose": (0.5, 0.20), "mouth left": (0.52, 0.245), "mouth right": (0.48, 0.245)}


def _hand(wrist: FloatArray, turn: float, mirrored: bool) -> FloatArray:
    """(21, 2), an open hand from the wrist upwards."""
    joints = [np.zeros(2)]
    spread = (-0.75, -0.3, -0.08, 0.13, 0.34)
    for finger, angle in enumerate(spread):
        first, step = (0.022, 0.018) if finger == 0 else (0.05, 0.017)
        along = np.array([np.sin(angle + turn), -np.cos(angle + turn)])
        joints += [(first + step * joint) * along for joint in range(4)]
    held = np.array(joints)
    return wrist + (held * [-1, 1] if mirrored else held)


def frame(phase: float) -> FloatArray:
    """(75, 2), pose, left hand and right hand at a phase of the circle, in radians."""
    wrists = {
        "right": np.array([0.40 + 0.09 * np.cos(phase), 0.45 + 0.12 * np.sin(phase)]),
        "left": np.array([0.66, 0.66 + 0.02 * np.sin(2 * phase)]),
    }
    places = {name: np.array(place) for name, place in MIDDLE.items()}
    for name, (x, y) in RIGHT_HALF.items():
        places[f"right {name}"], places[f"left {name}"] = np.array([x, y]), np.array([1 - x, y])
    for side, wrist in wrists.items():
        out = -1 if side == "right" else 1
        places[f"{side} elbow"] = (places[f"{side} shoulder"] + wrist) / 2 + [0.05 * out, 0.09]
        places[f"{side} wrist"] = wrist
        for name, reach in (("pinky", 0.03), ("index", 0.045), ("thumb", 0.02)):
            places[f"{side} {name}"] = wrist - [0, reach]
    pose = np.array([places[name] for name in POSE])
    return np.concatenate(
        [pose, _hand(wrists["left"], 0.2, mirrored=False), _hand(wrists["right"], 0.3 * np.sin(phase), mirrored=True)]
    )


def signing_clip(seed: int) -> NDArray[np.float32]:
    """(T, 75, 2), with a little noise, as a tracker adds."""
    random = np.random.default_rng(seed)
    clip = np.stack([frame(phase + 0.4 * seed) for phase in np.linspace(0, 4 * np.pi, FRAMES)])
    clip += random.normal(0, 0.002, clip.shape)
    clip[LOST, 33:54] = 0
    clip[40:44] = clip[40]
    return clip.astype(np.float32)


def write_case(
    folder: Path, glosses: Sequence[str] = ("book", "drink", "computer", "before", "chair", "go")
) -> list[Path]:
    """A folder a gloss, with clips of it as `.npy`."""
    for number, gloss in enumerate(glosses):
        (folder / "val" / gloss).mkdir(parents=True)
        for copy in range(2):
            np.save(folder / "val" / gloss / f"{gloss}_{copy}.npy", signing_clip(2 * number + copy))
    return [folder / "val"]
