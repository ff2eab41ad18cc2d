"""The Samples panel: every validation clip, predicted against true, and one clip looked at closely."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QModelIndex, QSignalBlocker, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.panels.alignment_view import AlignmentView, one_gloss_words
from asl_inspector.gui.panels.continuous_columns import continuous_columns
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.waiting import why_nothing
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.tables import Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Card, Text
from asl_inspector.inference.records import ClipDetail
from asl_inspector.report.contents import Problem
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

DECODERS = (("majority of frames", "majority"), ("first token", "first_token"), ("exact score", "score"))
SHOWN = (("all clips", "all"), ("wrong only", "wrong"), ("right only", "right"), ("empty only", "empty"))
SEARCH_DELAY_MS = 150
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


class SamplesPanel(Panel):
    """A table to sort, filter and search; below it the posteriors of the clip that is selected."""

    title = "Samples"
    empty_title = "Predicted against true, clip by clip"
    empty_advice = "Drop a checkpoint and its validation clips."
    wants_clip = Signal(int)
    wants_csv = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._samples: SampleTable | None = None
        self._selected: int | None = None
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        layout.addLayout(self._header())
        self._model = ColumnModel(self)
        self._table = new_table(self._model, "Validation clips")
        self._table.selectionModel().currentRowChanged.connect(self._select)
        self._detail = ClipCard()
        splitter = QSplitter(Qt.Orientation.Vertical)
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(theme.GAP)
        splitter.addWidget(self._table)
        splitter.addWidget(self._detail)
        splitter.setStretchFactor(0, 1)
        layout.addWidget(splitter, 1)
        self.set_content(content)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_DELAY_MS)
        self._timer.timeout.connect(self._filter)
        copy = QShortcut(QKeySequence(QKeySequence.StandardKey.Copy), self._table)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)
        copy.activated.connect(self._copy)

    def _header(self) -> QHBoxLayout:
        bar = QHBoxLayout()
        bar.setSpacing(8)
        bar.addWidget(Text("Samples", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._count = Text(tone="muted", wrap=False)
        bar.addWidget(self._count)
        bar.addStretch(1)
        self._search = QLineEdit()
        self._search.setPlaceholderText("Search gloss or clip")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(200)
        self._search.textChanged.connect(self._search_soon)
        self._shown, self._decoder = QComboBox(), QComboBox()
        for box, choices, name in ((self._shown, SHOWN, "Which clips"), (self._decoder, DECODERS, "Decoder")):
            box.setAccessibleName(name)
            for text, value in choices:
                box.addItem(text, value)
        self._shown.currentIndexChanged.connect(self._filter)
        self._decoder.currentIndexChanged.connect(self._rebuild)
        self._csv = QPushButton("CSV...")
        self._csv.setToolTip("Save the table as CSV")
        self._csv.clicked.connect(self.wants_csv)
        for widget in (self._search, self._shown, self._decoder, self._csv):
            bar.addWidget(widget)
        return bar

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
        self._samples = samples
        self._rebuild()
        if not same:
            self._detail.show_nothing()
            if self._model.rowCount():
                self._table.selectRow(0)
        self.show_content()
        self.figure_changed.emit(f"{len(samples):,}")

    def _predicted(self) -> IntArray:
        samples = self._samples
        if samples is None:
            return np.zeros(0, np.int64)
        columns: dict[str, IntArray] = {
            "majority": samples.majority,
            "first_token": samples.first_token,
            "score": samples.score,
        }
        return columns[self._decoder.currentData()]

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
        samples = self._samples
        if samples is None:
            return
        selected = self._selected
        columns = continuous_columns(samples) or _columns(samples, self._predicted(), self._right())
        self._decoder.setVisible(samples.continuous is None)
        self._model.set_columns(columns)
        for index, column in enumerate(columns):
            self._table.setColumnWidth(index, column.width)
        self._filter()
        if selected is not None and (row := self._model.view_row(selected)) is not None:
            self._table.selectRow(row)

    @Slot()
    def _search_soon(self) -> None:
        self._timer.start()

    @Slot()
    def _filter(self) -> None:
        samples = self._samples
        if samples is None:
            return
        right = self._right()
        kind = self._shown.currentData()
        masks: dict[str, BoolArray] = {
            "all": np.ones(len(samples), bool),
            "wrong": ~right,
            "right": right,
            "empty": samples.ran & np.equal(samples.majority, samples.blank),
        }
        mask = masks[kind] & self._matching(samples)
        self._model.set_filter(mask)
        wrong = int((~right).sum())
        how = " by gloss name" if samples.scored_by_name else ""
        shown = f"{int(mask.sum()):,} of " if not mask.all() else ""
        self._count.setText(f"{shown}{len(samples):,} clips, {wrong:,} wrong{how}")

    def _matching(self, samples: SampleTable) -> BoolArray:
        """(N,), rows whose clip, true gloss or predicted gloss contains the search text."""
        wanted = self._search.text().strip().casefold()
        if not wanted:
            return np.ones(len(samples), bool)
        said = {number for number, name in samples.names.items() if wanted in name.casefold()}
        if wanted in "(blank)":
            said.add(samples.blank)
        by_prediction = np.isin(self._predicted(), list(said)) if said else np.zeros(len(samples), bool)
        texts = zip(samples.clip_ids, samples.glosses, strict=True)
        by_text = np.fromiter((wanted in a.casefold() or wanted in b.casefold() for a, b in texts), bool, len(samples))
        matching: BoolArray = by_text | by_prediction
        return matching

    @Slot(QModelIndex, QModelIndex)
    def _select(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not current.isValid() or self._samples is None:
            return
        self._selected = self._model.source_row(current.row())
        self._detail.show_clip(self._samples, self._selected)
        if self._samples.ran[self._selected]:
            self.wants_clip.emit(self._selected)

    @Slot(object)
    def show_clip(self, detail: ClipDetail) -> None:
        """The recomputed posteriors of a clip arrived."""
        if self._samples is not None and detail.index == self._selected:
            self._detail.show_posteriors(self._samples, detail)

    @Slot(object)
    def show_clip_problem(self, problem: Problem) -> None:
        """The clip could not be recomputed."""
        self._detail.say(f"{problem.sentence} {problem.advice}".strip())

    @Slot()
    def _copy(self) -> None:
        rows = sorted(index.row() for index in self._table.selectionModel().selectedRows())
        if rows:
            QGuiApplication.clipboard().setText(self._model.text_rows(rows))

    def go_to(self, place: str) -> None:
        """Sort the clashing ids to the top when a finding on labels sent the user here."""
        with QSignalBlocker(self._search):
            self._search.clear()
        self._filter()

    def text(self) -> str:
        return self._model.text_rows(range(self._model.rowCount()))


def _columns(samples: SampleTable, predicted: IntArray, right: BoolArray) -> list[Column]:
    """The table's columns for one decoder."""

    glosses = np.array(samples.glosses, dtype=object)
    said = np.array([samples.name_of(int(one)) for one in predicted], dtype=object)
    clash = (samples.learned_ids != samples.true_ids) & (samples.learned_ids != UNLABELLED)

    def identity(values: IntArray) -> list[str]:
        return ["" if value == UNLABELLED else str(value) for value in values.tolist()]

    true_text, learned_text = identity(samples.true_ids), identity(samples.learned_ids)
    state = np.where(~samples.ran, 2, np.where(right, 1, 0))
    words = ("wrong", "right", "not run")
    tones = ("danger", "good", "muted")
    columns = [
        Column(
            "clip",
            np.array(samples.clip_ids, dtype=object),
            lambda i: samples.clip_ids[i],
            "Name of the clip",
            width=88,
        ),
        Column("true gloss", glosses, lambda i: samples.glosses[i], "Gloss that the file gives", width=112),
        Column(
            "id here", samples.true_ids, lambda i: true_text[i], "Id in the validation file", numeric=True, width=70
        ),
    ]
    if samples.scored_by_name or (samples.learned_ids != UNLABELLED).any():
        columns.append(
            Column(
                "id in training",
                samples.learned_ids,
                lambda i: learned_text[i],
                "Id that this gloss has where the network learned it",
                numeric=True,
                colour=lambda i: "danger" if clash[i] else None,
                width=98,
            )
        )
    columns += [
        Column(
            "predicted", said, lambda i: str(said[i]) if samples.ran[i] else "", "Gloss of the predicted id", width=112
        ),
        Column(
            "id",
            predicted,
            lambda i: str(predicted[i]) if samples.ran[i] else "",
            "Predicted id",
            numeric=True,
            width=50,
        ),
        Column("", state, lambda i: words[state[i]], "Right or wrong", colour=lambda i: tones[state[i]], width=70),
        Column(
            "confidence",
            samples.confidence,
            lambda i: (
                f"{100 * samples.confidence[i]:.1f} %" if np.isfinite(samples.confidence[i]) and samples.ran[i] else ""
            ),
            "Probability that the clip says exactly the most probable gloss",
            numeric=True,
            width=88,
        ),
        Column(
            "margin",
            samples.margin,
            lambda i: f"{samples.margin[i]:.2f}" if np.isfinite(samples.margin[i]) else "",
            "Log probability of the best gloss minus that of the second",
            numeric=True,
            width=68,
        ),
        Column(
            "CTC loss",
            samples.loss,
            lambda i: f"{samples.loss[i]:.2f}" if samples.loss[i] == samples.loss[i] else "",
            "Minus the log probability of the true id, in nats",
            numeric=True,
            width=78,
        ),
        Column(
            "blank",
            samples.blank_share,
            lambda i: (
                f"{100 * samples.blank_share[i]:.0f} %" if samples.blank_share[i] == samples.blank_share[i] else ""
            ),
            "Share of blank frames",
            numeric=True,
            width=60,
        ),
        Column(
            "frames", samples.lengths, lambda i: str(samples.lengths[i]), "Frames of the clip", numeric=True, width=70
        ),
    ]
    return columns


class ClipCard(Card):
    """One clip: what it should be, what the decoders say, and its posteriors over time."""

    def __init__(self) -> None:
        super().__init__(spacing=6)
        self._title = Text(weight=QFont.Weight.DemiBold, selectable=True)
        self._said = Text(tone="muted", selectable=True)
        self._plot = CurvePlot(x_title="frame", shares=True, height=190)
        self._plot.setAccessibleName("Posteriors over time")
        self._words = Text(size=theme.SMALL, tone="muted")
        self.alignment = AlignmentView()
        for widget in (self._title, self._said, self._plot, self.alignment, self._words):
            self.body.addWidget(widget)
        self.show_nothing()

    def show_nothing(self) -> None:
        """No clip is selected."""
        self.alignment.show_steps(())
        self._title.setText("Select a clip to see its posteriors")
        self._said.setText("")
        self._words.setText("")
        self._plot.show_curves([])

    def say(self, text: str) -> None:
        """A sentence in place of the posteriors."""
        self.alignment.show_steps(())
        self._plot.show_curves([])
        self._words.setText(text)

    def show_clip(self, samples: SampleTable, index: int) -> None:
        """What is known before the posteriors are recomputed."""
        gloss = samples.glosses[index]
        here, learned = int(samples.true_ids[index]), int(samples.learned_ids[index])
        ids = f"{here} here, {learned} in training" if learned not in (here, UNLABELLED) else str(here)
        self._title.setText(
            f"{samples.clip_ids[index]}   true: “{gloss}” ({ids})"
            if gloss
            else f"{samples.clip_ids[index]}   true id {ids}"
        )
        if not samples.ran[index]:
            self._said.setText("This clip was left out: it has no answer, no frames, or numbers that are not finite.")
            self.say("")
            return
        if samples.continuous is not None:
            self._title.setText(f"{samples.clip_ids[index]}   signed: {gloss}")
            self._said.setText(f"recognised: {samples.continuous.recognised[index]}")
            return
        said = [
            f"{name}: {samples.name_of(int(column[index])) or column[index]}"
            for name, column in (
                ("majority", samples.majority),
                ("first token", samples.first_token),
                ("exact score", samples.score),
            )
        ]
        self._said.setText("   ".join(said))

    def show_posteriors(self, samples: SampleTable, detail: ClipDetail) -> None:
        """Draw the blank, the true gloss and the most probable others."""
        self.alignment.show_steps(detail.aligned)
        posteriors = np.exp(detail.log_posteriors.astype(np.float64))  # (T, C)
        frames = np.arange(len(posteriors), dtype=float)
        true_id = int((samples.learned_ids if samples.scored_by_name else samples.true_ids)[detail.index])
        peaks = posteriors.max(axis=0)
        has_blank = samples.blank >= 0
        if has_blank:
            peaks[samples.blank] = -1
        best = int(np.argmax(peaks))
        curves = [Curve("blank", frames, posteriors[:, samples.blank], "series_3")] if has_blank else []
        curves.append(Curve(samples.name_of(best) or str(best), frames, posteriors[:, best], "series_1"))
        if 0 <= true_id < posteriors.shape[1] and true_id not in (best, samples.blank):
            curves.append(
                Curve(f"true: {samples.name_of(true_id) or true_id}", frames, posteriors[:, true_id], "series_2")
            )
        self._plot.show_curves(curves)
        if not has_blank:
            self._words.setText("This network has no blank: every answer is a gloss.")
            return
        spikes = int((posteriors.argmax(axis=1) != samples.blank).sum())
        self._words.setText(
            (
                f"{spikes} of {len(posteriors)} frames speak; the rest are blank, as is usual for CTC."
                if spikes
                else "No frame speaks: the blank wins everywhere."
            )
            + one_gloss_words(detail.aligned)
        )
