"""The Blank ratio panel: how much of the output is blank, where, and whether that is in the way."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QFont

from asl_inspector.diagnosis.records import BlankMeasures
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Scrolled
from asl_inspector.gui.panels.blank_sweep import SweepCard
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.plots.bars import HistogramPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.widgets import Text, Tile
from asl_inspector.report.blank_expectation import expected_blank_share
from asl_inspector.report.sample_table import SampleTable

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
            "expected": Tile("To be expected"),
            "empty": Tile("Empty clips"),
            "padded": Tile("Counted with padding"),
        }
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles.values()))
        page.column.addWidget(row)
        self._per_clip = HistogramPlot(x_title="blank frames of a clip", y_title="clips", percent=True)
        self._profile = CurvePlot(x_title="place in the clip", shares=True, x_shares=True)
        self._sweep = SweepCard()
        plots = Columns(narrowest=NARROWEST_PLOT)
        plots.set_members(
            [
                _titled("Clips by their share of blank frames", self._per_clip),
                _titled("Share of blank frames from the first to the last frame", self._profile),
            ]
        )
        page.column.addWidget(plots)
        page.column.addWidget(self._sweep)
        self._padding = Text(tone="muted", selectable=True)
        page.column.addWidget(_explanation(self._padding))
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
        expected = expectation(inspection.samples)
        self._show_expected(expected)
        self._padding.setText(padding_words(found))
        sentences = {
            one.id: one.sentence for one in inspection.diagnosis.findings if one.question in ("blanks", "padding")
        }
        names = (
            "blank-hides-answers",
            "blank-hides-training-answers",
            "many-empty-clips",
            "blanks-normal",
            "padding-counted",
            "stated-by-counting-padding",
            "padding-changes-answers",
            "padding-harmless",
        )
        self._sentence.setText(" ".join(sentences[name] for name in names if name in sentences))
        shares = found.per_clip[np.isfinite(found.per_clip)]
        counts, edges = np.histogram(shares, bins=BINS, range=(min(0.5, float(shares.min())), 1.0))
        mean = float(shares.mean()) if len(shares) else 0.0
        self._per_clip.show_counts(counts.astype(np.int64), edges, lines=[(mean, "mean")])
        middle = (np.arange(len(found.profile)) + 0.5) / len(found.profile)
        self._profile.show_curves([Curve("blank frames", middle, found.profile)])
        self._profile.set_x_span(0.0, 1.0)
        self._sweep.show_sweep(inspection.diagnosis.sweep)
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

    def _show_expected(self, expected: tuple[float, float] | None) -> None:
        if expected is None:
            self._tiles["expected"].show_figure("-", "needs clips with their lengths")
            return
        low, high = (100 * share for share in expected)
        self._tiles["expected"].show_figure(
            f"{low:.0f} to {high:.0f} %", "for these lengths, with a spike of one to three frames for each gloss"
        )


def expectation(samples: SampleTable | None) -> tuple[float, float] | None:
    """The share of blank frames to expect of the clips that ran."""
    if samples is None:
        return None
    glosses = samples.continuous.signed if samples.continuous is not None else np.ones(len(samples), np.int64)
    return expected_blank_share(samples.lengths[samples.ran], glosses[samples.ran])


def padding_words(found: BlankMeasures) -> str:
    """Valid against padded frames, in sentences."""
    valid = f"Of the frames of the clips themselves {100 * found.argmax_valid:.2f} % are blank."
    if found.padding_reads_as is None:
        return f"{valid} What padded frames would read as is not known, so they are not counted here."
    if not found.padded_frames:
        return f"{valid} The clips are equally long, so batches of them have no padding."
    return (
        f"{valid} In batches of 16 they are padded with {found.padded_frames:,} more frames, all of which read as class "
        f"{found.padding_reads_as}; counted with those it would be {100 * found.argmax_padded:.2f} %, and the mean over "
        f"batches that training loops print {100 * found.mean_of_batches:.2f} %. The argmax counts a frame as blank where the "
        "blank is its best class, however narrowly; the probability above it says how sure the network is."
    )


def _titled(title: str, plot: CurvePlot | HistogramPlot) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    card.body.addWidget(plot)
    plot.setAccessibleName(title)
    return card


def _explanation(padding: Text) -> Card:
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
    card.body.addWidget(Text("Valid and padded frames, best class and probability", weight=QFont.Weight.DemiBold))
    card.body.addWidget(padding)
    return card
