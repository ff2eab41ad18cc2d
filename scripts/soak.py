"""Opens, runs, cancels and closes cases in one window, round after round, and tells what both processes hold after each.

    python scripts/soak.py ROUNDS          JSON: a list of rounds, and Qt's warnings

Every tenth case is the demo, looked at in all panels; the others are small, or 200 rounds would take ten minutes.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from makers import make_run
from PySide6.QtCore import QEventLoop, QSettings, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from asl_inspector.bundled_files import demo_files
from asl_inspector.engine.client import Engine
from asl_inspector.gui.app import new_application
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.scheme import apply_scheme
from asl_inspector.gui.session import Session

DEMO = 10  # every so many rounds
SECONDS_TO_WAIT = 60
LONGEST_RUN_MS = 80  # after which it is cancelled
SEED = 7
USUAL = "This plugin does not support propagateSizeHints"  # Qt's offscreen platform


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def threads(pid: int) -> int:
    """How many threads a process has."""
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def wait(signal: object, act: Callable[[], None]) -> None:
    """Act, and wait for what follows."""
    loop, late = QEventLoop(), QTimer()
    signal.connect(loop.quit)  # type: ignore[attr-defined]
    late.timeout.connect(lambda: loop.exit(1))
    late.start(1000 * SECONDS_TO_WAIT)
    act()
    if loop.exec():
        raise TimeoutError("nothing came of it within a minute")


def one_round(window: MainWindow, files: list[Path], after_ms: int) -> None:
    """Open, run, run again and cancel, close."""
    session = window.session
    wait(session.became_idle, lambda: window.open_files(files))
    for index in range(len(window.panels) if files == demo_files() else 0):
        window.show_panel(index)
        QTest.qWait(5)

    def run_and_cancel() -> None:
        session.run_again()
        QTest.qWait(after_ms)
        session.cancel()

    wait(session.became_idle, run_and_cancel)
    wait(session.became_idle, session.clear)
    while not session.jobs.is_idle:
        QTest.qWait(10)


def main() -> int:
    """Go through the rounds."""
    faulthandler.enable()
    warnings: list[str] = []

    def hear(kind: QtMsgType, _where: object, text: str) -> None:
        if kind != QtMsgType.QtDebugMsg and not text.startswith(USUAL):
            warnings.append(text)

    qInstallMessageHandler(hear)
    application = new_application()
    apply_scheme("light")
    engine, random, told = Engine(), np.random.default_rng(SEED), []
    with tempfile.TemporaryDirectory() as name:
        run = make_run(Path(name) / "run")
        settings = QSettings(str(Path(name) / "s.ini"), QSettings.Format.IniFormat)
        window = MainWindow(Session(engine), settings)
        wait(window.ready, window.show)
        for number in range(int(sys.argv[1])):
            files = demo_files() if number % DEMO == 0 else run.files
            one_round(window, files, int(random.integers(0, LONGEST_RUN_MS)))
            own, pid = os.getpid(), engine.pid or 0
            told.append(
                {
                    "memory": [resident(own), resident(pid)],
                    "threads": [threading.active_count(), threads(own), threads(pid)],
                    "windows": len(QApplication.topLevelWidgets()),
                }
            )
        window.close()
    engine.stop()
    application.quit()
    print(json.dumps({"rounds": told, "warnings": warnings}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
