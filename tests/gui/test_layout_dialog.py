"""The dialog in which the layout of a file of clips is corrected."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gui.conftest import DirectEngine
from PySide6.QtWidgets import QDialogButtonBox
from pytestqt.qtbot import QtBot

from asl_inspector.gui.layout_dialog import LayoutDialog
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.samples.mapping import Correction
from asl_inspector.samples.records import Clips

CLIPS, FRAMES = 12, 20


@pytest.fixture
def ambiguous(tmp_path: Path) -> Path:
    """Two arrays that may be features, and two columns that may be labels."""
    rng = np.random.default_rng(0)
    path = tmp_path / "clips.npz"
    np.savez(
        path,
        keypoints=rng.normal(size=(CLIPS, FRAMES, 63)).astype("f4"),
        other=rng.normal(size=(CLIPS, FRAMES, 5)).astype("f4"),
        gloss=np.array([f"gloss{number % 4}" for number in range(CLIPS)]),
        category=np.arange(CLIPS) % 2,
    )
    return path


@pytest.fixture
def dialog(window: MainWindow, qtbot: QtBot, ambiguous: Path) -> LayoutDialog:
    with qtbot.waitSignal(window.session.became_idle, timeout=20_000):
        window.session.add_files([ambiguous])
    (row,) = window.session.case.files
    assert "63 numbers a frame" in row.layout
    with qtbot.waitSignal(window.session.looks.preview_arrived, timeout=20_000):
        window.questions.ask_layout(row)
    (found,) = window.findChildren(LayoutDialog)
    return found


def choose(dialog: LayoutDialog, name: str, start: str) -> None:
    box = dialog._boxes[name]
    place = next(place for place in range(box.count()) if str(box.itemData(place)).startswith(start))
    box.setCurrentIndex(place)


def test_the_dialog_shows_what_was_taken_for_what_and_the_first_clips(dialog: LayoutDialog) -> None:
    assert "keypoints" in dialog._sentence.text()
    assert dialog._result.text() == "12 clips, all with a label, 4 different glosses"
    assert dialog._table.item(1, 1).text() == "gloss1"
    assert dialog._table.item(0, 2).text() == str(FRAMES)


def test_a_choice_is_previewed_and_kept_in_the_case(
    dialog: LayoutDialog, window: MainWindow, qtbot: QtBot, engine: DirectEngine, ambiguous: Path
) -> None:
    with qtbot.waitSignal(window.session.looks.preview_arrived, timeout=20_000):
        choose(dialog, "features", "other")
    with qtbot.waitSignal(window.session.looks.preview_arrived, timeout=20_000):
        choose(dialog, "label", "category")
    assert "5 numbers a frame" in dialog._sentence.text()
    assert "2 different glosses" in dialog._result.text()
    assert window.session.case.files[0].layout.count("63") == 1
    with qtbot.waitSignal(window.session.became_idle, timeout=20_000):
        dialog._buttons.button(QDialogButtonBox.StandardButton.Ok).click()
    assert window.session.choices.correction_of(ambiguous) == Correction(features="other", label="category")
    clips = engine.service.inspector.case.files[0].opened
    assert isinstance(clips, Clips)
    assert clips.feature_count == 5
    assert "other" in window.session.case.files[0].layout
    with qtbot.waitSignal(window.session.became_idle, timeout=20_000):
        window.session.correct(ambiguous, Correction())
    assert "keypoints" in window.session.case.files[0].layout


def test_a_choice_that_gives_no_clips_says_why_and_cannot_be_kept(
    dialog: LayoutDialog, window: MainWindow, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(window.session.looks.preview_arrived, timeout=20_000):
        dialog._boxes["features"].setEditText("nothing of this name")
    assert dialog._result.text() == "No clips like this"
    assert "nothing of this name" in dialog._sentence.text()
    assert not dialog._buttons.button(QDialogButtonBox.StandardButton.Ok).isEnabled()


def test_cancelling_changes_nothing(dialog: LayoutDialog, window: MainWindow, qtbot: QtBot, ambiguous: Path) -> None:
    with qtbot.waitSignal(window.session.looks.preview_arrived, timeout=20_000):
        choose(dialog, "features", "other")
    dialog.reject()
    assert window.session.choices.correction_of(ambiguous) == Correction()
    assert "keypoints" in window.session.case.files[0].layout
