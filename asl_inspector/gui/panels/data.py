"""The Data panel: what is in the clips, whether training and validation are apart, and what a nearest neighbour says."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import ClipSurvey, DataMeasures, Neighbours
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Scrolled
from asl_inspector.gui.panels.clip_plots import ClipPlots
from asl_inspector.gui.panels.clip_tables import block_columns, pair_columns, shared_clips
from asl_inspector.gui.panels.feature_card import FeatureCard
from asl_inspector.gui.panels.neighbour_card import METHODS, NeighbourCard
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.tables import ColumnModel, fill_table, new_table
from asl_inspector.gui.widgets import Text, Tile
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem

NARROWEST_TILE, NARROWEST_PLOT = 170, 420
FROZEN = 0.2
QUESTIONS = ("data_quality", "landmarks", "nearest", "capacity", "separation", "learning", "effective_rank")


class DataPanel(Panel):
    """Clips by gloss, lengths, features, missing hands, clips in both files, the nearest neighbour."""

    title = "Data"
    empty_title = "What is in the clips?"
    empty_advice = "Drop the validation clips; with the training clips they are compared."

    wants_neighbours = Signal(str)  # method
    wants_cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._inspection: InspectionView | None = None
        page = Scrolled()
        page.column.addWidget(Text("Data", size=theme.TITLE, weight=QFont.Weight.DemiBold))
        self._sentence = Text(tone="muted", size=theme.LARGE, selectable=True)
        page.column.addWidget(self._sentence)
        names = ("Validation", "Training", "In both", "Nearest neighbour", "Largest shift")
        self._tiles = {name: Tile(name) for name in names}
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles.values()))
        page.column.addWidget(row)
        self._plots, self._features = ClipPlots(), FeatureCard()
        page.column.addWidget(self._plots)
        page.column.addWidget(self._features)
        self._search = NeighbourCard()
        self._search.wants_neighbours.connect(self.wants_neighbours)
        self._search.wants_cancel.connect(self.wants_cancel)
        pair = Columns(narrowest=NARROWEST_PLOT)
        pair.set_members([self._leak_card(), self._search])
        page.column.addWidget(pair)
        page.column.addWidget(self._landmark_card())
        page.column.addStretch(1)
        self.set_content(page)

    # -- set-up -----------------------------------------------------------------------------------------------------

    def _leak_card(self) -> Card:
        card = Card()
        card.body.addWidget(Text("Clips in both files", weight=QFont.Weight.DemiBold))
        self._leak_words = Text(tone="muted", selectable=True)
        card.body.addWidget(self._leak_words)
        self._pairs = ColumnModel(self)
        self._pair_table = new_table(self._pairs, "Clips in both files")
        card.body.addWidget(self._pair_table)
        card.body.addStretch(1)
        return card

    def _landmark_card(self) -> Card:
        self._landmark_card_ = Card()
        body = self._landmark_card_.body
        body.addWidget(Text("Missing landmarks and frozen frames", weight=QFont.Weight.DemiBold))
        self._landmark_words = Text(tone="muted", selectable=True)
        body.addWidget(self._landmark_words)
        self._blocks = ColumnModel(self)
        self._block_table = new_table(self._blocks, "Features that are missing together")
        body.addWidget(self._block_table)
        return self._landmark_card_

    # -- results ----------------------------------------------------------------------------------------------------

    def show_case(self, case: CaseView) -> None:
        self._search.forget()
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        data = inspection.data if inspection else None
        if inspection is None or data is None:
            self.show_empty()
            return
        if data.neighbours is not None:
            self._search.keep(data.neighbours)
        findings = [one for one in inspection.diagnosis.findings if one.question in QUESTIONS]
        grave = [one.sentence for one in findings if one.severity != "info"]
        self._sentence.setText(" ".join(grave) or _calm(data))
        self._show_tiles(data)
        self._plots.show_clips(data)
        self._features.show_features(data, self._sentences("separation", "effective_rank"))
        self._show_leaks(data)
        self._show_baseline(data)
        self._show_landmarks(data)
        self.show_content()
        both = _in_both(data)
        self.figure_changed.emit(f"{both} in both" if both else "")

    def _sentences(self, *questions: str) -> str:
        findings = self._inspection.diagnosis.findings if self._inspection else ()
        return " ".join(one.sentence for one in findings if one.question in questions)

    def _show_tiles(self, data: DataMeasures) -> None:
        tiles = self._tiles
        for name, found in (("Validation", data.validation), ("Training", data.train)):
            if found is None:
                tiles[name].show_figure("-", f"no {name.lower()} clips were dropped")
            else:
                tiles[name].show_figure(
                    f"{found.clips:,}", f"clips, {found.frames:,} frames, {len(found.glosses):,} glosses"
                )
        if data.validation is None or data.train is None:
            tiles["In both"].show_figure("-", "needs training and validation clips")
        else:
            both = _in_both(data)
            how = "bit for bit or nearly" if data.neighbours is not None or self._search.found else "bit for bit"
            tiles["In both"].show_figure(f"{both:,}", f"validation clips in training, {how}", "danger" if both else "")
        shift = data.shift
        if shift is None or not np.isfinite(shift.effect).any():
            tiles["Largest shift"].show_figure("-", "needs training and validation clips of the same features")
        else:
            first = int(np.nanargmax(np.abs(shift.effect)))
            if shift.extreme:
                first = shift.extreme[0]
                words = f"{column_words(shift.extreme)} on another scale"
                tiles["Largest shift"].show_figure(f"{shift.effect[first]:+.2g} sd", words, "danger")
            else:
                note = f"feature {first}, validation against training, over clips"
                tiles["Largest shift"].show_figure(f"{shift.effect[first]:+.2f} sd", note)

    def _show_leaks(self, data: DataMeasures) -> None:
        if data.validation is None or data.train is None:
            self._leak_words.setText("Drop the training clips too.")
            self._pair_table.hide()
            return
        findings = self._inspection.diagnosis.findings if self._inspection else ()
        names = (
            "validation-in-training",
            "near-duplicates",
            "same-names",
            "no-leak",
            "signers-shared",
            "signers-apart",
        )
        words = [one.sentence for one in findings if one.id in names]
        if "resampled" not in self._search.found:
            words.append("Near duplicates were not sought among so many clips; press Seek.")
        elif data.neighbours is None and not self._search.found["resampled"].pairs:
            words.append("No validation clip lies near a training clip.")
        self._leak_words.setText(" ".join(words))
        rows = shared_clips(data, self._search.found.get("resampled"))
        fill_table(self._pairs, self._pair_table, pair_columns(rows), len(rows))

    def _show_baseline(self, data: DataMeasures) -> None:
        can_search = data.validation is not None and data.train is not None
        tile, best = self._tiles["Nearest neighbour"], self._search.best
        if best is None:
            tile.show_figure("-", "not sought yet" if can_search else "needs training and validation clips")
        else:
            share = f"{100 * best.correct / best.of:.1f} %" if best.of else "-"
            note = f"{best.correct} of {best.of} clips by the nearest training clip, {METHODS[best.method]}"
            tile.show_figure(share, note)
        came = data.neighbours is not None
        self._search.show_found(
            self._sentences("nearest"), self._sentences("learning"), can_search=can_search, came_with_case=came
        )

    def _show_landmarks(self, data: DataMeasures) -> None:
        found = data.validation or data.train
        words = [self._sentences("landmarks")]
        if found is not None:
            if "repeat the frame before" not in words[0]:
                frozen = int((found.frozen > FROZEN).sum())
                words.append(
                    f"{frozen} of {found.clips} clips repeat the frame before in over a fifth of their frames."
                )
            if found.spikes:
                words.append(f"{found.spikes} start with a jump, as if a filter had kept the state of the clip before.")
            if not found.blocks:
                words.append("No group of features is missing together.")
        self._landmark_words.setText(" ".join(word for word in words if word))
        columns = block_columns(data)
        fill_table(self._blocks, self._block_table, columns, len(columns[0].values))

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far the search is."""
        self._search.show_step(step)

    @Slot(object)
    def show_neighbours(self, found: Neighbours) -> None:
        """The search is done."""
        self._search.take(found)
        data = self._inspection.data if self._inspection else None
        if data is not None:
            self._show_tiles(data)
            self._show_leaks(data)
            self._show_baseline(data)

    @Slot(object)
    def show_stop(self, problem: Problem | None) -> None:
        """The search failed, or was cancelled where there is no problem."""
        self._search.show_stop(problem)

    def text(self) -> str:
        inspection = self._inspection
        data = inspection.data if inspection else None
        if inspection is None or data is None:
            return ""
        lines = [one.sentence for one in inspection.diagnosis.findings if one.question in QUESTIONS]
        rows = range(self._features.model.rowCount())
        return "\n".join([*lines, "", self._features.model.text_rows(list(rows))])


def _in_both(data: DataMeasures) -> int:
    """Validation clips that are training clips, wholly, in part or nearly."""
    names = {one.validation for one in (*data.copies, *data.shared_frames)}
    if data.neighbours is not None:
        names |= {pair.validation for pair in data.neighbours.pairs}
    return len(names)


def _calm(data: DataMeasures) -> str:
    """The sentence where nothing is conspicuous."""
    found: ClipSurvey | None = data.validation or data.train
    if data.validation is None or data.train is None:
        what = "training" if data.validation is not None else "validation"
        return f"Nothing conspicuous in these clips by themselves; with the {what} clips they can be compared."
    return "Training and validation are apart and on one scale." if found is not None else ""
