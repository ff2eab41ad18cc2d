"""The log is written, bounded, and takes in what a crash left."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import qInstallMessageHandler, qWarning

from asl_inspector.gui.life import logbook
from asl_inspector.gui.life.logbook import CRASH, LOG, start_log
from asl_inspector.report.contents import Problem


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    qInstallMessageHandler(None)
    logbook.end_log()


def test_what_happens_is_in_the_log(tmp_path: Path) -> None:
    book = start_log(tmp_path / "new" / "folder")
    assert book.path == tmp_path / "new" / "folder" / LOG
    logging.getLogger("somewhere").warning("it rains")
    logbook.log_problem(Problem("It failed.", "Try again.", "line 3"))
    qWarning("a plot without a size")
    told = "\n".join(book.last_lines(100))
    assert "starts on Python" in told
    assert "it rains" in told
    assert "It failed. Try again." in told
    assert "line 3" in told
    assert "a plot without a size" in told


def test_the_log_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logbook, "LARGEST", 2_000)
    start_log(tmp_path)
    for number in range(500):
        logging.getLogger("x").info("line %d", number)
    files = sorted(path.name for path in tmp_path.glob(f"{LOG}*"))
    assert files == [LOG, f"{LOG}.1", f"{LOG}.2", f"{LOG}.3"]
    assert max((tmp_path / name).stat().st_size for name in files) <= 2_000
    assert "line 499" in (tmp_path / LOG).read_text()


def test_a_log_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    book = start_log(tmp_path / "file" / "logs")
    assert book.path is None
    assert book.last_lines(5) == []


def test_a_native_crash_is_told_at_the_next_start(tmp_path: Path) -> None:
    code = (
        "import sys, faulthandler; from pathlib import Path\n"
        "from asl_inspector.gui.life.logbook import start_log\n"
        "start_log(Path(sys.argv[1])); faulthandler._sigsegv()"
    )
    ran = subprocess.run([sys.executable, "-c", code, tmp_path], capture_output=True, check=False, timeout=120)
    assert ran.returncode < 0
    book = start_log(tmp_path)
    assert "Segmentation fault" in book.crash
    assert "Segmentation fault" in "\n".join(book.last_lines(100))
    assert (tmp_path / CRASH).stat().st_size == 0  # told once
