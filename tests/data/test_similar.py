"""Similar clips: a distance worked by hand, gaps, clips without numbers, and copies."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of, signs

from asl_inspector.data.similar import similar_clips
from asl_inspector.data.surveying import survey
from asl_inspector.errors import DataError
from asl_inspector.progress import Cancelled, CancelToken


def test_the_distance_is_that_of_standardised_means() -> None:
    arrays, names = signs(2)
    found = similar_clips(survey(clips_of(arrays, names), "validation"), 3)
    frames = np.concatenate(arrays).astype(np.float32).astype(np.float64)
    means = np.array([one.astype(np.float32).astype(np.float64).mean(axis=0) for one in arrays]) / frames.std(axis=0)
    expected = np.sqrt(((means - means[3]) ** 2).mean(axis=1))
    assert found.clips[0] == 3
    assert found.distance[0] == 0
    np.testing.assert_allclose(found.distance, expected[found.clips], rtol=1e-6, atol=1e-9)
    assert (np.diff(found.distance) >= 0).all()
    assert sorted(found.clips.tolist()) == list(range(len(arrays)))


def test_a_copy_is_next_and_a_feature_that_never_varies_counts_nothing() -> None:
    arrays, names = signs(2)
    arrays[7] = arrays[0].copy()
    for array in arrays:
        array[:, 1] = 4.0
    found = similar_clips(survey(clips_of(arrays, names), "validation"), 7)
    assert found.clips[:2].tolist() == [7, 0]
    assert found.distance[1] == pytest.approx(0, abs=1e-9)
    assert found.features == 5


def test_a_missing_feature_counts_as_the_mean_of_the_file() -> None:
    arrays, names = signs(2)
    arrays[1][:, 0] = np.nan
    found = similar_clips(survey(clips_of(arrays, names), "validation"), 0)
    assert 1 in found.clips.tolist()
    assert np.isfinite(found.distance).all()


def test_a_clip_without_frames_is_not_near_and_cannot_be_asked_for() -> None:
    arrays, names = signs(2)
    arrays[4] = np.zeros((0, 6))
    known = survey(clips_of(arrays, names), "validation")
    assert 4 not in similar_clips(known, 0).clips.tolist()
    with pytest.raises(DataError, match="no numbers"):
        similar_clips(known, 4)


def test_seeking_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    arrays, names = signs(2)
    with pytest.raises(Cancelled):
        similar_clips(survey(clips_of(arrays, names), "validation"), 0, cancel=cancel)
