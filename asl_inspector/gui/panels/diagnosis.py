"""The Diagnosis panel: the verdict, the figures that matter, ranked causes with their evidence, and what is unknown."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from asl_inspector.case.records import Role
from asl_inspector.diagnosis.findings import Finding, Undetermined
from asl_inspector.diagnosis.records import Accuracy, Cause, Counterfactual
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.panels.network_strip import NetworkStrip
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.panels.what_if_strip import WhatIfStrip
from asl_inspector.gui.panels.word_errors import show_word_errors
from asl_inspector.gui.plots.before_after import BeforeAfter
from asl_inspector.gui.widgets import (
    Badge,
    Card,
    CodeBox,
    Columns,
    Foldable,
    Line,
    Scrolled,
    Text,
    Tile,
    empty,
    link_button,
)
from asl_inspector.outputs.scales import NAMES

PLACES = {
    "samples": "Samples",
    "blanks": "Blank ratio",
    "histogram": "Histogram",
    "keys": "Keys",
    "training": "Training",
    "data": "Data",
}
DECODERS = {"majority": "majority", "first_token": "first token", "score": "exact score", "beam": "beam search"}
OTHER_IDS_KNOWN = {"ids-disagree", "labels-renumbered"}
NARROWEST_TILE = 170
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
        self._tiles = [
            Tile(name)
            for name in ("Validation accuracy", "Training accuracy", "Ids that agree", "Blank frames", "Parameters")
        ]
        row = Columns(narrowest=NARROWEST_TILE)
        row.set_members(list(self._tiles))
        page.column.addWidget(row)
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
        self._show_tiles(inspection)
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
        self._unknown.set_members([_unknown_card(one) for one in diagnosis.undetermined])
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
                card.body.addWidget(
                    Foldable("Details", Text(problem.detail, mono=True, size=theme.SMALL, selectable=True))
                )
            self._problems.addWidget(card)

    def _show_tiles(self, inspection: InspectionView) -> None:
        diagnosis = inspection.diagnosis
        validation, train, labels = diagnosis.validation, diagnosis.train, diagnosis.labels
        chance = f"; chance {100 * diagnosis.chance.chance:.1f}" if diagnosis.chance else ""
        wrong = labels is not None and labels.agree < labels.of
        missing = _what_is_missing({row.role for row in inspection.files})
        first, second, agree, blank, size = self._tiles
        decoder = (
            inspection.settings.decoder if validation and inspection.settings.decoder in validation.accuracies else ""
        )
        measured = validation.accuracies[decoder or "majority"] if validation else None
        by = f" by {DECODERS[decoder]}" if decoder not in ("", "majority") else ""
        first.show_figure(*_accuracy_figure(measured, chance, missing), title=f"Validation accuracy{by}")
        show_word_errors(first, diagnosis.continuous, "Word error rate")
        by_name = diagnosis.by_name
        if wrong and by_name is not None:
            second.show_figure(*_accuracy_figure(by_name, "", ""), title="Accuracy by gloss name")
        elif inspection.saved is not None and validation is not None and validation.top5 is not None:
            second.show_figure(*_accuracy_figure(validation.top5, "", ""), title="Among the five best")
        else:
            fit = train.accuracies["majority"] if train else None
            waiting = "being measured" if inspection.partial else "drop the training clips"
            second.show_figure(*_accuracy_figure(fit, "", waiting), title="Training accuracy")
            show_word_errors(second, diagnosis.continuous_train, "Word error rate, training")
        if labels is None:
            agree.show_figure("-", "needs gloss names on both sides")
        else:
            agree.show_figure(f"{labels.agree} / {labels.of}", "by gloss name, certain", "danger" if wrong else "")
        if validation is None:
            blank.show_figure("-", missing)
        elif validation.blanks is None:
            saved = inspection.saved
            one_answer = saved is not None and not saved.per_frame
            blank.show_figure("-", "one answer a clip was saved" if one_answer else "this network has no blank")
        else:
            blank.show_figure(
                f"{100 * validation.blanks.argmax_valid:.1f} %", _empty_words(validation.blanks.empty_share)
            )
        self._show_size(size, inspection)

    def _show_size(self, tile: Tile, inspection: InspectionView) -> None:
        found = next((one for one in inspection.diagnosis.findings if one.id == "size-of-network-and-data"), None)
        if found is not None:
            tile.show_figure(
                f"{found.evidence['parameters']:,}", f"{found.evidence['parameters_per_clip']:,.0f} a training clip"
            )
        elif inspection.architecture is not None:
            tile.show_figure(
                inspection.architecture.description.split(",")[0],
                "drop the training clips for the ratio",
                title="Network",
            )
        elif inspection.saved is not None:
            saved = inspection.saved
            what = (
                f"{NAMES[saved.scale].split(' (')[0]} of {saved.classes:,} classes"
                if saved.scale
                else "predicted glosses"
            )
            tile.show_figure(f"{saved.matched.answers:,} clips", what, title="Saved outputs")
        else:
            tile.show_figure("-", "no network was built")

    def _show_other_findings(self, inspection: InspectionView) -> None:
        """Findings that no cause shows, folded."""
        empty(self._other)
        shown = {name for cause in inspection.diagnosis.causes for name in (*cause.supporting, *cause.opposing)}
        rest = [finding for finding in inspection.diagnosis.findings if finding.id not in shown]
        if not rest:
            return
        card = Card()
        for index, finding in enumerate(rest):
            if index:
                card.body.addWidget(Line())
            card.body.addWidget(_evidence_line("·", finding, self.wants_panel.emit))
        self._other.addWidget(Foldable(f"Everything else that was checked ({len(rest)})", card))

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


def confidence_words(confidence: float) -> str:
    """A confidence as people say it, with the figure where it is not plain."""
    if confidence >= 0.985:
        return "certain"
    word = "very likely" if confidence >= 0.9 else "likely" if confidence >= 0.7 else "possible"
    return f"{word}, {100 * confidence:.0f} %"


def _what_is_missing(roles: set[Role]) -> str:
    """What to drop to have something predicted."""
    if Role.VALIDATION not in roles:
        return "drop the validation clips"
    return "drop the checkpoint" if Role.CHECKPOINT not in roles else "the network could not be run"


def _accuracy_figure(found: Accuracy | None, extra: str, missing: str) -> tuple[str, str]:
    if found is None:
        return "-", missing
    note = f"{100 * found.value:.2f} %, 95 %: {100 * found.low:.1f} to {100 * found.high:.1f}{extra}"
    return f"{found.correct} / {found.of}", note


def _empty_words(share: float) -> str:
    return "no clip comes out empty" if share == 0 else f"{100 * share:.1f} % of the clips come out empty"


class CauseCard(Card):
    """One cause: how sure, what speaks for and against it, what to do."""

    wants_panel = Signal(str)
    wants_vocabulary = Signal()
    wants_guide = Signal(str)  # id of the cause to explain

    def __init__(self, number: int, cause: Cause, findings: dict[str, Finding], *, is_open: bool) -> None:
        super().__init__(spacing=10)
        self.setAccessibleName(f"Cause {number}: {cause.title}, {confidence_words(cause.confidence)}")
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Badge(f"Cause {number}", cause.severity))
        title = Text(cause.title, size=theme.LARGE, weight=QFont.Weight.DemiBold)
        head.addWidget(title, 1)
        head.addWidget(Text(confidence_words(cause.confidence), tone="muted", wrap=False))
        self._toggle = link_button("")
        self._toggle.clicked.connect(self._flip)
        head.addWidget(self._toggle)
        self.body.addLayout(head)
        self._lead = Text(findings[cause.supporting[0]].sentence if cause.supporting else "", tone="muted")
        self.body.addWidget(self._lead)
        self._inner = QWidget()
        inner = QVBoxLayout(self._inner)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        for sign, names in (("+", cause.supporting), ("−", cause.opposing)):
            for name in dict.fromkeys(names):
                inner.addWidget(Line())
                inner.addWidget(_evidence_line(sign, findings[name], self.wants_panel.emit))
        if cause.counterfactual is not None:
            inner.addWidget(Line())
            inner.addWidget(_counterfactual(cause.counterfactual))
        if set(cause.supporting) & OTHER_IDS_KNOWN:
            save = QPushButton("Save the corrected vocabulary...")
            save.setToolTip("The ids that the network learned, and the right id of every validation clip")
            save.clicked.connect(self.wants_vocabulary)
            inner.addWidget(save, alignment=Qt.AlignmentFlag.AlignLeft)
        inner.addWidget(Line())
        inner.addWidget(_remedy(cause))
        more = link_button("More about this cause")
        more.setAccessibleName(f"More about “{cause.title}” in the user guide")
        more.clicked.connect(partial(_go, self.wants_guide.emit, cause.id))
        inner.addWidget(more, alignment=Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self._inner)
        self._set_open(is_open)

    def _set_open(self, is_open: bool) -> None:
        self._inner.setVisible(is_open)
        self._lead.setVisible(not is_open)
        self._toggle.setText("Less" if is_open else "More")

    @Slot()
    def _flip(self) -> None:
        self._set_open(self._inner.isHidden())


def _evidence_line(sign: str, finding: Finding, go: Callable[[str], None]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    mark = Text(sign, tone={"+": "danger", "−": "good"}.get(sign, "muted"), wrap=False)
    mark.setFixedWidth(12)
    layout.addWidget(mark, alignment=Qt.AlignmentFlag.AlignTop)
    layout.addWidget(Text(finding.sentence, selectable=True), 1)
    place = finding.where.partition(":")[0]
    if place in PLACES:
        button = link_button(PLACES[place])
        button.setAccessibleName(f"Show in {PLACES[place]}: {finding.sentence}")
        button.clicked.connect(partial(_go, go, finding.where))
        layout.addWidget(button, alignment=Qt.AlignmentFlag.AlignTop)
    return row


def _go(go: Callable[[str], None], where: str, _checked: bool = False) -> None:
    """Follow a link; a button's `clicked` adds a flag that nobody needs."""
    go(where)


def _counterfactual(found: Counterfactual) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 4, 0, 4)
    layout.setSpacing(4)
    layout.addWidget(Text("IF THIS WERE FIXED", size=theme.SMALL, weight=QFont.Weight.DemiBold, tone="muted"))
    layout.addWidget(BeforeAfter(found.accuracy_now, found.accuracy_if_fixed, found.low, found.high))
    layout.addWidget(Text(found.how, size=theme.SMALL, tone="muted"))
    return box


def _remedy(cause: Cause) -> QWidget:
    box = QWidget()
    layout = QHBoxLayout(box)
    layout.setContentsMargins(0, 4, 0, 0)
    layout.setSpacing(18)
    words = QVBoxLayout()
    words.setSpacing(4)
    for title, text in (("FIRST", cause.next_experiment), ("FIX", cause.fix)):
        words.addWidget(Text(title, size=theme.SMALL, weight=QFont.Weight.DemiBold, tone="muted"))
        words.addWidget(Text(text, selectable=True))
        words.addSpacing(6)
    words.addStretch(1)
    layout.addLayout(words, 1)
    if cause.snippet:
        layout.addWidget(CodeBox(cause.snippet), 1)
    return box


def _unknown_card(one: Undetermined) -> QWidget:
    card = Card()
    head = QHBoxLayout()
    head.addWidget(Badge("Undetermined", "info"))
    head.addWidget(Text(one.question, weight=QFont.Weight.DemiBold), 1)
    card.body.addLayout(head)
    card.body.addWidget(Text(one.sentence, tone="muted"))
    if one.needs:
        card.body.addWidget(Text(one.needs))
    card.body.addStretch(1)
    return card
