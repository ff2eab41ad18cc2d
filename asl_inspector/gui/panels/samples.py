"""The Samples panel: every validation clip, predicted against true, and one clip looked at closely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.clip_drawing import ClipDrawing
from asl_inspector.gui.panels.clip_card import ClipCard
from asl_inspector.gui.panels.continuous_columns import continuous_columns
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.sample_columns import sample_columns
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.tables import ColumnModel, new_table
from asl_inspector.gui.widgets import Scrolled, Text
from asl_inspector.inference.records import ClipDetail
from asl_inspector.report.contents import Problem
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

DECODERS = (("majority of frames", "majority"), ("first token", "first_token"), ("exact score", "score"))
SHOWN = (("all clips", "all"), ("wrong only", "wrong"), ("right only", "right"), ("empty only", "empty"))
SEARCH_DELAY_MS = 150
LOWEST_TABLE, LOWEST_DETAIL = 120, 200  # pixels
SHARES = (2, 3)  # of the height: the table, and the clip
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

MOST_SPARE = 220  # pixels that the clip's name takes of what the columns leave


class SamplesPanel(Panel):
    """A table to sort, filter and search; below it the clip that is selected: posteriors, features, skeleton."""

    title = "Samples"
    empty_title = "Predicted against true, clip by clip"
    empty_advice = "Drop a checkpoint and its validation clips."
    wants_clip = Signal(int)  # its posteriors
    wants_features = Signal(int)
    wants_csv = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._samples: SampleTable | None = None
        self._selected: int | None = None
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        layout.addLayout(self._header())
        self._note = Text(tone="muted", selectable=True)
        layout.addWidget(self._note)
        self._model = ColumnModel(self)
        self._table = new_table(self._model, "Validation clips")
        self._table.selectionModel().currentRowChanged.connect(self._select)
        self._detail = ClipCard()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.GAP)
        below = Scrolled(margins=(0, 0, 0, 0))
        below.column.addWidget(self._detail)
        below.setMinimumHeight(LOWEST_DETAIL)
        self._table.setMinimumHeight(LOWEST_TABLE)
        splitter.addWidget(self._table)
        splitter.addWidget(below)
        for index, share in enumerate(SHARES):
            splitter.setStretchFactor(index, share)
        splitter.setSizes([100 * share for share in SHARES])
        layout.addWidget(splitter, 1)
        self.set_content(content)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self._filter)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def _header(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Text("Samples", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._count = Text(tone="muted", wrap=False)
        bar.addWidget(self._count)
        bar.addStretch(1)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search gloss or clip")
        self._search.setAccessibleName("Search gloss or clip")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(200)
        self._search.textChanged.connect(self._search_soon)
        self._shown, self._decoder = QComboBox(), QComboBox()
        for box, choices, name in ((self._shown, SHOWN, "Which clips"), (self._decoder, DECODERS, "Decoder")):
            box.setAccessibleName(name)
            for text, value in choices:
                box.addItem(text, value)
        self._shown.currentIndexChanged.connect(self._filter)
        self._decoder.currentIndexChanged.connect(self._rebuild)
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the table as CSV")
        self._csv.clicked.connect(self.wants_csv)
        for widget in (self._search, self._shown, self._decoder, self._csv):
            bar.addWidget(widget)
        return bar

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        samples = inspection.samples if inspection else None
        if samples is None or inspection is None:
            self._samples = None
            self.show_empty(*why_nothing(inspection))
            return
        same = self._samples is not None and self._samples.clip_ids == samples.clip_ids
        self._samples = samples
        self._say_what_ran(samples, inspection)
        if not same:
            self._selected = None  # a row of other clips
        self._rebuild()
        if not same:
            self._detail.show_nothing()
            if self._model.rowCount():
                self._table.selectRow(0)
        self.show_content()
        self.figure_changed.emit(f"{len(samples):,}")

    def _say_what_ran(self, samples: SampleTable, inspection: InspectionView) -> None:
        """Where no clip was run, say why, and take away what sorts answers."""
        ran = bool(samples.ran.any())
        title, advice = why_nothing(inspection)
        self._note.setText(
            f"{title} {advice}".strip() or "Nothing was predicted. Drop a checkpoint to run these clips."
        )
        self._note.setVisible(not ran)
        for widget in (self._shown, self._decoder):
            widget.setVisible(ran)
        if not ran:
            with QSignalBlocker(self._shown):
                self._shown.setCurrentIndex(0)

    def _predicted(self) -> IntArray:
        samples = self._samples
        if samples is None:
            return np.zeros(0, np.int64)
        columns: dict[str, IntArray] = {
            "majority": samples.majority,
            "first_token": samples.first_token,
            "score": samples.score,
        }
        return columns[self._decoder.currentData()]

    def _right(self) -> BoolArray:
        """(N,), right by gloss name where the file's ids are wrong, else by id."""
        samples = self._samples
        if samples is None:
            return np.zeros(0, bool)
        if samples.continuous is not None:
            return samples.correct
        truth = samples.learned_ids if samples.scored_by_name else samples.true_ids
        right: BoolArray = samples.ran & (truth != UNLABELLED) & (self._predicted() == truth)
        return right

    @Slot()
    def _rebuild(self) -> None:
        samples = self._samples
        if samples is None:
            return
        selected = self._selected
        columns = continuous_columns(samples) or sample_columns(samples, self._predicted(), self._right())
        self._decoder.setVisible(samples.continuous is None and bool(samples.ran.any()))
        self._model.set_columns(columns)
        for index, column in enumerate(columns):
            self._table.setColumnWidth(index, column.width)
        spare = self._table.viewport().width() - sum(column.width for column in columns)
        self._table.setColumnWidth(0, columns[0].width + max(0, min(spare, MOST_SPARE)))  # names of clips are long
        self._filter()
        if selected is not None and (row := self._model.view_row(selected)) is not None:
            self._table.selectRow(row)

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot()
    def _filter(self) -> None:
        samples = self._samples
        if samples is None:
            return
        right = self._right()
        kind = self._shown.currentData()
        masks: dict[str, BoolArray] = {
            "all": np.ones(len(samples), bool),
            "wrong": ~right,
            "right": right,
            "empty": samples.ran & np.equal(samples.majority, samples.blank),
        }
        mask = masks[kind] & self._matching(samples)
        self._model.set_filter(mask)
        how = " by gloss name" if samples.scored_by_name else ""
        judged = f"{int((~right).sum()):,} wrong{how}" if samples.ran.any() else "none run"
        shown = f"{int(mask.sum()):,} of " if not mask.all() else ""
        self._count.setText(f"{shown}{len(samples):,} clips, {judged}")

    def _matching(self, samples: SampleTable) -> BoolArray:
        """(N,), rows whose clip, true gloss or predicted gloss contains the search text."""
        wanted = self._search.text().strip().casefold()
        if not wanted:
            return np.ones(len(samples), bool)
        said = {number for number, name in samples.names.items() if wanted in name.casefold()}
        if wanted in "(blank)":
            said.add(samples.blank)
        by_prediction = np.isin(self._predicted(), list(said)) if said else np.zeros(len(samples), bool)
        texts = zip(samples.clip_ids, samples.glosses, strict=True)
        by_text = np.fromiter((wanted in a.casefold() or wanted in b.casefold() for a, b in texts), bool, len(samples))
        matching: BoolArray = by_text | by_prediction
        return matching

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid() or self._samples is None:
            return
        self._selected = self._model.source_row(current.row())
        self._detail.show_clip(self._samples, self._selected)
        if self._samples.ran[self._selected]:
            self.wants_clip.emit(self._selected)
        self.wants_features.emit(self._selected)

    @Slot(object)
    def show_clip(self, detail: ClipDetail) -> None:
        """The recomputed posteriors of a clip arrived."""
        if self._samples is not None and detail.index == self._selected:
            self._detail.show_posteriors(self._samples, detail)

    @Slot(object)
    def show_clip_problem(self, problem: Problem) -> None:
        """The clip could not be recomputed."""
        self._detail.say(f"{problem.sentence} {problem.advice}".strip())

    @Slot(object)
    def show_features(self, clip: ClipDrawing) -> None:
        """The numbers of a clip arrived."""
        if self._samples is not None and clip.index == self._selected:
            self._detail.show_features(clip)

    @Slot(object)
    def show_features_problem(self, problem: Problem) -> None:
        """The numbers of the clip could not be read."""
        self._detail.show_no_features(f"{problem.sentence} {problem.advice}".strip())

    @Slot()
    def _copy(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        if rows:
            QGuiApplication.clipboard().setText(self._model.text_rows(rows))

    def go_to(self, place: str) -> None:
        """Sort the clashing ids to the top when a finding on labels sent the user here."""
        with QSignalBlocker(self._search):
            self._search.clear()
        self._filter()

    def text(self) -> str:
        return self._model.text_rows(range(self._model.rowCount()))
