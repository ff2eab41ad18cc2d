"""The menu bar."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu

from asl_inspector.case.records import Role
from asl_inspector.engine.messages import CaseView, InspectionView
from asl_inspector.gui.life.windows import NEW_WINDOW, wants_windows
from asl_inspector.gui.network_controls import NetworkControls
from asl_inspector.gui.panel_building import PANELS
from asl_inspector.gui.scheme import KEY, SCHEMES, apply_scheme, chosen_scheme
from asl_inspector.programs.consent import WITH_CONSENT

if TYPE_CHECKING:
    from asl_inspector.gui.main_window import MainWindow


class Menus(QObject):
    """Everything that can be done, with its keys."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        bar = window.menuBar()
        file_menu = bar.addMenu("&File")
        file_menu.addAction("&Open files...", QKeySequence.StandardKey.Open, window.questions.ask_files)
        file_menu.addAction("Open &folder...", QKeySequence("Ctrl+Shift+O"), window.questions.ask_folder)
        file_menu.addAction("Open the &demo case", window.questions.open_demo)
        file_menu.addSeparator()
        window.recents.add_to(file_menu)
        window.case_files.add_to(file_menu)
        file_menu.addSeparator()
        window.exports.add_to(file_menu)
        self.export_actions = window.exports.actions
        file_menu.addSeparator()
        file_menu.addAction("C&lose case", QKeySequence("Ctrl+W"), window.session.clear)
        file_menu.addAction("&Quit", QKeySequence.StandardKey.Quit, window.close)
        edit_menu = bar.addMenu("&Edit")
        window.undoing.add_to(edit_menu)
        edit_menu.addSeparator()
        edit_menu.addAction("Copy panel as &text", QKeySequence("Ctrl+Shift+C"), window.copy_panel_text)
        edit_menu.addAction("Copy panel as &image", QKeySequence("Ctrl+Shift+I"), window.copy_panel_image)
        self._add_view_menu(bar.addMenu("&View"))
        self._add_run_menu(bar.addMenu("&Run"))
        help_menu = bar.addMenu("&Help")
        window.helping.add_to(help_menu)
        help_menu.addSeparator()
        help_menu.addAction("Copy &diagnostics for a bug report", window.wants_bug_report.emit)
        help_menu.addAction("&About ASL Inspector", window.questions.about)

    def _add_view_menu(self, menu: QMenu) -> None:
        window = self._window
        for index, title in enumerate(PANELS):
            menu.addAction(title, QKeySequence(keys_of(index)), partial(window.show_panel, index))
        menu.addSeparator()
        group = QActionGroup(self)
        chosen = chosen_scheme(window.settings)
        for name, value in SCHEMES:
            action = self._choice(menu, group, name, checked=value == chosen)
            action.triggered.connect(partial(self._choose_scheme, value))
        menu.addSeparator()
        apart = menu.addAction("Open a &window for every start")
        apart.setToolTip("Otherwise files that are opened from outside come into the window that is there")
        apart.setCheckable(True)
        apart.setChecked(wants_windows(window.settings))
        apart.toggled.connect(partial(window.settings.setValue, NEW_WINDOW))

    def _add_run_menu(self, menu: QMenu) -> None:
        window = self._window
        menu.addAction("&Run again", QKeySequence.StandardKey.Refresh, window.session.run_again)
        menu.addAction("&Cancel", QKeySequence("Esc"), window.session.cancel)
        menu.addSeparator()
        self.program_action = menu.addAction("Run the &program in the checkpoint...", window.questions.ask_program)
        self.program_action.setEnabled(False)
        self.code_action = menu.addAction("Run with code of your &own...", window.questions.ask_code)
        self.code_action.setEnabled(False)
        self.forbid_action = menu.addAction("&Stop allowing code", window.session.forbid)
        self.forbid_action.setEnabled(False)
        menu.addSeparator()
        self.network = NetworkControls(window.session, menu, window.diagnosis.network, window)

    def _choice(self, menu: QMenu, group: QActionGroup, name: str, *, checked: bool) -> QAction:
        action = menu.addAction(name)
        action.setCheckable(True)
        action.setChecked(checked)
        group.addAction(action)
        return action

    def _choose_scheme(self, scheme: str, _checked: bool = False) -> None:
        self._window.settings.setValue(KEY, scheme)
        apply_scheme(scheme)

    def show_case(self, case: CaseView) -> None:
        """Offer what can be done with these files."""
        has_checkpoint = any(row.role is Role.CHECKPOINT for row in case.files)
        self.code_action.setEnabled(has_checkpoint)
        self.program_action.setEnabled(case.checkpoint is not None and case.checkpoint.format in WITH_CONSENT)
        self.forbid_action.setEnabled(self._window.session.settings.consent is not None)

    def show_inspection(self, inspection: InspectionView | None) -> None:
        """Offer to export what is complete."""
        for action in self.export_actions:
            action.setEnabled(inspection is not None and not inspection.partial)


def keys_of(panel: int) -> str:
    """The digits for the first ten panels, with Shift for those after them."""
    return f"Ctrl+{(panel + 1) % 10}" if panel < 10 else f"Ctrl+Shift+{(panel + 1) % 10}"
