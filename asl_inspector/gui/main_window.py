"""The window: sidebar and panels, with menus, status bar and dialogs around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QSize, QTimer, Signal, Slot
from PySide6.QtGui import QCloseEvent, QKeyEvent, QPaintEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from asl_inspector.about import NAME
from asl_inspector.case.records import Role
from asl_inspector.case_files.records import SavedCase
from asl_inspector.engine.messages import CaseView, Exported, InspectionView
from asl_inspector.gui.case_files import CaseFiles, title_of
from asl_inspector.gui.dropping import DropWindow
from asl_inspector.gui.enter_key import press_by_enter
from asl_inspector.gui.exports import Exports
from asl_inspector.gui.help.helping import Helping
from asl_inspector.gui.layout_memory import keep_splitters, keep_window, place_window, restore_splitters
from asl_inspector.gui.menus import Menus
from asl_inspector.gui.network_dialog import DEVICES
from asl_inspector.gui.panel_building import PANELS, PLACES, connect_panels, new_panel
from asl_inspector.gui.panels.diagnosis import DiagnosisPanel
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.partial_strip import PartialStrip
from asl_inspector.gui.questions import Questions
from asl_inspector.gui.recents import Recents
from asl_inspector.gui.scripts import load_fonts_for
from asl_inspector.gui.session import Session
from asl_inspector.gui.sidebar import Sidebar
from asl_inspector.gui.status_line import StatusLine
from asl_inspector.gui.tab_order import TabOrder, bring_into_view
from asl_inspector.gui.undoing import Undoing

if TYPE_CHECKING:
    from asl_inspector.gui.gloss_selection import GlossSelection
    from asl_inspector.gui.panels.blanks import BlanksPanel
    from asl_inspector.gui.panels.changes import ChangesPanel
    from asl_inspector.gui.panels.compare import ComparePanel
    from asl_inspector.gui.panels.data import DataPanel
    from asl_inspector.gui.panels.glosses import GlossesPanel
    from asl_inspector.gui.panels.histogram import HistogramPanel
    from asl_inspector.gui.panels.keys import KeysPanel
    from asl_inspector.gui.panels.runs import RunsPanel
    from asl_inspector.gui.panels.samples import SamplesPanel
    from asl_inspector.gui.panels.training import TrainingPanel

START_SIZE = QSize(1320, 860)
SMALLEST = QSize(900, 560)
DEVICE = "run/device"  # of this machine, whatever the case


class MainWindow(DropWindow):
    """Shows one case. The panels but the first are made after the first paint."""

    blanks: BlanksPanel
    histogram: HistogramPanel
    samples: SamplesPanel
    glosses: GlossesPanel
    keys: KeysPanel
    compare: ComparePanel
    training: TrainingPanel
    data: DataPanel
    changes: ChangesPanel
    runs: RunsPanel
    chosen_gloss: GlossSelection

    ready = Signal()  # every panel is built
    wants_bug_report = Signal()
    closed = Signal()  # the user closed the window and no job is left

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self.session = session
        self.settings = settings
        self._closing = False
        self._painted = False
        self._is_ready = False
        self._pending: list[Path] = []
        self.setWindowTitle(NAME)
        device = str(settings.value(DEVICE, session.settings.device))
        if any(device == value for _, value in DEVICES):
            session.settings = replace(session.settings, device=device)
        self.panels: list[Panel] = []
        self.sidebar = Sidebar(list(PANELS))
        self._stack = QStackedWidget()
        self._stack.setObjectName("content")
        self.diagnosis = DiagnosisPanel()
        self._add_panel(self.diagnosis)
        body = QWidget()
        layout = QHBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._partial = PartialStrip()
        shown = QVBoxLayout()
        shown.setSpacing(0)
        shown.addWidget(self._partial)
        shown.addWidget(self._stack, 1)
        layout.addWidget(self.sidebar)
        layout.addLayout(shown, 1)
        self.setCentralWidget(body)
        self._tab_order = TabOrder([self.sidebar, self._partial, self._stack], self)
        self._status = StatusLine(self.statusBar(), session)
        self.questions = Questions(session, settings, self)
        self.case_files = CaseFiles(session, settings, self)
        self.recents = Recents(settings, self.open_files, self)
        session.added.connect(self.recents.remember)
        self.undoing = Undoing(session, self)
        self.exports = Exports(self, settings, session.export, self.questions.last_folder)
        self.helping = Helping(self)
        self.menus = Menus(self)
        self._connect()
        self.setFocus()
        place_window(self, settings, START_SIZE, SMALLEST)

    # -- set-up -----------------------------------------------------------------------------------------------------

    def _add_panel(self, panel: Panel) -> None:
        index = len(self.panels)
        self.panels.append(panel)
        self._stack.addWidget(panel)
        panel.wants_panel.connect(self.go_to)
        panel.figure_changed.connect(partial(self.sidebar.show_figure, index))

    @Slot()
    def _build_next(self) -> None:
        """Build the panels that the first paint did not need, one a turn of the event loop, then start to work."""
        if len(self.panels) < len(PANELS):
            self._add_panel(new_panel(PANELS[len(self.panels)], self))
            QTimer.singleShot(0, self._build_next)
            return
        connect_panels(self)
        restore_splitters(self._named_panels(), self.settings)
        self._start_work()

    def _named_panels(self) -> list[tuple[str, QWidget]]:
        return [(panel.title, panel) for panel in self.panels]

    def _connect(self) -> None:
        session = self.session
        session.case_changed.connect(self._show_case)
        session.opening.connect(self.sidebar.show_opening)
        session.inspection_changed.connect(self._show_inspection)
        session.inspection_changed.connect(self._partial.show_inspection)
        self._partial.wants_rest.connect(session.run_again)
        session.failed.connect(self.questions.show_failure)
        session.exported.connect(self._show_export)
        session.looks.offer.succeeded.connect(self.questions.ask_consent)
        session.looks.offer.failed.connect(self.questions.show_failure)
        session.drained.connect(self._close_when_drained)
        self.questions.chosen.connect(self.open_files)
        self.files_dropped.connect(self.open_files)
        self.drop_refused.connect(self.questions.show_failure)
        self.diagnosis.wants_export.connect(partial(self.ask_export, "pdf"))
        self.diagnosis.wants_vocabulary.connect(partial(self.ask_export, "vocabulary"))
        self.diagnosis.wants_files.connect(self.questions.ask_files)
        self.diagnosis.wants_demo.connect(self.questions.open_demo)
        self.sidebar.panel_chosen.connect(self.show_panel)
        self.sidebar.wants_files.connect(self.questions.ask_files)
        session.remarked.connect(self.sidebar.show_remarks)
        session.case_saved.connect(self._show_saved)
        self.sidebar.wants_role.connect(session.choose_role)
        self.sidebar.wants_removal.connect(session.remove_file)
        self.sidebar.wants_replacement.connect(self.questions.ask_replacement)
        self.sidebar.wants_layout.connect(self.questions.ask_layout)

    # -- files ------------------------------------------------------------------------------------------------------

    @Slot(object)
    def open_files(self, paths: list[Path]) -> None:
        """Add files; until the window is complete they wait, so that it is there at once."""
        if self._is_ready:
            self.session.add_files(paths)
        else:
            self._pending += paths

    # -- results ----------------------------------------------------------------------------------------------------

    @Slot(object)
    def _show_case(self, case: CaseView) -> None:
        load_fonts_for(row.path.name for row in case.files)
        self.sidebar.show_case(case)
        for panel in self.panels:
            panel.show_case(case)
        main = next((row for row in case.files if row.role is Role.CHECKPOINT), None)
        self.menus.show_case(case)
        self._tab_order.arrange_soon()
        title = title_of(case, self.session.saved, main.path if main else None)
        self.setWindowTitle(f"{title} - {NAME}" if title else NAME)

    @Slot(object)
    def _show_saved(self, saved: SavedCase) -> None:
        self.setWindowTitle(f"{saved.path.name} - {NAME}")

    @Slot(object, object)
    def compare_cases(self, before: Path, after: Path | None) -> None:
        """Compare two cases; where the user asked for it and no fix made it of itself, go there."""
        self.changes.compare(before, after)
        if before != self.session.case_path:
            self.show_panel(PANELS.index(self.changes.title))

    @Slot(object)
    def _show_inspection(self, inspection: InspectionView | None) -> None:
        self.menus.show_inspection(inspection)
        if inspection is not None:
            load_fonts_for(_names_in(inspection))
            for panel in self.panels:
                panel.show_inspection(inspection)
            self._tab_order.arrange_soon()

    @Slot(object)
    def _show_export(self, exported: Exported) -> None:
        self._status.say(" ".join([f"Wrote {exported.path}.", *exported.notes]))

    @property
    def current_panel(self) -> Panel:
        """The panel that is shown."""
        return self.panels[self._stack.currentIndex()]

    @Slot(int)
    def show_panel(self, index: int) -> None:
        """Show a panel, once it is built."""
        if index >= len(self.panels):
            return
        self._stack.setCurrentIndex(index)
        self.sidebar.select_panel(index)
        self._tab_order.arrange_soon()

    @Slot(str)
    def go_to(self, where: str) -> None:
        """Follow a link to a place: a panel, and what to show in it."""
        title = PLACES.get(where.partition(":")[0])
        for index, panel in enumerate(self.panels):
            if panel.title == title:
                self.show_panel(index)
                panel.go_to(where)

    def ask_export(self, kind: str) -> None:
        """Ask where to write, and write."""
        if self.session.inspection is None or self.session.inspection.partial:
            return
        self.exports.ask(kind)

    @Slot()
    def copy_panel_text(self) -> None:
        """Put the panel that is shown on the clipboard, as text."""
        lines = [self._partial.words.text(), self.current_panel.text()]
        QApplication.clipboard().setText("\n".join(filter(None, lines)))

    @Slot()
    def copy_panel_image(self) -> None:
        """Put the panel that is shown on the clipboard, as a picture."""
        QApplication.clipboard().setPixmap(self.current_panel.grab())

    # -- life -------------------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._build_next)

    def focusNextPrevChild(self, onwards: bool) -> bool:
        moved = super().focusNextPrevChild(onwards)
        bring_into_view(self.focusWidget())
        return moved

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not press_by_enter(event.key(), self.focusWidget()):
            super().keyPressEvent(event)

    def _start_work(self) -> None:
        self._is_ready = True
        self.ready.emit()
        self.session.warm_up()
        if self._pending:
            self.session.add_files(self._pending)
            self._pending = []

    def closeEvent(self, event: QCloseEvent) -> None:
        keep_window(self, self.settings)
        self.settings.setValue(DEVICE, self.session.settings.device)
        if self._is_ready:
            keep_splitters(self._named_panels(), self.settings)
        self.session.close()
        if self.session.jobs.is_idle:
            event.accept()
            self.closed.emit()
            return
        self._closing = True
        event.ignore()
        self.hide()

    @Slot()
    def _close_when_drained(self) -> None:
        if self._closing:
            self.close()


def _names_in(inspection: InspectionView) -> Iterator[str]:
    """The glosses that may be shown."""
    if inspection.samples is not None:
        yield from inspection.samples.names.values()
    if inspection.data is not None:
        for found in (inspection.data.validation, inspection.data.train):
            yield from dict(found.glosses) if found is not None else ()
