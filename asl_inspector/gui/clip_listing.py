"""A choice of clips that another panel, or "clips like this", wants to see in the Samples panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
LISTING = "samples:listing"  # the place of clips that were just listed


@dataclass(frozen=True, slots=True)
class ClipListing:
    """Some of the clips, and why.

    Attributes:
        title: What they have in common, as words in front of their number.
        clips: Rows of the clips.
        distance: One a row, how far each is from the clip that was asked about; None where that is not the question.
        decoder: Whose answers they were chosen by, or None for any.
    """

    title: str
    clips: IntArray
    distance: FloatArray | None = None
    decoder: str | None = None
