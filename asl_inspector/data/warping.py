"""Nearest training clips by dynamic time warping, for small sets.

Distance: the cheapest way to walk through both clips in order, where a step may dwell in either; cost is the Euclidean
distance of two standardised frames, and the sum is divided by the frames of both clips. Paths stay within a band around
the diagonal (Sakoe and Chiba 1978) of a fifth of the longer clip, widened by the difference of the lengths.

One validation clip is compared with many training clips at once: their tables are filled diagonal by diagonal, for the
cells of a diagonal do not depend on each other.
"""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.neighbours import Scaling, judge, scaling_of, standardised
from asl_inspector.data.records import Neighbours
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import Clips

BAND = 0.2
CHUNK = 128  # training clips at once, of about the same length
LONGEST = 96  # frames; longer clips are thinned evenly
MOST_PAIRS = 2_000_000
FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


def is_small(validation: Clips, train: Clips) -> bool:
    """True where all pairs can be warped in minutes."""
    return len(validation) * len(train) <= MOST_PAIRS


def find_warped(
    validation: Clips,
    train: Clips,
    mean: FloatArray,
    spread: FloatArray,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Neighbours:
    """Seek the nearest training clip of every validation clip by dynamic time warping.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    started = time.perf_counter()
    scaling = scaling_of(mean, spread)
    theirs = [_frames(train, index, scaling) for index in range(len(train))]
    order = sorted((index for index in range(len(train)) if len(theirs[index])), key=lambda index: len(theirs[index]))
    chunks = [_padded(order[start : start + CHUNK], theirs) for start in range(0, len(order), CHUNK)]
    nearest = np.full(len(validation), -1, np.int64)
    for index in range(len(validation)):
        cancel.raise_if_cancelled()
        progress(Step("Warping clips onto each other", index, len(validation), "clips"))
        own = _frames(validation, index, scaling)
        if not len(own):
            continue
        best = np.inf
        for members, frames, lengths in chunks:
            distances = warped_distances(own, frames, lengths)
            at = int(distances.argmin())
            if distances[at] < best:
                best, nearest[index] = float(distances[at]), members[at]
    right, judged = judge(validation, train, nearest)
    ratio = np.full(len(validation), np.nan)
    for array in (nearest, ratio, right, judged):
        array.flags.writeable = False
    return Neighbours("dtw", (), nearest, ratio, right, judged, None, time.perf_counter() - started)


def _frames(clips: Clips, index: int, scaling: Scaling) -> Matrix:
    features = clips.features(index)
    if len(features) > LONGEST:
        features = features[np.linspace(0, len(features) - 1, LONGEST).round().astype(int)]
    return standardised(features, scaling)


def _padded(members: list[int], frames: list[Matrix]) -> tuple[list[int], Matrix, NDArray[np.int64]]:
    lengths = np.array([len(frames[index]) for index in members])
    block = np.zeros((len(members), int(lengths.max()), frames[members[0]].shape[1]), np.float32)
    for row, index in enumerate(members):
        block[row, : lengths[row]] = frames[index]
    return members, block, lengths


def warped_distances(own: Matrix, others: Matrix, lengths: NDArray[np.int64]) -> FloatArray:
    """(B,), the warping distance of one clip to each of many.

    Args:
        own: (T, F).
        others: (B, U, F), padded at the end.
        lengths: (B,), frames of each.
    """
    steps, width = len(own), others.shape[1]
    cost = _costs(own, others)  # (B, T, U)
    band = np.maximum(BAND * np.maximum(steps, lengths), np.abs(steps - lengths)) + 1  # (B,)
    rows, columns = np.arange(steps), np.arange(width)
    ideal = rows[None, :] * (lengths / steps)[:, None]  # (B, T)
    cost[np.abs(columns[None, None, :] - ideal[:, :, None]) > band[:, None, None]] = np.inf
    found = np.full(len(others), np.inf)
    before = last = np.full((len(others), steps), np.inf)  # the two diagonals before, by row
    for diagonal in range(steps + width - 1):
        first, stop = max(0, diagonal - width + 1), min(steps, diagonal + 1)
        at = rows[first:stop]
        entered = np.minimum(last[:, first:stop], _row_above(last, first, stop))
        entered = np.minimum(entered, _row_above(before, first, stop))
        if diagonal == 0:
            entered = np.zeros_like(entered)
        now = np.full_like(last, np.inf)
        now[:, first:stop] = entered + cost[:, at, diagonal - at]
        before, last = last, now
        ended = lengths + steps - 2 == diagonal
        found[ended] = now[ended, steps - 1]
    return found / (steps + lengths)


def _row_above(diagonal: FloatArray, first: int, stop: int) -> FloatArray:
    """The same diagonal one row up, infinite above the first row."""
    if first:
        return diagonal[:, first - 1 : stop - 1]
    return np.concatenate([np.full((len(diagonal), 1), np.inf), diagonal[:, : stop - 1]], axis=1)


def _costs(own: Matrix, others: Matrix) -> FloatArray:
    """(B, T, U), Euclidean distances of frames."""
    squares = np.einsum("tf,tf->t", own, own)[None, :, None] + np.einsum("buf,buf->bu", others, others)[:, None, :]
    flat = others.reshape(-1, others.shape[2]) @ own.T  # (B * U, T)
    products = flat.reshape(len(others), others.shape[1], len(own)).transpose(0, 2, 1)
    found: FloatArray = np.sqrt(np.maximum(squares - 2 * products, 0.0)).astype(np.float64)
    return found
