"""Sorting without a pointer: headings take clicks only, so keys and a menu do what a click on a heading does."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHeaderView, QMenu, QTableView

RISING, FALLING = "Alt+Up", "Alt+Down"
HELP = f"{RISING} and {FALLING} sort by the column of the current cell."
UP, DOWN = Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder


class SortKeys(QObject):
    """Alt+Up sorts by the column of the current cell, rising, and Alt+Down falling."""

    def __init__(self, table: QTableView) -> None:
        super().__init__(table)
        self._table = table
        table.setAccessibleDescription(HELP)
        for keys, slot in ((RISING, self.sort_rising), (FALLING, self.sort_falling)):
            key = QShortcut(QKeySequence(keys), table)
            key.setContext(Qt.ShortcutContext.WidgetShortcut)
            key.activated.connect(slot)

    @Slot()
    def sort_rising(self) -> None:
        """The smallest first."""
        self._sort(UP)

    @Slot()
    def sort_falling(self) -> None:
        """The largest first."""
        self._sort(DOWN)

    def _sort(self, order: Qt.SortOrder) -> None:
        here = self._table.currentIndex()
        if here.isValid():
            self._table.sortByColumn(here.column(), order)
            self._table.scrollTo(self._table.currentIndex())


def add_sorting(menu: QMenu, header: QHeaderView) -> None:
    """Add what a click on each heading does: for trees, whose arrow keys do not go from column to column."""
    columns = menu.addMenu("Sort by")
    now = header.sortIndicatorSection()
    falling = header.sortIndicatorOrder() == DOWN
    for place in range(header.count()):
        column = header.logicalIndex(place)
        if header.isSectionHidden(column):
            continue
        title = header.model().headerData(column, Qt.Orientation.Horizontal)
        action = columns.addAction(str(title), partial(header.setSortIndicator, column, DOWN if falling else UP))
        action.setCheckable(True)
        action.setChecked(column == now)
    columns.addSeparator()
    turned = columns.addAction("Largest first", partial(header.setSortIndicator, now, UP if falling else DOWN))
    turned.setCheckable(True)
    turned.setChecked(falling)
    turned.setEnabled(now >= 0)
    columns.addAction("As in the file", partial(header.setSortIndicator, -1, UP)).setEnabled(now >= 0)
