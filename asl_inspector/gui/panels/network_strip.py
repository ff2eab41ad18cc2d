"""What the network is, what is assumed about it, and the way to the dialog that changes it: always on the first panel."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout

from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card
from asl_inspector.gui.network_words import in_few_words
from asl_inspector.gui.widgets import Text


class NetworkStrip(Card):
    """One card; hidden while there is no network."""

    wants_choices = Signal()

    def __init__(self) -> None:
        super().__init__(margins=(14, 10, 14, 10), spacing=3)
        self.what = Text(weight=QFont.Weight.DemiBold, selectable=True)
        self.assumed = Text(size=theme.SMALL, tone="muted", selectable=True)
        self.notes = Text(size=theme.SMALL, tone="caution", selectable=True)
        self.button = QPushButton("Network...")
        self.button.setToolTip("See why, and choose otherwise")
        self.button.clicked.connect(self.wants_choices)
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(self.what)
        words.addWidget(self.assumed)
        words.addWidget(self.notes)
        line = QHBoxLayout()
        line.setSpacing(12)
        line.addLayout(words, 1)
        line.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(line)
        self.hide()

    def show_inspection(self, inspection: InspectionView) -> None:
        """Follow an inspection."""
        network = inspection.architecture
        self.setVisible(network is not None)
        if network is not None:
            self.what.setText(network.description)
            self.assumed.setText(in_few_words(network))
            told = [note for note in inspection.run_notes if note != inspection.interrupted]
            self.notes.setText(" ".join(told))
            self.notes.setVisible(bool(told))

    @property
    def words(self) -> list[str]:
        """The same as lines of text, for copying."""
        return (
            [*filter(None, (self.what.text(), self.assumed.text(), self.notes.text())), ""] if self.what.text() else []
        )
