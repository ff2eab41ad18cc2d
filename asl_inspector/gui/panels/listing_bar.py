"""The line above the Samples table that says which clips are listed and why, with progress while they are sought."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar

from asl_inspector.gui.clip_listing import ClipListing
from asl_inspector.gui.widgets import Elided, link_button
from asl_inspector.progress import Step

BAR_WIDTH = 120


class ListingBar(QFrame):
    """Hidden while all clips are shown."""

    cleared = Signal()  # show all clips again
    stopped = Signal()  # do not seek on

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("kind", "listing")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 8, 5)
        self._words = Elided(sentence=True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(BAR_WIDTH)
        self._stop, self._all = link_button("Cancel"), link_button("Show all clips")
        self._stop.clicked.connect(self.stopped)
        self._all.clicked.connect(self.cleared)
        layout.addWidget(self._words, 1)
        for widget in (self._bar, self._stop, self._all):
            layout.addWidget(widget)
        self.show_listing(None)

    @Slot(object)
    def show_listing(self, listing: ClipListing | None) -> None:
        """Say what is listed; None for all clips."""
        self._settle()
        if listing is not None:
            count = len(listing.clips)
            self._words.set_whole(f"{listing.title}: {count:,} clip{'s' if count != 1 else ''}")
        self.setVisible(listing is not None)

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """Say how far the search is."""
        self._words.set_whole(step.what)
        self._bar.setRange(0, step.total or 0)
        self._bar.setValue(step.done)
        self._bar.show()
        self._stop.show()
        self._all.hide()
        self.show()

    def say(self, sentence: str) -> None:
        """Say why there is nothing to list."""
        self._settle()
        self._words.set_whole(sentence)
        self.show()

    def _settle(self) -> None:
        self._bar.hide()
        self._stop.hide()
        self._all.show()
