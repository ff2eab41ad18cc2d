"""The Checkpoint keys panel: search, sort, look, measure, copy."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from gui.conftest import DirectEngine
from makers import make_notebook, save_notebook
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QAbstractItemModelTester
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.statistics import TensorStatistics, tensor_statistics
from asl_inspector.engine.looks import Looks
from asl_inspector.engine.tensor_messages import SliceRequest, SliceView
from asl_inspector.gui.key_nodes import FIRST_MEASURED, NUMBERS, SHAPE, SHOWN_AT_ONCE, Node, build_tree
from asl_inspector.gui.key_search import parse_search
from asl_inspector.gui.key_tree import KeyModel
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.panels.key_lists import kind_of
from asl_inspector.gui.panels.key_tensors import python_text
from asl_inspector.gui.panels.keys import KeysPanel
from asl_inspector.gui.plots.heat import HeatPlot
from asl_inspector.gui.slice_table import PAGE_COLUMNS, PAGE_ROWS, SliceModel
from asl_inspector.gui.widgets import Text
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import Cancelled


def saved(path: Path, held: object) -> Checkpoint:
    torch.save(held, path)
    return open_checkpoint(MappedFile(path))


def trained_file(path: Path) -> Path:
    """The small network after a step of Adam, with one number that is not finite and a scheduler."""
    network = make_notebook()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.002)
    network(torch.randn(1, 4, 6)).sum().backward()
    optimizer.step()
    with torch.no_grad():
        network.classifier.weight[2, 3] = float("nan")
    state = {"optimizer_state_dict": optimizer.state_dict(), "scheduler_state_dict": {"last_epoch": 7}}
    return save_notebook(path, network, **state)


def show(window: MainWindow, qtbot: QtBot, path: Path) -> KeysPanel:
    """The panel once its tree and its optimizers are there."""
    with qtbot.waitSignal(window.session.looks.optimizers.succeeded, timeout=60_000):
        window.open_files([path])
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=60_000)
    window.show_panel(window.panels.index(window.keys))
    return window.keys


def names(panel: KeysPanel) -> list[str]:
    return [".".join(node.path) for node in panel.tensors.model.nodes() if node.tensor is not None]


def texts(widget: object) -> str:
    return "\n".join(label.text() for label in widget.findChildren(Text))  # type: ignore[attr-defined]


# -- search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["512x36", "512 x 36", "[512, 36]", "(512,36)", "512×36", "512*36", " 512X36 "])
def test_shapes_are_understood_however_they_are_written(text: str) -> None:
    assert parse_search(text).shape == (512, 36)


def test_a_search_for_values_needs_measures(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path / "a.pt", {"banana": torch.ones(3), "bad": torch.tensor([float("nan")])})
    content = MappedFile(tmp_path / "a.pt").view
    facts = {index: tensor_statistics(tensor, content) for index, tensor in enumerate(checkpoint.tensors)}

    def found(text: str, measured: dict[int, TensorStatistics]) -> list[str]:
        return [child.name for child in build_tree(checkpoint, text, measured).children]

    assert found("NaN", facts) == ["bad"]
    assert found("NaN", {}) == []
    assert found("inf", facts) == []
    assert found("banana", {}) == ["banana"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("36", ["a.36.weight", "b"]),
        ("4x36", ["b"]),
        ("float16", ["c"]),
        ("bias", ["a.36.bias"]),
        ("5x4", ["c"]),
        ("3x4", []),
        ("0.25", ["lr"]),
    ],
)
def test_names_types_shapes_and_values_are_found(tmp_path: Path, text: str, expected: list[str]) -> None:
    held = {
        "a.36.weight": torch.zeros(7, 2),
        "a.36.bias": torch.zeros(3),
        "b": torch.zeros(4, 36),
        "c": torch.zeros(2, 5, 4, dtype=torch.float16),
        "lr": 0.25,
    }
    root = build_tree(saved(tmp_path / "a.pt", held), text)
    model = KeyModel()
    model.set_root(root)
    found = [".".join(node.path) for node in model.nodes() if node.tensor or node.value]
    if text == "36":
        expected = ["a.36.weight", "a.36.bias", "b"]
    assert found == expected


def test_the_panel_says_when_nothing_is_found_and_when_measures_are_missing(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    panel._search.setText("zzz")
    qtbot.waitUntil(lambda: "Nothing matches “zzz”" in panel._facts.toolTip())
    panel._search.setText("nan")
    qtbot.waitUntil(lambda: "Measure all looks at every number" in panel._facts.toolTip())
    panel._search.setText("7x16")
    qtbot.waitUntil(lambda: len(names(panel)) == 3)
    assert "3 found" in panel._facts.toolTip()


# -- the tree ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_folders_are_fetched_a_part_at_a_time_and_stay_a_sound_model(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path / "a.pt", {f"w{number}": torch.zeros(2) for number in range(6 * SHOWN_AT_ONCE + 5)})
    model = KeyModel()
    model.set_root(build_tree(checkpoint))
    assert model.rowCount() == SHOWN_AT_ONCE
    # the tester fetches when it is made; within a reset it would take its own fetching for a fault of the model
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    assert SHOWN_AT_ONCE < model.rowCount() < 6 * SHOWN_AT_ONCE
    assert model.canFetchMore(QModelIndex())
    last = model.find(f"w{6 * SHOWN_AT_ONCE + 4}")
    assert last.row() == 6 * SHOWN_AT_ONCE + 4
    assert model.data(last) == f"w{6 * SHOWN_AT_ONCE + 4}"
    assert not model.canFetchMore(QModelIndex())
    tester.deleteLater()


def test_shared_memory_counts_once_and_shares_are_of_the_weights(tmp_path: Path) -> None:
    tied = torch.zeros(30)
    held = {"model_state_dict": {"a.x": tied, "a.y": tied, "b": torch.zeros(10)}, "other": torch.zeros(60)}
    root = build_tree(saved(tmp_path / "a.pt", held))
    state = root.children[0]
    assert (root.numbers, state.numbers, state.children[0].numbers) == (100, 40, 30)
    assert (state.share, state.children[0].share, state.children[1].share) == (0.4, 0.75, 0.25)


def test_siblings_are_sorted_by_any_column_and_layers_by_their_number(tmp_path: Path) -> None:
    held = {f"layers.{number}": torch.full((number + 1,), float(-number)) for number in (10, 9, 2)}
    checkpoint = saved(tmp_path / "a.pt", held | {"text": "z"})
    content = MappedFile(tmp_path / "a.pt").view
    facts = {index: tensor_statistics(tensor, content) for index, tensor in enumerate(checkpoint.tensors)}

    def order(column: int, *, descending: bool) -> list[str]:
        root = build_tree(checkpoint, "", facts, (column, descending))
        assert [child.row for child in root.children[0].children] == [0, 1, 2]
        return [child.name for child in root.children[0].children]

    assert order(0, descending=False) == ["2", "9", "10"]
    assert order(NUMBERS, descending=True) == ["10", "9", "2"]
    assert order(FIRST_MEASURED, descending=False) == ["10", "9", "2"]


def test_sorting_keeps_what_is_open_and_selected(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    panel.go_to("keys:classifier.weight")
    panel.tensors.tree.header().setSortIndicator(NUMBERS, Qt.SortOrder.DescendingOrder)
    qtbot.waitUntil(lambda: panel.tensors.model.data(panel.tensors.model.index(0, 0)) == "optimizer_state_dict")
    node = panel.tensors.model.node(panel.tensors.tree.currentIndex())
    assert node.path == ("model_state_dict", "classifier", "weight")
    assert panel.tensors.tree.isExpanded(panel.tensors.model.find_path(("model_state_dict", "classifier")))


# -- a closer look ----------------------------------------------------------------------------------------------------


def test_a_tensor_shows_facts_gates_numbers_and_optimizer_state(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    with qtbot.waitSignal(window.session.looks.tensor.succeeded, timeout=10_000):
        panel.go_to("keys:encoder.lstm.weight_hh_l0_reverse")
    shown = texts(panel.tensors.detail)
    assert "LSTM layer 0, backward direction" in shown
    assert "rows 8 to 15: forget gate (f)" in shown
    assert "step 1" in shown
    assert "matched by their order" in shown
    assert panel.tensors.detail._plot.isVisible()
    table = panel.tensors.detail.slices._model
    qtbot.waitUntil(lambda: table.value(5, 3) is not None)
    weight = torch.load(tmp_path / "a.pt", weights_only=True)["model_state_dict"]["encoder.lstm.weight_hh_l0_reverse"]
    assert table.value(5, 3) == weight[5, 3].item()
    link = next(one for one in panel.tensors.detail.findChildren(QPushButton) if one.text().startswith("exp_avg_sq"))
    link.click()
    assert panel.tensors.model.node(panel.tensors.tree.currentIndex()).path[-1] == "exp_avg_sq"


def test_who_shares_memory_is_told(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tied = torch.randn(4, 4)
    torch.save({"a.weight": tied, "b.weight": tied}, tmp_path / "a.pt")
    panel = show(window, qtbot, tmp_path / "a.pt")
    panel.go_to("keys:a.weight")
    assert "Shares its memory with" in texts(panel.tensors.detail)
    assert "b.weight" in [button.text() for button in panel.tensors.detail.findChildren(QPushButton)]


def test_a_slice_of_a_larger_tensor_is_chosen_with_spin_boxes(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    tensor = torch.randn(3, 5, 6, 7)
    torch.save({"conv.weight": tensor}, tmp_path / "a.pt")
    panel = show(window, qtbot, tmp_path / "a.pt")
    panel.go_to("keys:conv.weight")
    slices = panel.tensors.detail.slices
    assert [(box.minimum(), box.maximum()) for box in slices._boxes] == [(0, 2), (0, 4)]
    slices._boxes[0].setValue(2)
    slices._boxes[1].setValue(4)
    qtbot.waitUntil(lambda: slices._model.value(5, 6) is not None)
    assert slices._model.value(5, 6) == tensor[2, 4, 5, 6].item()
    slices._as_picture.setChecked(True)
    qtbot.waitUntil(slices._heat.has_data)
    assert slices._heat.readout(6.5, 5.5) == f"row 5, column 6: {tensor[2, 4, 5, 6].item():.6g}"


def test_only_the_pages_that_are_looked_at_are_asked_for(qtbot: QtBot, tmp_path: Path) -> None:
    matrix = torch.arange(4_000_000.0).reshape(2000, 2000)
    looks = Looks(saved(tmp_path / "a.pt", {"w": matrix}), MappedFile(tmp_path / "a.pt").view)
    model = SliceModel()
    asked: list[SliceRequest] = []
    model.wants_part.connect(asked.append)
    model.show_tensor(0, (2000, 2000), ())
    asked.clear()
    assert model.data(model.index(1999, 1999)) == "…"
    qtbot.waitUntil(lambda: bool(asked))
    assert asked[-1].rows == (1999 // PAGE_ROWS * PAGE_ROWS, 2000)
    assert asked[-1].columns == (1999 // PAGE_COLUMNS * PAGE_COLUMNS, 2000)
    model.show_part(looks.part(asked[-1]))
    assert model.data(model.index(1999, 1999)) == "4e+06"
    assert model.value(1999, 1999) == 3_999_999
    stale = SliceView(asked[-1], np.zeros((1, 1)))
    model.show_tensor(0, (2000, 2000), ())
    model.show_part(stale)
    assert model.value(1999, 1999) is None


def test_the_slice_model_passes_qts_tester(tmp_path: Path) -> None:
    looks = Looks(saved(tmp_path / "a.pt", {"w": torch.randn(3, 4)}), MappedFile(tmp_path / "a.pt").view)
    model = SliceModel()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Fatal)
    model.wants_part.connect(lambda request: model.show_part(looks.part(request)))
    model.show_tensor(0, (3, 4), ())
    model.data(model.index(0, 0))
    model._ask()
    assert model.value(0, 0) is not None
    model.show_tensor(-1, (), ())
    assert model.rowCount() == 0
    tester.deleteLater()


def test_a_heat_map_shows_signs_and_what_is_not_finite(qtbot: QtBot) -> None:
    plot = HeatPlot(height=240)
    qtbot.addWidget(plot)
    plot.resize(400, 240)
    plot.show_matrix(np.array([[-1.0, 0.0], [1.0, np.nan]]), (1, 1))
    plot.grab()
    assert plot._image is not None
    blue, ground = plot._image.pixelColor(0, 0), plot._image.pixelColor(1, 0)
    orange, broken = plot._image.pixelColor(0, 1), plot._image.pixelColor(1, 1)
    assert blue.blue() > blue.red()
    assert orange.red() > orange.blue()
    assert ground.lightness() > 240
    assert broken.red() > 150 > broken.green()


# -- measures ---------------------------------------------------------------------------------------------------------


def test_measuring_fills_columns_health_and_the_search_for_nan(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    assert panel.tensors.tree.isColumnHidden(FIRST_MEASURED)
    panel._search.setText("NaN")
    with qtbot.waitSignal(window.session.looks.measured, timeout=60_000) as ended:
        panel._measure.click()
    assert ended.args == [""]
    assert not panel.tensors.tree.isColumnHidden(FIRST_MEASURED)
    assert len(panel.tensors.model.measured) == 72
    qtbot.waitUntil(lambda: names(panel) == ["model_state_dict.classifier.weight"])
    node = next(node for node in panel.tensors.model.nodes() if node.tensor is not None)
    weight = torch.load(tmp_path / "a.pt", weights_only=True)["model_state_dict"]["classifier.weight"]
    assert panel.tensors.model.text(node, FIRST_MEASURED + 6) == "1"
    assert panel.tensors.model.text(node, FIRST_MEASURED + 1) == f"{weight.nan_to_num(-9).max().item():.4g}"
    panel.show_page(3)
    assert "NaN or infinite" in texts(panel._health_page)
    assert panel._tabs[3].text().startswith("Health (")
    link = next(one for one in panel._health_page.findChildren(QPushButton) if one.text() == "classifier.weight")
    link.click()
    assert panel._pages.currentIndex() == 0
    qtbot.waitUntil(lambda: panel.tensors.selected is not None and panel.tensors.selected.name == "weight")


def test_measuring_is_cancelled_and_keeps_what_it_has(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, engine: DirectEngine
) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))

    def slow(talk) -> None:  # type: ignore[no-untyped-def]
        while not talk.cancel.is_cancelled:
            pass
        raise Cancelled

    engine.service.statistics = slow  # type: ignore[method-assign]
    with qtbot.waitSignal(window.session.looks.measured, timeout=10_000) as ended:
        panel.measure()
        assert panel._stop.isVisible()
        assert not panel._measure.isEnabled()
        panel._stop.click()
    assert ended.args == ["Cancelled"]
    assert panel._measure.isEnabled()
    assert not panel._stop.isVisible()


def test_another_file_forgets_the_measures(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    first = trained_file(tmp_path / "a.pt")
    panel = show(window, qtbot, first)
    with qtbot.waitSignal(window.session.looks.measured, timeout=60_000):
        panel.measure()
    save_notebook(tmp_path / "b.pt", make_notebook(1, classes=9))
    with qtbot.waitSignal(window.session.looks.optimizers.succeeded, timeout=60_000):
        window.session.replace_file(first, tmp_path / "b.pt")
    assert panel.tensors.model.measured == {}
    assert panel._health is None
    assert panel.tensors.tree.isColumnHidden(FIRST_MEASURED)


# -- the other pages --------------------------------------------------------------------------------------------------


def test_the_optimizer_is_a_table_by_parameter(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    page = panel._optimizer_page
    assert page.model.rowCount() == 18
    assert [page.model.data(page.model.index(16, column)) for column in (0, 1, 2, 4)] == [
        "16",
        "classifier.weight",
        "7 × 16",
        "1",
    ]
    assert "lr 0.002" in page.words.text()
    folder = panel.tensors.model.node(panel.tensors.model.find_path(("optimizer_state_dict", "state", "16")))
    assert panel.tensors.model.text(folder, SHAPE) == "classifier.weight"


def test_values_are_told_by_what_they_are_about(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    rows = panel._value_page.text().splitlines()
    assert "scheduler\tscheduler_state_dict.last_epoch\tint\t7" in rows
    assert not any("param_groups" in row for row in rows)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (("rng_state", "cuda", "0"), "RNG state"),
        (("callbacks", "EarlyStopping", "best_score"), "callback"),
        (("lr_schedulers", "0", "last_epoch"), "scheduler"),
        (("hyper_parameters", "lr"), "hyperparameter"),
        (("gloss_to_id", "book"), "vocabulary"),
        (("val_acc",), "curve or metric"),
        (("note",), "other"),
    ],
)
def test_kinds_of_values(path: tuple[str, ...], kind: str) -> None:
    assert kind_of(path) == kind


def test_what_loading_would_run_has_a_page_with_offsets(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    import os

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return os.system, ("true",)

    torch.save({"model_state_dict": {"w": torch.ones(3)}, "x": Evil()}, tmp_path / "a.pt")
    panel = show(window, qtbot, tmp_path / "a.pt")
    more = next(one for one in panel.findChildren(QPushButton) if one.text() == "Show each")
    more.click()
    page = panel._run_page
    assert panel._pages.currentWidget() is page
    checkpoint = panel._checkpoint
    assert checkpoint is not None
    offset = f"{checkpoint.would_run[0].offset:,}"
    assert [page.model.data(page.model.index(0, column)) for column in range(3)] == [
        offset,
        "posix.system",
        "('true',)",
    ]
    assert "Nothing of it was run here" in page.words.text()


# -- copies -----------------------------------------------------------------------------------------------------------


def test_rows_are_copied_and_written_as_csv(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    panel.go_to("keys:classifier.bias")
    panel.tensors.copy_rows()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[1].startswith("model_state_dict.classifier.bias\tfloat32\t7\t7\t")
    with qtbot.waitSignal(window.session.looks.measured, timeout=60_000):
        panel.measure()
    panel.write_csv(tmp_path / "t.csv")
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=10_000)
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert len(rows) == 72
    weight = torch.load(tmp_path / "a.pt", weights_only=True)["model_state_dict"]["classifier.bias"]
    assert float(rows[17]["mean"]) == pytest.approx(weight.double().mean().item(), rel=1e-9)


def test_a_key_is_copied_as_python_reaches_it(tmp_path: Path) -> None:
    checkpoint = saved(tmp_path / "a.pt", {"state_dict": {"a.b'c": torch.ones(1)}})
    model = KeyModel()
    model.set_root(build_tree(checkpoint))
    node = cast("Node", next(node for node in model.nodes() if node.tensor))
    held = {"checkpoint": torch.load(tmp_path / "a.pt", weights_only=True)}
    assert eval(python_text(node), held) == 1  # noqa: S307 - the text under test, made above


def test_ctrl_f_goes_to_the_search_and_return_to_the_tree(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    panel = show(window, qtbot, trained_file(tmp_path / "a.pt"))
    window.activateWindow()
    panel.tensors.tree.setFocus()
    qtbot.keyClick(panel.tensors.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(panel._search.hasFocus)
    qtbot.keyClick(panel._search, Qt.Key.Key_Return)
    assert panel.tensors.tree.hasFocus()
    assert panel.tensors.tree.currentIndex().isValid()
