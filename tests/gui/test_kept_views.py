"""What a stranger wrote into a case as its result is refused, or every panel can show it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hostile.fuzzing.case_changes import change_view, kept_case
from pytestqt.qtbot import QtBot

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.engine.saved_views import unpack_view
from asl_inspector.gui.main_window import MainWindow

RUNS = 250


@pytest.fixture(scope="module")
def packed() -> str:
    return str(json.loads(kept_case())["cached"]["view"])


def unpacked(view: str) -> InspectionView | None:
    return unpack_view(view, [Path(f"/absent/{number}") for number in range(9)], {})


def test_a_sound_view_is_unpacked(packed: str) -> None:
    view = unpacked(packed)
    assert view is not None
    assert view.samples is not None
    assert [row.path for row in view.files] == [Path(f"/absent/{number}") for number in range(5)]


def test_a_view_of_another_version_is_left_alone(packed: str) -> None:
    assert unpacked("0" * 16 + packed[16:]) is None


@pytest.mark.slow
def test_whatever_is_let_through_can_be_shown(packed: str, window: MainWindow, qtbot: QtBot) -> None:
    chance = random.Random(7)
    shown = 0
    for number in range(RUNS):
        view = packed
        for _ in range(chance.choice((1, 1, 2, 5))):
            view = change_view(view, chance)
        found = unpacked(view)
        if found is None:
            continue
        shown += 1
        window.session.case = CaseView(found.files, (), None)
        window.session._on_part("saved case", window.session.case)
        window.session._on_part("saved case", found)
        for panel in window.panels:
            panel.text()
            if number % 25 == 0:
                panel.grab()
    assert shown > RUNS / 10
