"""The Diagnosis panel: the verdict, the figures that matter, ranked causes with their evidence, and what is unknown."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Columns, Foldable, Line, Scrolled, empty
from asl_inspector.gui.panels.cause_card import CauseCard, confidence_words, evidence_line, unknown_card
from asl_inspector.gui.panels.network_strip import NetworkStrip
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.verdict_tiles import VerdictTiles
from asl_inspector.gui.panels.what_if_strip import WhatIfStrip
from asl_inspector.gui.widgets import Text

NARROWEST_CARD = 300


class DiagnosisPanel(Panel):
    """Reads like a letter: what is wrong, how sure that is, what proves it, what to do first."""

    title = "Diagnosis"
    empty_title = "Drop the files that training left behind"
    empty_advice = (
        "The checkpoint, the validation clips, and if you have them the training clips, the vocabulary,\n"
        "the Stage 1 checkpoint and the notebook or log. Nothing in them is executed; nothing leaves this machine."
    )
    wants_export = Signal()
    wants_vocabulary = Signal()
    wants_guide = Signal(str)  # id of the cause to explain
    wants_files = Signal()
    wants_demo = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._inspection: InspectionView | None = None
        page = Scrolled()
        self._headline = Text(size=theme.TITLE, weight=QFont.Weight.DemiBold, selectable=True)
        self._summary = Text(tone="muted", size=theme.LARGE, selectable=True)
        self._copy = QPushButton("Copy")
        self._copy.setToolTip("Copy the diagnosis as text")
        self._copy.clicked.connect(self._copy_text)
        self._export = QPushButton("Export diagnosis...")
        self._export.setProperty("look", "primary")
        self._export.clicked.connect(self.wants_export)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._headline)
        words.addWidget(self._summary)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addLayout(words, 1)
        head.addWidget(self._copy, alignment=Qt.AlignmentFlag.AlignTop)
        head.addWidget(self._export, alignment=Qt.AlignmentFlag.AlignTop)
        page.column.addLayout(head)
        self._problems = QVBoxLayout()
        page.column.addLayout(self._problems)
        self.figures = VerdictTiles()
        page.column.addWidget(self.figures)
        self.network = NetworkStrip()
        page.column.addWidget(self.network)
        self._causes = QVBoxLayout()
        self._causes.setSpacing(theme.GAP)
        page.column.addLayout(self._causes)
        self.what_if = WhatIfStrip()
        page.column.addWidget(self.what_if)
        self._unknown_title = Text("Could not be determined", size=theme.LARGE, weight=QFont.Weight.DemiBold)
        self._unknown = Columns(narrowest=NARROWEST_CARD)
        page.column.addWidget(self._unknown_title)
        page.column.addWidget(self._unknown)
        self._other = QVBoxLayout()
        page.column.addLayout(self._other)
        page.column.addStretch(1)
        self.set_content(page)
        self._add_start_buttons()

    def _add_start_buttons(self) -> None:
        """On the empty page: open files, or the demo case."""
        row = QHBoxLayout()
        row.addStretch(1)
        for text, signal, look in (
            ("Open files...", self.wants_files, "primary"),
            ("Open the demo case", self.wants_demo, ""),
        ):
            button = QPushButton(text)
            button.setProperty("look", look)
            button.clicked.connect(signal)
            row.addWidget(button)
        row.addStretch(1)
        layout = self._empty.layout()
        if isinstance(layout, QVBoxLayout):
            layout.insertSpacing(layout.count() - 1, 14)
            layout.insertLayout(layout.count() - 1, row)

    def show_case(self, case: CaseView) -> None:
        if not case.files:
            self.show_empty()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        self._inspection = inspection
        if inspection is None:
            return
        diagnosis = inspection.diagnosis
        self._headline.setText(diagnosis.headline)
        self._summary.setText(diagnosis.summary)
        self._show_problems(inspection)
        self.figures.show_inspection(inspection)
        self.network.show_inspection(inspection)
        empty(self._causes)
        sentences = {finding.id: finding for finding in diagnosis.findings}
        for number, cause in enumerate(diagnosis.causes, start=1):
            card = CauseCard(number, cause, sentences, is_open=number == 1)
            card.wants_panel.connect(self.wants_panel)
            card.wants_vocabulary.connect(self.wants_vocabulary)
            card.wants_guide.connect(self.wants_guide)
            self._causes.addWidget(card)
        self._unknown_title.setVisible(bool(diagnosis.undetermined))
        self._unknown.setVisible(bool(diagnosis.undetermined))
        self._unknown.set_members([unknown_card(one) for one in diagnosis.undetermined])
        self._show_other_findings(inspection)
        self._export.setEnabled(not inspection.partial)
        self.show_content()
        self.figure_changed.emit(str(len(diagnosis.causes)) if diagnosis.causes else "")

    def _show_problems(self, inspection: InspectionView) -> None:
        empty(self._problems)
        for problem in inspection.problems:
            card = Card(margins=(14, 10, 14, 10), spacing=3)
            card.setProperty("kind", "problem")
            card.body.addWidget(Text(problem.sentence, weight=QFont.Weight.DemiBold, tone="danger"))
            if problem.advice:
                card.body.addWidget(Text(problem.advice))
            if problem.detail:
                details = partial(Text, problem.detail, mono=True, size=theme.SMALL, selectable=True)
                card.body.addWidget(Foldable("Details", details))
            self._problems.addWidget(card)

    def _show_other_findings(self, inspection: InspectionView) -> None:
        """Findings that no cause shows, folded."""
        empty(self._other)
        shown = {name for cause in inspection.diagnosis.causes for name in (*cause.supporting, *cause.opposing)}
        rest = [finding for finding in inspection.diagnosis.findings if finding.id not in shown]
        if not rest:
            return

        def listed() -> Card:
            card = Card()
            for index, finding in enumerate(rest):
                if index:
                    card.body.addWidget(Line())
                card.body.addWidget(evidence_line("·", finding, self.wants_panel.emit))
            return card

        self._other.addWidget(Foldable(f"Everything else that was checked ({len(rest)})", listed))

    @Slot()
    def _copy_text(self) -> None:
        QGuiApplication.clipboard().setText(self.text())

    def text(self) -> str:
        if self._inspection is None:
            return ""
        diagnosis = self._inspection.diagnosis
        sentences = {finding.id: finding.sentence for finding in diagnosis.findings}
        lines = [diagnosis.headline, diagnosis.summary, ""]
        for number, cause in enumerate(diagnosis.causes, start=1):
            lines.append(f"{number}. {cause.title} ({confidence_words(cause.confidence)})")
            lines += [f"   + {sentences[name]}" for name in cause.supporting]
            lines += [f"   - {sentences[name]}" for name in cause.opposing]
            lines += [f"   First: {cause.next_experiment}", f"   Fix: {cause.fix}", ""]
        lines += [
            f"Not determined: {one.question} {one.sentence} {one.needs}".rstrip() for one in diagnosis.undetermined
        ]
        return "\n".join(lines)
