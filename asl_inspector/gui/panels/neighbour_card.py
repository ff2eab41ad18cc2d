"""The card of the Data panel that seeks each validation clip's nearest training clip: two ways, progress, and what came of it."""

from __future__ import annotations

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton

from asl_inspector.data.records import Neighbours
from asl_inspector.gui import theme
from asl_inspector.gui.containers import Card
from asl_inspector.gui.widgets import Text, link_button
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem

METHODS = {"resampled": "at equal length", "dtw": "warped in time"}
WORTH = (
    "This baseline needs no training: a network far below it has a fault, and one far above it has learned something."
)


class NeighbourCard(Card):
    """What a nearest neighbour would have answered."""

    wants_neighbours = Signal(str)  # method
    wants_cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Neighbours] = {}
        self.body.addWidget(Text("What would the nearest training clip have answered?", weight=QFont.Weight.DemiBold))
        self.words = Text(tone="muted", selectable=True)
        self.body.addWidget(self.words)
        line = QHBoxLayout()
        self.buttons = {name: QPushButton(text) for name, text in (("resampled", "Seek"), ("dtw", "Warp in time"))}
        self.buttons["resampled"].setToolTip("Brings all clips to one length and compares them frame by frame")
        self.buttons["dtw"].setToolTip("Stretches each clip onto each other one; slower, for small sets")
        self.buttons["resampled"].clicked.connect(self._seek_resampled)
        self.buttons["dtw"].clicked.connect(self._seek_warped)
        for button in self.buttons.values():
            line.addWidget(button)
        line.addStretch(1)
        self.body.addLayout(line)
        running = QHBoxLayout()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the search")
        self._step = Text(size=theme.SMALL, tone="muted", wrap=False)
        self.stop = link_button("Cancel")
        self.stop.clicked.connect(self.wants_cancel)
        running.addWidget(self.bar, 1)
        running.addWidget(self._step)
        running.addWidget(self.stop)
        self.body.addLayout(running)
        self.body.addStretch(1)
        self._show_running(is_running=False)

    def forget(self) -> None:
        """The files are others now."""
        self.found = {}
        self._show_running(is_running=False)

    def keep(self, found: Neighbours) -> None:
        """What came with the inspection, unless it was sought here already."""
        self.found.setdefault(found.method, found)

    def take(self, found: Neighbours) -> None:
        """The search is done."""
        self.found[found.method] = found
        self._show_running(is_running=False)

    @property
    def best(self) -> Neighbours | None:
        """The search that answered most clips right, or None while there was none."""
        return max(self.found.values(), key=lambda one: one.correct, default=None)

    def show_found(self, sentences: str, learning: str, *, can_search: bool, came_with_case: bool) -> None:
        """Say what was found so far, after the sentences of the diagnosis; then what more clips would bring."""
        for name, button in self.buttons.items():
            button.setEnabled(can_search)
            button.setVisible(name not in self.found)
        words = [sentences]
        for method, how in (("dtw", "Warped in time"), ("resampled", "At equal length")):
            if method in self.found and (method == "dtw" or ("dtw" not in self.found and not came_with_case)):
                found = self.found[method]
                words.append(f"{how} it is {found.correct} of {found.of}, after {found.seconds:.0f} s.")
        self.words.setText(" ".join(word for word in [*words, WORTH, learning] if word))

    @Slot()
    def _seek_resampled(self) -> None:
        self._start("resampled")

    @Slot()
    def _seek_warped(self) -> None:
        self._start("dtw")

    def _start(self, method: str) -> None:
        self._show_running(is_running=True)
        self.wants_neighbours.emit(method)

    def _show_running(self, *, is_running: bool) -> None:
        for widget in (self.bar, self._step, self.stop):
            widget.setVisible(is_running)
        for button in self.buttons.values():
            button.setEnabled(not is_running)
        if is_running:
            self.bar.setRange(0, 0)
            self._step.setText("")

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """How far the search is."""
        if step.total:
            self.bar.setRange(0, step.total)
            self.bar.setValue(step.done)
            self._step.setText(f"{step.done:,} of {step.total:,} {step.unit}")

    def show_stop(self, problem: Problem | None) -> None:
        """The search failed, or was cancelled where there is no problem."""
        self._show_running(is_running=False)
        self.words.setText(f"{problem.sentence} {problem.advice}".strip() if problem is not None else "Cancelled.")
