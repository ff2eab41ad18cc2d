"""Every item model passes Qt's own tester: alone, and in a window while a case is opened, sorted, filtered and closed."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from makers import Run
from PySide6.QtCore import QAbstractItemModel, Qt
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

import asl_inspector.gui
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.engine.tensor_messages import SliceRequest
from asl_inspector.gui.key_nodes import build_tree
from asl_inspector.gui.key_tree import KeyModel
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.slice_table import SliceModel
from asl_inspector.gui.tables import Column, ColumnModel
from asl_inspector.mapped_file import MappedFile

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal


def own_models() -> set[type[QAbstractItemModel]]:
    """Every class of item models that the window defines."""
    for module in pkgutil.walk_packages(asl_inspector.gui.__path__, "asl_inspector.gui."):
        importlib.import_module(module.name)
    found, waiting = set(), [QAbstractItemModel]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if kind.__module__.startswith("asl_inspector"):
                found.add(kind)
    return found


def drive_columns(model: QAbstractItemModel, _folder: Path) -> None:
    assert isinstance(model, ColumnModel)
    numbers = np.array([3.0, np.nan, 1.0])
    columns = [Column("n", numbers, lambda row: f"{numbers[row]:g}"), Column("m", numbers, lambda _: "x")]
    model.set_columns(columns)
    held = model.index(2, 1)
    model.sort(0, Qt.SortOrder.DescendingOrder)
    model.set_filter(np.array([True, False, True]))
    model.sort(-1)
    model.set_filter(None)
    assert model.rowCount() == 3
    assert held.isValid()
    model.set_columns(())
    assert model.rowCount() == 0


def drive_keys(model: QAbstractItemModel, folder: Path) -> None:
    assert isinstance(model, KeyModel)
    torch.save({"model_state_dict": {"a.x": torch.zeros(2), "a.y": torch.ones(3)}, "epoch": 4}, folder / "a.pt")
    model.set_root(build_tree(open_checkpoint(MappedFile(folder / "a.pt"))))
    state = model.index(0, 0)
    assert model.rowCount(state) == 1
    assert model.rowCount(model.index(0, 0, state)) == 2


def drive_slice(model: QAbstractItemModel, _folder: Path) -> None:
    assert isinstance(model, SliceModel)
    asked: list[SliceRequest] = []
    model.wants_part.connect(asked.append)
    model.show_tensor(0, (300, 40), ())
    model.data(model.index(299, 39))
    model._ask()
    assert asked
    model.show_tensor(1, (2,), ())
    assert (model.rowCount(), model.columnCount()) == (2, 1)
    model.show_tensor(-1, (), ())


DRIVERS: dict[type[QAbstractItemModel], Callable[[QAbstractItemModel, Path], None]] = {
    ColumnModel: drive_columns,
    KeyModel: drive_keys,
    SliceModel: drive_slice,
}


def test_every_item_model_of_the_window_is_driven_below() -> None:
    assert own_models() == set(DRIVERS)


@pytest.mark.parametrize("kind", DRIVERS, ids=lambda kind: kind.__name__)
def test_the_model_passes_qts_tester(kind: type[QAbstractItemModel], qtbot: QtBot, tmp_path: Path) -> None:
    model = kind()
    tester = QAbstractItemModelTester(model, FATAL)
    DRIVERS[kind](model, tmp_path)
    tester.deleteLater()


def test_all_models_of_a_window_pass_while_a_case_comes_and_goes(window: MainWindow, qtbot: QtBot, run: Run) -> None:
    tables = window.findChildren(QTableView)
    models = {table.model() for table in tables} - {None}
    own = [model for model in models if type(model) in DRIVERS]
    assert len(own) > 10
    testers = [QAbstractItemModelTester(model, FATAL, window) for model in own]
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.open_files(run.files)
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
    for table in tables:
        if table.isSortingEnabled():
            for column in range(table.model().columnCount()):
                table.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    window.samples.controls.shown.setCurrentIndex(1)
    window.samples.controls.shown.setCurrentIndex(0)
    with qtbot.waitSignal(window.session.became_idle, timeout=60_000):
        window.session.clear()
    assert all(isinstance(tester.model(), tuple(DRIVERS)) for tester in testers)
