"""The File menu's exports and what is chosen about reports."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from asl_inspector.gui.exports import KINDS, Exports
from asl_inspector.report import exporting
from asl_inspector.report.options import ReportOptions

Written = list[tuple[Path, str, ReportOptions]]


def made(qtbot: QtBot, settings: QSettings, written: Written, folder: Path) -> tuple[Exports, QMenu]:
    window, menu = QWidget(), QMenu()
    qtbot.addWidget(window)
    qtbot.addWidget(menu)
    exports = Exports(window, settings, lambda *told: written.append(told), lambda: str(folder))
    exports.add_to(menu)
    return exports, menu


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


def test_every_kind_of_export_is_in_the_menu(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    exports, _menu = made(qtbot, settings, [], tmp_path)
    assert tuple(KINDS) == exporting.KINDS
    assert len(exports.actions) == len(KINDS)
    assert exports.actions[0].shortcut().toString() == "Ctrl+E"


@pytest.mark.parametrize("kind", KINDS)
def test_the_chosen_file_is_written_with_the_chosen_options(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    written: Written = []
    exports, menu = made(qtbot, settings, written, tmp_path)
    asked: list[str] = []

    def answer(_parent: QWidget, _title: str, name: str, _kinds: str) -> tuple[str, str]:
        asked.append(name)
        return str(tmp_path / "x"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    choices = menu.findChildren(QMenu)[0].actions()
    choices[0].trigger()
    choices[2].trigger()
    exports.actions[list(KINDS).index(kind)].trigger()
    assert written == [(tmp_path / "x", kind, ReportOptions("letter", summary=False, anonymise=True))]
    assert Path(asked[0]).suffix == f".{kind}"


def test_nothing_is_written_where_the_dialog_is_left(
    qtbot: QtBot, settings: QSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: Written = []
    exports, _menu = made(qtbot, settings, written, tmp_path)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_told: ("", ""))
    exports.ask("pdf")
    assert written == []


def test_choices_are_remembered(qtbot: QtBot, settings: QSettings, tmp_path: Path) -> None:
    first, menu = made(qtbot, settings, [], tmp_path)
    assert first.options == ReportOptions()
    menu.findChildren(QMenu)[0].actions()[1].trigger()
    again, _menu = made(qtbot, settings, [], tmp_path)
    assert again.options == ReportOptions(summary=True)
