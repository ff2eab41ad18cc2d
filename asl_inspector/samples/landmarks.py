"""What is wrong with the numbers of clips: missing hands, frozen frames, numbers that are not finite.

N clips, T frames, F numbers a frame.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.records import Clips, FloatArray, LandmarkGroup, Landmarks

CLIPS_BETWEEN_CHECKS = 256
FloatColumn = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ClipFaults:
    """Shares of the frames of one clip, in [0, 1]; None where there is no frame or no such landmark.

    Attributes:
        missing: By part of the body, the share of frames in which all its landmarks are zero or NaN.
        frozen: Frames that equal the one before, of those that say anything and have one before.
        not_finite: Share of numbers, not frames, that are NaN or infinite.
    """

    missing: dict[str, float | None]
    frozen: float | None
    not_finite: float | None


@dataclass(frozen=True, slots=True)
class FaultColumns:
    """The faults of N clips as columns; NaN stands for undefined.

    Attributes:
        missing: (N,) by part of the body; empty where the numbers are no known landmarks.
        frozen: (N,).
        not_finite: (N,).
    """

    missing: dict[str, FloatColumn]
    frozen: FloatColumn
    not_finite: FloatColumn


def clip_faults(features: FloatArray, landmarks: Landmarks | None) -> ClipFaults:
    """The faults of one clip.

    Args:
        features: (T, F).
        landmarks: What the numbers are, or None.
    """
    groups = landmarks.groups if landmarks is not None and landmarks.width == features.shape[1] else ()
    frames = len(features)
    if not frames or not features.shape[1]:
        return ClipFaults({group.part: None for group in groups}, None, None)
    absent: NDArray[np.bool_] = zero_or_nan(features)
    interleaved = landmarks is None or landmarks.interleaved
    points = landmarks.points if landmarks is not None else 0
    missing: dict[str, float | None] = {}
    for group in groups:
        missing[group.part] = float(absent[:, _columns(group, points, interleaved=interleaved)].all(axis=1).mean())
    return ClipFaults(missing, _frozen(features, absent), float(1 - np.isfinite(features).mean()))


def zero_or_nan(features: FloatArray) -> NDArray[np.bool_]:
    """(T, F): where nothing was detected."""
    found: NDArray[np.bool_] = np.logical_or(np.isnan(features), np.equal(features, 0))
    return found


def _columns(group: LandmarkGroup, points: int, *, interleaved: bool) -> NDArray[np.intp]:
    """The indices of a group's numbers in a frame."""
    if interleaved:
        return np.arange(group.start, group.stop)
    first = group.start // group.dims
    landmarks = np.arange(first, first + len(group.joints))
    return (np.arange(group.dims)[:, None] * points + landmarks).reshape(-1)


def _frozen(features: FloatArray, absent: NDArray[np.bool_]) -> float | None:
    told: NDArray[np.bool_] = np.logical_not(absent.all(axis=1))  # (T,): frames that say anything
    both = told[1:] & told[:-1]
    if not both.any():
        return None
    equal = (features[1:] == features[:-1]) | (np.isnan(features[1:]) & np.isnan(features[:-1]))
    same: NDArray[np.bool_] = np.asarray(equal.all(axis=1))
    return float(same[both].mean())


def count_faults(
    clips: Clips,
    indices: Iterable[int] | None = None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> FaultColumns:
    """The faults of all clips, or of those at `indices`; the others are undefined.

    Raises:
        DataError: If a clip's numbers cannot be read.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    parts = [group.part for group in clips.landmarks.groups] if clips.landmarks else []
    missing = {part: np.full(len(clips), np.nan) for part in parts}
    frozen, not_finite = np.full(len(clips), np.nan), np.full(len(clips), np.nan)
    for done, index in enumerate(range(len(clips)) if indices is None else indices):
        if done % CLIPS_BETWEEN_CHECKS == 0:
            cancel.raise_if_cancelled()
            progress(Step("Looking for missing hands and frozen frames", done, len(clips), "clips"))
        found = clip_faults(clips.features(index), clips.landmarks)
        for part, share in found.missing.items():
            missing[part][index] = np.nan if share is None else share
        frozen[index] = np.nan if found.frozen is None else found.frozen
        not_finite[index] = np.nan if found.not_finite is None else found.not_finite
    for column in (*missing.values(), frozen, not_finite):
        column.flags.writeable = False
    return FaultColumns(missing, frozen, not_finite)
