"""The Runs panel: many checkpoints that a sweep inspected, as runs along epochs, as clips by files, as a table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Scrolled
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.runs_tables import FileTable, RunTable
from asl_inspector.gui.plots import outcomes
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.plots.outcomes import OutcomePlot
from asl_inspector.gui.widgets import Text
from asl_inspector.report.epoch_parts import numbers
from asl_inspector.sweep.records import NOT_RUN, RIGHT, Run, Sweep
from asl_inspector.sweep.words import (
    RUN_HEAD,
    cause_words,
    headline,
    run_cells,
    run_words,
    sentences,
    summary,
    table_lines,
)
from asl_inspector.visible_text import visible

NARROWEST_PLOT = 290
PLOT_HEIGHT = 150
MOST_PLOTS = 24


class RunsPanel(Panel):
    """Shows the result of a sweep, whether or not its checkpoints are on this machine."""

    title = "Runs"
    empty_title = "Many checkpoints at once"
    empty_advice = (
        "Drop the result folder of a sweep. To make one: asl-inspector sweep FOLDER --val CLIPS --out RESULT, here or on "
        "the machine that has the checkpoints."
    )
    wants_file = Signal(object)  # path of a checkpoint
    wants_export = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.sweep: Sweep | None = None
        self._order: list[tuple[Run, int]] = []
        page = Scrolled()
        head = QHBoxLayout()
        self._headline = Text(size=theme.TITLE, weight=QFont.Weight.DemiBold, selectable=True)
        head.addWidget(self._headline, 1)
        export = QPushButton("Export...")
        export.setToolTip("These runs as HTML, PDF, Markdown, JSON, or a table")
        export.clicked.connect(self.wants_export)
        head.addWidget(export)
        page.column.addLayout(head)
        self._summary = Text(tone="muted", selectable=True)
        self._message = Text(tone="caution", selectable=True)
        self._answers = Card()
        self._sentences = Text(selectable=True)
        self._answers.body.addWidget(Text("What follows", weight=QFont.Weight.DemiBold))
        self._answers.body.addWidget(self._sentences)
        self.runs = RunTable()
        self._multiples = _SmallMultiples()
        self._heat = Card()
        self._heat.body.addWidget(Text("Which clip is right in which file", weight=QFont.Weight.DemiBold))
        self._heat.body.addWidget(
            Text(
                "A click on a file opens it as a case. Files are in the order of the table below.",
                size=theme.SMALL,
                tone="muted",
            )
        )
        self.plot = OutcomePlot()
        self.plot.setAccessibleName("Clips by files")
        self.plot.row_chosen.connect(self._ask_for_place)
        self._heat.body.addWidget(self.plot)
        self.files = FileTable()
        self.files.wants_file.connect(self._ask_for_file)
        cards = (self._summary, self._message, self._answers, self.runs, self._multiples, self._heat, self.files)
        for card in cards:
            page.column.addWidget(card)
        page.column.addStretch(1)
        self._message.hide()
        self.set_content(page)

    # -- what comes in ----------------------------------------------------------------------------------------------

    def show_reading(self, path: Path) -> None:
        """A result is being read."""
        self.sweep = None
        self.show_empty(f"Reading {path.name}", "")

    def show_sweep(self, sweep: Sweep) -> None:
        """Show a result in the place of the last one."""
        self.sweep = sweep
        self._order = [(run, index) for run in sweep.runs for index in run.rows]
        self._headline.setText(headline(sweep))
        self._summary.setText(summary(sweep))
        self._sentences.setText("\n\n".join(sentences(sweep)))
        self._answers.setVisible(bool(self._sentences.text()))
        self.runs.show_sweep(sweep)
        self._multiples.show_sweep(sweep)
        self._show_outcomes(sweep)
        self.files.show_sweep(sweep, self._order)
        self.say("")
        self.show_content()
        self.figure_changed.emit(str(len(sweep.runs)))

    def _show_outcomes(self, sweep: Sweep) -> None:
        scored = [sweep.rows[index].outcome or NOT_RUN * len(sweep.clips) for _, index in self._order]
        letters = np.frombuffer("".join(scored).encode(), np.uint8).reshape(len(scored), len(sweep.clips))
        known, right = letters != ord(NOT_RUN), letters == ord(RIGHT)
        matrix = np.where(right, outcomes.RIGHT, np.where(known, outcomes.WRONG, outcomes.NOT_RUN)).astype(np.int8)
        easiest = np.argsort(-right.sum(axis=0), kind="stable")
        files = [f"{visible(sweep.rows[index].name)} ({visible(run.name)})" for run, index in self._order]
        names = [
            visible(f"{name} ({gloss})" if gloss else name)
            for name, gloss in zip(sweep.clips.ids, sweep.clips.glosses, strict=True)
        ]
        self._heat.setVisible(bool(known.any()))
        self.plot.show_outcomes(matrix[:, easiest], files, [names[index] for index in easiest.tolist()])

    def say(self, message: str) -> None:
        """Tell something about what was asked for; an empty text takes it away."""
        self._message.setText(message)
        self._message.setVisible(bool(message))

    # -- a file -----------------------------------------------------------------------------------------------------

    @Slot(int)
    def _ask_for_place(self, place: int) -> None:
        """A row of the picture."""
        self._ask_for_file(self._order[place][1])

    @Slot(int)
    def _ask_for_file(self, index: int) -> None:
        if self.sweep is not None:
            self.wants_file.emit(self.sweep.rows[index].path)

    def text(self) -> str:
        if self.sweep is None:
            return ""
        table = table_lines(RUN_HEAD, [run_cells(self.sweep, run) for run in self.sweep.runs])
        return "\n".join([headline(self.sweep), summary(self.sweep), "", *table, "", *sentences(self.sweep)])


class _SmallMultiples(Card):
    """Accuracy and empty clips along epochs, one small plot a run, all on the same axes."""

    def __init__(self) -> None:
        super().__init__()
        self.body.addWidget(Text("Along epochs", weight=QFont.Weight.DemiBold))
        self._columns = Columns(narrowest=NARROWEST_PLOT)
        self.body.addWidget(self._columns)
        self._more = Text(size=theme.SMALL, tone="muted")
        self.body.addWidget(self._more)

    def show_sweep(self, sweep: Sweep) -> None:
        """One plot for every run that has several epochs, as far as there is room."""
        shown = [run for run in sweep.runs if len({sweep.rows[index].epoch for index in run.rows} - {None}) > 1]
        epochs = [row.epoch for row in sweep.rows if row.epoch is not None]
        span = (float(min(epochs)), float(max(epochs))) if epochs else (0.0, 1.0)
        self._columns.set_members([_plot_of(sweep, run, span) for run in shown[:MOST_PLOTS]])
        left = len(shown) - MOST_PLOTS
        self._more.setText(f"The other {left} runs are in the tables." if left > 0 else "")
        self._more.setVisible(left > 0)
        self.setVisible(bool(shown))


def _plot_of(sweep: Sweep, run: Run, span: tuple[float, float]) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    name = Text(visible(run.name), size=theme.SMALL, tone="muted")
    name.setToolTip(visible(f"{run_words(sweep, run)}\n{cause_words(sweep, run)}"))
    column.addWidget(name)
    plot = CurvePlot(x_title="epoch", height=PLOT_HEIGHT, x_whole=True, shares=True)
    plot.setAccessibleName(f"{visible(run.name)}, accuracy along epochs")
    rows = [sweep.rows[index] for index in run.rows if sweep.rows[index].epoch is not None]
    x = numbers([row.epoch for row in rows])
    right = [row.accuracy for row in rows]
    band = (numbers([one.low if one else None for one in right]), numbers([one.high if one else None for one in right]))
    empty = numbers([row.figures.empty_share if row.figures else None for row in rows])
    marks = [(float(run.collapse.begins), "collapse")] if run.collapse is not None else []
    plot.show_curves(
        [
            Curve("accuracy", x, numbers([one.value if one else None for one in right]), band=band, dots=True),
            Curve("empty clips", x, empty, "series_2", dashed=True),
        ],
        marks=marks,
    )
    plot.set_x_span(*span)
    column.addWidget(plot)
    cause = Text(visible(cause_words(sweep, run)), size=theme.SMALL, tone="muted", selectable=True)
    column.addWidget(cause)
    column.addStretch(1)
    return box
