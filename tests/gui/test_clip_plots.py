"""Clips by their length: what is even in the data is even in the curve."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from asl_inspector.data.records import DataMeasures
from asl_inspector.gui.panels.clip_plots import ClipPlots


@pytest.mark.parametrize("longest", [29, 40, 47, 200])
def test_as_many_clips_of_every_length_give_a_level_curve(qtbot: QtBot, longest: int) -> None:
    plots = ClipPlots()
    qtbot.addWidget(plots)
    lengths = np.repeat(np.arange(longest + 1), 5)
    side = SimpleNamespace(lengths=lengths, clips=len(lengths), infeasible=0)
    plots._show_lengths(cast("DataMeasures", SimpleNamespace(train=None, validation=side)))
    (curve,) = plots.lengths._curves
    inner = curve.y[1:-2]
    assert len(inner) > 5
    assert np.ptp(inner) == 0
    assert curve.y.sum() == pytest.approx(1)
