"""Preprocessing against hand-worked examples and plain definitions."""

from __future__ import annotations

import numpy as np
import pytest

from asl_inspector.errors import InferenceError
from asl_inspector.inference.preparing import (
    centred_on_shoulders,
    centred_on_wrist,
    each_clip_to_unit_range,
    measure_spread,
    padded_or_cut,
    prepared,
    resampled,
)
from asl_inspector.inference.sources import ClipSource
from asl_inspector.networks.preparation import Layout, Preparation, preparation_questions, stated_scaling


def source(clips: list[np.ndarray]) -> ClipSource:
    lengths = np.array([len(clip) for clip in clips])
    return ClipSource("x", lengths, np.zeros(len(clips), int), clips[0].shape[1], lambda index: clips[index])


def test_spread_is_the_mean_and_deviation_over_all_finite_frames() -> None:
    random = np.random.default_rng(0)
    clips = [(1e4 + random.normal(size=(n, 3))).astype(np.float32) for n in (4, 9, 0, 7)]
    clips[1][2, 1] = np.nan
    clips[0][:, 2] = clips[1][:, 2] = clips[3][:, 2] = 5
    found = measure_spread(source(clips))
    frames = np.concatenate(clips).astype(np.float64)
    frames = frames[np.isfinite(frames).all(axis=1)]
    np.testing.assert_allclose(found.mean, frames.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(found.deviation[:2], frames.std(axis=0)[:2], rtol=1e-4)
    assert found.deviation[2] == 1  # what never changes is not divided by nothing


def test_standardised_training_clips_have_mean_0_and_deviation_1() -> None:
    clips = [np.random.default_rng(seed).normal(3, 2, size=(20, 4)).astype(np.float32) for seed in range(5)]
    given = source(clips)
    done = prepared(given, Preparation("standardised"), measure_spread(given))
    frames = np.concatenate([done.features(index) for index in range(5)])
    np.testing.assert_allclose(frames.mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose(frames.std(axis=0), 1, atol=1e-5)


def test_standardising_without_training_clips_says_what_is_missing() -> None:
    with pytest.raises(InferenceError, match="training clips"):
        prepared(source([np.ones((2, 3), np.float32)]), Preparation("standardised"))


def test_each_clip_is_stretched_to_0_and_1() -> None:
    clip = np.array([[1, 5, 2], [3, 5, 4], [2, 5, 0]], np.float32)
    assert each_clip_to_unit_range(clip).tolist() == [[0, 0, 0.5], [1, 0, 1], [0.5, 0, 0]]


def test_a_hand_is_measured_from_its_wrist_and_a_missing_hand_stays_0() -> None:
    layout = Layout(2, ((0, 2), (2, 2)))
    clip = np.array([[1, 1, 4, 5, 0, 0, 0, 0]], np.float32)
    assert centred_on_wrist(clip, layout)[0].tolist() == pytest.approx([0, 0, 0.6, 0.8, 0, 0, 0, 0])


def test_a_body_is_measured_from_between_its_shoulders() -> None:
    layout = Layout(2, shoulders=(0, 1))
    clip = np.array([[1, 1, 3, 1, 2, 5, 0, 0]], np.float32)
    assert centred_on_shoulders(clip, layout)[0].tolist() == [-0.5, 0, 0.5, 0, 0, 2, 0, 0]


@pytest.mark.parametrize("name", ["centred on the wrist", "centred on the shoulders"])
def test_unknown_landmarks_are_told(name: str) -> None:
    with pytest.raises(InferenceError, match="is not known"):
        prepared(source([np.ones((2, 5), np.float32)]), Preparation(name))


@pytest.mark.parametrize("frames", [1, 2, 3, 5, 9, 40])
def test_resampling_is_linear_interpolation(frames: int) -> None:
    clip = np.random.default_rng(0).normal(size=(9, 2)).astype(np.float32)
    found = resampled(clip, frames)
    for column in range(2):
        wanted = np.interp(np.linspace(0, 8, frames), np.arange(9), clip[:, column])
        np.testing.assert_allclose(found[:, column], wanted, atol=1e-6)
    assert resampled(clip[:1], frames).tolist() == [clip[0].tolist()] * frames


def test_padding_and_cutting_keep_the_first_frames() -> None:
    clip = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert padded_or_cut(clip, 2).tolist() == [[0, 1], [2, 3]]
    assert padded_or_cut(clip, 4).tolist() == [[0, 1], [2, 3], [4, 5], [0, 0]]


def test_a_fixed_length_is_announced_and_clips_without_frames_stay_without() -> None:
    done = prepared(
        source([np.ones((3, 2), np.float32), np.zeros((0, 2), np.float32)]), Preparation("none", "resampled to 8")
    )
    assert done.lengths.tolist() == [8, 0]
    assert done.features(0).shape == (8, 2)


def test_settings_tell_the_length_and_the_scaling() -> None:
    scaling, length = preparation_questions(63, {"config.data.max_sequence_length": 30})
    assert length.options == ("padded or cut to 30", "resampled to 30", "as it is")
    assert "centred on the wrist" in scaling.options
    assert "centred on the shoulders" not in scaling.options
    assert stated_scaling({"data.normalize": "z_score"}, scaling.options) == "standardised"
    assert stated_scaling({"data.wrist_normalization": True}, scaling.options) == "centred on the wrist"
    assert stated_scaling({"data.normalize": True}, scaling.options) is None
    assert stated_scaling({"lr": 1}, scaling.options) is None
