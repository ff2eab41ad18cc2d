"""A strip above every panel while its figures are of a part of the clips, with the way to the rest."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from asl_inspector.engine.messages import InspectionView
from asl_inspector.gui import theme
from asl_inspector.gui.widgets import Text


class PartialStrip(QWidget):
    """One line; hidden while the figures are of all clips."""

    wants_rest = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.words = Text(size=theme.SMALL, tone="caution", selectable=True)
        self.button = QPushButton("Run the rest")
        self.button.setToolTip("Go on where the run stopped; what was run is not run a second time")
        self.button.clicked.connect(self.wants_rest)
        line = QHBoxLayout(self)
        line.setContentsMargins(20, 8, 20, 4)
        line.setSpacing(12)
        line.addWidget(self.words, 1)
        line.addWidget(self.button, alignment=Qt.AlignmentFlag.AlignTop)
        self.hide()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        """Follow an inspection."""
        told = inspection.interrupted if inspection is not None else ""
        self.words.setText(told)
        self.setVisible(bool(told))
