"""One table model over columns of arrays: sorting and filtering are array operations, never a Python loop over rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from asl_inspector.gui import theme
from asl_inspector.gui.array_order import order_of
from asl_inspector.gui.numbers import local
from asl_inspector.gui.sort_keys import SortKeys

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
AnyIndex = QModelIndex | QPersistentModelIndex
ROW_HEIGHT = 28
MOST_ROWS = 12  # that a table on a page shows before it scrolls


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        title: Heading.
        values: (N,), raw values to sort by; NaN comes last in either direction.
        text: Text of row i.
        tooltip: What the column means.
        numeric: True where text stands at the right.
        colour: Name of a theme colour for row i, or None for the usual one.
        width: Pixels at first.
        key: Makes numbers to sort by in place of `values`, where those are text; asked for at the first sort.
    """

    title: str
    values: NDArray[Any]
    text: Callable[[int], str]
    tooltip: str = ""
    numeric: bool = False
    colour: Callable[[int], str | None] | None = None
    width: int = 100
    key: Callable[[], NDArray[Any]] | None = None


class ColumnModel(QAbstractTableModel):
    """Rows of columns, in an order and a selection of their own."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._columns: Sequence[Column] = ()
        self._rows: IntArray = np.zeros(0, np.int64)
        self._mask: BoolArray | None = None
        self._sorted_by: tuple[int, bool] | None = None
        self._order: IntArray | None = None  # all rows as they are sorted, kept for the next filter
        self._count = 0

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns; order and filter are forgotten."""
        self.beginResetModel()
        self._columns = columns
        self._count = len(columns[0].values) if columns else 0
        self._mask, self._sorted_by, self._order = None, None, None
        self._rows = np.arange(self._count)
        self.endResetModel()

    def width_of(self, column: int) -> int:
        """Pixels that a column takes at first."""
        return self._columns[column].width

    def set_filter(self, mask: BoolArray | None) -> None:
        """Show the rows where `mask` is True; None shows all."""
        self.beginResetModel()
        self._mask = mask
        self._arrange()
        self.endResetModel()

    def source_row(self, row: int) -> int:
        """The row of the data that stands at `row` of the table."""
        return int(self._rows[row])

    def view_row(self, source: int) -> int | None:
        """Where a row of the data stands in the table, or None where it is filtered out."""
        found = np.flatnonzero(self._rows == source)
        return int(found[0]) if len(found) else None

    @property
    def columns(self) -> Sequence[Column]:
        """What is shown."""
        return self._columns

    @property
    def sorted_by(self) -> tuple[int, bool] | None:
        """The column by which rows are sorted, and True where downwards; None for the order of the data."""
        return self._sorted_by

    def source_rows(self) -> IntArray:
        """The rows of the data that are shown, in their order."""
        return self._rows

    def _arrange(self) -> None:
        if self._sorted_by is None:
            self._rows = np.arange(self._count) if self._mask is None else np.flatnonzero(self._mask)
            return
        if self._order is None:
            self._order = _sorted(self._columns[self._sorted_by[0]], descending=self._sorted_by[1])
        self._rows = self._order if self._mask is None else self._order[self._mask[self._order]]

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._columns)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        column = self._columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            text = column.text(int(self._rows[index.row()]))
            return local(text) if column.numeric else text
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole and column.colour is not None:
            name = column.colour(int(self._rows[index.row()]))
            return QColor(getattr(theme.current(), name)) if name else None
        if role == Qt.ItemDataRole.ToolTipRole:
            text = column.text(int(self._rows[index.row()]))
            return text if len(text) > 24 else None
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation != Qt.Orientation.Horizontal or section >= len(self._columns):
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.tooltip or None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column.numeric else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self.layoutAboutToBeChanged.emit()
        held = self.persistentIndexList()
        sources = [self.source_row(index.row()) for index in held]
        known = 0 <= column < len(self._columns)
        self._sorted_by = (column, order == Qt.SortOrder.DescendingOrder) if known else None
        self._order = None
        self._arrange()
        if held:
            place_of = np.full(self._count, -1)
            place_of[self._rows] = np.arange(len(self._rows))
            places = place_of[np.array(sources)].tolist()
        moved = [
            QModelIndex() if place < 0 else self.index(place, index.column())
            for index, place in zip(held, places if held else [], strict=True)
        ]
        self.changePersistentIndexList(held, moved)
        self.layoutChanged.emit()

    def text_rows(self, rows: Sequence[int]) -> str:
        """Rows of the table as tab-separated text with a heading."""
        lines = ["\t".join(column.title for column in self._columns)]
        for row in rows:
            source = self.source_row(row)
            lines.append("\t".join(column.text(source).replace("\t", " ") for column in self._columns))
        return "\n".join(lines)


def _sorted(column: Column, *, descending: bool) -> IntArray:
    """(N,), all rows in order; equal ones as they were, undefined ones last."""
    return order_of(column.values if column.key is None else column.key(), descending=descending)


def new_table(model: ColumnModel, name: str) -> QTableView:
    """A table as all panels show them."""
    view = QTableView()
    view.setModel(model)
    view.setAccessibleName(name)
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setSortingEnabled(True)
    view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setFont(theme.font())
    view.verticalHeader().hide()
    view.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
    view.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    view.horizontalHeader().setHighlightSections(False)
    view.horizontalHeader().setFont(theme.font(theme.SMALL))
    view.horizontalHeader().setStretchLastSection(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setTabKeyNavigation(False)
    SortKeys(view)
    return view


def set_widths(table: QTableView, model: ColumnModel) -> None:
    """Give every column the width that it has at first."""
    for index in range(model.columnCount()):
        table.setColumnWidth(index, model.width_of(index))


def fill_table(model: ColumnModel, table: QTableView, columns: list[Column], rows: int) -> None:
    """Fill a table that stands on a page, and make it as high as its rows, up to a point."""
    model.set_columns(columns)
    set_widths(table, model)
    table.setFixedHeight((min(rows, MOST_ROWS) + 1) * ROW_HEIGHT + 14)
    table.setVisible(rows > 0)
