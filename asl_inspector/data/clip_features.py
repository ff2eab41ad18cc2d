"""One clip's numbers, to be looked at: every frame where that is not too much to draw."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipFeatures, ClipSurvey, ColumnFacts
from asl_inspector.errors import DataError
from asl_inspector.samples.known_landmarks import known_landmarks
from asl_inspector.samples.records import Clips

MOST_NUMBERS = 4_000_000  # 2,400 frames of MediaPipe Holistic; 16 MB on their way to the window
FloatArray = NDArray[np.float64]


def clip_features(clips: Clips | None, index: int, survey: ClipSurvey | None = None) -> ClipFeatures:
    """The features of a clip.

    Args:
        clips: The clips of the file, or None where there are none.
        index: Which of them.
        survey: What was found in the file, where it was looked through: the scale of its features, and which hand is which.

    Raises:
        DataError: If there is no such clip, or its numbers cannot be read.
    """
    if clips is None or not 0 <= index < len(clips) or not len(clips.places):
        raise DataError("The features of this clip are not at hand.", advice="Drop the validation clips.")
    whole = clips.features(index)
    every = max(1, -(-whole.size // MOST_NUMBERS))
    facts = survey.columns if survey is not None else None
    landmarks = survey.landmarks if survey is not None else known_landmarks(clips)
    if facts is None:
        mean, spread = _moments(whole, zeros_count=landmarks is None)
    else:
        mean, spread = (facts.mean, facts.spread) if landmarks is None else _without_zeros(facts)
    features = np.ascontiguousarray(whole[::every])
    features.flags.writeable = False
    return ClipFeatures(
        index=index,
        features=features,
        every=every,
        frames=len(whole),
        mean=mean,
        spread=spread,
        landmarks=landmarks,
        rate=clips.rates[index] if clips.rates else None,
    )


def _without_zeros(facts: ColumnFacts) -> tuple[FloatArray, FloatArray]:
    """(F,) each, the moments of what is not 0: a zero adds nothing to a sum nor to one of squares."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = 1 - facts.zero / (1 - facts.absent)  # of the finite numbers, those that are not 0
        mean = facts.mean / share
        squares = (facts.spread**2 + facts.mean**2) / share
        spread = np.sqrt(np.maximum(squares - mean**2, 0))
    return mean, spread


def _moments(features: NDArray[np.float32], *, zeros_count: bool) -> tuple[FloatArray, FloatArray]:
    """(F,) each, mean and standard deviation over finite numbers, or those but 0; NaN where there are none."""
    told = np.isfinite(features) & (zeros_count | (features != 0))
    count = told.sum(axis=0)
    known = np.where(told, features, 0).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = known.sum(axis=0) / count
        spread = np.sqrt((np.where(told, known - mean, 0) ** 2).sum(axis=0) / count)
    return mean, spread
