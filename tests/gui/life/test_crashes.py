"""An error of the program itself is told, logged, and the case is kept."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from makers import Run
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.exceptions import capture_exceptions
from pytestqt.qtbot import QtBot

from asl_inspector.gui.life.crashes import Crashes, rescue_path
from asl_inspector.gui.life.living import Life
from asl_inspector.gui.life.logbook import Logbook
from asl_inspector.gui.main_window import MainWindow


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def life(window: MainWindow, tmp_path: Path) -> Iterator[Life]:
    with capture_exceptions():  # pytest-qt hears of errors first; then it is our turn
        found = Life(window, window.session, window.session.engine, Logbook(None))
        yield found
        found.end()


def box_of(window: MainWindow) -> QMessageBox:
    return next(box for box in window.findChildren(QMessageBox) if box.isVisible())


def press(box: QMessageBox, text: str) -> None:
    next(button for button in box.buttons() if button.text() == text).click()


def test_an_error_in_a_slot_is_told_and_the_case_is_kept(
    qtbot: QtBot, window: MainWindow, life: Life, run: Run, caplog: pytest.LogCaptureFixture
) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(run.files)
    with caplog.at_level(logging.CRITICAL):
        QTimer.singleShot(0, lambda: 1 / 0)
        qtbot.waitUntil(rescue_path().exists, timeout=20_000)
    assert "ZeroDivisionError" in caplog.text
    box = box_of(window)
    qtbot.waitUntil(lambda: "is offered at the next start" in box.informativeText())
    assert "ZeroDivisionError" in box.detailedText()
    press(box, "Copy diagnostics")
    assert QApplication.clipboard().text().startswith("ASL Inspector")
    assert str(run.folder) not in QApplication.clipboard().text()
    assert box.isVisible()
    press(box, "Go on")
    assert {Path(one["path"]).name for one in json.loads(rescue_path().read_text())["files"]} >= {run.checkpoint.name}
    assert window.session.case_path is None  # what was kept is a copy; the case is still unsaved


def test_errors_of_threads_are_told_and_one_dialog_is_enough(qtbot: QtBot, window: MainWindow, life: Life) -> None:
    for _ in range(3):
        thread = threading.Thread(target=lambda: [][1])
        thread.start()
        thread.join()
    qtbot.waitUntil(lambda: any(box.isVisible() for box in window.findChildren(QMessageBox)))
    qtbot.wait(50)
    assert len([box for box in window.findChildren(QMessageBox) if box.isVisible()]) == 1
    assert not rescue_path().exists()  # no case was open


def test_the_case_that_was_kept_is_offered_until_it_is_thrown_away(
    qtbot: QtBot, window: MainWindow, life: Life, run: Run
) -> None:
    assert life.offer_rescued() is None
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(run.files)
    rescue_path().parent.mkdir(parents=True)
    life._rescue(rescue_path())
    box = life.offer_rescued()
    assert box is not None
    press(box, "Later")
    assert rescue_path().exists()
    box = life.offer_rescued()
    assert box is not None
    with qtbot.waitSignal(window.session.case_changed, timeout=60_000):
        press(box, "Open")
    box = life.offer_rescued()
    assert box is not None
    press(box, "Discard")
    assert not rescue_path().exists()


def test_a_case_that_cannot_be_kept_is_no_second_error(
    qtbot: QtBot, window: MainWindow, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(_: Path) -> bool:
        raise OSError("no space")

    crashes = Crashes(window, fails, str)
    crashes.happened.emit("Traceback ...")
    qtbot.waitUntil(lambda: "no space" in caplog.text)
    assert "saved as" not in box_of(window).informativeText()
    assert isinstance(crashes, QObject)


def test_the_case_that_was_kept_is_saved_where_the_user_says_and_offered_no_more(
    qtbot: QtBot, window: MainWindow, life: Life, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files([run.checkpoint])
    rescue_path().parent.mkdir(parents=True)
    life._rescue(rescue_path())
    window.session.open_case(rescue_path())
    qtbot.waitUntil(lambda: window.session.case_path == rescue_path() and window.session.jobs.is_idle, timeout=30_000)
    asked: list[str] = []

    def ask(_parent: object, _title: str, known: str, _kinds: str) -> tuple[str, str]:
        asked.append(known)
        return (str(tmp_path / "mine.aslcase") if len(asked) > 1 else "", "")

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    window.case_files.save()  # the user gives up: the case stays where it is
    assert rescue_path().exists()
    with qtbot.waitSignal(window.session.case_saved, timeout=30_000):
        window.case_files.save()
    assert (tmp_path / "mine.aslcase").exists()
    assert not rescue_path().exists()
    assert not any("rescued" in one for one in asked)
    assert life.offer_rescued() is None
