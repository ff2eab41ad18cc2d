"""What is drawn of a clip's numbers, worked out off the window's thread. S frames, F numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.blocks import columns_of_parts
from asl_inspector.data.records import ClipFeatures
from asl_inspector.gui.plots.feature_heat import Band, HeatRows, heat_rows
from asl_inspector.samples.skeletons import Skeleton, skeleton_of, why_no_skeleton

MOST_OF_A_PART = 150  # rows of the heat map for one part of the body: a face would leave no room for the hands
WORDS = {"pose": "body"}


@dataclass(frozen=True, slots=True, eq=False)
class ClipDrawing:
    """One clip, ready to be drawn.

    Attributes:
        index: Its row.
        frames: Frames of the clip.
        every: Frames from one that is drawn to the next.
        rate: Frames a second, or None where it is unknown.
        rows: The features as a heat map; None for a clip without numbers.
        skeleton: The moving skeleton, or None.
        words: Why there is no skeleton, or what was assumed of it; an empty string for neither.
    """

    index: int
    frames: int
    every: int
    rate: float | None
    rows: HeatRows | None
    skeleton: Skeleton | None
    words: str


def drawing_of(clip: ClipFeatures) -> ClipDrawing:
    """Work out what to draw."""
    features, landmarks = clip.features, clip.landmarks
    if not features.size:
        return ClipDrawing(clip.index, clip.frames, clip.every, clip.rate, None, None, "")
    shown, bands, absent = _rows(clip)
    rows = heat_rows(
        features[:, shown], clip.mean[shown], clip.spread[shown], absent=absent, every=clip.every, bands=bands
    )
    words = why_no_skeleton(landmarks, features.shape[1])
    if landmarks is not None and landmarks.sides_assumed and not words:
        words = landmarks.why
    skeleton = skeleton_of(features, landmarks)
    return ClipDrawing(clip.index, clip.frames, clip.every, clip.rate, rows, skeleton, words)


def _rows(clip: ClipFeatures) -> tuple[NDArray[np.intp], tuple[Band, ...], NDArray[np.bool_]]:
    """The features to show in order, what they are, and (S, rows) where a part of the body is missing."""
    features = clip.features
    parts = columns_of_parts(clip.landmarks, features.shape[1])
    if not parts:
        return np.arange(features.shape[1]), (), ~np.isfinite(features)
    rows: list[NDArray[np.intp]] = []
    absent: list[NDArray[np.bool_]] = []
    bands: list[Band] = []
    start = 0
    for part, columns in parts.items():
        held = features[:, columns]
        gone = (~np.isfinite(held) | (held == 0)).all(axis=1)
        shown = columns[:: -(-len(columns) // MOST_OF_A_PART)]
        rows.append(shown)
        absent.append(np.repeat(gone[:, None], len(shown), axis=1))
        bands.append(Band(WORDS.get(part, part), start, start + len(shown)))
        start += len(shown)
    return np.concatenate(rows), tuple(bands), np.concatenate(absent, axis=1)
