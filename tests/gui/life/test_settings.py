"""Settings of older, newer and damaged files. `settings_of_version_0.ini` was written by a build that had no versions."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from gui.conftest import DirectEngine
from PySide6.QtCore import QSettings, QSize
from pytestqt.qtbot import QtBot

from asl_inspector.gui.life.settings import STEPS, VERSION, VERSION_KEY, bring_up_to_date, version_of, yes
from asl_inspector.gui.life.windows import NEW_WINDOW, wants_windows
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.scheme import chosen_scheme
from asl_inspector.gui.session import Session

OLD = Path(__file__).with_name("settings_of_version_0.ini")
DAMAGED = """[settings]
version=one
[view]
scheme=@Point(3 4)
[run]
device=abacus
[window]
new=@Size(3 4)
geometry=@ByteArray(nonsense)
splitters\\Samples\\0=7
[files]
recent="{[not json"
folder=@Invalid()
[report]
letter=maybe
[samples]
hidden=@Variant(\\0\\0\\0\\x1\\0)
"""


def opened(path: Path, text: str | None = None) -> QSettings:
    if text is not None:
        path.write_text(text, encoding="utf-8")
    return QSettings(str(path), QSettings.Format.IniFormat)


def everything(settings: QSettings) -> dict[str, object]:
    return {key: settings.value(key) for key in settings.allKeys()}


@pytest.fixture
def old(tmp_path: Path) -> QSettings:
    shutil.copy(OLD, tmp_path / "old.ini")
    return opened(tmp_path / "old.ini")


def started(qtbot: QtBot, settings: QSettings) -> MainWindow:
    """The window as a start with these settings shows it."""
    bring_up_to_date(settings)
    window = MainWindow(Session(DirectEngine()), settings)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.ready, timeout=5_000):
        window.show()
    return window


def ended(qtbot: QtBot, window: MainWindow) -> None:
    window.session.close()
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)


def test_each_step_belongs_to_a_version() -> None:
    assert len(STEPS) == VERSION


def test_the_first_builds_yes_and_no_become_true_and_false(old: QSettings, tmp_path: Path) -> None:
    before = everything(old)
    bring_up_to_date(old)
    old.sync()
    again = opened(tmp_path / "old.ini")
    assert version_of(again) == VERSION
    assert [yes(again, f"report/{name}") for name in ("letter", "summary", "anonymise")] == [True, False, True]
    changed = {"report/letter", "report/summary", "report/anonymise", VERSION_KEY}
    after = everything(again)
    assert {key: value for key, value in before.items() if key not in changed} == {
        key: value for key, value in after.items() if key not in changed
    }


def test_a_window_finds_what_an_older_build_kept(old: QSettings, qtbot: QtBot) -> None:
    window = started(qtbot, old)
    assert window.exports.options.paper == "letter"
    assert (window.exports.options.summary, window.exports.options.anonymise) == (False, True)
    assert chosen_scheme(old) == "dark"
    assert wants_windows(old)
    assert window.recents.entries == [[Path("/home/user/run 7/a.pt"), Path("/home/user/run 7/val.pkl")]]
    assert window.questions.last_folder() == "/home/user/my runs"
    assert window.samples._chooser.hidden == {"id", "loss"}
    ended(qtbot, window)


def test_it_can_be_brought_up_to_date_twice(old: QSettings) -> None:
    bring_up_to_date(old)
    once = everything(old)
    old.remove(VERSION_KEY)  # as if an older build had written the file again
    bring_up_to_date(old)
    assert everything(old) == once


def test_those_of_a_newer_version_are_left_alone(tmp_path: Path) -> None:
    text = "[settings]\nversion=99\n[report]\nletter=yes\n"
    settings = opened(tmp_path / "new.ini", text)
    bring_up_to_date(settings)
    settings.sync()
    assert (tmp_path / "new.ini").read_text() == text
    assert not yes(settings, "report/letter")


def test_a_new_file_gets_the_version_and_nothing_else(tmp_path: Path) -> None:
    settings = opened(tmp_path / "none.ini")
    bring_up_to_date(settings)
    assert settings.allKeys() == [VERSION_KEY]


@pytest.mark.parametrize("text", [DAMAGED, "\0\1\2no settings at all\xff", ""], ids=["values", "file", "empty"])
def test_damaged_settings_do_not_stop_the_start(tmp_path: Path, qtbot: QtBot, text: str) -> None:
    settings = opened(tmp_path / "damaged.ini", text)
    window = started(qtbot, settings)
    assert version_of(settings) == VERSION
    assert chosen_scheme(settings) == "system"
    assert not settings.value(NEW_WINDOW) or not wants_windows(settings)
    assert window.session.settings.device == "auto"
    assert window.recents.entries == []
    assert window.exports.options.paper == "a4"
    assert window.size().width() > QSize(300, 300).width()
    ended(qtbot, window)
