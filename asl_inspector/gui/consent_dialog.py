"""Asks before somebody's code is run. The answer that a hasty key gives is no."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card, Scrolled
from asl_inspector.gui.layout_memory import first_size
from asl_inspector.gui.widgets import Text
from asl_inspector.programs.consent import ANOTHER_WAY, WHAT_IT_MEANS, Offer
from asl_inspector.report.sizes import size_text

WIDTH = 640
SIDE = 24  # pixels beside the text
HASH_PART = 32  # digits of the hash in one line


class ConsentDialog(QDialog):
    """Names the file and its hash, says what consent means, and asks."""

    allowed = Signal(object)  # Consent

    def __init__(self, offer: Offer, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.offer = offer
        self.setWindowTitle("Run code?")
        self.setModal(True)
        self.setFixedWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SIDE, 22, SIDE, 20)
        layout.setSpacing(12)
        title = Text(f"Run “{offer.path.name}” on this computer?", size=theme.TITLE, weight=QFont.Weight.DemiBold)
        layout.addWidget(title)
        page = Scrolled(margins=(0, 0, 0, 0))
        page.column.addWidget(self._facts())
        for sentence in WHAT_IT_MEANS:
            page.column.addWidget(Text(sentence))
        page.column.addWidget(Text(ANOTHER_WAY, tone="muted"))
        page.column.addStretch(1)
        layout.addWidget(page, 1)
        layout.addLayout(self._buttons())
        self.setAccessibleName(title.text())
        self.setAccessibleDescription(" ".join(WHAT_IT_MEANS))
        self.refuse.setFocus()
        held = page.column.totalHeightForWidth(WIDTH - 2 * SIDE)
        whole = layout.totalHeightForWidth(WIDTH) - page.sizeHint().height() + held
        self.resize(first_size(QSize(WIDTH, whole), self.screen().availableGeometry()))

    def _facts(self) -> Card:
        offer = self.offer
        parts = [offer.sha256[start : start + HASH_PART] for start in range(0, len(offer.sha256), HASH_PART)]
        rows = (
            ("What it is", f"{offer.what}, {size_text(offer.bytes)}", False),
            ("Where", str(offer.path), False),
            ("SHA-256", "\n".join(parts), True),
            ("Seen in it", "\n".join(offer.found), False),
            ("Runs with", offer.environment, False),
        )
        card = Card(margins=(16, 12, 16, 12), spacing=0)
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(1, 1)
        for row, (name, text, mono) in enumerate(rows):
            top = Qt.AlignmentFlag.AlignTop
            grid.addWidget(Text(name, size=theme.SMALL, tone="muted", wrap=False), row, 0, top)
            grid.addWidget(Text(text, size=theme.SMALL, mono=mono, selectable=True), row, 1, top)
        card.body.addLayout(grid)
        return card

    def _buttons(self) -> QHBoxLayout:
        self.refuse = QPushButton("Do not run")
        self.refuse.setProperty("look", "primary")
        self.refuse.setDefault(True)
        self.refuse.clicked.connect(self.reject)
        self.allow = QPushButton("Run this file")
        self.allow.setAutoDefault(False)
        self.allow.clicked.connect(self._allow)
        line = QHBoxLayout()
        line.addStretch(1)
        line.addWidget(self.allow)
        line.addWidget(self.refuse)
        return line

    @Slot()
    def _allow(self) -> None:
        self.allowed.emit(self.offer.consent)
        self.accept()
