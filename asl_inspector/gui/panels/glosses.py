"""The Glosses panel: how well each gloss is recognised, and what it is taken for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from asl_inspector.diagnosis.gloss_records import GlossMeasures
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.clip_listing import LISTING, ClipListing
from asl_inspector.gui.panels.confusion_page import ConfusionPage
from asl_inspector.gui.panels.gloss_columns import gloss_columns, glosses_csv
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.table_parts import PanelHeading, SearchField, copy_key, copy_rows, decoder_box, find_key
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.tables import ColumnModel, new_table
from asl_inspector.gui.text_columns import TextColumn
from asl_inspector.gui.widgets import Text
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem
from asl_inspector.report.writing import write_atomically

VIEWS = ("Table", "Confusion matrix")
HINT = "Enter or a double click on a gloss lists its clips."


class GlossesPanel(Panel):
    """A table of glosses, or their confusion matrix."""

    title = "Glosses"
    empty_title = "How well is each gloss recognised, and what is it taken for?"
    empty_advice = "Drop a checkpoint and its validation clips, or saved outputs with their labels."
    wants_measures = Signal(str)  # by this decoder
    listed = Signal(object)  # ClipListing

    def __init__(self) -> None:
        super().__init__()
        self._inspection: InspectionView | None = None
        self._found: GlossMeasures | None = None
        self._clip_ids: tuple[str, ...] = ()
        self._names = TextColumn(())
        self._chosen = ""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        self._model = ColumnModel(self)
        self._table = new_table(self._model, "Glosses")
        self._page = ConfusionPage()
        self._views = QStackedWidget()
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the table of glosses as CSV")
        self._csv.clicked.connect(self._save_csv)
        self._heading = PanelHeading("Glosses", self._csv)
        layout.addLayout(self._heading)
        layout.addLayout(self._controls())
        self._note = Text(tone="muted", selectable=True)
        layout.addWidget(self._note)
        self._views.addWidget(self._table)
        self._views.addWidget(self._page)
        layout.addWidget(self._views, 1)
        self.set_content(content)
        copy_key(self._table, self._copy)
        find_key(content, self._search)
        self._table.selectionModel().currentRowChanged.connect(self._select)
        self._table.activated.connect(self._list_row)
        self._page.cell_pressed.connect(self._list_cell)

    def _controls(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        self._view = QButtonGroup(self)
        for index, name in enumerate(VIEWS):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setChecked(index == 0)
            self._view.addButton(button, index)
            bar.addWidget(button)
        self._view.idClicked.connect(self.show_view)
        self._search = SearchField("Search gloss")
        self._search.searched.connect(self._filter)
        self._decoder = decoder_box()
        self._decoder.currentIndexChanged.connect(self._ask)
        bar.addWidget(self._search, 1)
        bar.addWidget(self._decoder)
        return bar

    # -- what there is ------------------------------------------------------------------------------------------------

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self._found = None
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        samples = inspection.samples if inspection is not None else None
        if samples is None or not samples.ran.any():
            self._found = None
            self.show_empty(*why_nothing(inspection))
            return
        self._decoder.setVisible(samples.continuous is None)
        if samples.clip_ids != self._clip_ids:  # the figures at hand are of other clips
            self._found, self._clip_ids = None, samples.clip_ids
        if self._found is None:
            self.show_empty("Counting confusions", "What each gloss is taken for appears here in a moment.")
        self._ask()

    @Slot()
    def _ask(self) -> None:
        if self._inspection is not None:
            self.wants_measures.emit(self._decoder.currentData())

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """Say how far the counting is, while there is nothing else to show."""
        if self._found is None:
            done = f"{step.done:,} of {step.total:,} {step.unit}" if step.total else "This takes a moment."
            self.show_empty(step.what, done)

    @Slot(object)
    def show_problem(self, problem: Problem | None) -> None:
        """Nothing could be counted; None where it was cancelled."""
        if self._found is None and problem is not None:
            self.show_empty(problem.sentence, problem.advice)

    @Slot(object)
    def show_measures(self, found: GlossMeasures | None) -> None:
        """The figures arrived; None where no clip was run."""
        samples = self._inspection.samples if self._inspection is not None else None
        if found is None or samples is None or not len(found):
            self._found = None
            self.show_empty("No gloss was signed", "The clips that were run have no labels. Drop a file with labels.")
            return
        first = self._found is None
        self._found, self._names = found, TextColumn(found.names)
        before = self._model.sorted_by
        self._model.set_columns(gloss_columns(found))
        for index, column in enumerate(self._model.columns):
            if first:
                self._table.setColumnWidth(index, column.width)
        if before is not None:
            self._model.sort(before[0], Qt.SortOrder.DescendingOrder if before[1] else Qt.SortOrder.AscendingOrder)
        self._page.show_measures(found)
        self._say(found, by_name=samples.scored_by_name)
        self._filter()
        self.show_content()
        self.figure_changed.emit(f"{int((found.right > 0).sum()):,} of {int((found.support > 0).sum()):,}")

    def _say(self, found: GlossMeasures, *, by_name: bool) -> None:
        signed = found.support > 0
        never = int((signed & (found.right == 0)).sum())
        words = [
            f"{never:,} of {int(signed.sum()):,} glosses are never recognised"
            if never
            else "Every gloss is recognised at least once"
        ]
        if by_name:
            words.append("scored by gloss name, because ids clash")
        extra = int((~signed).sum())
        if extra:
            words.append(f"{extra:,} answered and never signed")
        if found.left_out:
            words.append(f"{found.left_out:,} clips left out: not run, or without a label")
        self._note.setText("; ".join(words) + ". " + HINT)

    @Slot(int)
    def show_view(self, index: int) -> None:
        """Show the table (0) or the confusion matrix (1)."""
        self._view.button(index).setChecked(True)
        self._views.setCurrentIndex(index)

    # -- the table ----------------------------------------------------------------------------------------------------

    @Slot()
    def _filter(self) -> None:
        found = self._found
        if found is None:
            return
        mask = self._names.containing(self._search.text().strip())
        self._model.set_filter(None if mask.all() else mask)
        self._mark()
        shown = f"{int(mask.sum()):,} of " if not mask.all() else ""
        signs = int(found.support.sum())
        of = "signs" if found.decoder == "greedy" else "clips"
        right = 100 * found.right.sum() / max(1, signs)
        self._heading.count_of.set_whole(f"{shown}{len(found):,} glosses, {signs:,} {of}, {right:.1f} % right")

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if current.isValid() and self._found is not None:
            self._chosen = self._found.names[self._model.source_row(current.row())]
            self._page.plot.mark_gloss(self._model.source_row(current.row()))
            self.gloss_chosen.emit(self._chosen)

    def show_gloss(self, gloss: str) -> None:
        if gloss != self._chosen:
            self._chosen = gloss
            self._mark()

    def _mark(self) -> None:
        """Select the gloss that is chosen, in table and matrix, without choosing it anew."""
        found = self._found
        if found is None:
            return
        place = found.names.index(self._chosen) if self._chosen in found.names else -1
        self._page.plot.mark_gloss(place)
        row = self._model.view_row(place) if place >= 0 else None
        with QSignalBlocker(self):
            if row is None:
                self._table.selectionModel().clear()
            elif self._table.currentIndex().row() != row or not self._table.selectionModel().hasSelection():
                self._table.selectRow(row)
                self._table.scrollTo(self._model.index(row, 0))

    @Slot(QModelIndex)
    def _list_row(self, index: QModelIndex) -> None:
        found = self._found
        if found is not None and index.isValid():
            place = self._model.source_row(index.row())
            clips = np.unique(found.clips[found.true == place])
            self._list(ClipListing(f"Clips of “{found.names[place]}”", clips))

    @Slot(int, int)
    def _list_cell(self, true: int, answer: int) -> None:
        found = self._found
        if found is None:
            return
        clips = found.clips_of(true, answer)
        if not len(clips):
            return
        nothing = len(found)
        if true == answer:
            words = f"“{found.name_of(true)}”, right"
        elif true == nothing:
            words = f"“{found.name_of(answer)}” answered where it was not signed"
        else:
            said = "nothing" if answer == nothing else f"“{found.name_of(answer)}”"
            words = f"“{found.name_of(true)}” taken for {said}"
        self._list(ClipListing(words, clips, decoder=None if found.decoder == "greedy" else found.decoder))

    def _list(self, listing: ClipListing) -> None:
        self.listed.emit(listing)
        self.wants_panel.emit(LISTING)

    # -- taking it along ----------------------------------------------------------------------------------------------

    @Slot()
    def _copy(self) -> None:
        copy_rows(self._table, self._model)

    @Slot()
    def _save_csv(self) -> None:
        if self._found is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save glosses as CSV", "glosses.csv", "CSV files (*.csv)")
        if path:
            write_atomically(Path(path), glosses_csv(self._found).encode("utf-8", "backslashreplace"))

    def text(self) -> str:
        return self._model.text_rows(range(self._model.rowCount()))
