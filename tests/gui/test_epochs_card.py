"""The files of a run in the Training panel: they follow the inspection, can be stopped, and one can be inspected."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from gui.conftest import DirectEngine
from gui.test_training_and_data import rows
from gui.test_window import cards, open_and_wait, texts
from makers import make_notebook, save_notebook
from PySide6.QtCore import Qt
from PySide6.QtTest import QAbstractItemModelTester
from pytestqt.qtbot import QtBot
from trained_runs import TrainedRun, train_run

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.along_epochs import Answered
from asl_inspector.gui.containers import Foldable
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.inspection_epochs import EpochRuns


@pytest.fixture(scope="module")
def collapsed(tmp_path_factory: pytest.TempPathFactory) -> TrainedRun:
    return train_run(tmp_path_factory.mktemp("collapsed"), epochs=8, collapse_from=7, saved=(4, 5, 6, 7, 8))


def wait_until_scored(window: MainWindow, qtbot: QtBot, files: int) -> None:
    def is_done() -> bool:
        along = window.training.epochs._along
        return along is not None and len(along.scored) == files and not window.session.jobs.is_running("epochs")

    qtbot.waitUntil(is_done, timeout=60_000)


def test_the_files_of_the_run_follow_the_inspection(
    window: MainWindow, qtbot: QtBot, engine: DirectEngine, collapsed: TrainedRun
) -> None:
    seen: list[str] = []
    window.session.inspection_changed.connect(lambda found: seen.append("inspection") if found else None)
    window.session.jobs.published.connect(lambda lane, _part: seen.append(lane))
    open_and_wait(window, qtbot, [collapsed.folder])
    wait_until_scored(window, qtbot, 5)
    assert seen.index("inspection") < seen.index("epochs")
    core = engine.service.inspected
    assert core is not None
    assert core.diagnosis.along is not None
    card = window.training.epochs
    assert [row[0] for row in rows(card._rows)] == ["4", "5", "6", "7", "8"]
    assert rows(card._rows)[-1][1] == "checkpoint_epoch_8.pt (inspected)"
    _, table = card._accuracy.table()
    assert [row[2] for row in table] == [one.accuracy.value for one in core.diagnosis.along.points if one.accuracy]
    assert card._accuracy._marks == ((7.0, "collapse"),)
    assert "begins at epoch 7" in texts(window.training)
    assert "Use “checkpoint_epoch_" in texts(card)
    assert card.isVisibleTo(window.training)
    assert not card._state.isVisibleTo(card)
    assert "The collapse to blanks begins at epoch 7" in texts(window.diagnosis)
    assert window.session.inspection is not None
    assert window.session.inspection.diagnosis.along is not None
    assert "The 5 files of this run" in window.training.text()
    folded = window.sidebar.findChild(Foldable)
    assert folded is not None
    assert "4 other epochs of the run" in folded._button.text()
    QAbstractItemModelTester(card._rows, QAbstractItemModelTester.FailureReportingMode.Fatal)


@pytest.mark.slow
def test_enter_on_a_row_inspects_that_file(window: MainWindow, qtbot: QtBot, collapsed: TrainedRun) -> None:
    open_and_wait(window, qtbot, [collapsed.folder])
    wait_until_scored(window, qtbot, 5)
    window.show_panel(window.panels.index(window.training))
    card = window.training.epochs
    card._table.selectRow(4)
    assert not card._inspect.isEnabled()  # it is the inspected one
    card._table.selectRow(1)
    assert card._inspect.text() == "Inspect “checkpoint_epoch_5.pt”"
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        qtbot.keyClick(card._table, Qt.Key.Key_Return)
    wait_until_scored(window, qtbot, 5)
    assert "checkpoint_epoch_5.pt" in window.windowTitle()
    assert rows(card._rows)[1][1] == "checkpoint_epoch_5.pt (inspected)"
    folded = window.sidebar.findChild(Foldable)
    assert folded is not None
    assert "checkpoint_epoch_8.pt" not in cards(window)  # its card is made when the heading is opened
    folded._button.click()
    assert cards(window)["checkpoint_epoch_8.pt"].row.role is Role.EPOCH
    card._table.selectRow(2)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        card._inspect.click()
    assert "checkpoint_epoch_6.pt" in window.windowTitle()


def test_a_cancel_keeps_what_was_scored_and_the_rest_can_follow(
    window: MainWindow, qtbot: QtBot, engine: DirectEngine, collapsed: TrainedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, reached = threading.Event(), threading.Event()
    real = EpochRuns._run

    def held(self: EpochRuns, started, one, progress, cancel) -> Answered:  # type: ignore[no-untyped-def]
        if one.row.path == collapsed.checkpoints[5] and not gate.is_set():
            reached.set()
            gate.wait(20)
        return real(self, started, one, progress, cancel)

    monkeypatch.setattr(EpochRuns, "_run", held)
    open_and_wait(window, qtbot, [collapsed.folder])
    qtbot.waitUntil(reached.is_set, timeout=20_000)
    card = window.training.epochs
    assert window.session.inspection is not None  # the inspection did not wait
    assert not window.session.inspection.partial
    qtbot.waitUntil(lambda: card._along is not None and len(card._along.scored) == 2, timeout=20_000)
    assert card._cancel.isVisibleTo(card)
    card._cancel.click()
    gate.set()
    qtbot.waitUntil(lambda: not window.session.jobs.is_running("epochs"), timeout=20_000)
    assert card._step.accessibleName() == "Partial: 3 of 5 were not scored"
    assert card._go_on.isVisibleTo(card)
    assert engine.service.inspected is not None
    assert engine.service.inspected.diagnosis.along is not None
    assert engine.service.inspected.diagnosis.along.partial
    card._go_on.click()
    wait_until_scored(window, qtbot, 5)
    assert not card._go_on.isVisibleTo(card)


@pytest.mark.slow
def test_removing_a_file_in_the_middle_leaves_no_old_answer(
    window: MainWindow, qtbot: QtBot, collapsed: TrainedRun
) -> None:
    open_and_wait(window, qtbot, [collapsed.folder])
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.remove_file(collapsed.checkpoints[7])
    wait_until_scored(window, qtbot, 4)
    assert [row[0] for row in rows(window.training.epochs._rows)] == ["4", "5", "6", "8"]


def test_a_file_that_cannot_be_scored_is_named_in_the_card(
    window: MainWindow, qtbot: QtBot, collapsed: TrainedRun, tmp_path: Path
) -> None:
    for epoch in (4, 5):
        (tmp_path / f"epoch_{epoch}.pt").write_bytes(collapsed.checkpoints[epoch].read_bytes())
    (tmp_path / "epoch_3.pt").write_bytes(collapsed.checkpoints[4].read_bytes()[:4000])
    open_and_wait(window, qtbot, [tmp_path, collapsed.validation])
    wait_until_scored(window, qtbot, 2)
    assert "epoch_3.pt: “epoch_3.pt”" in window.training.epochs._failed.text()


def test_one_checkpoint_or_no_clips_show_no_card(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    first = save_notebook(tmp_path / "epoch_1.pt", make_notebook(1), epoch=1)
    open_and_wait(window, qtbot, [first])
    assert not window.training.epochs.isVisibleTo(window.training)
    second = save_notebook(tmp_path / "epoch_2.pt", make_notebook(2), epoch=2)
    open_and_wait(window, qtbot, [second])
    assert not window.session.jobs.is_running("epochs")
    assert window.training.epochs._along is None


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_card_is_painted_in_both_schemes(
    window: MainWindow, qtbot: QtBot, collapsed: TrainedRun, scheme: str
) -> None:
    apply_scheme(scheme)
    open_and_wait(window, qtbot, [collapsed.folder])
    wait_until_scored(window, qtbot, 5)
    window.show_panel(window.panels.index(window.training))
    image = window.training.epochs._accuracy.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}) > 4
