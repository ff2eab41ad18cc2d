"""What training code may do to a clip before the network sees it, as questions and as a record.

Nothing of it is in the tensors. Settings may tell; else it can be tried against the stored accuracy, or chosen.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from asl_inspector.checkpoints.records import Scalar
from asl_inspector.networks.plans import Question

SCALING, LENGTH = "preprocessing", "length"
AS_IT_IS, STANDARDISED, EACH_CLIP, WRIST, SHOULDERS = (
    "none",
    "standardised",
    "each clip to 0..1",
    "centred on the wrist",
    "centred on the shoulders",
)
OWN_LENGTH = "as it is"
RESAMPLED, PADDED, HELD = "resampled to {}", "padded or cut to {}", "held or cut to {}"
USUAL_LENGTHS = (30, 32, 60, 64, 100, 50, 128, 20, 40, 16, 24, 80, 90, 96, 120, 150, 200, 256)
LENGTH_WORDS = (
    "max_sequence_length",
    "max_seq_len",
    "max_len",
    "max_frames",
    "num_frames",
    "seq_len",
    "sequence_length",
)
SCALING_WORDS = {
    "standard": STANDARDISED,
    "zscore": STANDARDISED,
    "z_score": STANDARDISED,
    "minmax": EACH_CLIP,
    "min_max": EACH_CLIP,
    "wrist": WRIST,
    "shoulder": SHOULDERS,
}
NUMBER = re.compile(r"(\d+)$")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where landmarks lie among the numbers of a frame.

    Attributes:
        axes: Numbers a landmark.
        wrists: For each hand its first landmark and how many it has; the first is the wrist.
        shoulders: Landmarks of the left and right shoulder.
    """

    axes: int
    wrists: tuple[tuple[int, int], ...] = ()
    shoulders: tuple[int, int] | None = None


# Numbers a frame of the usual sets of MediaPipe landmarks: one hand of 21, two hands, pose of 33, pose and two hands,
# holistic of 543 (face 468, left hand 21, pose 33, right hand 21).
LAYOUTS = {
    63: Layout(3, ((0, 21),)),
    42: Layout(2, ((0, 21),)),
    126: Layout(3, ((0, 21), (21, 21))),
    84: Layout(2, ((0, 21), (21, 21))),
    99: Layout(3, shoulders=(11, 12)),
    66: Layout(2, shoulders=(11, 12)),
    225: Layout(3, ((33, 21), (54, 21)), (11, 12)),
    150: Layout(2, ((33, 21), (54, 21)), (11, 12)),
    1629: Layout(3, ((468, 21), (522, 21)), (500, 501)),
    1086: Layout(2, ((468, 21), (522, 21)), (500, 501)),
}


@dataclass(frozen=True, slots=True)
class Preparation:
    """What is done to a clip.

    Attributes:
        scaling: One of the names above.
        length: "as it is", "resampled to N", "padded or cut to N" with zeros, or "held or cut to N" with the last frame.
    """

    scaling: str = AS_IT_IS
    length: str = OWN_LENGTH

    @property
    def frames(self) -> int | None:
        """Frames that every clip gets, or None where it keeps its own."""
        found = NUMBER.search(self.length)
        return int(found[1]) if found else None

    @property
    def changes_nothing(self) -> bool:
        """True where clips go in as they are."""
        return self.scaling == AS_IT_IS and self.frames is None


def preparation_questions(
    inputs: int, settings: Mapping[str, Scalar], *, settled: bool = False, frames: int | None = None
) -> tuple[Question, ...]:
    """The questions for a network that takes so many numbers a frame.

    Args:
        inputs: Numbers a frame.
        settings: Settings in the checkpoint.
        settled: True where the layout says that clips go in as they are; the user may still know better.
        frames: Frames that every clip must have, or None.
    """
    layout = LAYOUTS.get(inputs, Layout(1))
    scalings = [AS_IT_IS, STANDARDISED, EACH_CLIP]
    scalings += [WRIST] if layout.wrists else []
    scalings += [SHOULDERS] if layout.shoulders else []
    lengths = [OWN_LENGTH]
    stated = _stated_length(settings)
    if frames is not None:
        lengths = [one.format(frames) for one in (HELD, RESAMPLED, PADDED)]
    elif stated is not None and not settled:
        lengths = [PADDED.format(stated), RESAMPLED.format(stated), OWN_LENGTH]
    return (
        Question(
            SCALING,
            tuple(scalings),
            "Before the network, features are prepared so: {}.",
            hint=AS_IT_IS if settled else "",
        ),
        Question(
            LENGTH,
            tuple(lengths),
            "A clip's length before the network: {}.",
            hint=OWN_LENGTH if settled else "",
            forms=(PADDED, RESAMPLED, HELD) if frames is None else (),
        ),
    )


def stated_scaling(settings: Mapping[str, Scalar], options: tuple[str, ...]) -> str | None:
    """The preprocessing that the settings name, or None."""
    for name, value in settings.items():
        last = name.rpartition(".")[2].lower()
        if "norm" not in last and "scal" not in last and "preproc" not in last and "standard" not in last:
            continue
        text = last if value is True else str(value).lower()
        found = next((held for word, held in SCALING_WORDS.items() if word in text), None)
        if found in options:
            return found
    return None


def _stated_length(settings: Mapping[str, Scalar]) -> int | None:
    for name, value in settings.items():
        if name.rpartition(".")[2].lower() in LENGTH_WORDS and type(value) is int and 0 < value < 100_000:
            return value
    return None
