"""What one pass over the clips finds, against plain NumPy on all frames at once."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of, signs

from asl_inspector.data.blocks import column_words
from asl_inspector.data.surveying import infeasible, required_frames, signers_of, survey
from asl_inspector.progress import Cancelled, CancelToken


def test_moments_and_ranges_equal_those_of_all_frames() -> None:
    arrays, names = signs(1)
    for array in arrays:
        array[:, 2] += 1.75e9
    arrays[3][2, 1] = np.nan
    found = survey(clips_of(arrays, names), "validation").columns
    assert found is not None
    frames = np.concatenate(arrays).astype(np.float32).astype(np.float64)
    np.testing.assert_allclose(found.mean, np.nanmean(frames, axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.spread, np.nanstd(frames, axis=0), rtol=1e-6)
    np.testing.assert_array_equal(found.low, np.nanmin(frames, axis=0))
    np.testing.assert_array_equal(found.high, np.nanmax(frames, axis=0))
    assert found.absent[1] == pytest.approx(1 / len(frames))


def test_constant_and_absent_columns() -> None:
    arrays, names = signs(1)
    for array in arrays:
        array[:, 0], array[:, 1], array[:, 2] = 0.0, 7.5, np.nan
    found = survey(clips_of(arrays, names), "validation")
    assert found.constant == (0, 1)
    assert found.columns is not None
    assert found.columns.absent[2] == 1.0
    assert np.isnan(found.columns.mean[2])


@pytest.mark.parametrize("gap", [0.0, np.nan])
def test_features_that_are_missing_together_are_a_block(gap: float) -> None:
    random = np.random.default_rng(4)
    arrays = [random.normal(size=(30, 20)) for _ in range(20)]
    gone = 0
    for array in arrays:
        there = random.random(30) < 0.4
        array[np.ix_(there, range(5, 12))] = gap
        array[random.random(30) < 0.4, 15] = gap
        gone += int(there.sum())
    (block,) = survey(clips_of(arrays), "training").blocks
    assert block.columns == tuple(range(5, 12))
    assert block.name == "features 5 to 11"
    assert block.missing == pytest.approx(gone / 600)


def test_the_hands_of_a_known_layout_are_named() -> None:
    random = np.random.default_rng(4)
    arrays = [random.normal(size=(10, 543 * 3)) for _ in range(2)]
    arrays[0][:5, 522 * 3 : 543 * 3] = np.nan
    blocks = {block.name: block.missing for block in survey(clips_of(arrays), "training").blocks}
    assert blocks == {"face": 0.0, "left hand": 0.0, "pose": 0.0, "right hand": 0.25}


def test_frozen_frames_and_first_steps_are_counted() -> None:
    moving = np.arange(1.0, 21.0)[:, None] * np.ones(4)
    half = moving.copy()
    half[10:] = half[10]
    spike = moving.copy()
    spike[0] = -500
    found = survey(clips_of([moving, half, spike, moving[:0], moving[:1]]), "validation")
    assert found.frozen == pytest.approx([0, 9 / 19, 0, np.nan, np.nan], nan_ok=True)
    assert found.spikes == 1
    assert found.digests[3] == b""


def test_clips_that_are_there_twice_are_counted() -> None:
    arrays, _ = signs(1, copies=2)
    found = survey(clips_of([*arrays, arrays[0], arrays[0]]), "validation")
    assert found.repeated == 2


def test_clips_of_different_widths_are_surveyed_without_columns() -> None:
    found = survey(clips_of([np.ones((3, 2)), np.ones((3, 4))]), "validation")
    assert found.columns is None
    assert found.frames == 6


def test_signers_are_told_by_all_names_or_not_at_all() -> None:
    assert signers_of(["signer03_book_1", "Signer04_book"]) == ("03", "04")
    assert signers_of(["signer03_book", "book_7"]) == ()
    assert signers_of([]) == ()


@pytest.mark.parametrize(("target", "wanted"), [((), 0), ((5,), 1), ((1, 2, 3), 3), ((1, 1), 3), ((2, 2, 2), 5)])
def test_frames_that_ctc_needs(target: tuple[int, ...], wanted: int) -> None:
    """A target of L glosses with all neighbours equal needs 2 L - 1 frames (a blank between each)."""
    assert required_frames(target) == wanted
    assert infeasible([wanted, wanted - 1], [target, target]) == 1
    assert infeasible([4 * wanted], [target], stride=4) == 0


def test_a_survey_can_be_cancelled() -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        survey(clips_of([np.ones((3, 2))]), "validation", cancel=cancel)


def test_features_in_words() -> None:
    assert column_words((3,)) == "feature 3"
    assert column_words((0, 1, 2)) == "features 0 to 2"
    assert column_words((30, 35)) == "features 30 and 35"
    assert column_words((1, 2, 4, 8, 9, 11)) == "features 1, 2, 4, 8 and 2 more"
