"""Batches that are exact: clips of one length together, so that padding never reaches the network.

A bidirectional network reads its last frames first; a padded frame would change every output. Clips of equal length
need no padding at all, and such groups run faster than packed sequences (docs/measurements.md).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

DEFAULT_BATCH_FRAMES = 16_384
MOST_NUMBERS = 64 << 20  # frames times classes of one batch


def exact_batches(
    lengths: NDArray[np.int64], runnable: NDArray[np.bool_], batch_frames: int = DEFAULT_BATCH_FRAMES
) -> list[NDArray[np.int64]]:
    """Clip indices grouped so that all of a batch have one length.

    Args:
        lengths: (N,), frames.
        runnable: (N,), False for clips to leave out.
        batch_frames: Most frames in a batch; a longer clip is a batch of its own.

    Returns:
        Index arrays, longest clips first, so that a lack of memory shows at once.
    """
    by_length: dict[int, list[int]] = defaultdict(list)
    for index in np.flatnonzero(runnable).tolist():
        by_length[int(lengths[index])].append(index)
    batches = []
    for length in sorted(by_length, reverse=True):
        size = max(1, batch_frames // length)
        members = by_length[length]
        batches += [np.array(members[start : start + size]) for start in range(0, len(members), size)]
    return batches


def frames_for(classes: int, wanted: int | None) -> int:
    """Frames a batch may have, so that the logits stay within memory."""
    return max(1, min(wanted or DEFAULT_BATCH_FRAMES, MOST_NUMBERS // max(1, classes)))
