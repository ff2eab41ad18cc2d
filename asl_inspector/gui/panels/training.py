"""The Training panel: the run's curves, how sure they are, what luck and early stopping explain, what contradicts what."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.run_records import EarlyStop, RunMeasures
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Line, Scrolled, empty
from asl_inspector.gui.panels.epochs import EpochsCard
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.tables import ROW_HEIGHT, Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Badge, Text, Tile
from asl_inspector.history.records import CodeHint, History, Points

NARROWEST_TILE, NARROWEST_PLOT = 170, 420
FLOOD = 1.15  # the loss axis ends where nearly all of the losses lie
QUESTIONS = ("run", "learning_rate")
WATCHED = {"val_loss": "validation loss", "val_acc": "validation accuracy", "drop": "accuracy a point below its best"}
FloatArray = NDArray[np.float64]


class TrainingPanel(Panel):
    """Loss and accuracy by epoch, and what they bear."""

    title = "Training"
    empty_title = "How did the training go?"
    empty_advice = "Drop the notebook or the log of the run, its metrics.csv or TensorBoard files, or a folder with its checkpoints."

    def __init__(self) -> None:
        super().__init__()
        self._inspection: InspectionView | None = None
        page = self._page = Scrolled()
        page.column.addWidget(Text("Training", size=theme.TITLE, weight=QFont.Weight.DemiBold))
        self.epochs = EpochsCard()
        self.epochs.hide()
        page.column.addWidget(self.epochs)
        self._story = QWidget()
        column = QVBoxLayout(self._story)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP)
        page.column.addWidget(self._story)
        self._sentence = Text(tone="muted", size=theme.LARGE, selectable=True)
        column.addWidget(self._sentence)
        self._tiles = {
            "best": Tile("Best epoch"),
            "accuracy": Tile("Its accuracy"),
            "luck": Tile("Guessing as often"),
            "clips": Tile("Validation clips"),
        }
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles.values()))
        column.addWidget(row)
        self._contradictions = Card()
        self._contradictions.setProperty("kind", "banner")
        column.addWidget(self._contradictions)
        self._losses = CurvePlot(x_title="epoch", y_title="loss", height=240)
        self._accuracies = CurvePlot(x_title="epoch", y_title="accuracy", height=240, shares=True, fitted=True)
        self._loss_words, self._accuracy_words = (
            Text(size=theme.SMALL, tone="muted"),
            Text(size=theme.SMALL, tone="muted"),
        )
        plots = Columns(narrowest=NARROWEST_PLOT)
        plots.set_members(
            [
                _titled("Loss", self._losses, self._loss_words),
                _titled("Accuracy", self._accuracies, self._accuracy_words),
            ]
        )
        column.addWidget(plots)
        self._stops = ColumnModel(self)
        self._stop_table = new_table(self._stops, "Early stopping, replayed")
        self._stop_card = Card()
        self._stop_card.body.addWidget(Text("What would early stopping have done?", weight=QFont.Weight.DemiBold))
        self._stop_card.body.addWidget(self._stop_table)
        column.addWidget(self._stop_card)
        self._hints = Card()
        column.addWidget(self._hints)
        self._sources = Card()
        column.addWidget(self._sources)
        page.column.addStretch(1)
        self.set_content(page)

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        history = inspection.history if inspection else None
        epochs = sum(row.role is Role.EPOCH for row in inspection.files) if inspection is not None else 0
        told_of = history is not None and history.tells_of_a_run
        self.epochs.setVisible(bool(epochs))
        self._story.setVisible(told_of)
        if inspection is None or history is None or not told_of:
            if epochs:
                self.show_content()
                self.figure_changed.emit(f"{epochs + 1} files")
            else:
                self.show_empty()
            return
        run = inspection.diagnosis.run
        findings = [one for one in inspection.diagnosis.findings if one.question in QUESTIONS]
        told = [one.sentence for one in findings if one.id != "sources-contradict"]
        self._sentence.setText(" ".join(told) or _source_words(history))
        self._show_tiles(history, run)
        self._show_contradictions(inspection)
        self._show_curves(history, run)
        self._show_stops(run.stops if run else ())
        self._show_hints(history.hints)
        self._show_sources(history)
        self.show_content()
        best = history.best_epoch
        self.figure_changed.emit(f"{len(history.epochs)} {history.axis}s" if best is not None else "")

    def go_to(self, place: str) -> None:
        if place == "training:epochs":
            self._page.ensureWidgetVisible(self.epochs)

    def _show_tiles(self, history: History, run: RunMeasures | None) -> None:
        tiles, index = self._tiles, history.best_index
        if index is None:
            tiles["best"].show_figure("-", "no validation figure was recorded")
        else:
            by = "accuracy" if any(value is not None for value in history.val_acc) else "loss"
            others = history.as_good
            note = f"of {len(history.epochs)} {history.axis}s, by the validation {by}"
            if others:
                note += f"; the first of {others + 1} that are alike"
            tiles["best"].show_figure(str(history.epochs[index]), note)
        value = history.val_acc[index] if index is not None and history.val_acc else None
        if value is None:
            tiles["accuracy"].show_figure("-", "no validation accuracy was recorded")
        elif run is not None and run.best is not None:
            found = run.best
            note = f"{found.correct} of {found.of} clips, 95 %: {100 * found.low:.1f} to {100 * found.high:.1f}"
            tiles["accuracy"].show_figure(f"{100 * value:.2f} %", note)
        else:
            tiles["accuracy"].show_figure(f"{100 * value:.2f} %", "of how many clips is not known")
        luck = run.luck if run is not None else None
        if luck is None or run is None or run.best is None:
            tiles["luck"].show_figure("-", "needs accuracies and the number of glosses")
        else:
            share = 100 * luck.expected / run.best.of
            tries = f"the best of {luck.tries} tries" if luck.tries > 1 else "one try"
            note = f"expected of {tries}; {luck.unlikely} of {run.best.of} one time in twenty"
            tone = "danger" if luck.p > 0.05 else ""
            tiles["luck"].show_figure(f"{share:.1f} %", note, tone)
        if run is None or run.clips is None:
            tiles["clips"].show_figure("-", "cannot be told from the accuracies")
        else:
            tiles["clips"].show_figure(f"{run.clips:,}", f"from {run.clips_from}")

    def _show_contradictions(self, inspection: InspectionView) -> None:
        """Everything that two places tell differently: the sources, and what was printed about Stage 1."""
        empty(self._contradictions.body)
        told = [one.sentence for one in (inspection.history.contradictions if inspection.history else ())]
        names = ("run-contradicts-itself", "run-contradicts-weights")
        told += [one.sentence for one in inspection.diagnosis.findings if one.id in names]
        if told:
            title = "Contradiction" if len(told) == 1 else f"{len(told)} contradictions"
            self._contradictions.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
        for sentence in told:
            self._contradictions.body.addWidget(Text(sentence, selectable=True))
        self._contradictions.setVisible(bool(told))

    def _show_curves(self, history: History, run: RunMeasures | None) -> None:
        x = np.array(history.epochs, dtype=float)
        marks = [(float(history.best_epoch), "best")] if history.best_epoch is not None else []
        losses = [
            Curve("training loss", x, _array(history.train_loss)),
            Curve("validation loss", x, _array(history.val_loss), "series_2"),
        ]
        losses = [curve for curve in losses if np.isfinite(curve.y).any()]
        ceiling, words = None, ""
        if losses:
            known = np.concatenate([curve.y[np.isfinite(curve.y)] for curve in losses])
            ceiling = FLOOD * float(np.quantile(known, 0.98))
            above = int((known > ceiling).sum())
            words = (
                f"{above} value{'s' if above != 1 else ''} above the frame, up to {known.max():.4g}." if above else ""
            )
        for plot in (self._losses, self._accuracies):
            plot.x_title = history.axis
        self._losses.show_curves(losses, marks=marks if losses else [], ceiling=ceiling)
        self._loss_words.setText(
            words or ("No loss was recorded." if not losses else "Every value is inside the frame.")
        )
        band = (run.low, run.high) if run is not None and np.isfinite(run.low).any() else None
        curves = [
            Curve("training", x, _array(history.train_acc), "series_2"),
            Curve("validation", x, _array(history.val_acc), band=band),
        ]
        curves = [curve for curve in curves if np.isfinite(curve.y).any()]
        luck = run.luck if run is not None else None
        if curves and luck is not None and run is not None and run.best is not None:
            level = np.full(len(x), luck.unlikely / run.best.of)
            name = f"best of {luck.tries} guesses (95 %)" if luck.tries > 1 else "guessing (95 %)"
            curves.append(Curve(name, x, level, "series_3", dashed=True))
        self._accuracies.show_curves(curves, marks=marks if curves else [])
        shade = f"The shade is Wilson's 95 % interval for {run.clips:,} clips." if band is not None and run else ""
        self._accuracy_words.setText(shade or ("No accuracy was recorded." if not curves else ""))

    def _show_stops(self, stops: tuple[EarlyStop, ...]) -> None:
        self._stop_card.setVisible(bool(stops))
        if not stops:
            return

        def numbers(values: list[float | None]) -> FloatArray:
            return np.array([np.nan if value is None else float(value) for value in values])

        stopped = numbers([one.stopped for one in stops])
        accuracy, forgone = numbers([one.accuracy for one in stops]), numbers([one.forgone for one in stops])
        self._stops.set_columns(
            [
                Column(
                    "watching",
                    np.array([WATCHED[one.watched] for one in stops]),
                    lambda row: WATCHED[stops[row].watched],
                    "What the rule looks at",
                    width=230,
                ),
                Column(
                    "patience",
                    np.array([one.patience for one in stops]),
                    lambda row: str(stops[row].patience),
                    "Epochs without improvement that it waits for",
                    numeric=True,
                    width=80,
                ),
                Column(
                    "stops at",
                    stopped,
                    lambda row: "never" if stops[row].stopped is None else str(stops[row].stopped),
                    "Epoch at which it ends the training",
                    numeric=True,
                    width=90,
                ),
                Column(
                    "keeps",
                    np.array([one.kept for one in stops]),
                    lambda row: str(stops[row].kept),
                    "Epoch whose weights it keeps",
                    numeric=True,
                    width=80,
                ),
                Column(
                    "its accuracy",
                    accuracy,
                    lambda row: _percent(stops[row].accuracy),
                    "Validation accuracy of that epoch",
                    numeric=True,
                    width=110,
                ),
                Column(
                    "below the best",
                    forgone,
                    lambda row: _forgone(stops[row]),
                    "Points below the best epoch of the whole run, with 95 % limits where the number of clips is known",
                    numeric=True,
                    width=230,
                ),
            ]
        )
        for index in range(self._stops.columnCount()):
            self._stop_table.setColumnWidth(index, self._stops.width_of(index))
        self._stop_table.setFixedHeight((len(stops) + 1) * ROW_HEIGHT + 14)

    def _show_hints(self, hints: tuple[CodeHint, ...]) -> None:
        empty(self._hints.body)
        self._hints.setVisible(bool(hints))
        if not hints:
            return
        self._hints.body.addWidget(Text("Seen in the code", weight=QFont.Weight.DemiBold))
        self._hints.body.addWidget(
            Text(
                "The text of the code was read, never run. These are habits that can do harm, not proofs.", tone="muted"
            )
        )
        for hint in hints:
            self._hints.body.addWidget(Line())
            head = QHBoxLayout()
            head.addWidget(Badge(hint.where, "info"))
            head.addWidget(Text(hint.text, mono=True, size=theme.SMALL, selectable=True), 1)
            column = QVBoxLayout()
            column.setSpacing(4)
            column.addLayout(head)
            column.addWidget(Text(hint.sentence, tone="muted", selectable=True))
            self._hints.body.addLayout(column)

    def _show_sources(self, history: History) -> None:
        empty(self._sources.body)
        lines = [_source_words(history), *history.notes]
        if history.errors:
            lines.append("Errors printed: " + "; ".join(history.errors[:4]))
        self._sources.body.addWidget(Text("Where this is from", weight=QFont.Weight.DemiBold))
        for line in lines:
            self._sources.body.addWidget(Text(line, tone="muted", selectable=True))

    def text(self) -> str:
        inspection = self._inspection
        history = inspection.history if inspection else None
        if inspection is None or history is None:
            return self.epochs.text()
        lines = [self.epochs.text(), ""] if self.epochs.text() else []
        lines += [one.sentence for one in inspection.diagnosis.findings if one.question in (*QUESTIONS, "code")]
        lines += ["", "\t".join((history.axis, "training loss", "validation loss", "validation accuracy"))]
        for index, epoch in enumerate(history.epochs):
            row = [_at(history.train_loss, index), _at(history.val_loss, index), _at(history.val_acc, index)]
            lines.append("\t".join([str(epoch), *("" if value is None else f"{value:.6g}" for value in row)]))
        return "\n".join(lines)


def _titled(title: str, plot: CurvePlot, words: Text) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    card.body.addWidget(plot)
    card.body.addWidget(words)
    card.body.addStretch(1)
    plot.setAccessibleName(title)
    return card


def _source_words(history: History) -> str:
    names = history.sources or (history.source,)
    kinds = f"{len(history.epochs):,} {history.axis}s" if history.epochs else "no epochs"
    if len(names) == 1:
        return f"From “{names[0]}”: {kinds}."
    listed = ", ".join(f"“{name}”" for name in names)
    return f"Laid over each other: {listed}. They tell of one run with {kinds}."


def _array(points: Points) -> FloatArray:
    return np.array([np.nan if value is None else value for value in points], dtype=float)


def _at(points: Points, index: int) -> float | None:
    return points[index] if index < len(points) else None


def _percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _forgone(stop: EarlyStop) -> str:
    if stop.forgone is None:
        return "-"
    limits = (
        f" ({100 * stop.low:.0f} to {100 * stop.high:.0f})" if stop.low is not None and stop.high is not None else ""
    )
    return f"{100 * stop.forgone:.1f} points{limits}"
