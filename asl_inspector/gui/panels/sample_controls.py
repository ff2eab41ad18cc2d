"""What is asked of the Samples table: a search, which clips, by which decoder, and the filters that unfold below."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from asl_inspector.gui import theme
from asl_inspector.gui.panels.sample_filter import SampleFilter
from asl_inspector.gui.panels.sample_filter_bar import SampleFilterBar
from asl_inspector.gui.panels.table_parts import SearchField, decoder_box

SHOWN = (("all clips", "all"), ("wrong only", "wrong"), ("right only", "right"), ("empty only", "empty"))


class SampleControls(QWidget):
    """A line of fields, and the filters below it."""

    changed = Signal()  # other clips are asked for
    decoder_changed = Signal()
    gloss_chosen = Signal(str)  # by name; an empty string for none

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(theme.GAP)
        self.search = SearchField("Search gloss or clip")
        self.shown, self.decoder_box = QComboBox(), decoder_box()
        self.shown.setAccessibleName("Which clips")
        for text, value in SHOWN:
            self.shown.addItem(text, value)
        self.filters = SampleFilterBar()
        self.filters.hide()
        self.more = QPushButton("Filters")
        self.more.setCheckable(True)
        self.more.setToolTip("Filter by gloss, confidence, blank share, length, or what a clip is evidence for")
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.search, 1)
        for widget in (self.shown, self.decoder_box, self.more):
            line.addWidget(widget)
        layout.addLayout(line)
        layout.addWidget(self.filters)
        self.search.searched.connect(self.changed)
        self.shown.currentIndexChanged.connect(self.changed)
        self.decoder_box.currentIndexChanged.connect(self.decoder_changed)
        self.more.toggled.connect(self.filters.setVisible)
        self.filters.changed.connect(self.changed)
        self.filters.gloss_chosen.connect(self.gloss_chosen)

    @property
    def decoder(self) -> str:
        """Whose answers are shown."""
        return str(self.decoder_box.currentData())

    @property
    def asked(self) -> SampleFilter:
        """Which clips are asked for, but for what they are evidence for."""
        return self.filters.filter(self.search.text(), self.shown.currentData())

    def show_count(self) -> None:
        """Say at the button how many filters are set."""
        count = self.filters.count
        self.more.setText(f"Filters ({count})" if count else "Filters")

    def show_answers(self, *, there_are: bool, continuous: bool) -> None:
        """Take away what sorts answers where there are none, and the decoder where there is one only."""
        self.shown.setVisible(there_are)
        self.decoder_box.setVisible(there_are and not continuous)
        self.filters.show_answers(there_are)
        if not there_are:
            with QSignalBlocker(self.shown):
                self.shown.setCurrentIndex(0)

    def choose_decoder(self, name: str) -> None:
        """Show another decoder's answers, without a word."""
        with QSignalBlocker(self.decoder_box):
            self.decoder_box.setCurrentIndex(max(0, self.decoder_box.findData(name)))

    def take_back(self) -> None:
        """Clear search and filters, without a word."""
        self.search.clear()
        self.search.settle()
        with QSignalBlocker(self.shown):
            self.shown.setCurrentIndex(0)
        self.filters.clear()
