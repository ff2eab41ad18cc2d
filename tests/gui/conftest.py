"""A window whose engine runs in the test's own process, so that a test takes milliseconds."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from asl_inspector.engine.service import Service, Talk
from asl_inspector.gui import theme
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.gui.session import Session
from asl_inspector.progress import CancelToken, Progress, silent


class DirectEngine:
    """Answers like `Engine`, without a process of its own."""

    def __init__(self) -> None:
        self.service = Service()
        self.calls: list[str] = []

    def call(
        self,
        method: str,
        *arguments: object,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
        publish: Callable[[object], None] | None = None,
    ) -> object:
        self.calls.append(method)
        if method == "warm_up":
            return ""
        talk = Talk(progress, cancel or CancelToken(), publish or (lambda _: None))
        return getattr(self.service, method)(talk, *arguments)

    def stop(self) -> None:
        """Nothing to stop."""


@pytest.fixture(scope="session", autouse=True)
def _frozen() -> None:
    """What is there before the first window need not be looked through after each."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _garbage(request: pytest.FixtureRequest) -> Iterator[None]:
    """As `gui.collecting` has it in the program: no worker's thread takes widgets apart."""
    gc.disable()
    yield
    if "qtbot" in request.fixturenames:
        gc.collect()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _style(qapp: QApplication) -> None:
    """As the program starts; fonts that are loaded before every test slow down all that are drawn later."""
    qapp.setStyle("Fusion")
    theme.load_fonts()
    apply_scheme("light")


@pytest.fixture(autouse=True)
def _scheme(_style: None) -> None:
    """Light, whatever the test before has chosen; a style sheet is laid over every widget there is, so only if needed."""
    if theme.Scheme.colours is not theme.LIGHT:
        apply_scheme("light")


@pytest.fixture
def engine() -> DirectEngine:
    return DirectEngine()


@pytest.fixture
def window(qtbot: QtBot, engine: DirectEngine, tmp_path: Path) -> Iterator[MainWindow]:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    window = MainWindow(Session(engine), settings)  # type: ignore[arg-type]
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.ready, timeout=5_000):
        window.show()
    yield window
    window.session.close()
    qtbot.waitUntil(lambda: window.session.jobs.is_idle, timeout=20_000)
