"""A run that is cancelled or paused in the window: what was run is shown on every panel, marked, and gone on with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gui.conftest import DirectEngine
from makers import Run
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from asl_inspector import inspection_networks
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.inference.records import Settings
from asl_inspector.inference.sources import ClipSource
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.samples.records import Clips

AFTER = 9  # clips


class Reading:
    """Counts clips that a network reads, and does something after some of them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clips: list[int] = []
        self.then: object = None
        plain = inspection_networks.clip_source

        def source(clips: Clips) -> ClipSource:
            given = plain(clips)

            def features(index: int) -> np.ndarray:
                self.clips.append(index)
                if len(self.clips) == AFTER and callable(self.then):
                    self.then()
                return given.features(index)

            return replace(given, features=features)

        monkeypatch.setattr(inspection_networks, "clip_source", source)
        monkeypatch.setattr("asl_inspector.diagnosis.realigned.worth_trying", lambda _: False)


@pytest.fixture
def reading(monkeypatch: pytest.MonkeyPatch) -> Reading:
    return Reading(monkeypatch)


def test_a_cancelled_run_is_shown_as_a_part_and_its_rest_can_be_run(
    window: MainWindow, qtbot: QtBot, run: Run, engine: DirectEngine, reading: Reading
) -> None:
    session = window.session
    session.settings = Settings(device="cpu", batch_frames=12)
    reading.then = session.cancel
    window.open_files([run.checkpoint, run.validation])
    qtbot.waitUntil(lambda: session.inspection is not None, timeout=20_000)
    assert session.inspection is not None
    samples = session.inspection.samples
    assert samples is not None
    ran = int(samples.ran.sum())
    assert 0 < ran < len(samples)
    said = f"Partial: {ran} of the {len(samples)} clips of “{run.validation.name}” were run"
    assert window._partial.isVisible()
    assert window._partial.words.text().startswith(said)
    for panel in (window.blanks, window.histogram, window.samples):
        window.show_panel(window.panels.index(panel))
        assert panel._stack.currentIndex() == 1
        window.copy_panel_text()
        assert QApplication.clipboard().text().startswith(said)
    shown = [
        window.samples._model.data(window.samples._model.index(row, column))
        for row in range(len(samples))
        for column in range(window.samples._model.columnCount())
    ]
    assert shown.count("not run") >= len(samples) - ran
    assert window._status._what.text().startswith("Partial")
    waiting = set(np.flatnonzero(~samples.ran).tolist())
    reading.then, before = None, len(reading.clips)
    with qtbot.waitSignal(session.became_idle, timeout=20_000) as idle:
        window._partial.button.click()
    assert idle.args == ["Done"]
    assert set(reading.clips[before : before + len(waiting)]) == waiting  # what looks at the features comes after
    assert window._partial.isHidden()
    assert session.inspection.samples is not None
    assert session.inspection.samples.ran.all()


def test_a_paused_run_waits_and_goes_on(window: MainWindow, qtbot: QtBot, run: Run, reading: Reading) -> None:
    session = window.session
    session.settings = Settings(device="cpu", batch_frames=12)
    pause = window._status._pause
    reading.then = lambda: session.jobs.pause("case", paused=True)
    window.open_files([run.checkpoint, run.validation])
    qtbot.waitUntil(lambda: len(reading.clips) >= AFTER, timeout=20_000)
    seen = len(reading.clips)
    with qtbot.assertNotEmitted(session.became_idle, wait=300):
        pass
    assert len(reading.clips) <= seen + 1
    assert session.jobs.is_running("case")
    with qtbot.waitSignal(session.became_idle, timeout=20_000) as idle:
        pause.setChecked(True)
        assert pause.text() == "Go on"
        pause.setChecked(False)
    assert idle.args == ["Done"]
    assert pause.isHidden()
    assert session.inspection is not None
    assert not session.inspection.interrupted
    assert session.inspection.seconds < 0.3  # the pause does not count


def test_a_token_that_pauses_hears_cancelling_and_its_clock_stands_still() -> None:
    token = CancelToken()
    token.pause()
    assert token.is_paused
    assert token.clock() == token.clock()
    token.go_on()
    assert not token.is_paused
    token.raise_if_cancelled()
    token.pause()
    token.cancel()
    with pytest.raises(Cancelled):
        token.raise_if_cancelled()
