"""Do the features of validation hang together as those of training do, and do they move at the same pace?

Means and spreads can be alike although a column means something else: turned round, exchanged with another, computed
from another frame rate. What cannot be alike then is how the columns move together.

Measure: within each clip every feature is centred, so that a signer's place and size drop out; over all of these frames
(V, F) the correlation of every two features is taken, once for each file. "Alike" is the correlation between the two
files' off-diagonal entries (Mantel 1967), divided by what two random halves of one file reach by themselves
(disattenuated after Spearman 1904, halves stepped up after Spearman and Brown 1910): 1 for files of one kind however few
clips they have. Numbers that are missing or exactly 0 count in no pair, for zero is how a lost hand is written.

Turned features: with entries a of one file and b of the other, the signs s that make the sum of s_i s_j a_ij b_ij largest
are those of the leading eigenvector of the products (spectral relaxation). They count where the files are alike once the
signs are applied and were not before.

Pace: the middle of all features' ratios of (mean squared step between frames) over (variance within the clip), and
the ratio of the middle lengths. Every second frame of the same signing doubles to quadruples the first and halves the second.

Cost: at most `MOST_OF_GLOSS` clips a gloss and `MOST_CLIPS` a file are looked at, copies left out, so that neither a
frequent gloss nor a large file decides; at most `WIDEST` features.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import ClipSurvey, StructureShift
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import Clips

FloatArray = NDArray[np.float64]
MOST_OF_GLOSS = 12
MOST_CLIPS = 600
FEWEST_CLIPS = 10
FEWEST_FEATURES = 4
WIDEST = 200
RELIABLE = 0.7  # what halves of a file reach, stepped up; below, nothing is said
SEED = 1
TINY = 1e-12


@dataclass(frozen=True)
class _Moments:
    """Sums over frames: (F, F) products, (F, F) squares of the first where both are there; (F,) steps and variances."""

    products: FloatArray
    squares: FloatArray
    steps: FloatArray
    variances: FloatArray

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(
            self.products + other.products,
            self.squares + other.squares,
            self.steps + other.steps,
            self.variances + other.variances,
        )

    def correlations(self) -> FloatArray:
        """(F, F), NaN where a feature does not move."""
        scale = self.squares * self.squares.T
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(np.where(scale > TINY, self.products / np.sqrt(scale), np.nan), np.float64)


def compare_structure(
    validation: Clips,
    train: Clips,
    ours: ClipSurvey,
    theirs: ClipSurvey,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> StructureShift | None:
    """How alike the two files hang together and move, or None where too little is there to tell.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    width = validation.feature_count
    if width is None or width != train.feature_count or ours.columns is None or theirs.columns is None:
        return None
    with np.errstate(invalid="ignore"):
        moving = np.flatnonzero((ours.columns.spread > 0) & (theirs.columns.spread > 0))
    if len(moving) > WIDEST:
        moving = moving[np.linspace(0, len(moving) - 1, WIDEST).round().astype(np.intp)]
    if len(moving) < FEWEST_FEATURES:
        return None
    # single features may be of very different sizes; sums of products are kept comparable by the training spread
    scale = theirs.columns.spread[moving]
    halves = []
    for clips, survey, what in ((validation, ours, "validation"), (train, theirs, "training")):
        chosen = _chosen(clips, survey)
        if len(chosen) < FEWEST_CLIPS:
            return None
        halves.append(_halves(clips, chosen, moving, scale, what, progress, cancel))
    (first, second), (third, fourth) = halves
    here, there = first + second, third + fourth
    own, known = here.correlations(), there.correlations()
    upper = np.triu_indices(len(moving), 1)
    paired: NDArray[np.bool_] = np.isfinite(own[upper]) & np.isfinite(known[upper])
    if paired.sum() < FEWEST_FEATURES:
        return None
    reliable = [
        _stepped_up(_alike(a.correlations()[upper], b.correlations()[upper]))
        for a, b in ((first, second), (third, fourth))
    ]
    plain = _alike(own[upper], known[upper])
    if plain is None or any(one is None or one < RELIABLE for one in reliable):
        return None
    attenuation = math.sqrt(math.prod(one for one in reliable if one is not None))
    signs = _signs(own, known)
    turned = _alike((own * np.outer(signs, signs))[upper], known[upper])
    return StructureShift(
        alike=min(1.0, plain / attenuation),
        turned=tuple(moving[signs < 0].tolist()),
        alike_if_turned=min(1.0, (turned if turned is not None else plain) / attenuation),
        pace=_pace(here, there),
        length=float(np.median(ours.lengths[ours.lengths > 0]) / np.median(theirs.lengths[theirs.lengths > 0])),
        features=len(moving),
    )


def _chosen(clips: Clips, survey: ClipSurvey) -> list[int]:
    """A seeded choice of clips, no two bit for bit the same, few of one gloss."""
    seen: set[bytes] = set()
    counts: Counter[object] = Counter()
    found = []
    for index in np.random.default_rng(SEED).permutation(len(clips)).tolist():
        digest, label = survey.digests[index], int(clips.gloss_ids[index])
        if digest in seen or not digest or clips.lengths[index] < 3 or counts[label] >= MOST_OF_GLOSS:
            continue
        seen.add(digest)
        counts[label] += 1
        found.append(index)
        if len(found) == MOST_CLIPS:
            break
    return found


def _halves(
    clips: Clips,
    chosen: list[int],
    columns: NDArray[np.intp],
    scale: FloatArray,
    what: str,
    progress: Progress,
    cancel: CancelToken,
) -> tuple[_Moments, _Moments]:
    """The moments of every second clip, and of the others."""
    width = len(columns)
    empty = _Moments(np.zeros((width, width)), np.zeros((width, width)), np.zeros(width), np.zeros(width))
    halves = [empty, empty]
    for turn, index in enumerate(chosen):
        if turn % 64 == 0:
            cancel.raise_if_cancelled()
            progress(Step(f"Looking how the features of the {what} clips move together", turn, len(chosen), "clips"))
        halves[turn % 2] = halves[turn % 2] + _moments(clips.features(index)[:, columns].astype(np.float64) / scale)
    return halves[0], halves[1]


def _moments(features: FloatArray) -> _Moments:
    """Of one clip, (T, F)."""
    there = np.isfinite(features) & (features != 0)
    count = there.sum(axis=0)
    known = np.where(there, features, 0.0)
    centred = np.where(there, known - known.sum(axis=0) / np.maximum(count, 1), 0.0)
    held = there.astype(np.float64)
    both = there[1:] & there[:-1]
    steps = np.where(both, np.diff(centred, axis=0), 0.0)
    frames = np.maximum(both.sum(axis=0), 1)
    moves = both.sum(axis=0) > 0
    return _Moments(
        centred.T @ centred,
        (centred**2).T @ held,
        np.where(moves, (steps**2).sum(axis=0) / frames, 0.0),
        np.where(moves, (centred**2).sum(axis=0) / np.maximum(count, 1), 0.0),
    )


def _alike(first: FloatArray, second: FloatArray) -> float | None:
    """Correlation of the entries that both have, or None where one of them does not vary."""
    both = np.isfinite(first) & np.isfinite(second)
    if both.sum() < FEWEST_FEATURES or first[both].std() < 1e-6 or second[both].std() < 1e-6:
        return None
    return float(np.corrcoef(first[both], second[both])[0, 1])


def _stepped_up(half: float | None) -> float | None:
    """Reliability of the whole from that of its halves."""
    return None if half is None or half <= 0 else 2 * half / (1 + half)


def _signs(own: FloatArray, known: FloatArray) -> FloatArray:
    """(F,), 1 or -1; the larger group is 1."""
    products = np.nan_to_num(own * known)
    np.fill_diagonal(products, 0.0)
    leading = np.linalg.eigh(products)[1][:, -1]
    signs = np.where(leading < 0, -1.0, 1.0)
    return np.asarray(signs if signs.sum() >= 0 else -signs, np.float64)


def _pace(here: _Moments, there: _Moments) -> float | None:
    """Middle ratio of the movement between frames, or None where nothing moves in both files."""
    moving = (here.variances > TINY) & (there.variances > TINY) & (here.steps > TINY) & (there.steps > TINY)
    if not moving.any():
        return None
    ratio = (here.steps / here.variances)[moving] / (there.steps / there.variances)[moving]
    return float(np.median(ratio))
