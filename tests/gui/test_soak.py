"""Hundreds of rounds of open, run, cancel and close leave nothing behind: no memory, no thread, no window, no warning.

A round opens a case and runs it, runs it again and cancels somewhere in it, and closes the case. Every tenth case is the
demo, looked at in all panels, and after it the window is closed and another one opened on the same engine process; the
other cases are small, or the rounds would take ten minutes. Memory is what the system says of both processes. Python, torch
and Qt fill their caches at first and keep what they were given, so the growth is the slope of a robust line through the
last hundred rounds. A window of this kind that was made and deleted leaves 20 kB in Qt's style sheets, one for each box of
choices (a bare `QComboBox` leaves 1 kB), which is a tenth of that a round.
"""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path

import numpy as np
import pytest
from makers import Run
from PySide6.QtCore import QCoreApplication, QEvent, QSettings
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from asl_inspector.bundled_files import demo_files
from asl_inspector.engine.client import Engine
from asl_inspector.gui.main_window import MainWindow
from asl_inspector.gui.session import Session

ROUNDS, WARM = 200, 100
DEMO = 10  # every so many rounds
MOST_GROWTH = 10_000  # bytes a round: a window that is kept is 300,000 a round, the results of a small case 50,000
SEED = 7


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


def slope(values: list[int]) -> float:
    """Theil and Sen's: the median of the slopes of all pairs, which a few jumps do not move."""
    held = np.array(values, float)
    first, second = np.triu_indices(len(held), 1)
    return float(np.median((held[second] - held[first]) / (second - first)))


def opened(qtbot: QtBot, engine: Engine, folder: Path) -> MainWindow:
    window = MainWindow(Session(engine), QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat))
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
    return window


def one_round(qtbot: QtBot, window: MainWindow, files: list[Path], after_ms: int) -> None:
    session = window.session
    with qtbot.waitSignal(session.became_idle, timeout=60_000) as ended:
        window.open_files(files)
    assert ended.args == ["Done"]
    for index in range(len(window.panels) if files == demo_files() else 0):
        window.show_panel(index)
        qtbot.wait(5)
    with qtbot.waitSignal(session.became_idle, timeout=60_000) as ended:
        session.run_again()
        qtbot.wait(after_ms)
        session.cancel()
    assert ended.args[0] in ("Cancelled", "Done")  # it may have been quicker
    with qtbot.waitSignal(session.became_idle, timeout=60_000) as ended:
        session.clear()
    qtbot.waitUntil(lambda: session.jobs.is_idle, timeout=20_000)


def closed(qtbot: QtBot, window: MainWindow) -> None:
    with qtbot.waitSignal(window.closed, timeout=20_000):
        window.close()
    window.deleteLater()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory in another way")
def test_rounds_of_open_run_cancel_and_close_leave_nothing(qtbot: QtBot, run: Run, tmp_path: Path) -> None:
    engine = Engine()
    random = np.random.default_rng(SEED)
    memory: list[tuple[int, int]] = []
    counts: list[tuple[int, ...]] = []
    window = opened(qtbot, engine, tmp_path)
    try:
        for number in range(ROUNDS):
            is_demo = number % DEMO == 0
            one_round(qtbot, window, demo_files() if is_demo else run.files, int(random.integers(0, 80)))
            if is_demo:
                closed(qtbot, window)
                QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
                window = opened(qtbot, engine, tmp_path)
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            gc.collect()
            pid = engine.pid
            assert pid is not None
            memory.append((resident(os.getpid()), resident(pid)))
            seen = (threading.active_count(), threads(os.getpid()), threads(pid), len(QApplication.topLevelWidgets()))
            counts.append(seen)
    finally:
        closed(qtbot, window)
        engine.stop()
    growth = [slope([one[which] for one in memory[WARM:]]) for which in (0, 1)]
    report = (
        f"{growth} bytes a round, {memory[WARM]} to {memory[-1]}; threads and windows {counts[WARM]} to {counts[-1]}"
    )
    print(report)
    assert max(growth) < MOST_GROWTH, report
    late = np.array(counts[WARM:])
    assert (np.median(late[-20:], axis=0) <= np.median(late[:20], axis=0)).all(), report
    assert counts[-1][0] <= counts[0][0], report
