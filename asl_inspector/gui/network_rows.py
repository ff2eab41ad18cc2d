"""One choice about a network in a dialog: what it is, why, what the tries gave, and a box to choose another."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QSizePolicy, QSpinBox, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.network_words import BLANK, ORIGINS
from asl_inspector.gui.wheel import leave_wheel_to_page
from asl_inspector.gui.widgets import Text
from asl_inspector.networks.records import Choice
from asl_inspector.report.choices import tries_words

BOX_WIDTH = 250
USUAL_LENGTH = 64
NAMES = {"length": "Length of a clip", "preprocessing": "Preprocessing"}


class ChoiceRow(QWidget):
    """A choice.

    Args:
        choice: What was taken and what else could be.
        told: What the user said of it so far, or None.
    """

    changed = Signal()

    def __init__(self, choice: Choice, told: str | None) -> None:
        super().__init__()
        self.choice = choice
        title = NAMES.get(choice.name, choice.name.capitalize())
        line = QHBoxLayout(self)
        line.setContentsMargins(0, 6, 0, 6)
        line.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Text(title, weight=QFont.Weight.DemiBold))
        words.addWidget(Text(choice.sentence, size=theme.SMALL, tone="muted", selectable=True))
        if tries_words(choice):
            words.addWidget(Text(f"Tried: {tries_words(choice)}", size=theme.SMALL, tone="muted", selectable=True))
        line.addLayout(words, 1)
        self.box = QComboBox()
        self.box.setAccessibleName(title)
        self.box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.box.setFixedWidth(BOX_WIDTH)
        self.number = QSpinBox()
        leave_wheel_to_page(self.box, self.number)
        self.number.setAccessibleName(f"{title}: number")
        self.number.setRange(choice.least, max(choice.least, choice.most))
        self.number.setValue(0 if choice.name == BLANK else USUAL_LENGTH)
        right = QVBoxLayout()
        right.setSpacing(4)
        right.addWidget(self.box)
        right.addWidget(self.number)
        right.addStretch(1)
        line.addLayout(right)
        self._fill(told)
        self.box.currentIndexChanged.connect(self._follow)
        self.number.valueChanged.connect(self.changed)
        self._follow()

    def _fill(self, told: str | None) -> None:
        """Put the options in, and select what the user said."""
        choice = self.choice
        found = "As the program finds it" if told is not None else f"{choice.value} ({ORIGINS[choice.settled_by]})"
        self.box.addItem(found, None)
        self.box.insertSeparator(1)
        for option in choice.options:
            self.box.addItem(option, option)
        for form in choice.forms:
            self.box.addItem("another index" if form == "{}" else form.format("N"), form)
        if told is None:
            return
        place = self.box.findData(told)
        for form in choice.forms if place < 0 else ():
            start, _, end = form.partition("{}")
            number = told.removeprefix(start).removesuffix(end)
            if number.isdecimal() and told == form.format(number):
                place = self.box.findData(form)
                self.number.setValue(int(number))
        self.box.setCurrentIndex(max(0, place))

    @property
    def told(self) -> str | None:
        """What the box says, or None where it is left to the program."""
        chosen = self.box.currentData()
        if chosen is None:
            return None
        return str(chosen).format(self.number.value()) if chosen in self.choice.forms else str(chosen)

    @Slot()
    def _follow(self) -> None:
        self.number.setVisible(self.box.currentData() in self.choice.forms)
        self.changed.emit()

    def reset(self) -> None:
        """Leave it to the program."""
        self.box.setCurrentIndex(0)
