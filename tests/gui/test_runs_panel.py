"""The Runs panel: a result that is dropped opens without its checkpoints, and a click opens one where it is there."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from makers import Run
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot
from sweeps_at_hand import made_up_sweep

from asl_inspector.case.records import Role
from asl_inspector.gui.main_window import PANELS, MainWindow
from asl_inspector.gui.plots.outcomes import OutcomePlot
from asl_inspector.sweep.tables import write_summary


@pytest.fixture
def result(run: Run, tmp_path: Path) -> Path:
    """Only the file that the window reads, as it may be copied from a server. One of its checkpoints is there."""
    folder = run.folder / "runs"
    paths = [
        folder / f"{name}_seed2" / f"checkpoint_epoch_{epoch}.pt" for name in ("plain", "wide") for epoch in range(1, 7)
    ]
    paths[3].parent.mkdir(parents=True)
    shutil.copy(run.checkpoint, paths[3])
    out = tmp_path / "laptop"
    out.mkdir()
    write_summary(out, made_up_sweep(paths, run.validation))
    return out


def shown(window: MainWindow) -> str:
    return "\n".join(label.text() for label in window.runs.findChildren(QLabel) if label.isVisibleTo(window.runs))


def drop(window: MainWindow, qtbot: QtBot, path: Path) -> None:
    window.open_files([path])
    qtbot.waitUntil(lambda: window.runs.sweep is not None, timeout=10_000)


def test_a_result_that_is_dropped_is_shown_and_opens_no_case(window: MainWindow, qtbot: QtBot, result: Path) -> None:
    drop(window, qtbot, result)
    assert PANELS[window._stack.currentIndex()] == "Runs"
    assert not window.session.case.files
    assert "has most clips right" in shown(window)
    assert "collapse to blanks begins at epoch 5" in shown(window)
    assert window.runs.runs.rows.rowCount() == 2
    assert window.runs.files.rows.rowCount() == 12
    QAbstractItemModelTester(window.runs.files.rows, QAbstractItemModelTester.FailureReportingMode.Fatal)
    titles, rows = window.runs.plot.table()
    assert (len(titles), len(rows)) == (61, 12)
    assert "wide_seed2" in window.runs.text()


def test_the_picture_says_which_clip_is_right_in_which_file(window: MainWindow, qtbot: QtBot, result: Path) -> None:
    drop(window, qtbot, result)
    found = window.runs.sweep
    assert found is not None
    place = next(place for place, (_, index) in enumerate(window.runs._order) if found.rows[index].accuracy is not None)
    outcome = found.rows[window.runs._order[place][1]].outcome
    _, rows = window.runs.plot.table()
    assert rows[place].count("right") == outcome.count("1")
    assert window.runs.plot.readout(0.5, place + 0.5).endswith(str(rows[place][0]))


def test_a_click_on_a_file_opens_it_with_the_data_as_a_case(
    window: MainWindow, qtbot: QtBot, result: Path, run: Run
) -> None:
    drop(window, qtbot, result)
    plot: OutcomePlot = window.runs.plot
    frame, _, y = plot.layout_on_screen()
    place = QPoint(int(frame.center().x()), int(y.place(3.5)))
    with qtbot.waitSignal(window.session.became_idle, timeout=30_000):
        qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    main = next(row for row in window.session.case.files if row.role is Role.CHECKPOINT)
    assert main.path == run.folder / "runs" / "plain_seed2" / "checkpoint_epoch_4.pt"
    assert any(row.path == run.validation and row.role is Role.VALIDATION for row in window.session.case.files)
    assert PANELS[window._stack.currentIndex()] == "Diagnosis"
    assert window.runs.sweep is not None  # the runs stay where they are


def test_a_file_that_is_elsewhere_is_said_to_be(window: MainWindow, qtbot: QtBot, result: Path) -> None:
    drop(window, qtbot, result / "sweep.json")
    window.runs.files.table.selectRow(0)
    window.runs.files.open.click()
    assert "“checkpoint_epoch_1.pt” is not on this machine: it was swept as " in shown(window)
    assert not window.session.case.files


def test_what_is_no_result_is_said_in_the_panel(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "sweep.json").write_text("{}")
    window.open_files([tmp_path])
    qtbot.waitUntil(lambda: "is no result of a sweep" in shown(window), timeout=10_000)
    assert window.runs.text() == ""


def test_the_runs_are_exported(
    window: MainWindow, qtbot: QtBot, result: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drop(window, qtbot, result)
    target = tmp_path / "runs.html"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    with qtbot.waitSignal(window.session.exported, timeout=20_000):
        window.runs.wants_export.emit()
    assert "Along epochs" in target.read_text()


def test_a_result_is_read_and_written_as_a_report_without_torch_or_the_library_of_tables(result: Path) -> None:
    code = """
import sys
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "pyarrow", "h5py", "ray", "scipy"}:
            raise ImportError("blocked: " + name, name=name)
sys.meta_path.insert(0, Block())
from pathlib import Path
from asl_inspector.sweep.reading import read_sweep
from asl_inspector.sweep.words import headline, sentences
found = read_sweep(Path(sys.argv[1]))
print(headline(found), *sentences(found))
"""
    ran = subprocess.run(
        [sys.executable, "-c", code, str(result)], capture_output=True, text=True, check=False, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert "has most clips right" in ran.stdout


def test_between_two_files_no_number_is_written(qtbot: QtBot) -> None:
    plot = OutcomePlot()
    qtbot.addWidget(plot)
    plot.show_outcomes(np.ones((2, 3), np.int8), ["a", "b"], ["one", "two", "three"])
    for ticks, high in ((plot.y_ticks(0, 2, 6), 2), (plot.x_ticks(0, 3, 10), 3)):
        assert [words for _, words in ticks] == [str(number) for number in range(high + 1)]
