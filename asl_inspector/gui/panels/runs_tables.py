"""The tables of the Runs panel: one row a run, and one row a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QTableView

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card
from asl_inspector.gui.tables import ROW_HEIGHT, Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Text
from asl_inspector.report.epoch_parts import numbers
from asl_inspector.sweep.records import Run, Sweep
from asl_inspector.sweep.words import ROW_HEAD, RUN_HEAD, row_cells, run_cells
from asl_inspector.visible_text import visible

MOST_ROWS = 12
RUN_WIDTHS = (116, 92, 54, 52, 96, 64, 84, 110, 122, 158)  # together as wide as the card of a usual window
ROW_WIDTHS = (150, 65, 210, 80, 85, 115, 75, 75, 80, 280)
TEXTS = ("run", "condition", "file", "collapse", "first cause")
TOOLTIPS = {
    "right": "Clips right of those that ran and have a label",
    "95 %": "Wilson's limits",
    "blank": "Frames whose best class is the blank",
    "empty": "Clips whose frames are all blank",
    "varied as": "Effective number of glosses among the answers",
    "best epoch": "The file with most clips right; of equal ones the earliest",
    "collapse": "From where on clips come out empty, or with few glosses, until the end",
    "first cause": "What the diagnosis of the file names first",
}


class RunTable(Card):
    """One row a run."""

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(Text("Runs", weight=QFont.Weight.DemiBold))
        self.rows = ColumnModel(self)
        self._table = new_table(self.rows, "Runs")
        self.body.addWidget(self._table)

    def show_sweep(self, sweep: Sweep) -> None:
        """Show the runs of a sweep."""
        cells = [[visible(cell) for cell in run_cells(sweep, run)] for run in sweep.runs]
        best = [sweep.rows[run.best.row] if run.best is not None else None for run in sweep.runs]
        accuracy = numbers(
            [row.accuracy.value if row is not None and row.accuracy is not None else None for row in best]
        )
        values = {
            "seed": numbers([run.seed for run in sweep.runs]),
            "files": numbers([len(run.rows) for run in sweep.runs]),
            "best epoch": numbers([row.epoch if row is not None else None for row in best]),
            "right": accuracy,
            "accuracy": accuracy,
            "95 %": numbers(
                [row.accuracy.low if row is not None and row.accuracy is not None else None for row in best]
            ),
        }

        def colour(row: int) -> str | None:
            return "danger" if sweep.runs[row].collapse is not None or sweep.runs[row].best is None else None

        _fill(self.rows, RUN_HEAD, RUN_WIDTHS, cells, values, colour)
        _size(self._table, self.rows, len(cells))


class FileTable(Card):
    """One row a file; `wants_file` asks for one to be opened."""

    wants_file = Signal(int)  # its place in the sweep

    def __init__(self) -> None:
        super().__init__()
        self._sweep: Sweep | None = None
        self._places: list[int] = []
        self.body.addWidget(Text("Files", weight=QFont.Weight.DemiBold))
        self.rows = ColumnModel(self)
        self.table = new_table(self.rows, "Files of all runs")
        self.table.activated.connect(self._ask_for_row)
        self.table.selectionModel().selectionChanged.connect(self._name_button)
        self.body.addWidget(self.table)
        line = QHBoxLayout()
        self.open = QPushButton("Open the selected file as a case")
        self.open.clicked.connect(self._ask_for_selected)
        line.addWidget(self.open)
        line.addWidget(Text("Enter or a double click does the same.", size=theme.SMALL, tone="muted"), 1)
        self.body.addLayout(line)

    def show_sweep(self, sweep: Sweep, order: Sequence[tuple[Run, int]]) -> None:
        """Show the files in an order, each with its run."""
        self._sweep = sweep
        self._places = [index for _, index in order]
        rows = [sweep.rows[index] for index in self._places]
        cells = [[visible(cell) for cell in row_cells(run, sweep.rows[index])] for run, index in order]
        accuracy = numbers([row.accuracy.value if row.accuracy is not None else None for row in rows])
        values = {
            "epoch": numbers([row.epoch for row in rows]),
            "right": accuracy,
            "accuracy": accuracy,
            "95 %": numbers([row.accuracy.low if row.accuracy is not None else None for row in rows]),
            "blank": numbers([row.figures.blank_share if row.figures else None for row in rows]),
            "empty": numbers([row.figures.empty_share if row.figures else None for row in rows]),
            "varied as": numbers([row.figures.effective if row.figures else None for row in rows]),
        }
        best = sweep.answers.best.row if sweep.answers.best is not None else None

        def colour(row: int) -> str | None:
            return "danger" if rows[row].problem else "accent" if self._places[row] == best else None

        _fill(self.rows, ROW_HEAD, ROW_WIDTHS, cells, values, colour)
        _size(self.table, self.rows, len(cells))
        self._name_button()

    def _place_at(self, index: QModelIndex) -> int | None:
        known = index.isValid() and index.row() < self.rows.rowCount()
        return self._places[self.rows.source_row(index.row())] if known else None

    @Slot()
    def _name_button(self) -> None:
        place = self._place_at(self.table.currentIndex())
        self.open.setEnabled(place is not None)
        name = visible(self._sweep.rows[place].name) if self._sweep is not None and place is not None else ""
        self.open.setText(f"Open “{name}” as a case" if name else "Open the selected file as a case")

    @Slot(QModelIndex)
    def _ask_for_row(self, index: QModelIndex) -> None:
        place = self._place_at(index)
        if place is not None:
            self.wants_file.emit(place)

    @Slot()
    def _ask_for_selected(self) -> None:
        self._ask_for_row(self.table.currentIndex())


def _fill(
    model: ColumnModel,
    head: Sequence[str],
    widths: Sequence[int],
    cells: Sequence[Sequence[str]],
    values: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]],
    colour: Callable[[int], str | None],
) -> None:
    model.set_columns(
        [
            Column(
                title,
                values.get(title, np.array([row[column] for row in cells], dtype=np.str_)),
                lambda row, column=column: cells[row][column] or "-",  # type: ignore[misc]
                TOOLTIPS.get(title, ""),
                numeric=title not in TEXTS,
                colour=colour,
                width=width,
            )
            for column, (title, width) in enumerate(zip(head, widths, strict=True))
        ]
    )


def _size(table: QTableView, model: ColumnModel, rows: int) -> None:
    for index in range(model.columnCount()):
        table.setColumnWidth(index, model.width_of(index))
    table.setFixedHeight((min(max(1, rows), MOST_ROWS) + 1) * ROW_HEIGHT + 14)
