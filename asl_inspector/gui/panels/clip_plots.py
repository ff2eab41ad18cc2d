"""Two plots of the Data panel: how many clips each gloss has, and how long clips are."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QFont

from asl_inspector.data.records import DataMeasures
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns
from asl_inspector.gui.plots.bars import BarPlot
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.widgets import Text

NARROWEST = 420  # pixels
LENGTH_BINS = 30


class ClipPlots(Columns):
    """Clips by gloss and by length, of both files where both are there."""

    def __init__(self) -> None:
        super().__init__(narrowest=NARROWEST)
        self.glosses = BarPlot(x_title="gloss", y_title="clips", height=220)
        self._gloss_words = Text(size=theme.SMALL, tone="muted")
        self.lengths = CurvePlot(x_title="frames", y_title="share of clips", height=220, shares=True, fitted=True)
        self._length_words = Text(size=theme.SMALL, tone="muted")
        self.set_members(
            [
                _titled("Clips of each gloss", self.glosses, self._gloss_words),
                _titled("Clips by their length", self.lengths, self._length_words),
            ]
        )

    def show_clips(self, data: DataMeasures) -> None:
        """Show what is known of either file."""
        self._show_glosses(data)
        self._show_lengths(data)

    def _show_glosses(self, data: DataMeasures) -> None:
        ours = dict(data.validation.glosses) if data.validation else {}
        theirs = dict(data.train.glosses) if data.train else {}
        main, other = (theirs, ours) if theirs else (ours, {})
        names = sorted({*main, *other}, key=lambda name: (-main.get(name, 0), -other.get(name, 0), name))
        labels = ("training clips", "validation clips") if theirs else ("validation clips", "")
        self.glosses.show_bars(
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
            self.lengths.show_curves([])
            return
        longest = max(int(np.quantile(found.lengths, 0.995)) for _, found, _ in known) + 1
        width = -(-longest // LENGTH_BINS)  # whole frames, or some bins hold one length more and the curve saws
        edges = np.arange(0, longest + width, width)
        middle = edges[:-1].astype(np.float64) + (width - 1) / 2
        curves, words = [], []
        for name, found, colour in known:
            counts, _ = np.histogram(np.minimum(found.lengths, longest - 1), bins=edges)
            curves.append(Curve(name, middle, counts / found.clips, colour, dashed=name == "training"))
            low, half, high = (int(value) for value in np.quantile(found.lengths, [0, 0.5, 1]))
            words.append(f"{name.capitalize()}: {low} to {high} frames, half below {half}.")
        short = sum(found.infeasible for _, found, _ in known)
        words.append(
            "Every clip has the frames that CTC needs." if not short else f"{short} clips are too short for CTC."
        )
        self.lengths.show_curves(curves)
        self._length_words.setText(" ".join(words))


def _titled(title: str, plot: BarPlot | CurvePlot, words: Text) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    card.body.addWidget(plot)
    card.body.addWidget(words)
    card.body.addStretch(1)
    plot.setAccessibleName(title)
    return card
