"""The nearest training clip of every validation clip: near duplicates, and what a nearest neighbour would have answered.

Representation ("resampled"): each clip is brought to one length by linear interpolation along time, each feature is
divided by its spread over all training frames, numbers that are missing count as the training mean, and the distance is
Euclidean. Wide features are first projected on fewer by random signs (Achlioptas 2003), which keeps distances within a
few percent; what is named as a near duplicate is measured again without it.

Near: a distance under 15 % of the usual one, which is the median distance from a training clip to the nearest other
clip of its gloss. Among the sets tried the closest pair of different recordings lay at 54 %; a clip that was saved again
in fewer digits, or noised by less than a tenth of each feature's spread, lies below. A clip that was trimmed may not, and
is found by its frames (`shared_frames`).

Memory: blocks of validation clips against all training clips at once; the work is one matrix product a block.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import Neighbours, Pair
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import UNLABELLED, Clips

POINTS = 16  # frames that every clip is brought to
WIDEST = 4096  # numbers a clip after resampling; wider features are projected
PROJECTED = 128
BLOCK = 256
NEAR = 0.15
CANDIDATE = 0.3  # of the usual distance: what single precision and projection may not lose
MOST_PAIRS = 2_000
REFERENCE_CLIPS = 2_000
SEED = 1
FloatArray = NDArray[np.float64]
Matrix = NDArray[np.float32]


@dataclass(frozen=True)
class Scaling:
    """How features become comparable: (F,) means and spreads of the training frames, and a projection or None."""

    mean: Matrix
    spread: Matrix
    projection: Matrix | None


def can_compare(validation: Clips, train: Clips) -> bool:
    """True where both files have clips of the same features."""
    return (
        len(validation) > 0
        and len(train) > 0
        and validation.feature_count is not None
        and validation.feature_count == train.feature_count
        and validation.feature_count > 0
    )


def find_neighbours(
    validation: Clips,
    train: Clips,
    mean: FloatArray,
    spread: FloatArray,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Neighbours:
    """Seek the nearest training clip of every validation clip.

    Args:
        validation: The clips to judge.
        train: The clips to seek among, of the same features.
        mean: (F,), over all training frames.
        spread: (F,), likewise.
        progress: Told how far it is.
        cancel: Asked between blocks.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    started = time.perf_counter()
    scaling = scaling_of(mean, spread)
    ours = resampled(validation, scaling, "validation", progress, cancel)
    theirs = resampled(train, scaling, "training", progress, cancel)
    usable = np.isfinite(theirs).all(axis=1)
    theirs[~usable] = 0
    norms = np.einsum("ij,ij->i", theirs, theirs)
    norms[~usable] = np.inf
    usual = usual_distance(theirs, norms, labels_of(train, validation)[0], cancel)
    nearest = np.full(len(ours), -1, np.int64)
    distance = np.full(len(ours), np.nan)
    near: list[tuple[int, int]] = []
    for start in range(0, len(ours), BLOCK):
        cancel.raise_if_cancelled()
        progress(Step("Seeking the nearest training clips", start, len(ours), "clips"))
        block = ours[start : start + BLOCK]
        squared = squared_distances(block, theirs, norms)
        best = squared.argmin(axis=1)
        for row, column in enumerate(best.tolist()):
            if np.isfinite(squared[row, column]) and np.isfinite(block[row]).all():
                nearest[start + row] = column
                distance[start + row] = float(np.linalg.norm(block[row].astype(np.float64) - theirs[column]))
        if usual:
            rows, columns = np.nonzero(squared < (CANDIDATE * usual) ** 2)
            near += zip((rows + start).tolist(), columns.tolist(), strict=True)
    pairs = _pairs(validation, train, near, usual, scaling, cancel)
    right, judged = judge(validation, train, nearest)
    ratio = distance / usual if usual else np.full(len(ours), np.nan)
    for array in (nearest, ratio, right, judged):
        array.flags.writeable = False
    return Neighbours("resampled", pairs, nearest, ratio, right, judged, usual, time.perf_counter() - started)


def scaling_of(mean: FloatArray, spread: FloatArray) -> Scaling:
    """The scaling of features with these means and spreads; a feature that never varies counts nothing."""
    width = len(mean)
    still = ~np.isfinite(spread) | (spread <= 1e-9 * np.maximum(1.0, np.abs(np.nan_to_num(mean))))
    safe = np.where(still, np.inf, spread)
    projection = None
    if width * POINTS > WIDEST:
        signs = np.random.default_rng(SEED).integers(0, 2, (width, PROJECTED)) * 2 - 1
        projection = (signs / np.sqrt(PROJECTED)).astype(np.float32)
    return Scaling(np.nan_to_num(mean).astype(np.float32), safe.astype(np.float32), projection)


def resampled(
    clips: Clips,
    scaling: Scaling,
    what: str,
    progress: Progress,
    cancel: CancelToken,
    *,
    rows: Sequence[int] | None = None,
) -> Matrix:
    """(N, POINTS * F), NaN rows for clips without frames; of these rows alone where some are given."""
    width = scaling.projection.shape[1] if scaling.projection is not None else len(scaling.mean)
    chosen = range(len(clips)) if rows is None else rows
    found = np.full((len(chosen), POINTS * width), np.nan, np.float32)
    for index, row in enumerate(chosen):
        if index % 256 == 0:
            cancel.raise_if_cancelled()
            progress(Step(f"Bringing the {what} clips to one length", index, len(chosen), "clips"))
        features = clips.features(row)
        if len(features):
            found[index] = at_points(standardised(features, scaling), POINTS).reshape(-1)
    return found


def standardised(features: Matrix, scaling: Scaling) -> Matrix:
    """(T, F) over the training spread; missing numbers are the training mean."""
    scaled = (features - scaling.mean) / scaling.spread
    np.nan_to_num(scaled, copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    np.clip(scaled, -1e6, 1e6, out=scaled)
    if scaling.projection is None:
        return scaled
    return np.asarray(scaled @ scaling.projection, np.float32)


def at_points(features: Matrix, points: int) -> Matrix:
    """A clip at `points` equally spaced times from its first to its last frame, (points, F)."""
    if len(features) == points:
        return features
    place = np.linspace(0, len(features) - 1, points)
    below = place.astype(np.intp)
    above = np.minimum(below + 1, len(features) - 1)
    part = (place - below)[:, None].astype(np.float32)
    mixed = features[below] * (1 - part) + features[above] * part
    return np.asarray(mixed, np.float32)


def squared_distances(block: Matrix, others: Matrix, norms: Matrix) -> Matrix:
    """(B, N), squared Euclidean distances; infinite to clips without frames."""
    own = np.einsum("ij,ij->i", block, block)
    products: Matrix = block @ others.T
    products *= -2
    products += norms
    products += own[:, None]
    np.nan_to_num(products, copy=False, nan=np.inf, posinf=np.inf)
    np.maximum(products, 0, out=products)
    return products


def usual_distance(clips: Matrix, norms: Matrix, labels: Sequence[object], cancel: CancelToken) -> float | None:
    """Median distance from a clip to the nearest other of its gloss, or of all clips where there are no labels.

    Of many clips a seeded choice is looked at. Distance 0 is left out: a copy is no second recording.
    """
    chosen = np.arange(len(clips))
    if len(chosen) > REFERENCE_CLIPS:
        chosen = np.sort(np.random.default_rng(SEED).choice(len(clips), REFERENCE_CLIPS, replace=False))
    numbers = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    codes = np.array([numbers[label] for label in labels])
    labelled = len(numbers) > 1
    found: list[FloatArray] = []
    for start in range(0, len(chosen), BLOCK):
        cancel.raise_if_cancelled()
        rows = chosen[start : start + BLOCK]
        squared = squared_distances(clips[rows], clips, norms)
        squared[np.arange(len(rows)), rows] = np.inf
        if labelled:
            squared[codes[rows][:, None] != codes[None, :]] = np.inf
        size = float(np.median(norms[np.isfinite(norms)])) if np.isfinite(norms).any() else 0.0
        squared[squared <= 1e-5 * size] = np.inf
        found.append(np.sqrt(squared.min(axis=1).astype(np.float64)))
    known = np.concatenate(found)
    known = known[np.isfinite(known)]
    return float(np.median(known)) if len(known) else None


def _pairs(
    validation: Clips,
    train: Clips,
    candidates: list[tuple[int, int]],
    usual: float | None,
    scaling: Scaling,
    cancel: CancelToken,
) -> tuple[Pair, ...]:
    """The candidates that are near indeed, measured in double precision and without a projection."""
    if usual is None:
        return ()
    exact = Scaling(scaling.mean, scaling.spread, None)
    cancel.raise_if_cancelled()
    ours, theirs = _names(validation, train)
    found = []
    for a, b in candidates[: 10 * MOST_PAIRS]:
        first = at_points(standardised(validation.features(a), exact), POINTS).astype(np.float64)
        second = at_points(standardised(train.features(b), exact), POINTS).astype(np.float64)
        ratio = float(np.linalg.norm(first - second)) / usual
        if ratio < NEAR:
            same = None if ours[a] is None or theirs[b] is None else ours[a] == theirs[b]
            found.append(Pair(validation.ids[a], train.ids[b], ratio, same))
    return tuple(sorted(found, key=lambda pair: (pair.ratio, pair.validation))[:MOST_PAIRS])


def _names(validation: Clips, train: Clips) -> tuple[list[object], list[object]]:
    ours, theirs = labels_of(validation, train), labels_of(train, validation)
    return ours[0], theirs[0]


def labels_of(clips: Clips, other: Clips) -> tuple[list[object], bool]:
    """The gloss of each clip, None where it has none; by name where both files have names, else by id."""
    by_name = any(gloss is not None for gloss in clips.glosses) and any(gloss is not None for gloss in other.glosses)
    if by_name:
        return list(clips.glosses), True
    return [None if number == UNLABELLED else number for number in clips.gloss_ids.tolist()], False


def judge(validation: Clips, train: Clips, nearest: NDArray[np.int64]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which nearest clips have the gloss of their validation clip, and which could be judged: (N,), (N,)."""
    ours, theirs = _names(validation, train)
    judged = np.array([one >= 0 and ours[i] is not None for i, one in enumerate(nearest.tolist())], dtype=bool)
    right = np.array(
        [one >= 0 and ours[i] is not None and theirs[one] == ours[i] for i, one in enumerate(nearest.tolist())],
        dtype=bool,
    )
    return right, judged
