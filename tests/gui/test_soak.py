"""Hundreds of rounds of open, run, cancel and close leave nothing behind: no memory, no thread, no process, no warning.

Each round is a window of its own on one engine process: a case is opened and run, run again and cancelled somewhere in it,
and the window is closed. Every tenth case is the demo, looked at in all panels; the others are small, or the rounds would
take ten minutes. Memory is what the system says of both processes. Python, torch and Qt fill their caches at first and keep what they were given, so the
growth is the slope of a robust line through the last hundred rounds.
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
MOST_GROWTH = 20_000  # bytes a round: a leaked window of this kind is 3 MB and more
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


def one_round(qtbot: QtBot, engine: Engine, folder: Path, files: list[Path], after_ms: int) -> None:
    window = MainWindow(Session(engine), QSettings(str(folder / "s.ini"), QSettings.Format.IniFormat))
    session = window.session
    with qtbot.waitSignal(window.ready, timeout=20_000):
        window.show()
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
    with qtbot.waitSignal(window.closed, timeout=20_000):
        window.close()
    window.deleteLater()
    del window, session
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    gc.collect()


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells memory in another way")
def test_rounds_of_open_run_cancel_and_close_leave_nothing(qtbot: QtBot, run: Run, tmp_path: Path) -> None:
    engine = Engine()
    random = np.random.default_rng(SEED)
    memory: list[tuple[int, int]] = []
    counts: list[tuple[int, int, int, int]] = []
    try:
        for number in range(ROUNDS):
            files = demo_files() if number % DEMO == 0 else run.files
            one_round(qtbot, engine, tmp_path, files, int(random.integers(0, 80)))
            pid = engine.pid
            assert pid is not None
            memory.append((resident(os.getpid()), resident(pid)))
            counts.append(
                (threading.active_count(), threads(os.getpid()), threads(pid), len(QApplication.topLevelWidgets()))
            )
    finally:
        engine.stop()
    Path("/tmp/soak.txt").write_text(
        str([slope([one[which] for one in memory[WARM:]]) for which in (0, 1)]) + str(memory) + str(counts)
    )
    report = f"memory {memory[WARM]} to {memory[-1]}, threads and windows {counts[WARM]} to {counts[-1]}"
    for which in (0, 1):
        assert slope([one[which] for one in memory[WARM:]]) < MOST_GROWTH, report
    for which in range(4):
        late = [one[which] for one in counts[WARM:]]
        assert np.median(late[-20:]) <= np.median(late[:20]), report
    assert counts[-1][0] <= counts[0][0], report
    Path("/tmp/soak.txt").write_text(
        report + str([slope([one[which] for one in memory[WARM:]]) for which in (0, 1)]) + str(memory) + str(counts)
    )
