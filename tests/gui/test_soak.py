"""Hundreds of rounds of open, run, cancel and close leave nothing behind: no memory, no thread, no window, no warning.

A round opens a case and runs it, runs it again and cancels somewhere in it, and closes the case, in one window on one engine
process, as a long day does; every tenth case is the demo, looked at in all panels, and the others are small, or the rounds
would take ten minutes. Windows of their own come and go in a second test. Memory is what the system says of both processes.
Python, torch and Qt fill their caches at first and keep what they were given, so the growth is the slope of a robust line
through the later half. A window that was made and deleted leaves 20 kB in Qt's style sheets, 1 kB for each box of choices,
as a bare `QComboBox` with a style sheet does too.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
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

ROUNDS, WINDOWS = 200, 40
DEMO = 10  # every so many rounds
MOST_GROWTH = 10_000  # bytes a round
MOST_LEFT = 40_000  # bytes a window: one that is kept has 3,000,000
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


class Watch:
    """What both processes hold after each round."""

    def __init__(self) -> None:
        self.memory: list[tuple[int, int]] = []
        self.counts: list[tuple[int, ...]] = []

    def note(self, engine: Engine) -> None:
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        gc.collect()
        own, pid = os.getpid(), engine.pid
        assert pid is not None
        self.memory.append((resident(own), resident(pid)))
        self.counts.append((threading.active_count(), threads(own), threads(pid), len(QApplication.topLevelWidgets())))

    def judge(self, most: int) -> None:
        half = len(self.memory) // 2
        growth = [slope([one[which] for one in self.memory[half:]]) for which in (0, 1)]
        seen = f"{growth} bytes a round, {self.memory[half]} to {self.memory[-1]}; {self.counts[half]} to {self.counts[-1]}"
        print(seen)
        assert max(growth) < most, seen
        late = np.array(self.counts[half:])
        few = len(late) // 5
        assert (np.median(late[-few:], axis=0) <= np.median(late[:few], axis=0)).all(), seen


@pytest.fixture
def engine() -> Iterator[Engine]:
    """The process, as the program has it."""
    engine = Engine()
    yield engine
    engine.stop()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory in another way")
def test_rounds_of_open_run_cancel_and_close_leave_nothing(
    qtbot: QtBot, engine: Engine, run: Run, tmp_path: Path
) -> None:
    random = np.random.default_rng(SEED)
    watch = Watch()
    window = opened(qtbot, engine, tmp_path)
    for number in range(ROUNDS):
        files = demo_files() if number % DEMO == 0 else run.files
        one_round(qtbot, window, files, int(random.integers(0, 80)))
        watch.note(engine)
    closed(qtbot, window)
    watch.judge(MOST_GROWTH)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory in another way")
def test_windows_that_are_closed_while_they_run_leave_nothing(
    qtbot: QtBot, engine: Engine, run: Run, tmp_path: Path
) -> None:
    watch = Watch()
    for number in range(WINDOWS):
        window = opened(qtbot, engine, tmp_path)
        with qtbot.waitSignal(window.session.case_changed, timeout=20_000):
            window.open_files(run.files)
        qtbot.wait(10 * (number % 8))
        closed(qtbot, window)
        del window
        watch.note(engine)
    watch.judge(MOST_LEFT)
