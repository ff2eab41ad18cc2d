"""What is proposed to bring validation back to training, and that it does."""

from __future__ import annotations

import numpy as np
import pytest
from data.clips import clips_of

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.realigning import Repair, repairs_for

WIDTH = 12


def clips(seed: int) -> list[np.ndarray]:
    """Twenty clips of two "hands" of six features each, the right one at +2 and the left one at -2."""
    random = np.random.default_rng(seed)
    centre = np.repeat([2.0, -2.0], WIDTH // 2)
    return [(centre + random.normal(size=(15, WIDTH))).astype(np.float32) for _ in range(20)]


def proposed(ours: list[np.ndarray]) -> dict[str, Repair]:
    names = [f"g{index % 4}" for index in range(20)]
    found = measure_clips(clips_of(ours, names), clips_of(clips(2), names, name="train"))
    assert found is not None
    return {repair.name: repair for repair in repairs_for(found)}


def test_nothing_is_proposed_for_clips_of_one_preparation() -> None:
    assert proposed(clips(1)) == {}


@pytest.mark.parametrize("share", [1.0, 0.5])
def test_exchanged_hands_are_put_back_in_the_clips_that_have_them(share: float) -> None:
    plain = clips(1)
    exchanged = [np.roll(one, WIDTH // 2, axis=1) if index < 20 * share else one for index, one in enumerate(plain)]
    repair = proposed(exchanged)["order"]
    assert repair.columns == WIDTH
    for mended, wanted in zip(map(repair.apply, exchanged), plain, strict=True):
        np.testing.assert_array_equal(mended, wanted)


def test_another_scale_is_taken_back() -> None:
    plain = clips(1)
    repair = proposed([3 * one + 1 for one in plain])["scale"]
    mended = np.concatenate([repair.apply(3 * one + 1) for one in plain])
    train = np.concatenate(clips(2))
    np.testing.assert_allclose(mended.mean(axis=0), train.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(mended.std(axis=0), train.std(axis=0), rtol=1e-4)
