"""The conditions on clips that are set by hand: gloss, confidence, blank share, length, and what a clip is evidence for."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QStringListModel, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Columns
from asl_inspector.gui.numbers import number_of
from asl_inspector.gui.panels.sample_filter import ANY, Limits, SampleFilter
from asl_inspector.gui.widgets import Text, restyle

NARROWEST = 150
DELAY_MS = 250
GLOSS_AS = (("true or predicted", "either"), ("true gloss", "true"), ("predicted", "predicted"))
ANYTHING = "any clip"


class SampleFilterBar(QWidget):
    """A row of fields, two where there is little room."""

    changed = Signal()
    gloss_chosen = Signal(str)  # by name; an empty string for none

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._glosses = QStringListModel(self)
        self._gloss = QLineEdit()
        self._gloss.setPlaceholderText("any gloss")
        self._gloss.setClearButtonEnabled(True)
        self._gloss.setAccessibleName("Gloss")
        completer = QCompleter(self._glosses, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        self._gloss.setCompleter(completer)
        completer.activated.connect(self._take_gloss)
        self._gloss.editingFinished.connect(self._take_typed_gloss)
        self._gloss.textChanged.connect(self._forget_gloss)
        self._as = QComboBox()
        for text, value in GLOSS_AS:
            self._as.addItem(text, value)
        self._as.currentIndexChanged.connect(self.changed)
        self._confidence = RangeField("Confidence", "%")
        self._blank = RangeField("Blank share", "%")
        self._length = RangeField("Frames", "")
        self._evidence = QComboBox()
        self._evidence.currentIndexChanged.connect(self.changed)
        self._chosen = ""
        ranges = [self._confidence, self._blank, self._length]
        self._members = [
            _captioned("Gloss", self._gloss),
            _captioned("that is the", self._as),
            *(_captioned(one.caption, one) for one in ranges),
            _captioned("Evidence for", self._evidence),
        ]
        row = Columns(narrowest=NARROWEST)
        row.set_members(list(self._members))
        layout.addWidget(row)
        for one in ranges:
            one.changed.connect(self.changed)
        self.show_groups(())

    @property
    def gloss(self) -> str:
        """The gloss that is asked for, or an empty string."""
        return self._chosen

    @property
    def group(self) -> str:
        """The group of clips that is asked for, or an empty string."""
        return str(self._evidence.currentData() or "")

    @property
    def count(self) -> int:
        """How many conditions are set."""
        ranges = (self._confidence, self._blank, self._length)
        return bool(self._chosen) + bool(self.group) + sum(one.limits != ANY for one in ranges)

    def filter(self, text: str, outcome: str) -> SampleFilter:
        """These conditions, with the search and the choice of clips that stand beside them."""
        return SampleFilter(
            text=text,
            gloss=self._chosen,
            gloss_as=self._as.currentData(),
            outcome=outcome,
            confidence=self._confidence.limits,
            blank=self._blank.limits,
            length=self._length.limits,
        )

    def show_glosses(self, names: Sequence[str]) -> None:
        """Offer these glosses."""
        self._glosses.setStringList(sorted(names, key=str.casefold))

    def show_groups(self, titles: Sequence[str]) -> None:
        """Offer these groups of clips; the one that is chosen stays where it is among them."""
        before = self.group
        with QSignalBlocker(self._evidence):
            self._evidence.clear()
            self._evidence.addItem(ANYTHING, "")
            for title in titles:
                self._evidence.addItem(title, title)
            self._evidence.setCurrentIndex(max(0, self._evidence.findData(before)))
        self._members[-1].setEnabled(bool(titles))

    def show_answers(self, there_are: bool) -> None:
        """Where no clip was run, what asks about answers is of no use."""
        for member in self._members[1:4]:
            member.setEnabled(there_are)

    def show_gloss(self, gloss: str) -> None:
        """Ask for a gloss, or for none."""
        before, self._chosen = self._chosen, gloss
        self._gloss.setText(gloss)
        if gloss != before:
            self.changed.emit()

    def clear(self) -> None:
        """Take every condition back, without a word."""
        with QSignalBlocker(self), QSignalBlocker(self._evidence), QSignalBlocker(self._as):
            for one in (self._confidence, self._blank, self._length):
                one.clear()
            self._evidence.setCurrentIndex(0)
            self._as.setCurrentIndex(0)
            self.show_gloss("")

    @Slot(str)
    def _take_gloss(self, gloss: str) -> None:
        self.show_gloss(gloss)
        self.gloss_chosen.emit(gloss)

    @Slot()
    def _take_typed_gloss(self) -> None:
        typed = self._gloss.text().strip().casefold()
        names = self._glosses.stringList()
        same = [name for name in names if name.casefold() == typed]
        if typed and not same:
            same = [name for name in names if typed in name.casefold()]
            same = same if len(same) == 1 else []
        if typed and not same:  # not a gloss: what was chosen before stays
            self._gloss.setText(self._chosen)
            return
        wanted = same[0] if same else ""
        if wanted != self._chosen:
            self._take_gloss(wanted)
        else:
            self._gloss.setText(wanted)

    @Slot(str)
    def _forget_gloss(self, text: str) -> None:
        if not text and self._chosen:  # the cross in the field
            self._take_gloss("")


class RangeField(QWidget):
    """From and to; an empty field sets no limit. Shares are typed in per cent."""

    changed = Signal()

    def __init__(self, caption: str, unit: str) -> None:
        super().__init__()
        self.caption = f"{caption}, {unit}" if unit else caption
        self._scale = 100.0 if unit == "%" else 1.0
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        self._fields = [QLineEdit(), QLineEdit()]
        for field, words in zip(self._fields, ("from", "to"), strict=True):
            field.setPlaceholderText(words)
            field.setAccessibleName(f"{self.caption}, {words}")
            field.textChanged.connect(self._soon)
            layout.addWidget(field, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.timeout.connect(self.changed)

    @property
    def limits(self) -> Limits:
        """Lowest and highest number, as fractions where the unit is per cent; None for no limit."""
        low, high = (number_of(field.text()) for field in self._fields)
        return (
            None if low is None else low / self._scale,
            None if high is None else high / self._scale,
        )

    def clear(self) -> None:
        """Set no limits, without a word."""
        for field in self._fields:
            with QSignalBlocker(field):
                field.clear()
            _mark(field, wrong=False)

    @Slot()
    def _soon(self) -> None:
        for field in self._fields:
            _mark(field, wrong=bool(field.text().strip()) and number_of(field.text()) is None)
        self._timer.start()


def _mark(field: QLineEdit, *, wrong: bool) -> None:
    """Show that what stands in a field is no number."""
    if bool(field.property("wrong")) != wrong:
        field.setProperty("wrong", wrong)
        field.setToolTip("This is not a number; it sets no limit." if wrong else "")
        restyle(field)


def _captioned(caption: str, field: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(3)
    label = Text(caption, size=theme.SMALL, tone="muted", wrap=False)
    label.setBuddy(field)
    layout.addWidget(label)
    layout.addWidget(field)
    if not field.accessibleName():
        field.setAccessibleName(caption)
    return box
