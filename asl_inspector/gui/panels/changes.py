"""The Before and after panel: two diagnoses, what changed in files and figures, which causes are gone and new."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Scrolled, empty
from asl_inspector.gui.panels.changes_sides import THIS_CASE, ReportBox
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.widgets import Badge, EmptyState, Text
from asl_inspector.report.changes.outputs import changes_text, confidences, headline, tested_words, values_of
from asl_inspector.report.changes.records import CauseChange, ChangedCause, Changes
from asl_inspector.report.contents import Problem

MOST_FILES = 40
MARKS: dict[CauseChange, tuple[str, str]] = {
    "gone": ("gone", "good"),
    "new": ("new", "warning"),
    "stays": ("stays", "info"),
}


class ChangesPanel(Panel):
    """Choose what was before and what is after, read what became of it, and write it as a report."""

    title = "Before and after"
    empty_title = "What did the fix do?"
    empty_advice = "Drop two saved cases together, or save this case, mend it, and open the saved one again."
    wants_changes = Signal(object, object)  # path, or None for the case in the window; the same
    wants_export = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._changes: Changes | None = None
        self._has_result = False
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Text(self.title, size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self.before, self.after = ReportBox("Before"), ReportBox("After")
        for box in (self.before, self.after):
            box.changed.connect(self._ask)
            head.addWidget(box, 1)
        self._export = QPushButton("Export...")
        self._export.setToolTip("This comparison as PDF, HTML, Markdown or JSON")
        self._export.clicked.connect(self.wants_export)
        self._export.setEnabled(False)
        head.addWidget(self._export)
        layout.addLayout(head)
        self._pages = QStackedWidget()
        self._message = EmptyState("", "")
        self._results = ChangesPage()
        self._pages.addWidget(self._message)
        self._pages.addWidget(self._results)
        layout.addWidget(self._pages, 1)
        self.set_content(content)

    # -- what is compared -------------------------------------------------------------------------------------------

    @property
    def pair(self) -> tuple[Path | None, Path | None] | None:
        """What is before and what is after, None standing for the case in the window; None while one is missing."""
        first, second = self.before.chosen, self.after.chosen
        if first is None or second is None or first == second:
            return None
        return tuple(None if one == THIS_CASE else one for one in (first, second))  # type: ignore[return-value]

    def compare(self, before: Path, after: Path | None) -> None:
        """Compare two files, or a file with the case in the window."""
        self.before.choose(before)
        self.after.choose(THIS_CASE if after is None else after)
        self._ask()

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self._has_result = False
            if THIS_CASE in (self.before.chosen, self.after.chosen):  # the other side was chosen for this case
                self.before.forget()
                self.after.forget()
            self._offer()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._has_result = inspection is not None and not inspection.partial
        self._offer()
        if self._has_result and self.pair is not None and None in self.pair:
            self._ask()

    def _offer(self) -> None:
        for box in (self.before, self.after):
            box.offer_case(is_there=self._has_result)
        if self._has_result and self.after.chosen is None:
            self.after.choose(THIS_CASE)
        if not self._has_result and self.before.chosen is None and self.after.chosen is None:
            self._changes = None
            self.show_empty()
        elif self.pair is None:
            self._say("What is to be compared?", "Choose a saved case, or a diagnosis as JSON, on either side above.")

    @Slot()
    def _ask(self) -> None:
        pair = self.pair
        if pair is None:
            self._offer()
            return
        self.show_content()
        self._say("Comparing", "")
        self.wants_changes.emit(*pair)

    def _say(self, title: str, advice: str) -> None:
        self._changes = None
        self._export.setEnabled(False)
        self.show_content()
        self._message.say(title, advice)
        self._pages.setCurrentIndex(0)
        self.figure_changed.emit("")

    # -- what came of it --------------------------------------------------------------------------------------------

    @Slot(object)
    def show_changes(self, changes: Changes) -> None:
        """Show a comparison, unless what it is of was closed meanwhile."""
        if self.pair is None:
            return
        self._changes = changes
        self._results.show_changes(changes)
        self._export.setEnabled(True)
        self.show_content()
        self._pages.setCurrentIndex(1)
        gone, new = len(changes.of("gone")), len(changes.of("new"))
        self.figure_changed.emit(f"-{gone} +{new}" if gone or new else "same")

    @Slot(object)
    def show_failure(self, problem: Problem) -> None:
        """Say why there is nothing to show."""
        self._say(problem.sentence, problem.advice)

    def text(self) -> str:
        return changes_text(self._changes) if self._changes is not None else ""


class ChangesPage(Scrolled):
    """One comparison: a sentence, causes, right answers, figures, files."""

    def __init__(self) -> None:
        super().__init__(margins=(0, 0, 12, 0))  # it stands in the margins of the panel

    def show_changes(self, changes: Changes) -> None:
        """Show a comparison in place of the last one."""
        empty(self.column)
        self.column.addWidget(Text(headline(changes), size=theme.LARGE, weight=QFont.Weight.DemiBold, selectable=True))
        causes = _card("Causes")
        for cause in changes.causes:
            causes.body.addLayout(_cause_row(cause))
        if not changes.causes:
            causes.body.addWidget(Text("Neither diagnosis names a cause.", tone="muted"))
        self.column.addWidget(causes)
        answers = _card("Right answers, clip by clip")
        for sentence in [*(tested_words(test) for test in changes.tests), *changes.notes]:
            answers.body.addWidget(Text(sentence, selectable=True))
        self.column.addWidget(answers)
        figures = [(one.name, *values_of(one)) for one in changes.figures]
        self.column.addWidget(_table("Figures", ("figure", "before", "after", "change"), figures, wide=0, numbers=True))
        files = [(one.change, one.role, one.before or "–", one.after or "–") for one in changes.files]
        self.column.addWidget(
            _table("Files", ("change", "role", "before", "after"), files[:MOST_FILES], wide=3, numbers=False)
        )
        if len(files) > MOST_FILES:
            self.column.addWidget(Text(f"{len(files) - MOST_FILES} more files are in the report.", tone="muted"))
        self.column.addStretch(1)


def _card(title: str) -> Card:
    card = Card()
    card.body.addWidget(Text(title, weight=QFont.Weight.DemiBold))
    return card


def _cause_row(cause: ChangedCause) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(10)
    row.addWidget(Badge(*MARKS[cause.change]), alignment=Qt.AlignmentFlag.AlignTop)
    row.addWidget(Text(cause.title, selectable=True), 1)
    row.addWidget(Text(confidences(cause), tone="muted", wrap=False))
    return row


def _table(title: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]], *, wide: int, numbers: bool) -> Card:
    """A table; the column `wide` takes what room there is, and with `numbers` all but the first stand at the right."""
    card = _card(title)
    grid = QGridLayout()
    grid.setHorizontalSpacing(18)
    grid.setVerticalSpacing(5)
    grid.setColumnStretch(wide, 1)
    for number, cells in enumerate((heads, *rows)):
        for column, cell in enumerate(cells):
            tone = "" if number else "muted"
            text = Text(cell, size=theme.SMALL, tone=tone, selectable=bool(number), wrap=column == wide)
            right = numbers and column > 0
            grid.addWidget(text, number, column, Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag(0))
    card.body.addLayout(grid)
    return card
