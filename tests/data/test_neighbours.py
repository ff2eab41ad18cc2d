"""Nearest training clips, against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of, signs
from scipy.spatial.distance import cdist

from asl_inspector.data.measuring import measure_clips, nearest_clips
from asl_inspector.data.neighbours import NEAR, POINTS, at_points, find_neighbours
from asl_inspector.data.surveying import survey
from asl_inspector.data.warping import BAND, warped_distances
from asl_inspector.errors import DataError
from asl_inspector.progress import Cancelled, CancelToken, Step


def sets(**sizes: int):  # type: ignore[no-untyped-def]
    (ours, our_names), (theirs, their_names) = signs(1, copies=3, **sizes), signs(2, **sizes)
    return clips_of(ours, our_names), clips_of(theirs, their_names, name="train")


def brute_force(validation, train) -> np.ndarray:  # type: ignore[no-untyped-def]
    """(N, M), distances in double precision by interpolation of each column."""
    frames = np.concatenate([train.features(i).astype(float) for i in range(len(train))])
    mean, spread = frames.mean(axis=0), frames.std(axis=0)

    def vector(features: np.ndarray) -> np.ndarray:
        scaled = (features.astype(float) - mean) / spread
        place = np.linspace(0, len(scaled) - 1, POINTS)
        return np.stack([np.interp(place, np.arange(len(scaled)), column) for column in scaled.T], axis=1).ravel()

    return cdist(
        [vector(validation.features(i)) for i in range(len(validation))],
        [vector(train.features(i)) for i in range(len(train))],
    )


def test_nearest_clips_equal_brute_force() -> None:
    validation, train = sets()
    columns = survey(train, "training").columns
    assert columns is not None
    found = find_neighbours(validation, train, columns.mean, columns.spread)
    wanted = brute_force(validation, train)
    np.testing.assert_array_equal(found.nearest, wanted.argmin(axis=1))
    assert found.usual is not None
    np.testing.assert_allclose(found.ratio * found.usual, wanted.min(axis=1), rtol=1e-4)
    same = [validation.glosses[i] == train.glosses[j] for i, j in enumerate(wanted.argmin(axis=1))]
    assert found.right.tolist() == same
    assert (found.correct, found.of) == (sum(same), len(validation))
    assert found.pairs == ()


def changed(array: np.ndarray, how: str) -> np.ndarray:
    random = np.random.default_rng(9)
    if how == "noise":
        return array + random.normal(0, 0.02, array.shape)
    if how == "rounded":
        return array.astype(np.float16).astype(float)
    return array


@pytest.mark.parametrize("how", ["copy", "noise", "rounded"])
def test_near_duplicates_are_found_and_nothing_else(how: str) -> None:
    (ours, our_names), (theirs, their_names) = signs(1, copies=3), signs(2)
    ours[4] = changed(theirs[17], how)
    validation = clips_of(ours, our_names)
    train = clips_of(theirs, their_names, name="train")
    data = measure_clips(validation, train)
    assert data is not None
    assert data.neighbours is not None
    assert [(pair.validation, pair.train) for pair in data.neighbours.pairs] == [("val4", "train17")]
    assert data.neighbours.pairs[0].ratio < NEAR
    assert len(data.same_features) == (1 if how == "copy" else 0)
    assert data.neighbours.nearest[4] == 17


@pytest.mark.parametrize("part", [slice(0, -1), slice(3, None), slice(None, None, 2), slice(2, -2)])
def test_a_clip_that_was_cut_is_found_by_its_frames(part: slice) -> None:
    (ours, our_names), (theirs, their_names) = signs(1, copies=3), signs(2)
    ours[4] = theirs[17][part]
    ours[5] = theirs[18]
    ours[6][:4] = theirs[19][:4]
    ours[7][:] = theirs[20][:1]
    data = measure_clips(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert data is not None
    assert [(one.validation, one.train, one.frames) for one in data.shared_frames if one.validation != "val7"] == [
        ("val4", "train17", len(ours[4]))
    ]
    assert [one.validation for one in data.shared_frames if one.validation == "val7"] == ["val7"]


def test_frames_without_landmarks_are_no_recording() -> None:
    (ours, our_names), (theirs, their_names) = signs(1, copies=3), signs(2)
    for array in (*ours, *theirs):
        array[:12] = 0.0
        array[12:14] = 1.5
    data = measure_clips(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert data is not None
    assert data.shared_frames == ()


def test_wide_features_are_projected_and_their_duplicates_found() -> None:
    random = np.random.default_rng(3)
    theirs = [random.normal(size=(12, 600)) for _ in range(40)]
    ours = [random.normal(size=(12, 600)) for _ in range(10)]
    ours[7] = theirs[31] + 0.01
    data = measure_clips(clips_of(ours), clips_of(theirs, name="train"))
    assert data is not None
    assert data.neighbours is not None
    assert [(pair.validation, pair.train) for pair in data.neighbours.pairs] == [("val7", "train31")]


def test_clips_without_frames_or_with_gaps_are_passed_over() -> None:
    (ours, our_names), (theirs, their_names) = signs(1, copies=3), signs(2)
    ours[0], theirs[3] = ours[0][:0], theirs[3][:0]
    ours[1][2:4, 1] = np.nan
    data = measure_clips(clips_of(ours, our_names), clips_of(theirs, their_names, name="train"))
    assert data is not None
    found = data.neighbours
    assert found is not None
    assert found.nearest[0] == -1
    assert not found.judged[0]
    assert found.nearest[1] >= 0
    assert 3 not in found.nearest.tolist()


def test_resampling_equals_interpolation() -> None:
    features = np.random.default_rng(1).normal(size=(23, 3)).astype(np.float32)
    wanted = np.stack([np.interp(np.linspace(0, 22, 16), np.arange(23), column) for column in features.T], axis=1)
    np.testing.assert_allclose(at_points(features, 16), wanted, atol=1e-5)
    np.testing.assert_array_equal(at_points(features[:1], 4), np.repeat(features[:1], 4, axis=0))


def plain_warping(a: np.ndarray, b: np.ndarray) -> float:
    """Dynamic time warping in plain loops, as the textbook has it, with the same band."""
    cost = cdist(a, b)
    band = max(BAND * max(len(a), len(b)), abs(len(a) - len(b))) + 1
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0
    for i in range(len(a)):
        for j in range(len(b)):
            if abs(j - i * len(b) / len(a)) <= band:
                table[i + 1, j + 1] = cost[i, j] + min(table[i, j + 1], table[i + 1, j], table[i, j])
    return float(table[-1, -1] / (len(a) + len(b)))


def test_warping_equals_the_textbook() -> None:
    random = np.random.default_rng(8)
    own = random.normal(size=(13, 4)).astype(np.float32)
    others = [random.normal(size=(int(n), 4)).astype(np.float32) for n in (1, 5, 13, 14, 30)]
    block = np.zeros((5, 30, 4), np.float32)
    for row, one in enumerate(others):
        block[row, : len(one)] = one
    found = warped_distances(own, block, np.array([len(one) for one in others]))
    np.testing.assert_allclose(found, [plain_warping(own, one) for one in others], rtol=1e-5)
    assert warped_distances(own, own[None], np.array([13]))[0] == pytest.approx(0, abs=1e-3)


def test_warping_knows_a_sign_at_another_speed() -> None:
    validation, train = sets()
    found = nearest_clips(validation, train, survey(train, "training"), "dtw")
    assert found.method == "dtw"
    assert found.correct >= 0.9 * found.of


@pytest.mark.parametrize("method", ["resampled", "dtw"])
def test_searches_tell_progress_and_can_be_cancelled(method: str) -> None:
    validation, train = sets()
    known = survey(train, "training")
    told: list[Step] = []
    nearest_clips(validation, train, known, method, progress=told.append)
    assert told[-1].total == len(validation)
    cancel = CancelToken()
    with pytest.raises(Cancelled):
        nearest_clips(validation, train, known, method, progress=lambda _: cancel.cancel(), cancel=cancel)


def test_clips_of_other_features_cannot_be_compared() -> None:
    validation, _ = sets()
    _, train = sets(features=7)
    with pytest.raises(DataError, match="different features"):
        nearest_clips(validation, train, survey(train, "training"), "resampled")
    data = measure_clips(validation, train)
    assert data is not None
    assert data.neighbours is None
