"""The Compare panel: two checkpoints side by side, and whether one was made from the other."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QFont, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from asl_inspector.case.records import Role
from asl_inspector.engine.messages import CaseView, CompareSide, CompareView, InspectionView, PairView
from asl_inspector.gui import theme
from asl_inspector.gui.panels.compare_results import ResultsPage
from asl_inspector.gui.panels.compare_sides import SidesBar
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.widgets import EmptyState, Text
from asl_inspector.progress import Step
from asl_inspector.report.compare_json import compare_json
from asl_inspector.report.compare_text import compare_text
from asl_inspector.report.contents import Problem

AUTOMATIC_BYTES = 500_000_000  # smaller pairs are compared before anyone looks


class ComparePanel(Panel):
    """Choose two, read the verdict and its evidence, look at tensors, modules and values."""

    title = "Compare"
    empty_title = "Was one network made from the other?"
    empty_advice = "Drop two checkpoints, such as Stage 1 and Stage 2, or epoch 20 and epoch 50."
    wants_comparison = Signal(object, object)  # CompareSide, CompareSide
    wants_cancel = Signal()
    wants_pair = Signal(str, str)

    def __init__(self) -> None:
        super().__init__()
        self._wanted: tuple[CompareSide, CompareSide] | None = None
        self._is_running = False
        self._view: CompareView | None = None
        self._bytes: dict[Path, int] = {}
        self._compared: tuple[object, ...] = ()  # what the two files were like then
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(22, 18, 22, 18)
        layout.setSpacing(theme.GAP)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(Text("Compare", size=theme.TITLE, weight=QFont.Weight.DemiBold, wrap=False))
        self._sides = SidesBar()
        self._sides.changed.connect(self._start)
        head.addWidget(self._sides, 1)
        layout.addLayout(head)
        self._pages = QStackedWidget()
        self._message = EmptyState("", "")
        self._running = RunningPage()
        self._running.wants_cancel.connect(self.wants_cancel)
        self._results = ResultsPage()
        self._results.wants_pair.connect(self.wants_pair)
        for page in (self._message, self._running, self._results):
            self._pages.addWidget(page)
        layout.addWidget(self._pages, 1)
        self.set_content(content)

    # -- what is compared -------------------------------------------------------------------------------------------

    def show_case(self, case: CaseView) -> None:
        checkpoints = [row for row in case.files if Role.CHECKPOINT in row.choices]
        if not checkpoints:
            self._forget()
            self._sides.forget()
            self.show_empty()
            return
        self._bytes = {row.path: row.bytes for row in checkpoints}
        self._sides.show_case(case.files)
        self.show_content()
        if not self._is_compared():
            self._forget()
        if self._sides.pair is None:
            name = checkpoints[0].path.name
            self._say(f"What is “{name}” to be compared with?", "Drop a second checkpoint, or open one as B above.")
        elif self.isVisible():
            self._start_unless_done()

    def show_inspection(self, inspection: InspectionView | None) -> None:
        pair = self._sides.pair
        is_small = (
            pair is not None and sum(self._bytes.get(side.path, AUTOMATIC_BYTES) for side in pair) < AUTOMATIC_BYTES
        )
        if inspection is not None and not inspection.partial and is_small:
            self._start_unless_done()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._start_unless_done()

    def _start_unless_done(self) -> None:
        if self._sides.pair is not None and not self._is_compared():
            self._start()

    def _is_compared(self) -> bool:
        """True where the chosen pair, as it is on disk now, was compared or is being compared."""
        return self._sides.pair == self._wanted and self._identities() == self._compared

    def _identities(self) -> tuple[object, ...]:
        return tuple(_identity(side.path) for side in self._sides.pair or ())

    @Slot()
    def _start(self) -> None:
        pair = self._sides.pair
        if pair is None:
            return
        self._wanted, self._view, self._is_running = pair, None, True
        self._compared = self._identities()
        self._running.show_step(Step("Comparing"))
        self._pages.setCurrentWidget(self._running)
        self.wants_comparison.emit(*pair)

    def _forget(self) -> None:
        if self._is_running:
            self.wants_cancel.emit()
        self._wanted, self._view, self._is_running = None, None, False
        self._results.show_nothing()
        self.figure_changed.emit("")

    # -- what comes back --------------------------------------------------------------------------------------------

    @Slot(object)
    def show_step(self, step: Step) -> None:
        """The comparison got further."""
        self._running.show_step(step)

    @Slot(object)
    def show_comparison(self, view: CompareView) -> None:
        """The comparison arrived."""
        if (view.a, view.b) != self._wanted:
            return
        self._view, self._is_running = view, False
        self._sides.a.show_parts(view.parts_a, view.a.part)
        self._sides.b.show_parts(view.parts_b, view.b.part)
        self._results.show_view(view)
        self._pages.setCurrentWidget(self._results)
        self.figure_changed.emit(view.compared.judgement.verdict)

    @Slot(object)
    def show_failure(self, problem: Problem | None) -> None:
        """The comparison failed, or was cancelled (None)."""
        self._is_running = False
        if problem is None:
            self._say("The comparison was cancelled.", "Choose a side again to compare.")
        else:
            self._say(problem.sentence, problem.advice)
        self.figure_changed.emit("")

    @Slot(object)
    def show_pair(self, view: PairView | None) -> None:
        """The numbers of a pair of tensors arrived."""
        if view is not None:
            self._results.show_pair(view)

    def _say(self, title: str, advice: str) -> None:
        self._message.say(title, advice)
        self._pages.setCurrentWidget(self._message)

    def text(self) -> str:
        view = self._view
        return "" if view is None else compare_text(compare_json(view.a.path, view.b.path, view.compared))


class RunningPage(QWidget):
    """How far the comparison is, and Cancel."""

    wants_cancel = Signal()

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.addStretch(2)
        self._what = Text(tone="muted")
        self._what.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(320)
        cancel = QPushButton("Cancel")
        cancel.clicked.connect(self.wants_cancel)
        for widget in (self._what, self._bar, cancel):
            layout.addWidget(widget, alignment=Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def show_step(self, step: Step) -> None:
        """Show how far the work is."""
        count = f": {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        self._what.setText(f"{step.what}{count}")
        self._bar.setRange(0, step.total or 0)
        self._bar.setValue(step.done)


def _identity(path: Path) -> object:
    """What tells a changed file from an unchanged one, without reading it."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns
