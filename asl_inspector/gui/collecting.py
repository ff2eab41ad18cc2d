"""Garbage is collected on the window's thread alone.

Python looks for cycles in whichever thread happens to allocate. If that is a worker's, it takes widgets apart there that
Qt deletes here at the same moment, and the program crashes in the binding. So the collector is switched off and asked
from a timer of the window's thread, generation by generation, as often as it would have run by itself.

Workaround for a race between `deleteLater` and the collector in PySide6 6.11 (shiboken's `releaseWrapper`); it can go
when the binding guards against it.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

MILLISECONDS = 250


class Collector(QObject):
    """Collects garbage from the thread that it was made in, from now on."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.freeze()  # what is there from the start stays, and need not be looked through again
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(MILLISECONDS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    @Slot()
    def collect_due(self) -> None:
        """Collect the oldest generation whose count is beyond its threshold, and the younger ones with it."""
        counts, thresholds = gc.get_count(), gc.get_threshold()
        due = [age for age in range(3) if counts[age] > thresholds[age]]
        if due:
            gc.collect(max(due))
