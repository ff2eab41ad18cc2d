"""A matrix of any size as a table: only the pages that are looked at are fetched, and only few of them are kept."""

from __future__ import annotations

from collections import OrderedDict

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QColor

from asl_inspector.engine.tensor_messages import SliceRequest, SliceView
from asl_inspector.gui import theme
from asl_inspector.gui.numbers import local

AnyIndex = QModelIndex | QPersistentModelIndex
PAGE_ROWS, PAGE_COLUMNS = 128, 32
MOST_PAGES = 256
MOST_SECTIONS = 2**31 // 64  # Qt counts pixels of all rows in 32 bits
Page = tuple[int, int]


class SliceModel(QAbstractTableModel):
    """The last two dimensions of a tensor, at chosen indices of the others."""

    wants_part = Signal(object)  # SliceRequest

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._index = -1
        self._shape = (0, 0)
        self._leading: tuple[int, ...] = ()
        self._pages: OrderedDict[Page, NDArray[np.generic]] = OrderedDict()
        self._waiting: list[Page] = []
        self._asked: SliceRequest | None = None
        self.trouble = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._ask)

    def show_tensor(self, index: int, shape: tuple[int, ...], leading: tuple[int, ...]) -> None:
        """Show another matrix; an index of -1 shows none."""
        self.beginResetModel()
        rows = shape[-2] if len(shape) > 1 else shape[0] if shape else 1
        columns = shape[-1] if len(shape) > 1 else 1
        self._shape = (min(rows, MOST_SECTIONS), min(columns, MOST_SECTIONS)) if index >= 0 else (0, 0)
        self._index, self._leading = index, leading
        self._pages.clear()
        self._waiting.clear()
        self._asked = None
        self.trouble = ""
        self.endResetModel()

    @Slot(object)
    def show_part(self, view: SliceView) -> None:
        """A page arrived."""
        if view.request != self._asked:
            return
        self._asked = None
        self.trouble = view.trouble
        if not view.trouble:
            top, left = view.request.rows[0], view.request.columns[0]
            self._pages[top // PAGE_ROWS, left // PAGE_COLUMNS] = view.values
            while len(self._pages) > MOST_PAGES:
                self._pages.popitem(last=False)
            if view.values.size:
                bottom, right = top + view.values.shape[0] - 1, left + view.values.shape[1] - 1
                self.dataChanged.emit(self.index(top, left), self.index(bottom, right))
            self._timer.start()

    @Slot()
    def _ask(self) -> None:
        """Ask for the page that was wanted last: that is where the user looks now."""
        if self._asked is not None or not self._waiting or self.trouble:
            return
        row, column = self._waiting.pop()
        top, left = row * PAGE_ROWS, column * PAGE_COLUMNS
        rows, columns = self._shape
        self._asked = SliceRequest(
            self._index,
            self._leading,
            (top, min(top + PAGE_ROWS, rows)),
            (left, min(left + PAGE_COLUMNS, columns)),
        )
        self.wants_part.emit(self._asked)

    def value(self, row: int, column: int) -> object | None:
        """The number there, or None while its page is on the way."""
        key = (row // PAGE_ROWS, column // PAGE_COLUMNS)
        page = self._pages.get(key)
        if page is None:
            if key not in self._waiting:
                self._waiting.append(key)
                del self._waiting[:-MOST_PAGES]
            self._timer.start()
            return None
        number: object = page[row % PAGE_ROWS, column % PAGE_COLUMNS].item()
        return number

    def rowCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._shape[0]

    def columnCount(self, parent: AnyIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self._shape[1]

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            value = self.value(index.row(), index.column())
            return "…" if value is None else local(number_text(value))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ForegroundRole:
            value = self.value(index.row(), index.column())
            if isinstance(value, float) and not np.isfinite(value):
                return QColor(theme.current().danger)
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return str(section)
        return None


def number_text(value: object) -> str:
    """A number as short as six digits allow."""
    return f"{value:.6g}" if isinstance(value, float | complex) else str(value)
