"""The clips as inference takes them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class ClipSource:
    """The clips to run: how long each is, its true id (-1 for none), and how to get its features.

    Attributes:
        name: File name, for messages.
        lengths: (N,), frames.
        gloss_ids: (N,), true ids.
        feature_count: Numbers a frame, or None where the clips differ.
        features: Gives the (T, F) float32 features of clip `index`; called from one thread at a time.
        target_ids: Of continuous signing, the true ids of each clip in order; else empty.
    """

    name: str
    lengths: NDArray[np.int64]
    gloss_ids: NDArray[np.int64]
    feature_count: int | None
    features: Callable[[int], NDArray[np.float32]]
    target_ids: tuple[tuple[int, ...], ...] = ()
