"""The Before and after panel: two saved cases, and this case against the saved one."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path

import pytest
from gui.test_window import open_and_wait
from makers import Run
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from asl_inspector import cli
from asl_inspector.gui.main_window import PANELS, MainWindow
from asl_inspector.gui.panels.changes_sides import THIS_CASE


def break_labels(run: Run) -> None:
    """Give every validation clip the id of the next gloss."""
    clips = pickle.loads(run.validation.read_bytes())
    for clip in clips.values():
        clip["gloss_id"] = clip["gloss_id"] % 6 + 1
    run.validation.write_bytes(pickle.dumps(clips))


def shown(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.changes.findChildren(QLabel) if label.isVisibleTo(window.changes))


@pytest.fixture
def saved_cases(run: Run) -> tuple[Path, Path]:
    """The same run saved before and after its labels broke."""
    before, after = run.folder / "before.aslcase", run.folder / "after.aslcase"
    files = [str(path) for path in (run.checkpoint, run.validation, run.train)]
    cli.main(["diagnose", *files, "--save-case", str(before), "--quiet"])
    break_labels(run)
    cli.main(["diagnose", *files, "--save-case", str(after), "--quiet"])
    os.utime(before, (1, 1))
    return before, after


def test_two_cases_dropped_together_are_compared_in_the_order_of_their_age(
    window: MainWindow, qtbot: QtBot, saved_cases: tuple[Path, Path]
) -> None:
    before, after = saved_cases
    window.open_files([after, before])
    qtbot.waitUntil(lambda: bool(window.changes.text()), timeout=10_000)
    assert PANELS[window._stack.currentIndex()] == "Before and after"
    assert (window.changes.before.chosen, window.changes.after.chosen) == (before, after)
    assert "features_val.pkl" in window.changes.text()
    assert "changed: val features_val.pkl" in window.changes.text()
    assert "McNemar" in shown(window)
    assert "Validation accuracy" in shown(window)
    assert not window.session.case.files  # nothing of the two was opened


@pytest.mark.parametrize("kind", ["pdf", "html", "md", "json"])
def test_a_comparison_is_written_as_the_kind_that_its_ending_names(
    window: MainWindow,
    qtbot: QtBot,
    saved_cases: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    window.open_files(list(saved_cases))
    qtbot.waitUntil(lambda: bool(window.changes.text()), timeout=10_000)
    target = tmp_path / f"out.{kind}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with qtbot.waitSignal(window.session.exported, timeout=20_000):
        window.changes.wants_export.emit()
    starts = {"pdf": b"%PDF-", "html": b"<!doctype html>", "md": b"#", "json": b"{"}
    assert target.read_bytes().lower().startswith(starts[kind].lower())


def test_a_case_that_was_mended_is_compared_with_what_it_was(
    window: MainWindow, qtbot: QtBot, saved_cases: tuple[Path, Path]
) -> None:
    """The saved case of before is opened: its files changed, so that it is run, and then compared with itself."""
    before, _ = saved_cases
    window.open_files([before])
    qtbot.waitUntil(lambda: bool(window.changes.text()), timeout=30_000)
    assert (window.changes.before.chosen, window.changes.after.chosen) == (before, THIS_CASE)
    assert PANELS[window._stack.currentIndex()] != "Before and after"  # it is there for who looks
    assert window.session.inspection is not None
    assert window.session.inspection.origin == ""


def test_what_has_no_diagnosis_is_said(window: MainWindow, qtbot: QtBot, saved_cases: tuple[Path, Path]) -> None:
    before, after = saved_cases
    held = json.loads(after.read_text())
    del held["cached"]
    after.write_text(json.dumps(held))
    window.changes.compare(before, after)
    qtbot.waitUntil(lambda: "saved before it was run" in shown(window), timeout=10_000)
    assert window.changes.text() == ""


def test_a_case_before_can_be_chosen_in_the_menu(
    window: MainWindow, qtbot: QtBot, saved_cases: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    before, after = saved_cases
    window.open_files([after])
    qtbot.waitUntil(lambda: window.session.inspection is not None and window.session.jobs.is_idle, timeout=30_000)
    assert window.session.inspection.origin.startswith("version ")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(before), ""))
    window.case_files.ask_before()
    qtbot.waitUntil(lambda: bool(window.changes.text()), timeout=10_000)
    assert (window.changes.before.chosen, window.changes.after.chosen) == (before, THIS_CASE)
    assert "changed: val features_val.pkl" in window.changes.text()
    assert window.windowTitle().startswith("after.aslcase")
    window.session.clear()
    qtbot.waitUntil(lambda: window.changes.before.chosen is None, timeout=10_000)
    assert window.changes.text() == ""
    open_and_wait(window, qtbot, [run.validation])  # of another case nothing is compared
    assert window.changes.pair is None
