"""The Samples panel: every validation clip, predicted against true, and one clip looked at closely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QPoint, QSettings, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.clip_drawing import ClipDrawing
from asl_inspector.gui.clip_listing import LISTING, ClipListing
from asl_inspector.gui.containers import Scrolled
from asl_inspector.gui.panels.clip_card import ClipCard
from asl_inspector.gui.panels.column_chooser import ColumnChooser
from asl_inspector.gui.panels.continuous_columns import continuous_columns
from asl_inspector.gui.panels.like_this import LikeThis
from asl_inspector.gui.panels.listing_bar import ListingBar
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.sample_columns import distance_column, sample_columns
from asl_inspector.gui.panels.sample_controls import SampleControls
from asl_inspector.gui.panels.sample_filter import SampleFilter, SampleTexts, wrong_clips
from asl_inspector.gui.panels.table_parts import MOST_COPIED, PanelHeading, copy_key, copy_rows, find_key
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.splitter import Splitter
from asl_inspector.gui.tables import Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Text
from asl_inspector.inference.records import ClipDetail
from asl_inspector.progress import Step
from asl_inspector.report.clip_groups import ClipGroup, clip_groups
from asl_inspector.report.contents import Problem
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

LOWEST_TABLE, LOWEST_DETAIL = 120, 200  # pixels
SHARES = (2, 3)  # of the height: the table, and the clip
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

ROOM_FOR_SCROLLBAR = 12  # pixels; it comes only with the rows
MOST_SPARE = 220  # pixels that the clip's name takes of what the columns leave


class SamplesPanel(Panel):
    """A table to sort, filter and search; below it the clip that is selected: posteriors, features, skeleton.

    Args:
        settings: Remembers which columns are shown, or None.
    """

    title = "Samples"
    empty_title = "Predicted against true, clip by clip"
    empty_advice = "Drop a checkpoint and its validation clips."
    wants_clip = Signal(int)  # its posteriors
    wants_features = Signal(int)
    wants_csv = Signal()
    wants_similar = Signal(int)  # clips with features like those of this one
    wants_stop = Signal()  # do not seek them on

    def __init__(self, settings: QSettings | None = None) -> None:
        super().__init__()
        self._samples: SampleTable | None = None
        self._texts: SampleTexts | None = None
        self._groups: tuple[ClipGroup, ...] = ()
        self._listing: ClipListing | None = None
        self._selected: int | None = None
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        self._model = ColumnModel(self)
        self._table = new_table(self._model, "Validation clips")
        self._chooser = ColumnChooser(self._table, self._model, settings, "samples/hidden", "clip")
        self._like = LikeThis(self)
        self.controls = SampleControls()
        self._bar = ListingBar()
        csv = QPushButton("CSV...")
        csv.setToolTip("Save the table as CSV")
        csv.clicked.connect(self.wants_csv)
        self._heading = PanelHeading("Samples", self._like.button, self._chooser.button, csv)
        layout.addLayout(self._heading)
        layout.addWidget(self.controls)
        self._note = Text(tone="muted", selectable=True)
        layout.addWidget(self._note)
        layout.addWidget(self._bar)
        self._table.selectionModel().currentRowChanged.connect(self._select)
        self._table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._table.customContextMenuRequested.connect(self._open_menu)
        self._detail = ClipCard()
        splitter = Splitter(Qt.Orientation.Vertical)
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
        copy_key(self._table, self._copy)
        find_key(content, self.controls.search)
        self.controls.changed.connect(self._filter)
        self.controls.decoder_changed.connect(self._rebuild)
        self.controls.gloss_chosen.connect(self.gloss_chosen)
        self._bar.cleared.connect(self._list_all)
        self._bar.stopped.connect(self.wants_stop)
        self._like.listed.connect(self.show_listing)
        self._like.wants_similar.connect(self.wants_similar)

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
        self._samples, self._texts = samples, SampleTexts(samples)
        self._groups = clip_groups(samples, inspection.data)
        self.controls.filters.show_glosses(self._glosses())
        self.controls.filters.show_groups([group.title for group in self._groups])
        self._say_what_ran(samples, inspection)
        if not same:
            self._selected = None  # a row of other clips
            self._model.set_columns(())  # whose names may need other widths
            self._listing = None
            self._bar.show_listing(None)
        self._rebuild()
        if not same:
            self._detail.show_nothing()
            if self._model.rowCount():
                self._table.selectRow(0)
        self.show_content()
        self.figure_changed.emit(f"{len(samples):,}")

    def _glosses(self) -> list[str]:
        """All glosses that a clip may be asked for by."""
        samples, texts = self._samples, self._texts
        if samples is None or texts is None:
            return []
        if samples.continuous is not None:
            return list(dict.fromkeys(samples.names.values()))
        return list(dict.fromkeys([*samples.names.values(), *filter(None, texts.glosses.unique)]))

    def _say_what_ran(self, samples: SampleTable, inspection: InspectionView) -> None:
        """Where no clip was run, say why, and take away what sorts answers."""
        ran = bool(samples.ran.any())
        title, advice = why_nothing(inspection)
        self._note.setText(
            f"{title} {advice}".strip() or "Nothing was predicted. Drop a checkpoint to run these clips."
        )
        self._note.setVisible(not ran)
        self.controls.show_answers(there_are=ran, continuous=samples.continuous is not None)

    def _predicted(self) -> IntArray:
        samples = self._samples
        if samples is None:
            return np.zeros(0, np.int64)
        columns: dict[str, IntArray] = {
            "majority": samples.majority,
            "first_token": samples.first_token,
            "score": samples.score,
        }
        return columns[self.controls.decoder]

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
        samples, texts = self._samples, self._texts
        if samples is None or texts is None:
            return
        widths = {one.title: self._table.columnWidth(place) for place, one in enumerate(self._model.columns)}
        before = self._model.sorted_by
        by = self._model.columns[before[0]].title if before is not None else None
        columns = self._columns(samples, texts)
        self._model.set_columns(columns)
        for index, column in enumerate(columns):
            self._table.setColumnWidth(index, widths.get(column.title) or column.width)
        if "clip" not in widths:
            spare = self._table.viewport().width() - ROOM_FOR_SCROLLBAR - sum(column.width for column in columns)
            self._table.setColumnWidth(0, columns[0].width + max(0, min(spare, MOST_SPARE)))  # names of clips are long
        self._chooser.apply()
        titles = [column.title for column in columns]
        if before is not None and by in titles:
            downwards = Qt.SortOrder.DescendingOrder if before[1] else Qt.SortOrder.AscendingOrder
            self._table.sortByColumn(titles.index(by), downwards)
        else:
            self._table.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        selected, self._selected = self._selected, None  # its answers may be others now
        self._filter()
        row = self._model.view_row(selected) if selected is not None else None
        if row is not None:
            self._table.selectRow(row)
        elif selected is not None and self._model.rowCount():
            self._table.selectRow(0)

    def _columns(self, samples: SampleTable, texts: SampleTexts) -> list[Column]:
        columns = continuous_columns(samples, texts) or sample_columns(samples, texts, self._predicted(), self._right())
        listing = self._listing
        if listing is not None and listing.distance is not None:
            distance = np.full(len(samples), np.nan)
            distance[listing.clips] = listing.distance
            columns.insert(1, distance_column(distance))
        return columns

    @Slot()
    def _filter(self) -> None:
        samples, texts = self._samples, self._texts
        if samples is None or texts is None:
            return
        right = self._right()
        asked = self.controls.asked
        mask = asked.kept(samples, texts, self._predicted(), right)
        group = next((one for one in self._groups if one.title == self.controls.filters.group), None)
        if group is not None:
            mask &= group.clips
        if self._listing is not None:
            listed = np.zeros(len(samples), bool)
            listed[self._listing.clips] = True
            mask &= listed
        self._model.set_filter(None if mask.all() else mask)
        self._restore_row()
        self.controls.show_count()
        how = " by gloss name" if samples.scored_by_name else ""
        judged = f"{int(wrong_clips(samples, right).sum()):,} wrong{how}" if samples.ran.any() else "none run"
        shown = f"{int(mask.sum()):,} of " if not mask.all() else ""
        clips = "clip" if len(samples) == 1 else "clips"
        self._heading.count_of.set_whole(f"{shown}{len(samples):,} {clips}, {judged}")

    def _restore_row(self) -> None:
        """Keep the selected clip selected where it is still shown, else take the first one that is."""
        row = self._model.view_row(self._selected) if self._selected is not None else None
        if row is not None:
            self._table.selectRow(row)
        elif self._selected is not None and self._model.rowCount():
            self._table.selectRow(0)

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid() or self._samples is None:
            return
        selected = self._model.source_row(current.row())
        if selected == self._selected:  # the same clip, at another place of the table
            return
        self._selected = selected
        self._like.show_clip(self._samples, self._predicted(), self.controls.decoder, selected)
        self._detail.show_clip(self._samples, self._selected)
        if self._samples.ran[self._selected]:
            self.wants_clip.emit(self._selected)
        self.wants_features.emit(self._selected)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        if self._selected is not None:
            self._like.menu.popup(self._table.viewport().mapToGlobal(place))

    def prepare_sorting(self) -> None:
        """Make what sorting and searching by name need; may run in another thread, while the table is used."""
        if self._texts is not None:
            self._texts.prepare()

    # -- clips that are asked for -------------------------------------------------------------------------------------

    @Slot(object)
    def show_listing(self, listing: ClipListing) -> None:
        """List these clips and no others; what was filtered and searched before is taken back."""
        if self._samples is None:
            return
        if listing.decoder is not None:
            self.controls.choose_decoder(listing.decoder)
        self._take_filters_back(unless_kept=listing.clips)
        self._listing = listing
        self._bar.show_listing(listing)
        if listing.distance is not None and len(listing.clips):
            self._selected = int(listing.clips[0])  # the clip that was asked about
        self._rebuild()
        if listing.distance is not None:
            titles = [column.title for column in self._model.columns]
            self._table.sortByColumn(titles.index("distance"), Qt.SortOrder.AscendingOrder)
            self._table.scrollToTop()
        if self._selected is None:
            self._table.selectRow(0)

    @Slot()
    def _list_all(self) -> None:
        self._listing = None
        self._bar.show_listing(None)
        self._rebuild()
        if self._selected is not None and (row := self._model.view_row(self._selected)) is not None:
            self._table.scrollTo(self._model.index(row, 0))

    @Slot(object)
    def show_search(self, step: Step) -> None:
        """Clips like the selected one are sought."""
        self._bar.show_step(step)

    @Slot(object)
    def show_search_problem(self, problem: Problem | None) -> None:
        """They could not be found; None where the search was cancelled."""
        self._bar.show_listing(self._listing)
        if problem is not None:
            self._bar.say(f"{problem.sentence} {problem.advice}".strip())

    def _take_filters_back(self, unless_kept: IntArray | None = None) -> None:
        """Clear search and filters; the gloss that is chosen stays where it hides none of these clips."""
        gloss, samples, texts = self.controls.filters.gloss, self._samples, self._texts
        self.controls.take_back()
        if not gloss or samples is None or texts is None:
            return
        of_gloss = SampleFilter(gloss=gloss).kept(samples, texts, self._predicted(), self._right())
        if unless_kept is not None and of_gloss[unless_kept].all():
            with QSignalBlocker(self.controls.filters):
                self.controls.filters.show_gloss(gloss)
        else:
            self.gloss_chosen.emit("")

    def show_gloss(self, gloss: str) -> None:
        if gloss and gloss not in self._glosses():
            return
        self.controls.filters.show_gloss(gloss)
        if gloss:
            self.controls.more.setChecked(True)

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
        copy_rows(self._table, self._model)

    def go_to(self, place: str) -> None:
        """Show all clips when a finding sent the user here, those that were just listed when another panel did."""
        if place == LISTING:
            return
        self._listing = None
        self._bar.show_listing(None)
        self._take_filters_back()
        self._rebuild()

    def text(self) -> str:
        return self._model.text_rows(range(min(self._model.rowCount(), MOST_COPIED)))
