"""The Blank ratio panel: how much of the output is blank, where, and whether that is in the way."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QFont

from asl_inspector.diagnosis.records import BlankMeasures, BlankSweep
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.plots.bars import HistogramPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.widgets import Card, Columns, Scrolled, Text, Tile

BINS = 25
NARROWEST_TILE, NARROWEST_PLOT = 170, 380


class BlanksPanel(Panel):
    """Blank share over valid frames, per clip, along time, and with a bias on the blank."""

    title = "Blank ratio"
    empty_title = "How many frames are blank?"
    empty_advice = "Drop a checkpoint and its validation clips."

    def __init__(self) -> None:
        super().__init__()
        page = Scrolled()
        page.column.addWidget(Text("Blank ratio", size=theme.TITLE, weight=QFont.Weight.DemiBold))
        self._sentence = Text(tone="muted", size=theme.LARGE, selectable=True)
        page.column.addWidget(self._sentence)
        self._tiles = {
            "valid": Tile("Blank frames"),
            "posterior": Tile("Blank probability"),
            "empty": Tile("Empty clips"),
            "padded": Tile("Counted with padding"),
        }
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles.values()))
        page.column.addWidget(row)
        self._per_clip = HistogramPlot(x_title="blank frames of a clip", y_title="clips", percent=True)
        self._profile = CurvePlot(x_title="place in the clip", shares=True, x_shares=True)
        self._sweep = CurvePlot(x_title="taken off the blank's logit", shares=True, height=230)
        plots = Columns(narrowest=NARROWEST_PLOT)
        plots.set_members(
            [
                _titled("Clips by their share of blank frames", self._per_clip),
                _titled("Share of blank frames from the first to the last frame", self._profile),
            ]
        )
        page.column.addWidget(plots)
        self._sweep_words = Text(tone="muted")
        card = _titled("What if the blank were less likely?", self._sweep)
        card.body.insertWidget(1, self._sweep_words)
        page.column.addWidget(card)
        page.column.addWidget(_explanation())
        page.column.addStretch(1)
        self.set_content(page)

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        measures = inspection.diagnosis.validation if inspection else None
        if inspection is None or measures is None:
            self.show_empty(*why_nothing(inspection))
            return
        found = measures.blanks
        if found is None and inspection.saved is not None and not inspection.saved.per_frame:
            self.show_empty("Only one answer a clip was saved", "Save the scores of every frame to see its blanks.")
            return
        if found is None:
            self.show_empty(
                "This network has no blank", "It was trained with cross-entropy, so there is nothing to count here."
            )
            return
        source = inspection.saved or inspection.architecture
        self._show_tiles(found, source.blank if source else None)
        sentences = {one.id: one.sentence for one in inspection.diagnosis.findings if one.question == "blanks"}
        names = (
            "blank-hides-answers",
            "blank-hides-training-answers",
            "many-empty-clips",
            "blanks-normal",
            "padding-counted",
        )
        self._sentence.setText(" ".join(sentences[name] for name in names if name in sentences))
        shares = found.per_clip[np.isfinite(found.per_clip)]
        counts, edges = np.histogram(shares, bins=BINS, range=(min(0.5, float(shares.min())), 1.0))
        self._per_clip.show_counts(counts.astype(np.int64), edges)
        middle = (np.arange(len(found.profile)) + 0.5) / len(found.profile)
        self._profile.show_curves([Curve("blank frames", middle, found.profile)])
        self._show_sweep(inspection.diagnosis.sweep)
        self.show_content()
        self.figure_changed.emit(f"{100 * found.argmax_valid:.1f} %")

    def _show_tiles(self, found: BlankMeasures, blank: int | None) -> None:
        percent = "{:.2f} %".format
        tiles = self._tiles
        tiles["valid"].show_figure(
            percent(100 * found.argmax_valid), "of the valid frames have blank as their best class"
        )
        tiles["posterior"].show_figure(percent(100 * found.posterior_valid), "mean probability over the valid frames")
        tiles["empty"].show_figure(percent(100 * found.empty_share), "of the clips have no frame but blanks")
        if found.padding_reads_as is None:
            tiles["padded"].show_figure("-", "the padding of the network is not known")
            return
        reads = "the blank" if found.padding_reads_as == blank else f"class {found.padding_reads_as}"
        tiles["padded"].show_figure(
            percent(100 * found.argmax_padded),
            f"{found.padded_frames:,} padded frames read as {reads}: not a property of the network",
        )

    def _show_sweep(self, sweep: BlankSweep | None) -> None:
        if sweep is None:
            self._sweep.show_curves([])
            self._sweep_words.setText("Too few labelled clips to say.")
            return
        bias = np.array([point.bias for point in sweep.points])
        right = np.array([point.correct / point.of for point in sweep.points])
        empty = np.array([point.empty_share for point in sweep.points])
        marks = [(0.0, "as trained")] + ([(sweep.best_bias, "best")] if sweep.best_bias else [])
        curves = [Curve("accuracy", bias, right), Curve("empty clips", bias, empty, "series_3", dashed=True)]
        self._sweep.show_curves(curves, marks=marks)
        before, after = sweep.before, sweep.after
        if sweep.best_bias == 0:
            self._sweep_words.setText("No bias on the blank gives more right answers: the blank is not in the way.")
        else:
            self._sweep_words.setText(
                f"With {sweep.best_bias:g} taken off, {after.correct} instead of {before.correct} of {after.of} clips are "
                f"right (p = {sweep.p:.2g}). The bias was chosen on the other half of the clips."
            )


def _titled(title: str, plot: CurvePlot | HistogramPlot) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    card.body.addWidget(plot)
    plot.setAccessibleName(title)
    return card


def _explanation() -> Card:
    card = Card()
    card.body.addWidget(Text("Why does this matter?", weight=QFont.Weight.DemiBold))
    card.body.addWidget(
        Text(
            "A CTC network answers a clip of one gloss with one spike and is blank elsewhere, so 90 to 98 % blank frames are "
            "normal. It is a fault only where clips come out empty although the network knows better. Frames that merely "
            "pad a batch are not part of any clip; training loops often count them by mistake.",
            tone="muted",
        )
    )
    return card
