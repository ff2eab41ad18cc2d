"""Saving a case and opening one, in the window."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from makers import Run
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from asl_inspector.case.records import Role
from asl_inspector.gui.main_window import MainWindow


def settled(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.session.inspection is not None and window.session.jobs.is_idle, timeout=30_000)


def opened(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> None:
    window.open_files(paths)
    settled(window, qtbot)


def action(window: MainWindow, text: str):  # type: ignore[no-untyped-def]
    menus = [top.menu() for top in window.menuBar().actions()]
    return next(one for menu in menus for one in menu.actions() if one.text().replace("&", "") == text)


def test_a_case_is_saved_closed_and_opened_again(
    window: MainWindow, qtbot: QtBot, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not action(window, "Save case").isEnabled()
    opened(window, qtbot, [run.checkpoint, run.validation, run.train])
    window.session.choose_role(run.train, Role.UNUSED)
    settled(window, qtbot)
    window.session.choose(replace(window.session.settings, decoder="score", choices=(("preprocessing", "none"),)))
    settled(window, qtbot)
    path = tmp_path / "mine.aslcase"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "mine"), ""))
    with qtbot.waitSignal(window.session.case_saved, timeout=10_000):
        action(window, "Save case").trigger()
    assert json.loads(path.read_text())["result"]["headline"] == window.session.inspection.diagnosis.headline
    assert window.windowTitle().startswith("mine.aslcase")
    roles = {row.path: row.role for row in window.session.case.files}
    window.session.clear()
    qtbot.waitUntil(lambda: not window.session.case.files, timeout=10_000)
    assert "mine" not in window.windowTitle()
    window.open_files([path])
    qtbot.waitUntil(lambda: len(window.session.case.files) == 3, timeout=10_000)
    settled(window, qtbot)
    assert {row.path: row.role for row in window.session.case.files} == roles
    assert window.session.settings.choices == (("preprocessing", "none"),)
    assert window.session.settings.decoder == "score"
    assert window.windowTitle().startswith("mine.aslcase")
    assert window.sidebar._remarks.text().startswith("Kept with the case: found by version ")


def test_what_changed_since_it_was_saved_is_told(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    opened(window, qtbot, [run.checkpoint, run.validation])
    path = run.folder / "mine.aslcase"
    with qtbot.waitSignal(window.session.case_saved, timeout=10_000):
        window.session.save_case(path)
    run.validation.unlink()
    with qtbot.waitSignal(window.session.remarked, timeout=30_000, check_params_cb=bool):
        window.open_files([path])
    told = window.sidebar._remarks.text()
    assert window.sidebar._remarks.isVisibleTo(window)
    assert "features_val.pkl" in told
    assert "Drop it from where it is." in told
    window.session.clear()
    assert not window.sidebar._remarks.isVisibleTo(window)


def test_what_is_no_case_leaves_the_case_as_it_is(window: MainWindow, qtbot: QtBot, run: Run, tmp_path: Path) -> None:
    opened(window, qtbot, [run.checkpoint, run.validation])
    (tmp_path / "bad.aslcase").write_text("{}")
    with qtbot.waitSignal(window.session.failed, timeout=10_000) as told:
        window.open_files([tmp_path / "bad.aslcase"])
    assert "no case" in told.args[0].sentence
    assert len(window.session.case.files) == 2
    assert window.session.inspection is not None


def test_a_report_of_a_kept_result_is_made_from_a_run(
    window: MainWindow, qtbot: QtBot, run: Run, tmp_path: Path
) -> None:
    opened(window, qtbot, [run.checkpoint, run.validation])
    path = tmp_path / "mine.aslcase"
    with qtbot.waitSignal(window.session.case_saved, timeout=20_000):
        window.session.save_case(path)
    window.session.clear()
    qtbot.waitUntil(lambda: not window.session.case.files, timeout=20_000)
    opened(window, qtbot, [path])
    assert window.session.inspection is not None
    assert window.session.inspection.origin
    with qtbot.waitSignal(window.session.exported, timeout=60_000):
        window.session.export(tmp_path / "r.md", "md")
    assert window.session.inspection.diagnosis.headline in (tmp_path / "r.md").read_text()
