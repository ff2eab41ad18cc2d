"""The window: sidebar, panels, menus, status bar, and files dropped anywhere on it."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSettings, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QAction,
    QActionGroup,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeySequence,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QWidget,
)

from asl_inspector.about import NAME, program_version
from asl_inspector.bundled_files import demo_files
from asl_inspector.case.records import CaseFile, Role
from asl_inspector.case_files.records import SavedCase
from asl_inspector.engine.messages import CaseView, Exported, InspectionView
from asl_inspector.errors import InspectorError
from asl_inspector.gui import theme
from asl_inspector.gui.case_files import CaseFiles, title_of
from asl_inspector.gui.consent_dialog import ConsentDialog
from asl_inspector.gui.exports import Exports
from asl_inspector.gui.layout_dialog import LayoutDialog
from asl_inspector.gui.layout_memory import keep_splitters, keep_window, place_window, restore_splitters
from asl_inspector.gui.network_controls import NetworkControls
from asl_inspector.gui.panels.diagnosis import DiagnosisPanel
from asl_inspector.gui.panels.panel import Panel
from asl_inspector.gui.recents import Recents
from asl_inspector.gui.session import Session
from asl_inspector.gui.sidebar import Sidebar, replacement_title
from asl_inspector.gui.tab_order import TabOrder
from asl_inspector.gui.undoing import Undoing
from asl_inspector.gui.widgets import DropOverlay, Elided, Text
from asl_inspector.programs.consent import FAMILY, WITH_CONSENT, Offer
from asl_inspector.progress import Step
from asl_inspector.report.contents import Problem

START_SIZE = QSize(1320, 860)
SMALLEST = QSize(900, 560)
PANELS = (
    "Diagnosis",
    "Blank ratio",
    "Prediction histogram",
    "Samples",
    "Checkpoint keys",
    "Compare",
    "Training",
    "Data",
)
PLACES = {
    "samples": "Samples",
    "blanks": "Blank ratio",
    "histogram": "Prediction histogram",
    "keys": "Checkpoint keys",
    "compare": "Compare",
    "training": "Training",
    "data": "Data",
}
SCHEMES = (("As the system", "system"), ("Light", "light"), ("Dark", "dark"))


class MainWindow(QMainWindow):
    """Shows one case."""

    ready = Signal()  # every panel is built
    closed = Signal()  # the user closed the window and no job is left

    def __init__(self, session: Session, settings: QSettings) -> None:
        super().__init__()
        self.session = session
        self._settings = settings
        self._closing = False
        self._painted = False
        self._is_ready = False
        self._pending: list[Path] = []
        self.setWindowTitle(NAME)
        self.setAcceptDrops(True)
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
        layout.addWidget(self.sidebar)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(body)
        self._tab_order = TabOrder([self.sidebar, self._stack], self)
        self._overlay = DropOverlay(self)
        self._status = StatusLine(self)
        self._case_files = CaseFiles(session, settings, self)
        self._recents = Recents(settings, self.open_files, self)
        session.added.connect(self._recents.remember)
        self._undoing = Undoing(session, self)
        self._exports = Exports(self, settings, session.export, self._last_folder)
        self._add_menus()
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
        title = PANELS[len(self.panels)] if len(self.panels) < len(PANELS) else ""
        if title == "Blank ratio":
            from asl_inspector.gui.panels.blanks import BlanksPanel

            self.blanks = BlanksPanel()
            self._add_panel(self.blanks)
        elif title == "Prediction histogram":
            from asl_inspector.gui.panels.histogram import HistogramPanel

            self.histogram = HistogramPanel()
            self._add_panel(self.histogram)
        elif title == "Samples":
            from asl_inspector.gui.panels.samples import SamplesPanel

            self.samples = SamplesPanel()
            self._add_panel(self.samples)
        elif title == "Checkpoint keys":
            from asl_inspector.gui.panels.keys import KeysPanel

            self.keys = KeysPanel(self.session.jobs)
            self._add_panel(self.keys)
        elif title == "Compare":
            from asl_inspector.gui.panels.compare import ComparePanel

            self.compare = ComparePanel()
            self._add_panel(self.compare)
        elif title == "Training":
            from asl_inspector.gui.panels.training import TrainingPanel

            self.training = TrainingPanel()
            self._add_panel(self.training)
        elif title == "Data":
            from asl_inspector.gui.panels.data import DataPanel

            self.data = DataPanel()
            self._add_panel(self.data)
        else:
            self._connect_panels()
            restore_splitters(self._named_panels(), self._settings)
            self._start_work()
            return
        QTimer.singleShot(0, self._build_next)

    def _named_panels(self) -> list[tuple[str, QWidget]]:
        return [(panel.title, panel) for panel in self.panels]

    def _connect_panels(self) -> None:
        from asl_inspector.gui.clip_jobs import ClipJobs
        from asl_inspector.gui.epoch_jobs import EpochJobs

        session = self.session
        EpochJobs(session, self.training, self.diagnosis)
        ClipJobs(session, self.samples)
        session.tensor_arrived.connect(self.keys.show_tensor)
        self.samples.wants_csv.connect(partial(self.ask_export, "csv"))
        self.keys.wants_tensor.connect(session.ask_for_tensor)
        self.keys.wants_part.connect(session.ask_for_part)
        self.keys.wants_optimizers.connect(session.ask_for_optimizers)
        self.keys.wants_measures.connect(session.measure)
        self.keys.wants_stop.connect(session.stop_measuring)
        session.part_arrived.connect(self.keys.show_part)
        session.optimizers_arrived.connect(self.keys.show_optimizers)
        session.statistics_arrived.connect(self.keys.show_statistics)
        session.health_arrived.connect(self.keys.show_health)
        session.measuring.connect(self.keys.show_step)
        session.measured.connect(self.keys.show_measured)
        session.comparison_progressed.connect(self.compare.show_step)
        session.comparison_arrived.connect(self.compare.show_comparison)
        session.comparison_failed.connect(self.compare.show_failure)
        session.pair_arrived.connect(self.compare.show_pair)
        self.compare.wants_comparison.connect(session.ask_for_comparison)
        self.compare.wants_cancel.connect(session.cancel_comparison)
        self.compare.wants_pair.connect(session.ask_for_pair)
        session.neighbours_progressed.connect(self.data.show_step)
        session.neighbours_arrived.connect(self.data.show_neighbours)
        session.neighbours_failed.connect(self.data.show_stop)
        self.data.wants_neighbours.connect(session.ask_for_neighbours)
        self.data.wants_cancel.connect(session.cancel_neighbours)

    def _connect(self) -> None:
        session = self.session
        session.case_changed.connect(self._show_case)
        session.opening.connect(self.sidebar.show_opening)
        session.inspection_changed.connect(self._show_inspection)
        session.failed.connect(self._show_failure)
        session.exported.connect(self._show_export)
        session.offer_arrived.connect(self._ask_consent)
        session.drained.connect(self._close_when_drained)
        self.diagnosis.wants_export.connect(partial(self.ask_export, "pdf"))
        self.diagnosis.wants_files.connect(self.ask_files)
        self.diagnosis.wants_demo.connect(self.open_demo)
        self.sidebar.panel_chosen.connect(self.show_panel)
        self.sidebar.wants_files.connect(self.ask_files)
        session.remarked.connect(self.sidebar.show_remarks)
        session.case_saved.connect(self._show_saved)
        self.sidebar.wants_role.connect(session.choose_role)
        self.sidebar.wants_removal.connect(session.remove_file)
        self.sidebar.wants_replacement.connect(self._ask_replacement)
        self.sidebar.wants_layout.connect(self._ask_layout)

    def _add_menus(self) -> None:
        bar = self.menuBar()
        file_menu = bar.addMenu("&File")
        file_menu.addAction("&Open files...", QKeySequence.StandardKey.Open, self.ask_files)
        file_menu.addAction("Open &folder...", QKeySequence("Ctrl+Shift+O"), self._ask_folder)
        file_menu.addAction("Open the &demo case", self.open_demo)
        file_menu.addSeparator()
        self._recents.add_to(file_menu)
        self._case_files.add_to(file_menu)
        file_menu.addSeparator()
        self._exports.add_to(file_menu)
        self._export_actions = self._exports.actions
        file_menu.addSeparator()
        file_menu.addAction("Close &case", QKeySequence("Ctrl+W"), self.session.clear)
        file_menu.addAction("&Quit", QKeySequence.StandardKey.Quit, self.close)
        edit_menu = bar.addMenu("&Edit")
        self._undoing.add_to(edit_menu)
        edit_menu.addSeparator()
        edit_menu.addAction("Copy panel as &text", QKeySequence("Ctrl+Shift+C"), self._copy_panel_text)
        edit_menu.addAction("Copy panel as &image", QKeySequence("Ctrl+Shift+I"), self._copy_panel_image)
        self._add_view_menu(bar.addMenu("&View"))
        self._add_run_menu(bar.addMenu("&Run"))
        help_menu = bar.addMenu("&Help")
        help_menu.addAction("&About ASL Inspector", self._about)

    def _add_view_menu(self, menu: QMenu) -> None:
        for index, title in enumerate(PANELS):
            menu.addAction(title, QKeySequence(f"Ctrl+{index + 1}"), partial(self.show_panel, index))
        menu.addSeparator()
        group = QActionGroup(self)
        chosen = self._settings.value("view/scheme", "system")
        for name, value in SCHEMES:
            action = self._choice(menu, group, name, checked=value == chosen)
            action.triggered.connect(partial(self._choose_scheme, value))

    def _add_run_menu(self, menu: QMenu) -> None:
        menu.addAction("&Run again", QKeySequence.StandardKey.Refresh, self.session.run_again)
        menu.addAction("&Cancel", QKeySequence("Esc"), self.session.cancel)
        menu.addSeparator()
        self._program_action = menu.addAction("Run the &program in the checkpoint...", self._ask_program)
        self._program_action.setEnabled(False)
        self._code_action = menu.addAction("Run with &code of your own...", self._ask_code)
        self._code_action.setEnabled(False)
        self._forbid_action = menu.addAction("&Stop allowing code", self.session.forbid)
        self._forbid_action.setEnabled(False)
        menu.addSeparator()
        self._network = NetworkControls(self.session, menu, self.diagnosis.network, self)

    def _choice(self, menu: QMenu, group: QActionGroup, name: str, *, checked: bool) -> QAction:
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(checked)
        group.addAction(action)
        return action

    # -- files ------------------------------------------------------------------------------------------------------

    def open_files(self, paths: list[Path]) -> None:
        """Add files; until the window is complete they wait, so that it is there at once."""
        if self._is_ready:
            self.session.add_files(paths)
        else:
            self._pending += paths

    @Slot()
    def ask_files(self) -> None:
        """The file dialog."""
        names, _ = QFileDialog.getOpenFileNames(self, "Open files", self._last_folder())
        self._remember_folder(names)
        if names:
            self.open_files([Path(name) for name in names])

    @Slot()
    def _ask_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, "Open folder", self._last_folder())
        if name:
            self.open_files([Path(name)])

    @Slot(object)
    def _ask_replacement(self, old: Path) -> None:
        name, _ = QFileDialog.getOpenFileName(self, replacement_title(old), str(old.parent))
        if name:
            self.session.replace_file(old, Path(name))

    @Slot()
    def _ask_program(self) -> None:
        self.session.ask_for_offer(None)

    @Slot()
    def _ask_code(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, "Code that builds the network", self._last_folder(), "Python code (*.py)"
        )
        if name:
            self.session.ask_for_offer(Path(name))

    @Slot(object)
    def _ask_consent(self, offer: Offer) -> None:
        dialog = ConsentDialog(offer, self)
        dialog.allowed.connect(self.session.allow)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot()
    def open_demo(self) -> None:
        """The bundled demo case."""
        try:
            self.open_files(demo_files())
        except InspectorError as error:
            self._show_failure(Problem(error.sentence, error.advice))

    def _last_folder(self) -> str:
        return str(self._settings.value("files/folder", ""))

    def _remember_folder(self, names: list[str]) -> None:
        if names:
            self._settings.setValue("files/folder", str(Path(names[0]).parent))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self._overlay.setGeometry(self.rect().adjusted(12, 12, -12, -12))
            self._overlay.show()
            self._overlay.raise_()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        self._overlay.hide()
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        paths = [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
        if paths:
            self.open_files(paths)
        else:
            self._show_failure(Problem("What was dropped is not a file on this machine.", "Download it, then drop it."))

    # -- results ----------------------------------------------------------------------------------------------------

    @Slot(object)
    def _show_case(self, case: CaseView) -> None:
        self.sidebar.show_case(case)
        for panel in self.panels:
            panel.show_case(case)
        main = next((row for row in case.files if row.role is Role.CHECKPOINT), None)
        self._code_action.setEnabled(main is not None)
        self._program_action.setEnabled(case.checkpoint is not None and case.checkpoint.format in WITH_CONSENT)
        self._forbid_action.setEnabled(self.session.settings.consent is not None)
        self._tab_order.arrange_soon()
        title = title_of(case, self.session.saved, main.path if main else None)
        self.setWindowTitle(f"{title} - {NAME}" if title else NAME)

    @Slot(object)
    def _show_saved(self, saved: SavedCase) -> None:
        self.setWindowTitle(f"{saved.path.name} - {NAME}")

    @Slot(object)
    def _show_inspection(self, inspection: InspectionView | None) -> None:
        for action in self._export_actions:
            action.setEnabled(inspection is not None and not inspection.partial)
        if inspection is not None:
            for panel in self.panels:
                panel.show_inspection(inspection)
            self._tab_order.arrange_soon()

    @Slot(object)
    def _show_failure(self, problem: Problem) -> None:
        box = QMessageBox(self)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(NAME)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(problem.sentence)
        box.setInformativeText(problem.advice)
        if problem.detail:
            box.setDetailedText(problem.detail)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.open()

    @Slot(object)
    def _ask_layout(self, row: CaseFile) -> None:
        dialog = LayoutDialog(row.path, self.session.correction_of(row.path), self)
        dialog.wants_preview.connect(self.session.ask_for_preview)
        dialog.corrected.connect(self.session.correct)
        self.session.preview_arrived.connect(dialog.show_preview)
        dialog.ask()
        dialog.open()

    @Slot(object)
    def _show_export(self, exported: Exported) -> None:
        self._status.say(f"Wrote {exported.path}")

    @Slot(int)
    def show_panel(self, index: int) -> None:
        """Show a panel, once it is built."""
        if index >= len(self.panels):
            return
        self._stack.setCurrentIndex(index)
        self.sidebar.select_panel(index)

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
        self._exports.ask(kind)

    @Slot()
    def _copy_panel_text(self) -> None:
        QApplication.clipboard().setText(self.panels[self._stack.currentIndex()].text())

    @Slot()
    def _copy_panel_image(self) -> None:
        QApplication.clipboard().setPixmap(self.panels[self._stack.currentIndex()].grab())

    # -- settings ---------------------------------------------------------------------------------------------------

    def _choose_scheme(self, scheme: str, _checked: bool = False) -> None:
        self._settings.setValue("view/scheme", scheme)
        apply_scheme(scheme)

    @Slot()
    def _about(self) -> None:
        QMessageBox.about(
            self,
            NAME,
            f"{NAME} {program_version()}\n\nFinds out why a sign-language recogniser got a bad number, from the files alone. "
            "Nothing that is opened is executed unless you allow it, and nothing leaves this machine."
            "\n\nFonts: Inter (OFL 1.1), JetBrains Mono (Apache 2.0).",
        )

    # -- life -------------------------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._overlay.setGeometry(self.rect().adjusted(12, 12, -12, -12))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            QTimer.singleShot(0, self._build_next)

    def _start_work(self) -> None:
        self._is_ready = True
        self.ready.emit()
        self.session.warm_up()
        if self._pending:
            self.session.add_files(self._pending)
            self._pending = []

    def closeEvent(self, event: QCloseEvent) -> None:
        keep_window(self, self._settings)
        if self._is_ready:
            keep_splitters(self._named_panels(), self._settings)
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


class StatusLine:
    """The status bar: device and result on the left, progress with time left and Cancel, a promise on the right."""

    def __init__(self, window: MainWindow) -> None:
        bar = window.statusBar()
        bar.setSizeGripEnabled(False)
        bar.setContentsMargins(12, 2, 12, 2)
        session = self._session = window.session
        self._what = Elided(size=theme.SMALL, tone="muted")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedWidth(160)
        self._left = Text(size=theme.SMALL, tone="muted", wrap=False)
        self._cancel = QPushButton("Cancel")
        self._cancel.setProperty("look", "link")
        self._cancel.clicked.connect(session.cancel)
        self._result = Text(size=theme.SMALL, tone="muted", wrap=False)
        bar.addWidget(self._what, 1)
        for widget in (self._bar, self._left, self._cancel, self._result):
            bar.addPermanentWidget(widget)
        self._started = 0.0
        self._work = ""
        session.became_busy.connect(self._busy)
        session.became_idle.connect(self._idle)
        session.progressed.connect(self._progress)
        session.inspection_changed.connect(self._inspected)
        self._idle("")

    def say(self, text: str) -> None:
        """A sentence on the left."""
        self._what.set_whole(text)

    def _busy(self, what: str) -> None:
        self._work = ""
        self._what.set_whole(what)
        self._bar.setRange(0, 0)
        for widget in (self._bar, self._cancel, self._left):
            widget.show()
        self._left.setText("")
        self._result.setText("")

    def _idle(self, how: str) -> None:
        for widget in (self._bar, self._cancel, self._left):
            widget.hide()
        if how in ("Cancelled", "Failed") or how.startswith("Wrote"):
            self._what.set_whole(how)
        elif not how:
            self._what.set_whole("Nothing that you drop is executed")

    def _progress(self, step: Step) -> None:
        if step.what != self._work:
            self._work, self._started = step.what, time.monotonic()
        count = f": {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        self._what.set_whole(f"{step.what}{count}")
        if not step.total:
            self._bar.setRange(0, 0)
            self._left.setText("")
            return
        self._bar.setRange(0, step.total)
        self._bar.setValue(step.done)
        elapsed = time.monotonic() - self._started
        if step.done and elapsed > 0.3:
            rate = step.done / elapsed
            seconds = (step.total - step.done) / rate
            self._left.setText(f"{rate:,.0f} {step.unit}/s, {_duration(seconds)} left")

    def _inspected(self, inspection: InspectionView | None) -> None:
        if inspection is None or inspection.partial:
            return
        if inspection.device:
            self._what.set_whole(
                f"{inspection.device}     {inspection.clips:,} clips, {inspection.frames:,} frames in {inspection.seconds:.1f} s"
                f"     {self._promise(inspection)}"
            )
        else:
            self._what.set_whole(self._promise(inspection))
        self._result.setText(_reproduction_words(inspection))

    def _promise(self, inspection: InspectionView) -> str:
        """What of the files was executed."""
        allowed = self._session.settings.consent
        if allowed is not None:
            return f"Nothing but “{allowed.path.name}”, which you allowed, was executed"
        network = inspection.architecture
        if network is not None and network.family == FAMILY:
            return "Nothing but the network's graph was computed"
        return "Nothing in these files was executed"


def _reproduction_words(inspection: InspectionView) -> str:
    told = inspection.diagnosis.reproduction
    if told.val_acc is not None and told.stored_acc is not None:
        word = "Reproduces" if told.val_acc else "Does not reproduce"
        return f"{word} the stored val_acc {100 * told.stored_acc:.2f} %"
    if told.val_loss is not None:
        return "Reproduces the stored val_loss" if told.val_loss else "Does not reproduce the stored val_loss"
    return ""


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def apply_scheme(scheme: str) -> None:
    """Light, dark, or what the system says."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        return
    dark = scheme == "dark"
    if scheme == "system":
        dark = application.styleHints().colorScheme() == Qt.ColorScheme.Dark
    theme.Scheme.colours = theme.DARK if dark else theme.LIGHT
    theme.apply(application, theme.Scheme.colours)
    for window in application.topLevelWidgets():
        window.update()
