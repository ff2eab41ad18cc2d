"""The table model: Qt's own tester, sorting and filtering by arrays."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPersistentModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from asl_inspector.gui.tables import Column, ColumnModel

FATAL = QAbstractItemModelTester.FailureReportingMode.Fatal
NUMBERS = np.array([3.0, 1.0, 2.0, np.nan, 1.0])
NAMES = np.array(["c", "a", "b", "d", "e"], dtype=object)


@pytest.fixture
def model() -> ColumnModel:
    model = ColumnModel()
    model.set_columns(
        [
            Column("name", NAMES, lambda row: str(NAMES[row])),
            Column(
                "number",
                NUMBERS,
                lambda row: f"{NUMBERS[row]:.1f}",
                "a number",
                numeric=True,
                colour=lambda row: "danger" if row == 0 else None,
            ),
        ]
    )
    return model


def shown(model: ColumnModel, column: int = 0) -> list[object]:
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def test_the_model_passes_qts_tester_through_every_change(model: ColumnModel) -> None:
    tester = QAbstractItemModelTester(model, FATAL)
    model.sort(1, Qt.SortOrder.DescendingOrder)
    model.set_filter(np.array([True, False, True, True, False]))
    model.sort(0)
    model.set_filter(None)
    model.set_columns([])
    assert model.rowCount() == 0
    tester.deleteLater()


def test_sorting_is_by_raw_value_and_stable(model: ColumnModel) -> None:
    model.sort(1, Qt.SortOrder.AscendingOrder)
    assert shown(model) == ["a", "e", "b", "c", "d"]
    model.sort(-1)
    assert shown(model) == ["c", "a", "b", "d", "e"]


def test_a_filter_keeps_the_order(model: ColumnModel) -> None:
    model.sort(0, Qt.SortOrder.DescendingOrder)
    model.set_filter(np.array([True, True, False, False, True]))
    assert shown(model) == ["e", "c", "a"]
    assert model.source_row(0) == 4
    assert model.view_row(0) == 1
    assert model.view_row(2) is None


def test_a_persistent_index_follows_its_row(model: ColumnModel) -> None:
    index = QPersistentModelIndex(model.index(0, 0))
    model.sort(0, Qt.SortOrder.DescendingOrder)
    assert index.data() == "c"
    assert index.row() == 2


def test_headings_alignment_and_colours(model: ColumnModel) -> None:
    assert model.headerData(1, Qt.Orientation.Horizontal) == "number"
    assert model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.ToolTipRole) == "a number"
    alignment = model.data(model.index(0, 1), Qt.ItemDataRole.TextAlignmentRole)
    assert int(alignment) & int(Qt.AlignmentFlag.AlignRight)  # type: ignore[call-overload]
    assert model.data(model.index(0, 1), Qt.ItemDataRole.ForegroundRole) is not None
    assert model.data(model.index(1, 1), Qt.ItemDataRole.ForegroundRole) is None


def test_rows_as_text_have_a_heading(model: ColumnModel) -> None:
    assert model.text_rows([1]) == "name\tnumber\na\t1.0"


def test_undefined_numbers_come_last_in_either_direction_and_ties_keep_their_order(model: ColumnModel) -> None:
    model.sort(1, Qt.SortOrder.DescendingOrder)
    assert shown(model) == ["c", "b", "a", "e", "d"]


def test_text_is_sorted_by_its_key_in_both_directions() -> None:
    model = ColumnModel()
    model.set_columns([Column("name", NAMES, lambda row: str(NAMES[row]), key=lambda: np.array([1, 0, 1, 2, 2]))])
    model.sort(0)
    assert shown(model) == ["a", "c", "b", "d", "e"]
    model.sort(0, Qt.SortOrder.DescendingOrder)
    assert shown(model) == ["d", "e", "c", "b", "a"]


def test_objects_are_sorted_downwards_with_ties_in_their_order() -> None:
    names = np.array(["b", "a", "b"], dtype=object)
    model = ColumnModel()
    model.set_columns([Column("name", names, lambda row: str(row))])
    model.sort(0, Qt.SortOrder.DescendingOrder)
    assert shown(model) == ["0", "2", "1"]
