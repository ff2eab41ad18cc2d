"""Prepares clips as training code did before the network saw them. T frames, F numbers a frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.errors import InferenceError
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.preparation import EACH_CLIP, LAYOUTS, SHOULDERS, STANDARDISED, WRIST, Layout, Preparation
from asl_inspector.progress import CancelToken

FloatArray = NDArray[np.float32]
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, slots=True)
class Spread:
    """Mean and standard deviation of every number of a frame, over all frames of the training clips. (F,) each."""

    mean: FloatArray
    deviation: FloatArray


def measure_spread(clips: ClipSource, *, cancel: CancelToken | None = None) -> Spread:
    """Mean and deviation over all finite frames, in double precision around the first clip's mean.

    Raises:
        InferenceError: If no clip has a finite frame.
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    width = clips.feature_count or 0
    count, shift = 0, np.zeros(width)
    total, squares = np.zeros(width), np.zeros(width)
    for index in np.flatnonzero(clips.lengths > 0).tolist():
        cancel.raise_if_cancelled()
        frames = clips.features(index).astype(np.float64)
        frames = frames[np.isfinite(frames).all(axis=1)]
        if not len(frames):
            continue
        if not count:
            shift = frames.mean(axis=0)
        frames -= shift
        count += len(frames)
        total += frames.sum(axis=0)
        squares += (frames**2).sum(axis=0)
    if not count:
        raise InferenceError(f"“{clips.name}” has no frames to take a mean and deviation from.")
    mean = total / count
    deviation = np.sqrt(np.maximum(squares / count - mean**2, 0))
    deviation[deviation < SMALLEST_SPREAD] = 1
    return Spread((mean + shift).astype(np.float32), deviation.astype(np.float32))


def prepared(clips: ClipSource, preparation: Preparation, spread: Spread | None = None) -> ClipSource:
    """The clips as the network is to see them.

    Args:
        clips: The clips as they are in the file.
        preparation: What to do.
        spread: Of the training clips, for standardising.

    Raises:
        InferenceError: If the training clips are needed and not there, or the landmarks are not known.
    """
    if preparation.changes_nothing:
        return clips
    scale = _scaling(preparation.scaling, clips, spread)
    frames = preparation.frames
    resampling, holding = (preparation.length.startswith(word) for word in ("resampled", "held"))
    lengths = clips.lengths if frames is None else np.where(clips.lengths > 0, frames, 0)

    def features(index: int) -> FloatArray:
        scaled = scale(clips.features(index))
        if frames is None:
            return scaled
        if holding:
            return held_or_cut(scaled, frames)
        return resampled(scaled, frames) if resampling else padded_or_cut(scaled, frames)

    return replace(clips, lengths=lengths, features=features)


def _scaling(name: str, clips: ClipSource, spread: Spread | None) -> Callable[[FloatArray], FloatArray]:
    if name == STANDARDISED:
        if spread is None:
            raise InferenceError(
                "The features are to be standardised by the training clips, which are not there.",
                advice="Drop the training clips, or choose another preprocessing.",
            )
        held = spread
        return lambda clip: (clip - held.mean) / held.deviation
    if name == EACH_CLIP:
        return each_clip_to_unit_range
    if name in (WRIST, SHOULDERS):
        layout = LAYOUTS.get(clips.feature_count or 0)
        if layout is None or not (layout.wrists if name == WRIST else layout.shoulders):
            raise InferenceError(
                f"Which of the {clips.feature_count} numbers of a frame are {name.removeprefix('centred on the ')}s is not known.",
                advice="Choose another preprocessing.",
            )
        known = layout
        return lambda clip: centred_on_wrist(clip, known) if name == WRIST else centred_on_shoulders(clip, known)
    return lambda clip: clip


def each_clip_to_unit_range(clip: FloatArray) -> FloatArray:
    """Every number from its lowest to its highest in the clip becomes 0 to 1; what never changes becomes 0."""
    if not len(clip):
        return clip
    low, high = clip.min(axis=0), clip.max(axis=0)
    spread = np.where(high - low < SMALLEST_SPREAD, 1, high - low)
    result: FloatArray = ((clip - low) / spread).astype(np.float32)
    return result


def centred_on_wrist(clip: FloatArray, layout: Layout) -> FloatArray:
    """Each hand's landmarks from its wrist, in units of the farthest landmark of the frame; a missing hand stays 0."""
    points = clip.reshape(len(clip), -1, layout.axes).copy()
    for first, count in layout.wrists:
        hand = points[:, first : first + count]
        hand -= hand[:, :1].copy()
        reach = np.linalg.norm(hand, axis=2).max(axis=1, initial=0)
        hand /= np.where(reach < SMALLEST_SPREAD, 1, reach)[:, None, None]
    return points.reshape(clip.shape)


def centred_on_shoulders(clip: FloatArray, layout: Layout) -> FloatArray:
    """All landmarks from the middle between the shoulders, in units of their distance; missing landmarks stay 0."""
    if layout.shoulders is None:
        return clip
    points = clip.reshape(len(clip), -1, layout.axes).copy()
    left, right = points[:, layout.shoulders[0]], points[:, layout.shoulders[1]]
    middle = (left + right) / 2
    width = np.linalg.norm(left - right, axis=1)
    missing = ~points.any(axis=2)
    points -= middle[:, None]
    points /= np.where(width < SMALLEST_SPREAD, 1, width)[:, None, None]
    points[missing] = 0
    return points.reshape(clip.shape)


def resampled(clip: FloatArray, frames: int) -> FloatArray:
    """Linear interpolation to so many frames, the first and the last kept."""
    if len(clip) < 2:
        return np.repeat(clip, frames, axis=0)[:frames]
    place = np.linspace(0, len(clip) - 1, frames)
    below = np.minimum(place.astype(np.int64), len(clip) - 2)
    share = (place - below)[:, None]
    result: FloatArray = (clip[below] * (1 - share) + clip[below + 1] * share).astype(np.float32)
    return result


def held_or_cut(clip: FloatArray, frames: int) -> FloatArray:
    """The first frames, the last one repeated where the clip is shorter."""
    if not len(clip):
        return np.zeros((frames, clip.shape[1]), np.float32)
    return clip[np.minimum(np.arange(frames), len(clip) - 1)]


def padded_or_cut(clip: FloatArray, frames: int) -> FloatArray:
    """The first frames, followed by zeros where the clip is shorter."""
    result = np.zeros((frames, clip.shape[1]), np.float32)
    kept = min(frames, len(clip))
    result[:kept] = clip[:kept]
    return result
