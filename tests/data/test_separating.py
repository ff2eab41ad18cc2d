"""The classifier between two files, against plain counting and where nothing or all differs."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.separating import area, areas, directions


def test_the_area_is_the_share_of_pairs_in_order_ties_counting_half() -> None:
    random = np.random.default_rng(0)
    scores, positive = random.integers(0, 6, 30).astype(float), random.random(30) < 0.4
    pairs = [(a > b) + 0.5 * (a == b) for a in scores[positive] for b in scores[~positive]]
    assert area(scores, positive) == pytest.approx(np.mean(pairs))


def test_equal_files_are_not_told_apart_and_moved_ones_are() -> None:
    random = np.random.default_rng(1)
    sides = np.arange(120) < 50
    clips = random.normal(size=(120, 6))
    found = areas(clips, sides, 99, random)
    assert 0.3 < found[0] < 0.7
    moved = areas(clips + 2.0 * sides[:, None], sides, 99, random)
    assert moved[0] > 0.95
    assert (moved[1:] < 0.75).all()


def test_of_wide_features_the_leading_directions_are_kept_and_still_ones_left_out() -> None:
    random = np.random.default_rng(2)
    wide = random.normal(size=(90, 80))
    wide[:, 3] = 7.0
    assert directions(wide).shape == (90, 50)
    gap = random.normal(size=(40, 5))
    gap[3, 2] = np.nan
    assert np.isfinite(directions(gap)).all()
    assert directions(np.ones((30, 4))).shape == (30, 1)


def clips(seed: int, shift: float, people: int, count: int = 60) -> tuple[list[np.ndarray], list[str]]:
    """Clips of a few signers, each with features of their own."""
    random = np.random.default_rng(seed)
    own = random.normal(size=(people, 5)) * 2
    names = [f"signer{seed}{index % people}_{index}" for index in range(count)]
    return [random.normal(size=(8, 5)) + own[index % people] + shift for index in range(count)], names


def test_how_well_halves_of_the_signers_are_told_apart_is_measured_beside_it() -> None:
    """Other people alone: both areas are high. The same people without a difference: neither is."""
    ours, names = clips(1, 0.0, 3)
    theirs, their_names = clips(2, 0.0, 6)
    found = measure_clips(clips_of(ours, ids=names), clips_of(theirs, name="train", ids=their_names))
    assert found is not None
    assert found.separation is not None
    assert found.separation.auc > 0.8
    assert found.separation.p < 0.01
    assert found.separation.between_signers is not None
    assert found.separation.between_signers > 0.7


def test_a_dozen_clips_are_not_asked() -> None:
    ours, names = clips(1, 5.0, 3, count=12)
    theirs, their_names = clips(2, 0.0, 6)
    found = measure_clips(clips_of(ours, ids=names), clips_of(theirs, name="train", ids=their_names))
    assert found is not None
    assert found.separation is None
