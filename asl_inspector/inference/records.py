"""How to run, and one clip looked at closely: plain data that may cross to the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from asl_inspector.inference.word_errors import EditKind


@dataclass(frozen=True, slots=True)
class Consent:
    """The user's word that one file may be run. It holds for this content and no other.

    Attributes:
        path: The file: a checkpoint that carries its program, or Python code that builds the network.
        sha256: Hash of its content, in hexadecimal.
    """

    path: Path
    sha256: str


@dataclass(frozen=True, slots=True)
class Settings:
    """How to run.

    Attributes:
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        batch_frames: Most frames in a batch, or None for the default.
        decoder: The decoder that the questions go by: "majority", "first_token", "score" or "beam".
        blank: Index of the blank, None for what the layout says, or -1 where there is none.
        choices: Answers to what the tensors leave open, as `(name, value)`: ("pooling", "mean").
        mixed: True for half precision where a sample shows that it changes no prediction.
        consent: The file that may be run, or None.
        threads: CPU threads, each with a batch of its own where the network allows it; 0 for as many as prove best.
    """

    device: str = "auto"
    batch_frames: int | None = None
    decoder: str = "majority"
    blank: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    mixed: bool = False
    consent: Consent | None = None
    threads: int = 0


@dataclass(frozen=True, slots=True)
class AlignedGloss:
    """One step from what was signed to what was recognised.

    Attributes:
        kind: "right", "substitution", "deletion" or "insertion".
        signed: The gloss signed, or an empty string.
        recognised: The gloss recognised, or an empty string.
        first: First output frame of the gloss signed on the most probable path that says what was signed, or -1.
        last: Its last frame, or -1.
        probability: Mean posterior of the gloss signed over these frames, or None.
    """

    kind: EditKind
    signed: str
    recognised: str
    first: int = -1
    last: int = -1
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class ClipDetail:
    """What the network said of one clip, step by step.

    Attributes:
        index: Its row.
        log_posteriors: (T, C).
        frames: Frames of the clip, as the file has them, that the T steps span: more than the clip has where it was
            padded, fewer where it was cut.
        aligned: What was signed and what was recognised, gloss by gloss; empty where nothing is known of the former.
    """

    index: int
    log_posteriors: NDArray[np.float32]
    frames: int
    aligned: tuple[AlignedGloss, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectiveRank:
    """In how many directions frames spread.

    Attributes:
        value: exp of the entropy of the shares of the singular values.
        dims: Numbers a frame, those that never change left out.
        null_low: Smallest value of the null, where no two numbers of a frame hang together.
        frames: How many were looked at.
    """

    value: float
    dims: int
    null_low: float
    frames: int


@dataclass(frozen=True, slots=True)
class LayerReset:
    """A layer that was drawn anew.

    Attributes:
        name: What it is, and where that does not tell it from others its path in the rebuilt network.
        stay: Share of the clips whose answer stayed, in [0, 1].
        parameters: How many numbers were drawn.
    """

    name: str
    stay: float
    parameters: int


@dataclass(frozen=True, slots=True)
class LayerResets:
    """All layers, each drawn anew in turn.

    Attributes:
        layers: In the order of the network; empty with a reason.
        clips: Clips that were run.
        reason: Why there are none, or an empty string.
    """

    layers: tuple[LayerReset, ...]
    clips: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EffectiveRanks:
    """The same of the features as the network gets them and of what its last layer gets.

    Attributes:
        features: (T, F), or None where nothing moves.
        hidden: What enters the layer that answers, or None.
        reason: Why `hidden` is None, or an empty string.
        clips: Clips that were looked at.
    """

    features: EffectiveRank | None
    hidden: EffectiveRank | None
    reason: str
    clips: int
