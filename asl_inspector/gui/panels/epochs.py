"""The files of one run on the same clips: curves along epochs, a table, and which file to use. Part of the Training panel."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from asl_inspector.diagnosis.epoch_findings import action, not_scored, sentences
from asl_inspector.diagnosis.epoch_records import AlongEpochs, EpochPoint
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns
from asl_inspector.gui.plots.curves import Curve, CurvePlot
from asl_inspector.gui.tables import MOST_ROWS, ROW_HEIGHT, Column, ColumnModel, new_table
from asl_inspector.gui.widgets import Elided, Text, link_button
from asl_inspector.progress import Step
from asl_inspector.report.epoch_parts import epoch_lines, numbers, row_of

NARROWEST_PLOT = 300
PLOT_HEIGHT = 170


class EpochsCard(Card):
    """The files of the run; `wants_main` asks for another one to be inspected."""

    wants_main = Signal(object)  # path
    wants_scoring = Signal()
    wants_cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._along: AlongEpochs | None = None
        self.body.addWidget(Text("The files of this run on the same clips", weight=QFont.Weight.DemiBold))
        self._action = Text(size=theme.LARGE, selectable=True)
        self._sentences = Text(tone="muted", selectable=True)
        self._add_progress()
        self.body.addWidget(self._action)
        self.body.addWidget(self._sentences)
        self._accuracy = CurvePlot(
            x_title="epoch", y_title="accuracy", height=PLOT_HEIGHT, x_whole=True, shares=True, fitted=True
        )
        self._blanks = CurvePlot(x_title="epoch", y_title="share", height=PLOT_HEIGHT, x_whole=True, shares=True)
        self._variety = CurvePlot(x_title="epoch", y_title="glosses", height=PLOT_HEIGHT, x_whole=True)
        self._blank_box = _titled("Blanks", self._blanks)
        self._plots = Columns(narrowest=NARROWEST_PLOT)
        self._plots.set_members(
            [
                _titled("Accuracy, 95 %", self._accuracy),
                self._blank_box,
                _titled("Effective number of glosses", self._variety),
            ]
        )
        self.body.addWidget(self._plots)
        self._rows = ColumnModel(self)
        self._table = new_table(self._rows, "The files of this run")
        self._table.activated.connect(self._ask_for_row)
        self._table.selectionModel().selectionChanged.connect(self._name_button)
        self.body.addWidget(self._table)
        self._failed = Text(tone="danger", selectable=True)
        self.body.addWidget(self._failed)
        line = QHBoxLayout()
        self._inspect = QPushButton("Inspect this file")
        self._inspect.clicked.connect(self._ask_for_selected)
        line.addWidget(self._inspect)
        line.addWidget(Text("Enter or a double click does the same.", size=theme.SMALL, tone="muted"), 1)
        self._choice = QWidget()
        self._choice.setLayout(line)
        line.setContentsMargins(0, 0, 0, 0)
        self.body.addWidget(self._choice)
        self.show_along(None)

    def _add_progress(self) -> None:
        line = QHBoxLayout()
        line.setContentsMargins(0, 0, 0, 0)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._bar.setAccessibleName("Progress of scoring the files of the run")
        self._step = Elided(size=theme.SMALL, tone="muted", sentence=True)
        self._cancel, self._go_on = link_button("Cancel"), link_button("Score the rest")
        self._cancel.clicked.connect(self.wants_cancel)
        self._go_on.clicked.connect(self.wants_scoring)
        line.addWidget(self._bar)
        line.addWidget(self._step, 1)
        line.addWidget(self._cancel)
        line.addWidget(self._go_on)
        self._state = QWidget()
        self._state.setLayout(line)
        self.body.addWidget(self._state)
        self._show_state("", is_running=False, can_go_on=False)

    def _show_state(self, text: str, *, is_running: bool, can_go_on: bool) -> None:
        self._step.set_whole(text)
        self._bar.setVisible(is_running)
        self._cancel.setVisible(is_running)
        self._go_on.setVisible(can_go_on)
        self._state.setVisible(bool(text))

    # -- what comes in ------------------------------------------------------------------------------------------

    @Slot()
    def show_start(self) -> None:
        """The files are about to be scored."""
        self._bar.setRange(0, 0)
        self._show_state("Scoring the other files of the run", is_running=True, can_go_on=False)

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far it is."""
        self._bar.setRange(0, step.total or 0)
        self._bar.setValue(step.done)
        count = f", {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        self._show_state(f"{step.what}{count}", is_running=True, can_go_on=False)

    def show_end(self, problem: str = "") -> None:
        """Nothing is scored any more: it is done, was cancelled, or failed."""
        along = self._along
        if problem:
            self._show_state(problem, is_running=False, can_go_on=True)
        elif along is None:
            self._show_state("Cancelled; no other file was scored", is_running=False, can_go_on=True)
        elif along.partial:
            self._show_state(f"Partial: {not_scored(along)}", is_running=False, can_go_on=True)
        else:
            self._show_state("", is_running=False, can_go_on=False)

    def show_along(self, along: AlongEpochs | None) -> None:
        """The files as far as they are scored."""
        held = self._selected_point()
        self._along = along
        self._action.setText(action(along) if along is not None else "")
        self._sentences.setText(" ".join(sentences(along)) if along is not None else "")
        self._action.setVisible(bool(self._action.text()))
        self._sentences.setVisible(bool(self._sentences.text()))
        self._show_curves(along)
        points = along.points if along is not None else ()
        self._show_rows(points, along.best if along is not None else None)
        failed = [f"{one.name}: {one.problem}" for one in points if one.problem]
        self._failed.setText("\n".join(failed))
        self._failed.setVisible(bool(failed))
        row = next((index for index, one in enumerate(points) if held is not None and one.path == held.path), None)
        if row is not None:
            self._table.selectRow(row)
        self._name_button()

    def _show_curves(self, along: AlongEpochs | None) -> None:
        points = [one for one in along.scored if one.epoch is not None] if along is not None else []
        x = numbers([one.epoch for one in points])
        found = along.collapse if along is not None else None
        marks = [(float(found.begins), "collapse")] if found is not None else []
        right = [one.accuracy for one in points]
        low = numbers([one.low if one else None for one in right])
        high = numbers([one.high if one else None for one in right])
        accuracy = numbers([one.value if one else None for one in right])
        blank = [one.blank_share for one in points]
        self._plots.setVisible(len(points) > 1)
        self._accuracy.show_curves([Curve("accuracy", x, accuracy, band=(low, high), dots=True)], marks=marks)
        self._blank_box.setVisible(any(value is not None for value in blank))
        self._blanks.show_curves(
            [
                Curve("blank frames", x, numbers(blank), dots=True),
                Curve("empty clips", x, numbers([one.empty_share for one in points]), "series_2", dots=True),
            ],
            marks=marks,
        )
        self._variety.show_curves(
            [
                Curve("answers", x, numbers([one.effective for one in points]), dots=True),
                Curve("5 % limit of labels", x, numbers([one.null_low for one in points]), "series_3", dashed=True),
            ],
            marks=marks,
        )

    def _show_rows(self, points: tuple[EpochPoint, ...], best: int | None) -> None:
        self._table.setVisible(bool(points))
        self._choice.setVisible(bool(points))
        if not points:
            return
        cells = [row_of(one) for one in points]

        def colour(row: int) -> str | None:
            return "accent" if row == best else "danger" if points[row].problem else None

        values = [
            numbers([one.epoch for one in points]),
            numbers([float(index) for index in range(len(points))]),
            numbers([one.accuracy.correct if one.accuracy else None for one in points]),
            numbers([one.accuracy.value if one.accuracy else None for one in points]),
            numbers([one.accuracy.low if one.accuracy else None for one in points]),
            numbers([one.blank_share for one in points]),
            numbers([one.empty_share for one in points]),
            numbers([one.effective for one in points]),
            numbers([one.p_corrected for one in points]),
        ]
        self._rows.set_columns(
            [
                Column(
                    title,
                    values[column],
                    lambda row, column=column: cells[row][column] or "-",  # type: ignore[misc]
                    tooltip,
                    numeric=column != 1,
                    colour=colour,
                    width=width,
                )
                for column, (title, tooltip, width) in enumerate(COLUMNS)
            ]
        )
        for index in range(self._rows.columnCount()):
            self._table.setColumnWidth(index, self._rows.width_of(index))
        self._table.setFixedHeight((min(len(points), MOST_ROWS) + 1) * ROW_HEIGHT + 14)

    # -- another file -------------------------------------------------------------------------------------------

    def _selected_point(self) -> EpochPoint | None:
        return self._point_at(self._table.currentIndex())

    def _point_at(self, index: QModelIndex) -> EpochPoint | None:
        if self._along is None or not index.isValid() or index.row() >= self._rows.rowCount():
            return None
        return self._along.points[self._rows.source_row(index.row())]

    @Slot()
    def _name_button(self) -> None:
        point = self._selected_point()
        other = point is not None and not point.inspected
        self._inspect.setEnabled(other)
        self._inspect.setText(f"Inspect “{point.name}”" if point is not None and other else "Inspect the selected file")

    @Slot(QModelIndex)
    def _ask_for_row(self, index: QModelIndex) -> None:
        point = self._point_at(index)
        if point is not None and not point.inspected:
            self.wants_main.emit(point.path)

    @Slot()
    def _ask_for_selected(self) -> None:
        point = self._selected_point()
        if point is not None and not point.inspected:
            self.wants_main.emit(point.path)

    def text(self) -> str:
        """The card as plain text."""
        along = self._along
        if along is None:
            return ""
        return "\n".join([*sentences(along), action(along), "", *epoch_lines(along)])


COLUMNS = (
    ("epoch", "From the file's name, else as the file states it", 70),
    ("file", "The file", 235),
    ("right", "Clips right of those that ran and have a label", 90),
    ("accuracy", "Their share", 90),
    ("95 %", "Wilson's limits", 120),
    ("blank", "Frames whose best class is the blank", 80),
    ("empty", "Clips whose frames are all blank", 80),
    ("varied as", "Effective number of glosses among the answers", 90),
    ("p", "McNemar's exact test against the inspected file, corrected by Holm's method for all files", 80),
)


def _titled(title: str, plot: CurvePlot) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(Text(title, size=theme.SMALL, tone="muted"))
    column.addWidget(plot)
    plot.setAccessibleName(f"{title} along epochs")
    return box
