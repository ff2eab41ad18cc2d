"""Which clips are like this one, by their features alone?

Representation: the mean of each feature over the frames of a clip, standardised by mean and spread of the feature over
all frames of the file. The distance is the root mean square over features: 1 means that two clips lie one standard
deviation apart in a typical feature. A feature that is missing in a clip counts as the mean of the file; one that never
varies counts nothing. Time is averaged out: clips of one posture at other moments look alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipSurvey, SimilarClips
from asl_inspector.errors import DataError
from asl_inspector.progress import CancelToken, Progress, Step, silent

MOST = 50  # clips told; farther ones are not like it
BLOCK = 8_192  # clips at a time
FloatArray = NDArray[np.float64]


def similar_clips(
    survey: ClipSurvey, index: int, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> SimilarClips:
    """The clips nearest to one, itself first.

    Args:
        survey: What was found in the file.
        index: Row of the clip.
        progress: Told how far it is.
        cancel: Asked between blocks.

    Raises:
        DataError: If the clips cannot be compared, or this one has no numbers.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    facts, means = survey.columns, survey.means
    if facts is None or not means.shape[1] or not 0 <= index < len(means):
        raise DataError(
            "The features of these clips cannot be compared.", advice="Their numbers differ from clip to clip."
        )
    moves = np.isfinite(facts.spread) & (facts.spread > 1e-9 * np.maximum(1.0, np.abs(np.nan_to_num(facts.mean))))
    if not moves.any() or not np.isfinite(means[index]).any():
        raise DataError("This clip has no numbers that could be compared.")
    centre, spread = facts.mean[moves], facts.spread[moves]
    own = _standardised(means[index][moves], centre, spread)
    distance = np.full(len(means), np.inf)
    for start in range(0, len(means), BLOCK):
        cancel.raise_if_cancelled()
        progress(Step("Seeking similar clips", start, len(means), "clips"))
        block = means[start : start + BLOCK]
        apart = _standardised(block[:, moves], centre, spread) - own
        known = np.isfinite(block).any(axis=1)
        distance[start : start + BLOCK] = np.where(known, np.sqrt((apart**2).mean(axis=1)), np.inf)
    distance[index] = 0.0
    usable = np.flatnonzero(np.isfinite(distance))
    nearest = usable[np.argsort(np.where(usable == index, -1.0, distance[usable]), kind="stable")[:MOST]]
    held = distance[nearest]
    for array in (nearest, held):
        array.flags.writeable = False
    return SimilarClips(index, nearest, held, int(moves.sum()))


def _standardised(values: FloatArray, centre: FloatArray, spread: FloatArray) -> FloatArray:
    found: FloatArray = np.nan_to_num((values - centre) / spread, nan=0.0, posinf=0.0, neginf=0.0)
    return found
