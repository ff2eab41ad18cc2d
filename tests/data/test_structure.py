"""How features hang together: alike for files of one kind, otherwise where columns are turned, exchanged or lost."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from data.clips import clips_of

from asl_inspector.data.measuring import measure_clips
from asl_inspector.data.realigning import repairs_for
from asl_inspector.data.records import DataMeasures, StructureShift
from asl_inspector.diagnosis import structure

FEATURES, CLIPS, FRAMES = 12, 40, 30
Change = Callable[[np.ndarray], np.ndarray]


def drawn(seed: int, offset: float = 0.0) -> list[np.ndarray]:
    """Clips of twelve features that follow four hidden paths, each seen through a place of its own."""
    view = np.random.default_rng(9).normal(size=(4, FEATURES))
    random = np.random.default_rng(seed)
    time = np.linspace(0, 1, FRAMES)[:, None]
    found = []
    for _ in range(CLIPS):
        waves = np.sin(2 * np.pi * (random.uniform(0.5, 2, 4) * time + random.uniform(0, 1, 4)))
        place = random.normal(scale=offset, size=FEATURES) if offset else 0.0
        found.append((waves @ view + 0.2 * random.normal(size=(FRAMES, FEATURES)) + 3 + place).astype(np.float32))
    return found


def measured(change: Change | None = None, *, offset: float = 0.0) -> DataMeasures:
    names = [f"g{index % 5}" for index in range(CLIPS)]
    ours = [change(one.copy()) if change is not None else one for one in drawn(1, offset)]
    found = measure_clips(clips_of(ours, names), clips_of(drawn(2), names, name="train"))
    assert found is not None
    return found


def shift(change: Change | None = None, *, offset: float = 0.0) -> StructureShift:
    found = measured(change, offset=offset).structure
    assert found is not None
    return found


def test_clips_of_one_kind_are_alike_whoever_signs_and_wherever_they_stand() -> None:
    for offset in (0.0, 2.0):
        found = shift(offset=offset)
        assert found.alike > 0.97
        assert found.turned == ()
        assert found.pace == pytest.approx(1, abs=0.1)
        assert found.length == 1


def test_another_scale_or_place_of_features_is_no_other_structure() -> None:
    scale = np.exp(np.random.default_rng(3).normal(size=FEATURES))
    assert shift(lambda features: features * scale + 7).alike > 0.97


def test_turned_features_are_found_by_their_column() -> None:
    def turn(features: np.ndarray) -> np.ndarray:
        features[:, [1, 4, 8]] *= -1
        return features

    data = measured(turn)
    found = data.structure
    assert found is not None
    assert found.turned == (1, 4, 8)
    assert found.alike < 0.7
    assert found.alike_if_turned > 0.97
    assert [one.id for one in structure.ask(data).findings] == ["features-turned"]
    repair = next(one for one in repairs_for(data) if one.name == "sign")
    plain, turned = drawn(1)[0], turn(drawn(1)[0].copy())
    assert np.abs(repair.apply(turned) - plain).mean() < 0.2  # but for where the axis was turned about


def test_exchanged_columns_hang_together_otherwise_and_are_not_called_turned() -> None:
    order = np.random.default_rng(2).permutation(FEATURES)
    data = measured(lambda features: features[:, order])
    (finding,) = structure.ask(data).findings
    assert finding.id == "features-mean-something-else"
    assert structure.hangs_together(data) is False


def test_a_lost_hand_is_no_other_structure() -> None:
    random = np.random.default_rng(6)

    def lose(features: np.ndarray) -> np.ndarray:
        features[random.random(len(features)) < 0.5, :4] = 0
        return features

    assert shift(lose).alike > 0.9


def test_every_second_frame_is_another_pace() -> None:
    data = measured(lambda features: features[::3])
    assert data.structure is not None
    assert data.structure.length == pytest.approx(1 / 3)
    assert "pace-differs" in [one.id for one in structure.ask(data).findings]
    assert "pace-differs" not in [one.id for one in structure.ask(measured()).findings]


def test_a_handful_of_clips_says_nothing() -> None:
    few = clips_of(drawn(1)[:6], ["a", "b"] * 3)
    found = measure_clips(few, clips_of(drawn(2), ["a", "b"] * 20, name="train"))
    assert found is not None
    assert found.structure is None
    assert structure.hangs_together(found) is None
    assert structure.ask(found).findings == ()
