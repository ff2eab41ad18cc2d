"""The cards of the Diagnosis panel: a cause with what speaks for and against it, a finding, and what is not known."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from asl_inspector.diagnosis.findings import Finding, Undetermined
from asl_inspector.diagnosis.records import Cause, Counterfactual
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Line
from asl_inspector.gui.plots.before_after import BeforeAfter
from asl_inspector.gui.widgets import Badge, CodeBox, Text, link_button

PLACES = {
    "samples": "Samples",
    "blanks": "Blank ratio",
    "histogram": "Histogram",
    "keys": "Keys",
    "training": "Training",
    "data": "Data",
}
OTHER_IDS_KNOWN = {"ids-disagree", "labels-renumbered"}


def confidence_words(confidence: float) -> str:
    """A confidence as people say it, with the figure where it is not plain."""
    if confidence >= 0.985:
        return "certain"
    word = "very likely" if confidence >= 0.9 else "likely" if confidence >= 0.7 else "possible"
    return f"{word}, {100 * confidence:.0f} %"


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
        self._cause, self._findings = cause, findings
        self._inner: QWidget | None = None
        self._set_open(is_open)

    def _proof(self) -> QWidget:
        """What speaks for and against it, what fixing it would bring, and what to do."""
        cause, findings = self._cause, self._findings
        made = QWidget()
        inner = QVBoxLayout(made)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(8)
        for sign, names in (("+", cause.supporting), ("−", cause.opposing)):
            for name in dict.fromkeys(names):
                inner.addWidget(Line())
                inner.addWidget(evidence_line(sign, findings[name], self.wants_panel.emit))
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
        return made

    def _set_open(self, is_open: bool) -> None:
        """Show or hide the proof, which is made when it is first shown: most causes are not looked into."""
        if is_open and self._inner is None:
            self._inner = self._proof()
            self.body.addWidget(self._inner)
        if self._inner is not None:
            self._inner.setVisible(is_open)
        self._lead.setVisible(not is_open)
        self._toggle.setText("Less" if is_open else "More")

    @Slot()
    def _flip(self) -> None:
        self._set_open(self._inner is None or self._inner.isHidden())


def evidence_line(sign: str, finding: Finding, go: Callable[[str], None]) -> QWidget:
    """A finding in one row: + for what speaks for a cause, − against it, and a link to what proves it."""
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
    told = [("FIRST", cause.next_experiment), ("FIX", cause.fix)]
    told += [("WHAT TO EXPECT", cause.expectation)] if cause.expectation else []
    told += [("WHAT WOULD CHANGE THIS", cause.would_change)] if cause.would_change else []
    for title, text in told:
        words.addWidget(Text(title, size=theme.SMALL, weight=QFont.Weight.DemiBold, tone="muted"))
        words.addWidget(Text(text, selectable=True))
        words.addSpacing(6)
    words.addStretch(1)
    layout.addLayout(words, 1)
    if cause.snippet:
        layout.addWidget(CodeBox(cause.snippet), 1)
    return box


def unknown_card(one: Undetermined) -> QWidget:
    """What could not be told, and which file would settle it."""
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
