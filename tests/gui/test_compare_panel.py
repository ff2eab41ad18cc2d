"""The Compare panel: choose, read, look closely, cancel."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch
from gui.conftest import DirectEngine
from gui.test_window import open_and_wait, texts
from makers import Run, make_notebook, save_notebook
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.engine.messages import CompareSide, CompareView
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.compare_results import csv_of
from asl_inspector.gui.panels.compare_sides import ANOTHER
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.progress import Cancelled, Step


@pytest.fixture
def pair(run: Run) -> list[Path]:
    """A checkpoint, and a later one of the same run with another head and other settings."""
    network = make_notebook(0, hidden=24)
    first = save_notebook(run.folder / "early.pt", network, hidden_dim=24, val_acc=10.0)
    torch.manual_seed(3)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            weight += 0.2 * weight.std() * torch.randn_like(weight)
            if name.startswith("classifier"):
                weight.copy_(torch.randn_like(weight))
    second = save_notebook(run.folder / "late.pt", network, hidden_dim=24, val_acc=25.0)
    return [first, second]


def compare(window: MainWindow, qtbot: QtBot, paths: list[Path]) -> CompareView:
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        open_and_wait(window, qtbot, paths)
        window.show_panel(window.panels.index(window.compare))
    assert isinstance(arrived.args[0], CompareView)
    return arrived.args[0]


def cells(window: MainWindow, table: int, column: int) -> list[str]:
    model = window.compare._results._models[table]
    return [str(model.data(model.index(row, column))) for row in range(model.rowCount())]


def test_the_panel_shows_what_the_core_found(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    view = compare(window, qtbot, pair)
    panel = window.compare
    judgement = view.compared.judgement
    assert (view.a.path, view.b.path) == (pair[0], pair[1])
    assert judgement.verdict == "descends"
    shown = texts(panel._results)
    assert judgement.sentence in shown
    for clue in judgement.evidence:
        assert clue.text in shown
    assert cells(window, 0, 0) == [row.key for row in view.compared.weights.tensors]
    assert cells(window, 1, 0) == ["encoder.lstm", "classifier"]
    assert cells(window, 2, 0) == ["val_acc"]
    assert cells(window, 2, 2) + cells(window, 2, 3) == ["10.0", "25.0"]
    assert panel._results._distances.has_data()
    assert " ".join(panel.text().split()).startswith(judgement.sentence)


def test_the_demo_case_is_compared_before_anyone_looks(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        open_and_wait(window, qtbot, demo_files())
    assert arrived.args[0].a.path.name == "checkpoint_epoch_40.pt"
    assert arrived.args[0].b.path.name == "stage1_checkpoint_best.pt"
    assert "have other shapes" in texts(window.compare)


def test_one_checkpoint_asks_for_another(window: MainWindow, qtbot: QtBot, run: Run, engine: DirectEngine) -> None:
    open_and_wait(window, qtbot, [run.checkpoint])
    window.show_panel(window.panels.index(window.compare))
    assert "What is “checkpoint.pt” to be compared with?" in texts(window.compare._message)
    assert "compare" not in engine.calls


def test_a_file_outside_the_case_can_be_compared(
    window: MainWindow, qtbot: QtBot, pair: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    open_and_wait(window, qtbot, pair[:1])
    box = window.compare._sides.b
    assert box._files.itemText(box._files.count() - 1) == ANOTHER
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(pair[1]), ""))
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        box._files.activated.emit(box._files.count() - 1)
    assert arrived.args[0].b == CompareSide(pair[1])
    assert box._files.currentText() == "late.pt"
    assert [row.path for row in window.session.case.files] == pair[:1]
    window.session.clear()
    qtbot.waitUntil(lambda: not window.session.case.files, timeout=10_000)
    open_and_wait(window, qtbot, pair[:1])  # the other file was chosen for the case that was closed
    assert window.compare._sides.pair is None


def test_a_dialog_that_is_closed_changes_nothing(
    window: MainWindow, qtbot: QtBot, pair: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(window, qtbot, pair)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    box = window.compare._sides.b
    box._files.activated.emit(box._files.count() - 1)
    assert box._files.currentText() == "late.pt"
    assert not window.session.jobs.is_running("compare")


def test_the_sides_can_be_swapped(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    compare(window, qtbot, pair)
    (swap,) = window.compare._sides.findChildren(QPushButton)
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        swap.click()
    assert (arrived.args[0].a.path, arrived.args[0].b.path) == (pair[1], pair[0])
    assert cells(window, 2, 2) == ["25.0"]


def test_a_state_dict_of_several_can_be_chosen(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    network, other = make_notebook(0, hidden=24), make_notebook(1, hidden=24)
    both = run.folder / "both.pt"
    torch.save({"model": network.state_dict(), "ema": other.state_dict()}, both)
    plain = save_notebook(run.folder / "plain.pt", other)
    view = compare(window, qtbot, [both, plain])
    assert view.compared.judgement.verdict == "unrelated"
    box = window.compare._sides.a
    assert box._parts.isVisible()
    assert [box._parts.itemText(index) for index in range(box._parts.count())] == ["model", "ema"]
    assert not window.compare._sides.b._parts.isVisible()
    box._parts.setCurrentIndex(1)
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        box._parts.activated.emit(1)
    assert arrived.args[0].a.part == "ema"
    assert arrived.args[0].compared.judgement.verdict == "identical"
    assert box._parts.currentText() == "ema"


def test_tensors_are_filtered_searched_and_sorted(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    compare(window, qtbot, pair)
    results = window.compare._results
    QAbstractItemModelTester(results._models[0], QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert results._models[0].rowCount() == 18
    results._shown.setCurrentIndex(results._shown.findData("kin"))
    assert "classifier.weight" not in cells(window, 0, 0)
    assert "encoder.lstm.weight_hh_l0" in cells(window, 0, 0)
    results._shown.setCurrentIndex(0)
    results._search.setText("REVERSE")
    qtbot.waitUntil(lambda: results._models[0].rowCount() == 8)
    results._search.clear()
    qtbot.waitUntil(lambda: results._models[0].rowCount() == 18)
    results._views[0].sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert cells(window, 0, 0)[0].startswith("classifier.")


def test_values_are_filtered_by_kind(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    compare(window, qtbot, pair)
    results = window.compare._results
    results._tabs.button(2).click()
    assert results._kind.isVisible()
    assert not results._shown.isVisible()
    results._kind.setCurrentIndex(results._kind.findData("vocabulary"))
    assert results._models[2].rowCount() == 0
    results._kind.setCurrentIndex(results._kind.findData("metric"))
    assert results._models[2].rowCount() == 1


def test_selecting_a_tensor_shows_its_numbers_on_both_sides(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    view = compare(window, qtbot, pair)
    results = window.compare._results
    with qtbot.waitSignal(window.session.looks.pair.succeeded, timeout=10_000) as arrived:
        results._views[0].selectRow(1)
    assert (arrived.args[0].a, arrived.args[0].numbers) == ("encoder.lstm.weight_hh_l0", 96 * 24)
    assert arrived.args[0].counts.sum() == 96 * 24
    card = results._pair
    assert card._differences.has_data()
    assert card._points.has_data()
    row = view.compared.weights.tensors[1]
    assert f"{row.norm_a:.6g}" in card._figures.text()
    assert f"{row.cosine:.4f}" in card._figures.text()


def test_rows_are_copied_and_saved(
    window: MainWindow, qtbot: QtBot, pair: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compare(window, qtbot, pair)
    results = window.compare._results
    results._views[0].selectRow(0)
    results._copy()
    assert "encoder.lstm.weight_ih_l0" in QGuiApplication.clipboard().text()
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "t.csv"), ""))
    results._csv.click()
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert len(lines) == 19
    assert lines[0].startswith("tensor,status,distance,cosine,p")
    assert csv_of(results._models[0]).splitlines() == lines


def test_cancel_is_heard_at_once_and_the_window_stays_live(
    window: MainWindow, qtbot: QtBot, pair: list[Path], engine: DirectEngine
) -> None:
    started: list[float] = []

    def slow(talk, a, b):  # type: ignore[no-untyped-def]
        started.append(time.monotonic())
        talk.progress(Step("Comparing tensors", 3, 10, "MB"))
        while not talk.cancel.is_cancelled:
            time.sleep(0.01)
        raise Cancelled

    engine.service.compare = slow  # type: ignore[method-assign]
    open_and_wait(window, qtbot, pair)
    window.show_panel(window.panels.index(window.compare))
    qtbot.waitUntil(lambda: "3 of 10 MB" in texts(window.compare._running))
    (cancel,) = window.compare._running.findChildren(QPushButton)
    asked = time.monotonic()
    with qtbot.waitSignal(window.session.looks.comparison.stopped, timeout=5_000):
        cancel.click()
    assert time.monotonic() - asked < 1
    assert len(started) == 1
    assert "cancelled" in texts(window.compare._message)


def test_a_file_that_cannot_be_compared_says_why(
    window: MainWindow, qtbot: QtBot, pair: list[Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    open_and_wait(window, qtbot, pair[:1])
    (tmp_path / "page.pt").write_bytes(b"<html></html>")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(tmp_path / "page.pt"), ""))
    box = window.compare._sides.b
    with qtbot.waitSignal(window.session.looks.comparison.stopped, timeout=10_000):
        box._files.activated.emit(box._files.count() - 1)
    assert "web page" in texts(window.compare._message)


def test_closing_the_case_forgets_the_comparison(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    compare(window, qtbot, pair)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    assert window.compare._stack.currentIndex() == 0
    assert window.compare.text() == ""


def test_a_file_that_changed_is_compared_again(window: MainWindow, qtbot: QtBot, pair: list[Path]) -> None:
    compare(window, qtbot, pair)
    save_notebook(pair[1].with_suffix(".new"), make_notebook(5, hidden=24)).replace(pair[1])
    with qtbot.waitSignal(window.session.looks.comparison.succeeded, timeout=60_000) as arrived:
        window.session.run_again()
    assert arrived.args[0].compared.judgement.verdict == "unrelated"


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_the_panel_follows_the_scheme(window: MainWindow, qtbot: QtBot, pair: list[Path], scheme: str) -> None:
    compare(window, qtbot, pair)
    apply_scheme(scheme)
    image = window.compare.grab().toImage()
    assert (image.pixelColor(image.width() - 4, image.height() - 4).lightness() < 128) is (scheme == "dark")


def test_names_from_a_file_are_only_text(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    weight = torch.randn(30, 30)
    for name in ("x.pt", "y.pt"):
        torch.save({"<b>bold</b>.\u202eevil": weight, "fc.weight": weight + 0.1}, run.folder / name)
    compare(window, qtbot, [run.folder / "x.pt", run.folder / "y.pt"])
    assert "\\u202eevil" in cells(window, 0, 0)[0]
    assert "\u202e" not in texts(window.compare)
