"""Seeded random clips of six features, and whether two runs over them gave the same."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from asl_inspector.inference.predictions import Predictions
from asl_inspector.inference.sources import ClipSource

CLIPS = 60


def arrays(count: int = CLIPS, seed: int = 0) -> list[np.ndarray]:
    random = np.random.default_rng(seed)
    return [random.normal(size=(int(random.integers(1, 9)), 6)).astype(np.float32) for _ in range(count)]


def source(clips: list[np.ndarray], features: Callable[[int], np.ndarray] | None = None) -> ClipSource:
    lengths = np.array([len(clip) for clip in clips])
    labels = np.arange(len(clips)) % 8 + 1
    return ClipSource("clips.pkl", lengths, labels, 6, features or (lambda index: clips[index]))


def same(found: Predictions, wanted: Predictions) -> None:
    for name in ("ran", "starts", "best_gloss", "top"):
        np.testing.assert_array_equal(getattr(found, name), getattr(wanted, name))
    for name in ("blank_lead", "blank_posterior", "loss", "top_log_prob", "empty_log_prob"):
        np.testing.assert_allclose(getattr(found, name), getattr(wanted, name), atol=1e-5)
