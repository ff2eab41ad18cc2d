"""The confusion matrix with what stands around it: order, zoom, what lies under the pointer, the most frequent confusions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QHeaderView, QPushButton, QVBoxLayout, QWidget

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card
from asl_inspector.gui.panels.gloss_columns import confusion_columns, wrong_cells
from asl_inspector.gui.plots.confusion import STEP, ConfusionPlot
from asl_inspector.gui.splitter import Splitter
from asl_inspector.gui.tables import ColumnModel, new_table
from asl_inspector.gui.widgets import Elided, Text

ORDERS = (("by id", "id"), ("most frequent first", "support"), ("similar side by side", "similar"))
HINT = "Point to read, wheel or + and − zoom, a click lists clips."
PLOT_WIDTH, LIST_WIDTH = 660, 340
ZOOM = STEP**2
IntArray = NDArray[np.int64]


class ConfusionPage(QWidget):
    """The matrix on the left, a list of confusions on the right."""

    cell_pressed = Signal(int, int)  # places of what was signed and answered

    def __init__(self) -> None:
        super().__init__()
        self._found: GlossMeasures | None = None
        self._wrong: IntArray = np.zeros(0, np.int64)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.plot = ConfusionPlot()
        self.plot.cell_pressed.connect(self.cell_pressed)
        self.plot.cell_shown.connect(self._show_words)
        self._words = Elided(HINT, size=theme.SMALL, tone="muted", sentence=True)
        card = Card(margins=(12, 10, 12, 10), spacing=6)
        card.body.addLayout(self._controls())
        card.body.addWidget(self.plot, 1)
        card.body.addWidget(self._words)
        self._model = ColumnModel(self)
        self._table = new_table(self._model, "Most frequent confusions")
        self._table.activated.connect(self._press_row)
        self._table.clicked.connect(self._press_row)
        side = Card(margins=(12, 10, 12, 12), spacing=8)
        side.body.addWidget(Text("Most frequent confusions", weight=QFont.Weight.DemiBold))
        side.body.addWidget(self._table, 1)
        splitter = Splitter(Qt.Orientation.Horizontal)
        splitter.addWidget(card)
        splitter.addWidget(side)
        splitter.setStretchFactor(0, 1)
        splitter.setSizes([PLOT_WIDTH, LIST_WIDTH])
        layout.addWidget(splitter)

    def _controls(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(6)
        self._order = QComboBox()
        self._order.setProperty("look", "small")
        self._order.setAccessibleName("Order of the glosses")
        for text, value in ORDERS:
            self._order.addItem(text, value)
        self._order.setToolTip(
            "Similar: average-linkage clustering of the rows of confusions, so that glosses which are taken for each "
            "other, or for the same third one, lie side by side."
        )
        self._order.currentIndexChanged.connect(self._reorder)
        bar.addWidget(self._order)
        bar.addStretch(1)
        for text, words, react in (
            ("+", "Look closer", self._closer),
            ("−", "Look from farther", self._farther),
            ("Whole", "Show every gloss", self.plot.reset),
        ):
            button = QPushButton(text)
            button.setProperty("look", "small")
            button.setToolTip(words)
            button.setAccessibleName(words)
            button.clicked.connect(react)
            bar.addWidget(button)
        return bar

    def show_measures(self, found: GlossMeasures) -> None:
        """Draw these confusions."""
        self._found, self._wrong = found, wrong_cells(found)
        similar = self._order.model().index(len(ORDERS) - 1, 0)
        there = bool(len(found.similar))
        self._order.model().setData(similar, None if there else 0, Qt.ItemDataRole.UserRole - 1)
        if not there and self._order.currentData() == "similar":
            self._order.setCurrentIndex(0)
        self._model.set_columns(confusion_columns(found, self._wrong))
        header = self._table.horizontalHeader()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)  # both names have the room that the count leaves
        header.setSectionResizeMode(len(self._model.columns) - 1, QHeaderView.ResizeMode.Fixed)
        self._table.setColumnWidth(len(self._model.columns) - 1, self._model.columns[-1].width)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self._reorder()

    @Slot()
    def _reorder(self) -> None:
        found = self._found
        if found is None:
            return
        orders = {
            "id": np.arange(len(found)),
            "support": np.argsort(-found.support, kind="stable"),
            "similar": found.similar,
        }
        self.plot.show_confusions(found, orders[self._order.currentData()])

    @Slot()
    def _closer(self) -> None:
        self.plot.zoom(ZOOM)

    @Slot()
    def _farther(self) -> None:
        self.plot.zoom(1 / ZOOM)

    @Slot(str)
    def _show_words(self, text: str) -> None:
        self._words.set_whole(text or HINT)

    @Slot(QModelIndex)
    def _press_row(self, index: QModelIndex) -> None:
        if self._found is not None and index.isValid():
            cell = int(self._wrong[self._model.source_row(index.row())])
            self.cell_pressed.emit(int(self._found.cell_true[cell]), int(self._found.cell_answer[cell]))
