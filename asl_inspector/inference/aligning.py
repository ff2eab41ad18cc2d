"""Forced alignment: which frames speak which gloss of a given answer, on the most probable CTC path.

Shapes: T frames, C classes, L glosses.

Source: Graves et al. 2006 for the sequence with blanks between; Viterbi 1967 for the maximum in place of the sum.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def align(
    log_posteriors: NDArray[np.float32], glosses: Sequence[int], blank: int
) -> tuple[NDArray[np.int64], float] | None:
    """The best path that collapses to `glosses`.

    Args:
        log_posteriors: (T, C).
        glosses: (L,), classes in the order in which they are signed.
        blank: Index of the blank.

    Returns:
        (T,), for each frame the place of its gloss in `glosses`, -1 for a blank, and the path's log probability; None
        where the clip has too few frames for the answer, or its probability is 0.
    """
    states = np.full(2 * len(glosses) + 1, blank)
    states[1::2] = glosses
    frames, count = len(log_posteriors), len(states)
    may_skip = np.zeros(count, dtype=bool)
    may_skip[3::2] = states[3::2] != states[1:-2:2]
    score = np.full(count, -np.inf)
    score[:2] = log_posteriors[0, states[:2]] if frames else -np.inf
    came = np.zeros((frames, count), dtype=np.int64)
    for frame in range(1, frames):
        options = np.full((3, count), -np.inf)
        options[0] = score
        options[1, 1:] = score[:-1]
        options[2, 2:] = np.where(may_skip[2:], score[:-2], -np.inf)
        came[frame] = options.argmax(axis=0)
        score = options.max(axis=0) + log_posteriors[frame, states]
    state = count - 1 if count == 1 or score[-1] >= score[-2] else count - 2
    total = float(score[state])
    if not np.isfinite(total):
        return None
    path = np.empty(frames, dtype=np.int64)
    for frame in range(frames - 1, -1, -1):
        path[frame] = state // 2 if state % 2 else -1
        state -= int(came[frame, state])
    return path, total
