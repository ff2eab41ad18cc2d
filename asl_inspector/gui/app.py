"""Starting the window. Torch is not imported here; the engine process has it."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from asl_inspector.about import NAME
from asl_inspector.engine.client import Engine
from asl_inspector.gui import theme
from asl_inspector.gui.collecting import Collector
from asl_inspector.gui.life.logbook import start_log
from asl_inspector.gui.life.settings import bring_up_to_date
from asl_inspector.gui.life.windows import may_be_there, wants_windows
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.scheme import SYSTEM, apply_scheme, chosen_scheme
from asl_inspector.gui.session import Session

if TYPE_CHECKING:
    from asl_inspector.gui.life.living import Life

SIGNAL_POLL_MS = 200


def new_application() -> QApplication:
    """The application with its style, fonts and names."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("asl-inspector")
    application.setApplicationDisplayName(NAME)
    application.setOrganizationName("asl-inspector")
    application.setDesktopFileName("asl-inspector")
    application.setStyle("Fusion")
    theme.load_fonts()
    application.setFont(theme.font())
    Collector(application)
    application.setWindowIcon(QIcon(theme.icon_path("asl-inspector.svg")))
    return application


def run(paths: list[Path], *, new_window: bool = False) -> int:
    """Open the window with these files and stay until it is closed; or hand them to the window that is there.

    Args:
        paths: The files.
        new_window: True to open a window beside one that is there.
    """
    paths = [path.absolute() for path in paths]
    application = new_application()
    settings = QSettings()
    bring_up_to_date(settings)
    new_window = new_window or wants_windows(settings)
    if not new_window and may_be_there():
        from asl_inspector.gui.life.single_instance import hand_over

        if hand_over(paths):
            return 0
    logbook = start_log()
    apply_scheme(chosen_scheme(settings))
    application.styleHints().colorSchemeChanged.connect(_follow_system)
    engine = Engine()
    window = MainWindow(Session(engine), settings)
    window.closed.connect(application.quit)  # Qt quits by itself only where the last window was visible to the end
    lives: list[Life] = []

    def live() -> None:
        """Once the window is complete: what this needs would hold up its first paint."""
        from asl_inspector.gui.life.living import Life

        life = Life(window, window.session, engine, logbook)
        lives.append(life)
        window.wants_bug_report.connect(life.copy_bug_report)
        if not new_window:
            life.listen()
        if not paths:
            life.offer_rescued()

    window.ready.connect(live)
    if sys.platform == "darwin":  # elsewhere no such events come, and a filter in Python would slow every other one
        from asl_inspector.gui.life.open_events import OpenEvents

        OpenEvents(application).arrived.connect(window.open_files)
    window.open_files(paths)
    window.show()
    signal.signal(signal.SIGINT, lambda *_: window.close())
    ticking = QTimer()  # Python hears a signal only when it runs
    ticking.start(SIGNAL_POLL_MS)
    ticking.timeout.connect(_breathe)
    try:
        return application.exec()
    finally:
        engine.stop()
        for life in lives:
            life.end()


def _breathe() -> None:
    """Give Python a chance to handle signals."""


def _follow_system() -> None:
    if chosen_scheme(QSettings()) == SYSTEM:
        apply_scheme(SYSTEM)
