"""Which columns of a table are shown: a menu at a button and at the heading; the choice is remembered by title."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, QPoint, QSettings, Qt, Slot
from PySide6.QtWidgets import QMenu, QPushButton, QTableView

from asl_inspector.gui.tables import ColumnModel

BETWEEN = "\n"


class ColumnChooser(QObject):
    """Hides columns of one table.

    Args:
        table: Whose model is a `ColumnModel`.
        model: That model.
        settings: Keeps the choice, or None.
        key: Under which name.
        fixed: The column that is always shown.
    """

    def __init__(self, table: QTableView, model: ColumnModel, settings: QSettings | None, key: str, fixed: str) -> None:
        super().__init__(table)
        self._table, self._model, self._settings, self._key, self._fixed = table, model, settings, key, fixed
        held = str(settings.value(key, "")) if settings is not None else ""
        self.hidden: set[str] = set(held.split(BETWEEN)) - {""}
        self.button = QPushButton("Columns")
        self.button.setToolTip("Choose which columns are shown")
        self._menu = QMenu(self.button)
        self._menu.aboutToShow.connect(self._fill)
        self.button.setMenu(self._menu)
        header = table.horizontalHeader()
        header.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        header.customContextMenuRequested.connect(self._open_at_heading)

    def apply(self) -> None:
        """Hide what is to be hidden, after the columns changed."""
        for index, column in enumerate(self._model.columns):
            self._table.setColumnHidden(index, column.title in self.hidden)

    def choose(self, title: str, shown: bool) -> None:
        """Show or hide a column, and remember it."""
        self.hidden = self.hidden - {title} if shown else self.hidden | {title}
        if self._settings is not None:
            self._settings.setValue(self._key, BETWEEN.join(sorted(self.hidden)))
        self.apply()

    @Slot()
    def show_all(self) -> None:
        """Show every column."""
        for title in sorted(self.hidden):
            self.choose(title, shown=True)

    @Slot()
    def _fill(self) -> None:
        self._menu.clear()
        for column in self._model.columns:
            action = self._menu.addAction(column.title)
            action.setCheckable(True)
            action.setChecked(column.title not in self.hidden)
            action.setEnabled(column.title != self._fixed)
            action.toggled.connect(partial(self.choose, column.title))
        self._menu.addSeparator()
        self._menu.addAction("Show all columns", self.show_all)

    @Slot(QPoint)
    def _open_at_heading(self, place: QPoint) -> None:
        self._menu.popup(self._table.horizontalHeader().mapToGlobal(place))
