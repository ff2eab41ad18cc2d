"""The results of the Compare panel: the verdict above; tensors, modules and values below."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.checkpoints.comparison_records import TensorComparison
from asl_inspector.engine.messages import CompareView, PairView
from asl_inspector.gui import theme
from asl_inspector.gui.compare_columns import GROUPS, module_columns, tensor_columns, value_columns
from asl_inspector.gui.containers import Card, Scrolled
from asl_inspector.gui.panels.compare_cards import PairCard, VerdictCard
from asl_inspector.gui.panels.table_parts import SearchField, copy_key, copy_rows, find_key
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.splitter import Splitter
from asl_inspector.gui.tables import Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Text
from asl_inspector.report.writing import write_atomically

TABS = ("Tensors", "Modules", "Values")
LARGEST_PERCENT = 1_000.0
TALLEST_EVIDENCE, LARGEST_SHARE = 260, 0.34  # pixels, and of the height of the page
SHOWN = (
    ("all tensors", "all"),
    ("changed", "changed"),
    ("equal", "equal"),
    ("no partner", "unmatched"),
    ("common start", "kin"),
    ("no common start", "strangers"),
)
BoolArray = NDArray[np.bool_]


class ResultsPage(QWidget):
    """Verdict above; tensors, modules and values below."""

    wants_pair = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._view: CompareView | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        self._verdict = VerdictCard()
        self._top = Scrolled(margins=(0, 0, 0, 0))
        self._top.column.addWidget(self._verdict)
        self._top.column.addStretch(1)
        bottom = QWidget()
        column = QVBoxLayout(bottom)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        column.addLayout(self._bar())
        self._tables = QStackedWidget()
        self._models = [ColumnModel(self) for _ in range(3)]
        names = ("Tensors compared", "Modules compared", "Values that differ")
        self._views = [new_table(model, name) for model, name in zip(self._models, names, strict=True)]
        self._pair = PairCard()
        self._distances = BarPlot(y_title="distance", height=190)
        self._distances.setAccessibleName("Relative distance by module")
        for page in (_beside(self._views[0], self._pair), self._modules_page(), self._views[2]):
            self._tables.addWidget(page)
        column.addWidget(self._tables, 1)
        layout.addWidget(self._top)
        layout.addWidget(bottom, 1)
        self._views[0].selectionModel().currentRowChanged.connect(self._select)
        self._fit = QTimer(self)
        self._fit.setSingleShot(True)
        self._fit.setInterval(0)
        self._fit.timeout.connect(self._fit_evidence)
        for view in self._views:
            copy_key(view, self._copy)
        find_key(self, self._search)

    def _bar(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        self._tabs = QButtonGroup(self)
        for index, name in enumerate(TABS):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setProperty("look", "segment")
            button.setChecked(index == 0)
            self._tabs.addButton(button, index)
            bar.addWidget(button)
        self._tabs.idClicked.connect(self._turn_to)
        self._search = SearchField("Search tensors")
        self._search.searched.connect(self._filter)
        self._shown, self._kind = QComboBox(), QComboBox()
        self._shown.setAccessibleName("Which tensors")
        for text, value in SHOWN:
            self._shown.addItem(text, value)
        self._kind.setAccessibleName("Which values")
        for text, value in (("all kinds", ""), *((words, group) for group, words in GROUPS.items())):
            self._kind.addItem(text, value)
        self._kind.hide()
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the table as CSV")
        self._csv.clicked.connect(self._save_csv)
        for box in (self._shown, self._kind):
            box.currentIndexChanged.connect(self._filter)
        bar.addWidget(self._search, 1)
        for widget in (self._shown, self._kind, self._csv):
            bar.addWidget(widget)
        return bar

    def _modules_page(self) -> QWidget:
        page = QWidget()
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        card = Card()
        card.body.addWidget(Text("How far the modules moved: |A - B| / |B| in percent", weight=QFont.Weight.DemiBold))
        card.body.addWidget(self._distances)
        layout.addWidget(card)
        layout.addWidget(self._views[1], 1)
        return page

    # -- showing ----------------------------------------------------------------------------------------------------

    def show_nothing(self) -> None:
        """There is no comparison."""
        self._view = None
        self._pair.show_nothing()
        for model in self._models:
            model.set_columns([])

    def show_view(self, view: CompareView) -> None:
        """Show a comparison."""
        self._view = view
        compared = view.compared
        self._pair.show_nothing()
        self._verdict.show_judgement(compared.judgement, compared.weights)
        self._fit.start()
        columns = (
            tensor_columns(compared.weights.tensors),
            module_columns(compared.modules),
            value_columns(compared.values),
        )
        for model, table, held in zip(self._models, self._views, columns, strict=True):
            _fill(model, table, held)
        counts = (len(compared.weights.tensors), len(compared.modules), len(compared.values))
        for index, (name, count) in enumerate(zip(TABS, counts, strict=True)):
            self._tabs.button(index).setText(f"{name} ({count:,})")
        known = [one for one in compared.modules if one.relative_distance is not None]
        self._distances.show_bars(
            [one.name for one in known],
            [min(100 * (one.relative_distance or 0.0), LARGEST_PERCENT) for one in known],
            labels=("% distance", ""),
            marked={index for index, one in enumerate(known) if one.strangers},
        )
        self._filter()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit.start()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit.start()  # what arrived while another panel was shown was laid out for no width

    @Slot()
    def _fit_evidence(self) -> None:
        """Give the evidence the room that it needs, and not more than it may have."""
        needed = self._verdict.heightForWidth(self._top.viewport().width())
        self._top.setFixedHeight(min(needed + 2, TALLEST_EVIDENCE, round(LARGEST_SHARE * self.height())))

    def show_pair(self, view: PairView) -> None:
        """The numbers of the selected pair arrived."""
        row = self._pair.row
        if row is not None and (row.a, row.b) == (view.a, view.b):
            self._pair.show_pair(view)

    @Slot(int)
    def _turn_to(self, index: int) -> None:
        self._tables.setCurrentIndex(index)
        self._shown.setVisible(index == 0)
        self._kind.setVisible(index == 2)
        self._filter()

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid() or self._view is None:
            return
        row = self._view.compared.weights.tensors[self._models[0].source_row(current.row())]
        self._pair.show_row(row)
        is_plain = row.status == "equal" and not row.equal_up_to
        if row.a is not None and row.b is not None and row.status != "shape-blocked" and not is_plain:
            self.wants_pair.emit(row.a, row.b)

    # -- finding ----------------------------------------------------------------------------------------------------

    @Slot()
    def _filter(self) -> None:
        if self._view is None:
            return
        compared = self._view.compared
        wanted = self._search.text().strip().casefold()
        index = self._tables.currentIndex()
        texts = (
            [f"{row.a or ''}\n{row.b or ''}" for row in compared.weights.tensors],
            [module.name for module in compared.modules],
            [f"{'.'.join(value.path)}\n{value.a or ''}\n{value.b or ''}" for value in compared.values],
        )[index]
        mask: BoolArray = np.array([wanted in text.casefold() for text in texts], dtype=bool)
        if index == 0:
            mask &= np.array(
                [_is_shown(row, self._shown.currentData()) for row in compared.weights.tensors], dtype=bool
            )
        elif index == 2 and self._kind.currentData():
            mask &= np.array([value.group == self._kind.currentData() for value in compared.values], dtype=bool)
        self._models[index].set_filter(mask)

    @Slot()
    def _copy(self) -> None:
        index = self._tables.currentIndex()
        copy_rows(self._views[index], self._models[index])

    @Slot()
    def _save_csv(self) -> None:
        index = self._tables.currentIndex()
        name = ("tensors.csv", "modules.csv", "values.csv")[index]
        path, _ = QFileDialog.getSaveFileName(self, "Save the table", name, "CSV files (*.csv)")
        if path:
            write_atomically(Path(path), csv_of(self._models[index]).encode())


def csv_of(model: ColumnModel) -> str:
    """The rows that a table shows, as CSV."""
    lines = model.text_rows(range(model.rowCount())).split("\n")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(line.split("\t") for line in lines)
    return out.getvalue()


def _is_shown(row: TensorComparison, kind: str) -> bool:
    return {
        "all": True,
        "changed": row.status == "changed",
        "equal": row.status == "equal",
        "unmatched": row.status in ("only-a", "only-b", "shape-blocked"),
        "kin": row.is_kin,
        "strangers": row.trace == "no-trace",
    }[kind]


def _fill(model: ColumnModel, table: QTableView, columns: list[Column]) -> None:
    model.set_columns(columns)
    for index, column in enumerate(columns):
        table.setColumnWidth(index, column.width)


def _beside(left: QWidget, right: QWidget) -> Splitter:
    splitter = Splitter(Qt.Orientation.Horizontal)
    splitter.addWidget(left)
    splitter.addWidget(right)
    splitter.setStretchFactor(0, 1)
    splitter.setSizes([740, 280])
    return splitter
