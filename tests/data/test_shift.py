"""Training against validation, feature by feature."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of, signs
from scipy.stats import false_discovery_control, ks_2samp

from asl_inspector.data.shift import benjamini_hochberg, compare, looks_like_time, raw_columns
from asl_inspector.data.surveying import survey


def surveys(ours: list[np.ndarray], theirs: list[np.ndarray]):  # type: ignore[no-untyped-def]
    return survey(clips_of(ours), "validation"), survey(clips_of(theirs, name="train"), "training")


def test_the_correction_equals_scipys() -> None:
    p = np.random.default_rng(2).random(50) ** 2
    np.testing.assert_allclose(benjamini_hochberg(p), false_discovery_control(p))


def test_clips_of_one_source_differ_nowhere() -> None:
    found = compare(*surveys(signs(1)[0], signs(2)[0]))
    assert found is not None
    assert found.extreme == ()
    assert found.raw == ()
    assert (found.q < 0.01).sum() == 0


def test_effect_and_distance_equal_those_of_the_clip_means() -> None:
    ours, theirs = signs(1)[0], [array + np.array([0.5, 0, 0, 0, 0, 0]) for array in signs(2)[0]]
    found = compare(*surveys(ours, theirs))
    assert found is not None
    a, b = (np.array([array.astype(np.float32).mean(axis=0)[0] for array in part]) for part in (ours, theirs))
    pooled = np.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 2)
    assert found.effect[0] == pytest.approx((a.mean() - b.mean()) / pooled, rel=1e-4)
    assert found.statistic[0] == pytest.approx(ks_2samp(a, b).statistic)
    assert found.extreme == ()


def test_a_raw_time_beside_normalised_features_is_extreme() -> None:
    ours, theirs = signs(1)[0], signs(2)[0]
    for index, array in enumerate(ours):
        array[:, 4] = 1.75e9 + 60 * index
    found = compare(*surveys(ours, theirs))
    assert found is not None
    assert found.extreme == (4,)
    assert found.raw == (4,)
    columns = survey(clips_of(ours), "validation").columns
    assert columns is not None
    assert raw_columns(columns) == (4,)
    assert looks_like_time(columns, 4)
    assert not looks_like_time(columns, 3)


def test_a_feature_that_hardly_varies_is_not_judged_by_its_noise() -> None:
    ours, theirs = signs(1)[0], signs(2)[0]
    for array in ours:
        array[:, 4] = 0.02 + 1e-6 * array[:, 4]
    for array in theirs:
        array[:, 4] = 0.03 + 1e-8 * array[:, 4]
    found = compare(*surveys(ours, theirs))
    assert found is not None
    assert found.extreme == ()


def test_other_features_or_few_clips_cannot_be_compared() -> None:
    assert compare(*surveys(signs(1)[0], signs(2, features=7)[0])) is None
    assert compare(*surveys(signs(1, glosses=1, copies=2)[0], signs(2)[0])) is None
