"""The Data panel: what is in the clips, whether training and validation are apart, and what a nearest neighbour says."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QTableView

from asl_inspector.data.blocks import column_words
from asl_inspector.data.records import ClipSurvey, DataMeasures, Neighbours
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.panels.clip_tables import block_columns, feature_columns, pair_columns, shared_clips
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.tables import ROW_HEIGHT, Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Card, Columns, Scrolled, Text, Tile, link_button
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem

NARROWEST_TILE, NARROWEST_PLOT = 170, 420
LENGTH_BINS = 30
MOST_ROWS = 12
NOTABLE = 0.5  # Cohen's "medium" effect
FALSE_SHARE = 0.05
FROZEN = 0.2
METHODS = {"resampled": "at equal length", "dtw": "warped in time"}
QUESTIONS = ("data_quality", "landmarks", "nearest", "capacity", "separation", "learning", "effective_rank")
FloatArray = NDArray[np.float64]


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
        self._found: dict[str, Neighbours] = {}
        page = Scrolled()
        page.column.addWidget(Text("Data", size=theme.TITLE, weight=QFont.Weight.DemiBold))
        self._sentence = Text(tone="muted", size=theme.LARGE, selectable=True)
        page.column.addWidget(self._sentence)
        names = ("Validation", "Training", "In both", "Nearest neighbour", "Largest shift")
        self._tiles = {name: Tile(name) for name in names}
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles.values()))
        page.column.addWidget(row)
        page.column.addWidget(self._clip_plots())
        page.column.addWidget(self._feature_card())
        pair = Columns(narrowest=NARROWEST_PLOT)
        pair.set_members([self._leak_card(), self._neighbour_card()])
        page.column.addWidget(pair)
        page.column.addWidget(self._landmark_card())
        page.column.addStretch(1)
        self.set_content(page)

    # -- set-up -----------------------------------------------------------------------------------------------------

    def _clip_plots(self) -> Columns:
        self._glosses = BarPlot(x_title="gloss", y_title="clips", height=220)
        self._gloss_words = Text(size=theme.SMALL, tone="muted")
        self._lengths = CurvePlot(x_title="frames", y_title="share of clips", height=220, shares=True, fitted=True)
        self._length_words = Text(size=theme.SMALL, tone="muted")
        plots = Columns(narrowest=NARROWEST_PLOT)
        plots.set_members(
            [
                _titled("Clips of each gloss", self._glosses, self._gloss_words),
                _titled("Clips by their length", self._lengths, self._length_words),
            ]
        )
        return plots

    def _feature_card(self) -> Card:
        card = Card()
        card.body.addWidget(Text("Features", weight=QFont.Weight.DemiBold))
        self._feature_words = Text(tone="muted", selectable=True)
        card.body.addWidget(self._feature_words)
        self._shift = BarPlot(x_title="feature", y_title="standard deviations", height=190)
        self._shift.setAccessibleName("Difference of validation from training, feature by feature")
        card.body.addWidget(self._shift)
        self._features = ColumnModel(self)
        self._feature_table = new_table(self._features, "Features")
        self._feature_table.setFixedHeight((MOST_ROWS + 1) * ROW_HEIGHT + 14)
        card.body.addWidget(self._feature_table)
        return card

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

    def _neighbour_card(self) -> Card:
        card = Card()
        card.body.addWidget(Text("What would the nearest training clip have answered?", weight=QFont.Weight.DemiBold))
        self._neighbour_words = Text(tone="muted", selectable=True)
        card.body.addWidget(self._neighbour_words)
        line = QHBoxLayout()
        self._search = {name: QPushButton(text) for name, text in (("resampled", "Seek"), ("dtw", "Warp in time"))}
        self._search["resampled"].setToolTip("Brings all clips to one length and compares them frame by frame")
        self._search["dtw"].setToolTip("Stretches each clip onto each other one; slower, for small sets")
        self._search["resampled"].clicked.connect(self._seek_resampled)
        self._search["dtw"].clicked.connect(self._seek_warped)
        for button in self._search.values():
            line.addWidget(button)
        line.addStretch(1)
        card.body.addLayout(line)
        running = QHBoxLayout()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Progress of the search")
        self._step = Text(size=theme.SMALL, tone="muted", wrap=False)
        self._stop = link_button("Cancel")
        self._stop.clicked.connect(self.wants_cancel)
        running.addWidget(self._bar, 1)
        running.addWidget(self._step)
        running.addWidget(self._stop)
        card.body.addLayout(running)
        card.body.addStretch(1)
        self._show_running(is_running=False)
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
        self._found = {}
        self._show_running(is_running=False)
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        data = inspection.data if inspection else None
        if inspection is None or data is None:
            self.show_empty()
            return
        if data.neighbours is not None:
            self._found.setdefault(data.neighbours.method, data.neighbours)
        findings = [one for one in inspection.diagnosis.findings if one.question in QUESTIONS]
        grave = [one.sentence for one in findings if one.severity != "info"]
        self._sentence.setText(" ".join(grave) or _calm(data))
        self._show_tiles(data)
        self._show_glosses(data)
        self._show_lengths(data)
        self._show_features(data)
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
            how = "bit for bit or nearly" if data.neighbours is not None or self._found else "bit for bit"
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

    def _show_glosses(self, data: DataMeasures) -> None:
        ours = dict(data.validation.glosses) if data.validation else {}
        theirs = dict(data.train.glosses) if data.train else {}
        main, other = (theirs, ours) if theirs else (ours, {})
        names = sorted({*main, *other}, key=lambda name: (-main.get(name, 0), -other.get(name, 0), name))
        labels = ("training clips", "validation clips") if theirs else ("validation clips", "")
        self._glosses.show_bars(
            names,
            [main.get(name, 0) for name in names],
            reference=[other.get(name, 0) for name in names] if other else [],
            labels=labels,
        )
        words = []
        if theirs:
            counts = sorted(theirs.values())
            words.append(f"{counts[0]} to {counts[-1]} training clips a gloss.")
        if theirs and ours:
            words.append(f"{sum(name not in ours for name in theirs)} glosses of training have no validation clip.")
            if data.unseen:
                shown = ", ".join(data.unseen[:6]) + (" ..." if len(data.unseen) > 6 else "")
                words.append(f"{len(data.unseen)} of validation have no training clip: {shown}.")
        self._gloss_words.setText(" ".join(words))

    def _show_lengths(self, data: DataMeasures) -> None:
        sides = [("training", data.train, "series_3"), ("validation", data.validation, "series_1")]
        known = [(name, found, colour) for name, found, colour in sides if found is not None and found.clips]
        if not known:
            self._lengths.show_curves([])
            return
        longest = max(int(np.quantile(found.lengths, 0.995)) for _, found, _ in known) + 1
        edges = np.linspace(0, longest, min(LENGTH_BINS, longest) + 1)
        middle = (edges[:-1] + edges[1:]) / 2
        curves, words = [], []
        for name, found, colour in known:
            counts, _ = np.histogram(np.minimum(found.lengths, longest - 1e-9), bins=edges)
            curves.append(Curve(name, middle, counts / found.clips, colour, dashed=name == "training"))
            low, half, high = (int(value) for value in np.quantile(found.lengths, [0, 0.5, 1]))
            words.append(f"{name.capitalize()}: {low} to {high} frames, half below {half}.")
        short = sum(found.infeasible for _, found, _ in known)
        words.append(
            "Every clip has the frames that CTC needs." if not short else f"{short} clips are too short for CTC."
        )
        self._lengths.show_curves(curves)
        self._length_words.setText(" ".join(words))

    def _show_features(self, data: DataMeasures) -> None:
        first = data.train or data.validation
        columns = first.columns if first is not None else None
        if first is None or columns is None:
            self._feature_words.setText("The clips differ in their number of features.")
            self._shift.hide()
            self._feature_table.hide()
            return
        shift = data.shift
        width = len(columns.mean)
        words = [f"{width} features."]
        if first.constant:
            verb = "never changes" if len(first.constant) == 1 else "never change"
            words.append(f"{column_words(first.constant).capitalize()} {verb}.")
        if shift is not None:
            size = np.abs(np.nan_to_num(shift.effect))
            marked = (shift.q < FALSE_SHARE) & (size > NOTABLE)
            words.append(_shift_words(int((shift.q < FALSE_SHARE).sum()), int(marked.sum()), width))
            usual = np.delete(size, list(shift.extreme))
            most = max(1.0, 1.5 * float(usual.max(initial=0.0)))
            shown = np.minimum(size, most)
            if (size > most).any():
                words.append(f"Longer bars are cut at {most:.1f}.")
            self._shift.show_bars(
                [str(index) for index in range(width)],
                shown,
                labels=("sd", ""),
                marked=set(np.flatnonzero(marked).tolist()),
            )
        self._shift.setVisible(shift is not None)
        words.append(self._sentences("separation", "effective_rank"))
        self._feature_words.setText(" ".join(word for word in words if word))
        self._set(self._features, self._feature_table, feature_columns(data), MOST_ROWS)

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
        if "resampled" not in self._found:
            words.append("Near duplicates were not sought among so many clips; press Seek.")
        elif data.neighbours is None and not self._found["resampled"].pairs:
            words.append("No validation clip lies near a training clip.")
        self._leak_words.setText(" ".join(words))
        rows = shared_clips(data, self._found.get("resampled"))
        self._set(self._pairs, self._pair_table, pair_columns(rows), len(rows))

    def _show_baseline(self, data: DataMeasures) -> None:
        can_search = data.validation is not None and data.train is not None
        for name, button in self._search.items():
            button.setEnabled(can_search)
            button.setVisible(name not in self._found)
        tile = self._tiles["Nearest neighbour"]
        if not self._found:
            tile.show_figure("-", "not sought yet" if can_search else "needs training and validation clips")
        else:
            best = max(self._found.values(), key=lambda one: one.correct)
            share = f"{100 * best.correct / best.of:.1f} %" if best.of else "-"
            tile.show_figure(
                share, f"{best.correct} of {best.of} clips by the nearest training clip, {METHODS[best.method]}"
            )
        words = [self._sentences("nearest")]
        if "dtw" in self._found:
            found = self._found["dtw"]
            words.append(f"Warped in time it is {found.correct} of {found.of}, after {found.seconds:.0f} s.")
        elif "resampled" in self._found and data.neighbours is None:
            found = self._found["resampled"]
            words.append(f"At equal length it is {found.correct} of {found.of}, after {found.seconds:.0f} s.")
        words.append(
            "This baseline needs no training: a network far below it has a fault, and one far above it has learned something."
        )
        words.append(self._sentences("learning"))
        self._neighbour_words.setText(" ".join(word for word in words if word))

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
        self._set(self._blocks, self._block_table, columns, len(columns[0].values))

    def _set(self, model: ColumnModel, table: QTableView, columns: list[Column], rows: int) -> None:
        """Fill a table and make it as high as its rows, up to a point."""
        model.set_columns(columns)
        for index, column in enumerate(columns):
            table.setColumnWidth(index, column.width)
        table.setFixedHeight((min(rows, MOST_ROWS) + 1) * ROW_HEIGHT + 14)
        table.setVisible(rows > 0)

    # -- the search -------------------------------------------------------------------------------------------------

    @Slot()
    def _seek_resampled(self) -> None:
        self._start("resampled")

    @Slot()
    def _seek_warped(self) -> None:
        self._start("dtw")

    def _start(self, method: str) -> None:
        self._show_running(is_running=True)
        self.wants_neighbours.emit(method)

    def _show_running(self, *, is_running: bool) -> None:
        for widget in (self._bar, self._step, self._stop):
            widget.setVisible(is_running)
        for button in self._search.values():
            button.setEnabled(not is_running)
        if is_running:
            self._bar.setRange(0, 0)
            self._step.setText("")

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far the search is."""
        if step.total:
            self._bar.setRange(0, step.total)
            self._bar.setValue(step.done)
            self._step.setText(f"{step.done:,} of {step.total:,} {step.unit}")

    @Slot(object)
    def show_neighbours(self, found: Neighbours) -> None:
        """The search is done."""
        self._found[found.method] = found
        self._show_running(is_running=False)
        data = self._inspection.data if self._inspection else None
        if data is not None:
            self._show_tiles(data)
            self._show_leaks(data)
            self._show_baseline(data)

    @Slot(object)
    def show_stop(self, problem: Problem | None) -> None:
        """The search failed, or was cancelled where there is no problem."""
        self._show_running(is_running=False)
        words = f"{problem.sentence} {problem.advice}".strip() if problem is not None else "Cancelled."
        self._neighbour_words.setText(words)

    def text(self) -> str:
        inspection = self._inspection
        data = inspection.data if inspection else None
        if inspection is None or data is None:
            return ""
        lines = [one.sentence for one in inspection.diagnosis.findings if one.question in QUESTIONS]
        rows = range(self._features.rowCount())
        return "\n".join([*lines, "", self._features.text_rows(list(rows))])


def _titled(title: str, plot: BarPlot | CurvePlot, words: Text) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    card.body.addWidget(plot)
    card.body.addWidget(words)
    card.body.addStretch(1)
    plot.setAccessibleName(title)
    return card


def _shift_words(differing: int, marked: int, width: int) -> str:
    """How many features differ beyond chance."""
    corrected = f"(p-values corrected for {width} tests)"
    if not differing:
        return f"None differs between training and validation clips beyond chance {corrected}."
    return (
        f"{differing} differ{'s' if differing == 1 else ''} between training and validation clips beyond chance {corrected}, "
        f"{marked or 'none'} of them by more than half a standard deviation."
    )


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
