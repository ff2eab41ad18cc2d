"""What is missing of each clip and how much of it stands still, against clips worked out by hand; one clip's numbers."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
from data.clips import clips_of
from samples.test_pose import made, written
from samples.test_skeletons import citizen

from asl_inspector.data import clip_features as features_of_a_clip
from asl_inspector.data.clip_features import clip_features
from asl_inspector.data.surveying import survey
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.opening import open_clips
from asl_inspector.samples.records import Clips

LEFT, RIGHT = slice(0, 63), slice(63, 126)  # two hands of 21 joints in three dimensions


def hands(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0.1, 1, (frames, 126)).astype("f4")


def worked_clips() -> list[np.ndarray]:
    """Missing left: 0, 2/4, 1, 1/5. Missing right: 0, 1/4, 0, 0. Frozen: 0, 0, 2/3, 1/4."""
    whole, gaps, absent, frozen = hands(4), hands(4, 1), hands(4, 2), hands(5, 3)
    gaps[0, LEFT] = np.nan
    gaps[1, LEFT] = 0
    gaps[1, RIGHT] = np.nan  # nothing was found in this frame
    gaps[2, :62] = 0  # a joint of the left hand is left
    absent[:, LEFT] = 0
    absent[1] = absent[2] = absent[0]
    frozen[0, LEFT] = np.nan
    frozen[3] = frozen[2]
    return [whole, gaps, absent, frozen]


def test_missing_hands_and_frozen_frames_are_counted_by_clip() -> None:
    found = survey(clips_of(worked_clips()), "validation")
    assert found.parts == ("left hand", "right hand")
    np.testing.assert_allclose(found.missing, [[0, 0], [0.5, 0.25], [1, 0], [0.2, 0]])
    np.testing.assert_allclose(found.frozen, [0, 0, 2 / 3, 1 / 4])


def test_the_sums_of_the_file_are_those_of_its_clips() -> None:
    found = survey(clips_of(worked_clips()), "validation")
    lengths = found.lengths[:, None]
    by_part = (found.missing * lengths).sum(axis=0) / lengths.sum()
    assert [block.missing for block in found.blocks] == pytest.approx(by_part.tolist())
    assert [block.clips for block in found.blocks] == (found.missing == 1).sum(axis=0).tolist()


def test_a_clip_without_frames_has_no_shares() -> None:
    found = survey(clips_of([hands(3), hands(0)]), "validation")
    assert found.missing[0].tolist() == [0, 0]
    assert np.isnan(found.missing[1]).all()
    assert np.isnan(found.frozen[1])


def test_unknown_numbers_have_no_parts() -> None:
    found = survey(clips_of([np.ones((3, 7)), np.ones((4, 7))]), "validation")
    assert (found.parts, found.missing.shape, found.landmarks) == ((), (2, 0), None)
    differing = survey(clips_of([np.ones((3, 7)), np.ones((4, 8))]), "validation")
    assert differing.missing.shape == (2, 0)


def test_masked_joints_of_a_pose_file_are_missing(tmp_path: Path) -> None:
    pose = made(frames=8)
    pose.body.confidence[:2, :, 33:54] = 0  # the left hand
    pose.body.confidence[2:, :, 33:54] = 1
    pose.body.confidence[:, :, 54:] = 1
    found = survey(open_clips(MappedFile(written(pose, tmp_path / "a.pose"))), "validation")
    assert found.parts == ("pose", "left hand", "right hand")
    assert found.missing.tolist() == [[0.0, 0.25, 0.0]]


def test_masked_arrays_are_missing_where_they_are_masked(tmp_path: Path) -> None:
    held = np.ma.masked_array(hands(4), mask=np.zeros((4, 126), bool))
    held[1:, RIGHT] = np.ma.masked
    cache = {name: {"features": held, "gloss": "a", "gloss_id": 1} for name in ("one", "two")}
    (tmp_path / "val.pkl").write_bytes(pickle.dumps(cache))
    found = survey(open_clips(MappedFile(tmp_path / "val.pkl")), "validation")
    np.testing.assert_allclose(found.missing, [[0, 0.75], [0, 0.75]])


def joints_of_body_and_hands(arrays: list[np.ndarray], tmp_path: Path) -> Clips:
    cache = {
        f"clip{index}": {"features": one.reshape(-1, 75, 2), "gloss": "a", "gloss_id": 1}
        for index, one in enumerate(arrays)
    }
    (tmp_path / "val.pkl").write_bytes(pickle.dumps(cache))
    return open_clips(MappedFile(tmp_path / "val.pkl"))


def test_missing_hands_have_the_names_that_the_wrists_give(tmp_path: Path) -> None:
    arrays = [citizen(("right", "left"), seed=seed) for seed in range(3)]
    arrays[1][:6, 66:108] = 0  # the first hand
    found = survey(joints_of_body_and_hands(arrays, tmp_path), "validation")
    assert found.parts == ("pose", "right hand", "left hand")
    assert found.missing[:, 1].tolist() == [0, 0.5, 0]
    assert [block.name for block in found.blocks] == ["pose", "right hand", "left hand"]
    assert found.blocks[1].missing == pytest.approx(6 / 36)


def test_memory_grows_with_numbers_of_clips_and_not_with_features() -> None:
    """Of each clip there stay P + 1 shares, 16 bytes of digest, a print a frame and the means: no feature."""
    found = survey(clips_of([hands(50, seed) for seed in range(4)]), "validation")
    kept = found.missing.nbytes + found.frozen.nbytes
    assert kept == 4 * 3 * 8


def test_one_clip_is_handed_out_with_the_scale_of_the_file(tmp_path: Path) -> None:
    arrays = [citizen(("right", "left"), seed=seed) for seed in range(3)]
    clips = joints_of_body_and_hands(arrays, tmp_path)
    found = survey(clips, "validation")
    clip = clip_features(clips, 1, found)
    np.testing.assert_array_equal(clip.features, arrays[1])
    assert (clip.index, clip.every, clip.frames, clip.rate) == (1, 1, 12, None)
    assert clip.landmarks is found.landmarks
    np.testing.assert_allclose(clip.mean, np.concatenate(arrays).mean(axis=0, dtype=float), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("looked_through", [True, False])
def test_zeros_of_missing_landmarks_do_not_move_the_scale(looked_through: bool) -> None:
    array = hands(40)
    array[:25, LEFT] = 0
    array[30, 3] = np.nan
    clips = clips_of([array])
    clip = clip_features(clips, 0, survey(clips, "validation") if looked_through else None)
    found = np.where(array == 0, np.nan, array).astype(float)
    np.testing.assert_allclose(clip.mean, np.nanmean(found, axis=0), rtol=1e-6)
    np.testing.assert_allclose(clip.spread, np.nanstd(found, axis=0), rtol=1e-6)


def test_zeros_of_other_features_are_numbers() -> None:
    array = np.random.default_rng(0).normal(size=(9, 7)).astype("f4")
    array[:4, 2] = 0
    clips = clips_of([array])
    for found in (clip_features(clips, 0), clip_features(clips, 0, survey(clips, "validation"))):
        np.testing.assert_allclose(found.mean, array.mean(axis=0, dtype=float), rtol=1e-5)


def test_a_clip_of_a_file_that_was_not_looked_through_has_its_own_scale() -> None:
    array = hands(6)
    array[:, 5] = np.nan
    array[2, 6] = np.nan
    clip = clip_features(clips_of([array]), 0)
    np.testing.assert_allclose(clip.mean[6], np.nanmean(array[:, 6], dtype=float), rtol=1e-6)
    np.testing.assert_allclose(clip.spread[6], np.nanstd(array[:, 6], dtype=float), rtol=1e-5)
    assert np.isnan(clip.mean[5])
    assert clip.landmarks is not None
    assert clip.landmarks.layout == "two hands"


def test_of_a_huge_clip_every_so_many_frames_are_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(features_of_a_clip, "MOST_NUMBERS", 126 * 4)
    array = hands(11)
    clip = clip_features(clips_of([array]), 0)
    assert (clip.every, clip.frames) == (3, 11)
    np.testing.assert_array_equal(clip.features, array[::3])
    assert clip.features.size <= 126 * 4


@pytest.mark.parametrize("index", [-1, 1])
def test_a_clip_that_is_not_there_becomes_a_sentence(index: int) -> None:
    with pytest.raises(DataError, match="not at hand"):
        clip_features(clips_of([hands(3)]), index)
    with pytest.raises(DataError, match="not at hand"):
        clip_features(None, 0)


def test_real_clips_are_counted(cases: Path) -> None:
    counted = {}
    for name in ("bird-0", "duck-0"):
        found = survey(open_clips(MappedFile(cases / "real" / "islr_parquet" / f"{name}.parquet")), "validation")
        counted[name] = dict(zip(found.parts, found.missing[0].tolist(), strict=True))
    assert counted["bird-0"] == pytest.approx({"face": 0, "left hand": 1, "pose": 0, "right hand": 2 / 54})
    assert counted["duck-0"] == pytest.approx({"face": 0, "left hand": 1, "pose": 0, "right hand": 20 / 41})
