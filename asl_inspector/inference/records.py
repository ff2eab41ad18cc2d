"""How to run, and one clip looked at closely: plain data that may cross to the window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    device: str = "auto"
    batch_frames: int | None = None
    decoder: str = "majority"
    blank: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class ClipDetail:
    """One clip, looked at closely.

    Attributes:
        index: Its row.
        log_posteriors: (T, C).
        features: (T, F).
    """

    index: int
    log_posteriors: NDArray[np.float32]
    features: NDArray[np.float32]
