"""How to run, and one clip looked at closely: plain data that may cross to the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


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
    """

    device: str = "auto"
    batch_frames: int | None = None
    decoder: str = "majority"
    blank: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    mixed: bool = False
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class ClipDetail:
    """What the network said of one clip, step by step.

    Attributes:
        index: Its row.
        log_posteriors: (T, C).
        frames: Frames of the clip, as the file has them, that the T steps span: more than the clip has where it was
            padded, fewer where it was cut.
    """

    index: int
    log_posteriors: NDArray[np.float32]
    frames: int
