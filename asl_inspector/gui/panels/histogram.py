"""The Prediction histogram panel: which glosses the network says, against which it should."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QButtonGroup, QCheckBox, QComboBox, QHBoxLayout, QPushButton

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Scrolled
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.plots.band import BandView
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.tables import Column, ColumnModel, new_table, set_widths
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text, Tile

NARROWEST_TILE = 170
MOST_NAMED = 40
ORDERS = ("by id", "most predicted first", "most frequent label first")
TOP = 10
LISTED = (("10 glosses", TOP), ("50 glosses", 50), ("all glosses", None))


class HistogramPanel(Panel):
    """Predictions by gloss, by clip or by frame, with the labels beside them."""

    title = "Prediction histogram"
    empty_title = "Which glosses does the network say?"
    empty_advice = "Drop a checkpoint and its validation clips."

    def __init__(self) -> None:
        super().__init__()
        self._inspection: InspectionView | None = None
        self._bars: list[str] = []  # the gloss of each bar
        self._chosen = ""
        page = Scrolled()
        page.column.addWidget(Text("Prediction histogram", size=theme.TITLE, weight=QFont.Weight.DemiBold))
        self._sentence = Text(tone="muted", size=theme.LARGE, selectable=True)
        page.column.addWidget(self._sentence)
        self._tiles = [
            Tile(name) for name in ("Different glosses said", "As varied as", "Most frequent answer", "Never said")
        ]
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles))
        page.column.addWidget(row)
        card = Card()
        bar = QHBoxLayout()
        self._level = QButtonGroup(self)
        for index, name in enumerate(("Clips", "Frames")):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setChecked(index == 0)
            self._level.addButton(button, index)
            bar.addWidget(button)
        self._level.idClicked.connect(self._redraw)
        self._order = QComboBox()
        self._order.addItems(ORDERS)
        self._order.setAccessibleName("Order of the glosses")
        self._order.currentIndexChanged.connect(self._redraw)
        self._log = QCheckBox("Logarithmic")
        self._log.setToolTip("Rare glosses stay in sight beside frequent ones")
        self._log.toggled.connect(self._set_log)
        bar.addStretch(1)
        bar.addWidget(self._log)
        bar.addWidget(self._order)
        card.body.addLayout(bar)
        self._plot = BarPlot(x_title="gloss", y_title="count", height=300)
        self._plot.setAccessibleName("Predictions by gloss, with the labels beside them")
        self._plot.pressed.connect(self._choose)
        card.body.addWidget(self._plot)
        self._legend = Text(size=theme.SMALL, tone="muted")
        card.body.addWidget(self._legend)
        page.column.addWidget(card)
        self._model = ColumnModel(self)
        self._band = BandView("Answers as varied as so many equally frequent glosses")
        self._band_card = Card()
        self._band_card.body.addWidget(
            Text("Equally frequent glosses as varied as the answers", weight=QFont.Weight.DemiBold)
        )
        self._band_card.body.addWidget(self._band)
        page.column.addWidget(self._band_card)
        table_card = Card()
        line = QHBoxLayout()
        line.addWidget(Text("Most frequent", weight=QFont.Weight.DemiBold, wrap=False))
        line.addStretch(1)
        self._most = QComboBox()
        leave_wheel_to_page(self._order, self._most)
        self._most.setAccessibleName("How many of the most frequent glosses")
        for text, count in LISTED:
            self._most.addItem(text, count)
        self._most.currentIndexChanged.connect(self._redraw)
        line.addWidget(self._most)
        table_card.body.addLayout(line)
        self._table = new_table(self._model, "Most frequent predictions")
        self._table.setFixedHeight(TOP * 28 + 40)
        table_card.body.addWidget(self._table)
        never_card = Card()
        never_card.body.addWidget(
            Text("Never said, although it is the true gloss of a clip", weight=QFont.Weight.DemiBold)
        )
        self._never = Text(tone="muted", selectable=True)
        never_card.body.addWidget(self._never)
        never_card.body.addStretch(1)
        pair = Columns(narrowest=360)
        pair.set_members([table_card, never_card])
        page.column.addWidget(pair)
        page.column.addStretch(1)
        self.set_content(page)

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        measures = inspection.diagnosis.validation if inspection else None
        if inspection is None or measures is None or inspection.samples is None:
            self.show_empty(*why_nothing(inspection))
            return
        found, samples = measures.histogram, inspection.samples
        findings = [one for one in inspection.diagnosis.findings if one.question == "collapse"]
        self._sentence.setText(findings[0].sentence if findings else "All clips come out empty.")
        spoken = [(number, count) for number, count in found.clip_counts if number != samples.blank]
        truth = self._true_counts()
        said = {number for number, _ in spoken}
        never = [number for number, count in sorted(truth.items()) if count and number not in said]
        several, varied, top, missing = self._tiles
        occur = {number for number, count in truth.items() if count}
        several.show_figure(str(len(spoken)), f"{len(said & occur)} of the {len(occur)} in these clips among them")
        if found.effective is None or found.null_low is None or found.null_high is None:
            varied.show_figure("-", "no clip has an answer")
        else:
            varied.show_figure(
                f"{found.effective:.0f}",
                f"equally frequent glosses; {found.null_low:.0f} to {found.null_high:.0f} expected",
            )
            self._band.show_value(found.effective, found.null_low, found.null_high, float(samples_classes(inspection)))
        self._band_card.setVisible(found.effective is not None and found.null_low is not None)
        if spoken and found.top_share is not None:
            top.show_figure(f"{100 * found.top_share:.1f} %", f"of the clips: “{samples.name_of(spoken[0][0])}”")
        else:
            top.show_figure("-", "no clip has an answer")
        missing.show_figure(str(len(never)), f"of {len(truth)} true glosses")
        names = [samples.name_of(number) or str(number) for number in never]
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        self._never.setText(
            ", ".join(names[:MOST_NAMED]) + more if names else "None: every true gloss is said at least once."
        )
        self._redraw()
        self.show_content()
        self.figure_changed.emit(f"{len(spoken)} of {samples_classes(inspection)}")

    def _true_counts(self) -> dict[int, int]:
        """Labels by the network's own ids: by gloss name where the file's ids are wrong."""
        samples = self._inspection.samples if self._inspection else None
        if samples is None:
            return {}
        ids = samples.learned_ids if samples.scored_by_name else samples.true_ids
        values, counts = np.unique(ids[ids >= 0], return_counts=True)
        return dict(zip(values.tolist(), counts.tolist(), strict=True))

    @Slot()
    def _redraw(self) -> None:
        inspection = self._inspection
        measures = inspection.diagnosis.validation if inspection else None
        if inspection is None or measures is None or inspection.samples is None:
            return
        samples = inspection.samples
        by_clip = self._level.checkedId() == 0
        counts = dict(measures.histogram.clip_counts if by_clip else measures.histogram.frame_counts)
        truth = self._true_counts()
        numbers = sorted((set(counts) | set(truth)) - {samples.blank})
        order = self._order.currentIndex()
        if order == 1:
            numbers.sort(key=lambda number: (-counts.get(number, 0), number))
        elif order == 2:
            numbers.sort(key=lambda number: (-truth.get(number, 0), number))
        names = [samples.name_of(number) or str(number) for number in numbers]
        heights = [counts.get(number, 0) for number in numbers]
        unit = "clips" if by_clip else "frames"
        spoken, labelled = sum(heights), max(1, sum(truth.values()))
        scale = 1.0 if by_clip else spoken / labelled  # clips are labelled, not frames: as many frames by their shares
        reference = [truth.get(number, 0) * scale for number in numbers]
        what = "clips labelled" if by_clip else "frames if said as often as labelled"
        self._plot.y_title = unit
        self._bars = names
        marked = {place for place, name in enumerate(names) if name == self._chosen}
        labels = (f"{unit} predicted", what)
        self._plot.show_bars(names, heights, reference=reference, labels=labels, marked=marked)
        blank = counts.get(samples.blank, 0)
        chosen = f"The orange bar is “{self._chosen}”, which is chosen. " if marked else ""
        left_out = chosen + (f"Blank is left out: {blank:,} {unit}. " if blank else "")
        words = left_out + ("" if by_clip else "A bar counts the frames in which a gloss wins.")
        self._legend.setText(words)
        self._legend.setVisible(bool(words))
        most = self._most.currentData()
        listed = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most]
        self._show_top(listed, unit, sum(counts.values()))

    @Slot(float)
    def _choose(self, place: float) -> None:
        if 0 <= round(place) < len(self._bars):
            self.gloss_chosen.emit(self._bars[round(place)])

    def show_gloss(self, gloss: str) -> None:
        self._chosen = gloss
        self._redraw()

    @Slot(bool)
    def _set_log(self, on: bool) -> None:
        self._plot.set_log(on)

    def _show_top(self, top: list[tuple[int, int]], unit: str, total: int) -> None:
        samples = self._inspection.samples if self._inspection else None
        if samples is None:
            return
        truth = self._true_counts()
        ids = np.array([number for number, _ in top])
        counts = np.array([count for _, count in top])
        shares = counts / max(1, total)
        labelled = np.array([truth.get(number, 0) for number, _ in top])
        self._model.set_columns(
            [
                Column("gloss", ids, lambda row: samples.name_of(int(ids[row])) or str(ids[row]), width=126),
                Column("id", ids, lambda row: str(ids[row]), numeric=True, width=48),
                Column(unit, counts, lambda row: f"{counts[row]:,}", numeric=True, width=68),
                Column("share", shares, lambda row: f"{100 * shares[row]:.1f} %", numeric=True, width=74),
                Column(
                    "labelled",
                    labelled,
                    lambda row: f"{labelled[row]:,}",
                    "Clips with this gloss as their label",
                    numeric=True,
                    width=88,
                ),
            ]
        )
        set_widths(self._table, self._model)


def samples_classes(inspection: InspectionView) -> int:
    """Glosses that the network can say."""
    found = inspection.saved or inspection.architecture
    return found.classes - (found.blank is not None) if found else 0
