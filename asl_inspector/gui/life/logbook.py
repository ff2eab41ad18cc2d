"""The program's log: a file in the platform's place, bounded, with what went wrong and when.

Nothing is sent anywhere. Native crashes, which end the program before Python can speak, leave their stack in a second file
that is told and put into the log at the next start.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import os
import sys
from dataclasses import dataclass
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TextIO

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from asl_inspector.about import NAME, program_version
from asl_inspector.report.contents import Problem

LARGEST = 512 << 10  # bytes of one file
KEPT = 3  # older files
LOG, CRASH = "asl-inspector.log", "crash.txt"
LONGEST_CRASH = 64 << 10
LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Logbook:
    """Where the log is.

    Attributes:
        path: The file, or None where none can be written.
        crash: What a native crash of the run before left, or an empty string.
    """

    path: Path | None
    crash: str = ""

    def last_lines(self, count: int) -> list[str]:
        """The youngest lines of the log."""
        if self.path is None:
            return []
        with contextlib.suppress(OSError):
            return self.path.read_text("utf-8", "replace").splitlines()[-count:]
        return []


def usual_folder() -> Path:
    """The platform's folder for logs."""
    import platformdirs

    return Path(platformdirs.user_log_dir("asl-inspector", appauthor=False))


def start_log(folder: Path | None = None) -> Logbook:
    """Write warnings to the terminal, and all of note to the log; a log that cannot be written is done without.

    Args:
        folder: Where to; None for the platform's folder for logs.
    """
    folder = folder or usual_folder()
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    root.addHandler(terminal)
    qInstallMessageHandler(_on_qt_message)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = RotatingFileHandler(folder / LOG, maxBytes=LARGEST, backupCount=KEPT, encoding="utf-8", errors="replace")
        crash = _take_crash(folder / CRASH)
        _watch_for_crashes(folder / CRASH)
    except OSError as error:
        log.warning("No log can be written: %s", error)
        return Logbook(None)
    file.setFormatter(logging.Formatter("%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"))
    root.addHandler(file)
    log.info("%s %s starts on Python %s, %s", NAME, program_version(), sys.version.split()[0], sys.platform)
    if crash:
        log.critical("The run before ended in a crash:\n%s", crash)
    return Logbook(folder / LOG, crash)


def _take_crash(path: Path) -> str:
    """What a crash left, once."""
    if not path.exists():
        return ""
    told = path.read_text("utf-8", "replace")[:LONGEST_CRASH].strip()
    path.unlink()
    return told


_crash_file: list[TextIO] = []  # stays open until the end: the handler writes to its descriptor


def _watch_for_crashes(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    _crash_file[:] = [os.fdopen(descriptor, "w", encoding="utf-8")]
    faulthandler.enable(_crash_file[0])


def end_log() -> None:
    """The program ends as it should: an empty note of a crash is taken away."""
    if not _crash_file:
        return
    faulthandler.disable()
    path = usual_folder() / CRASH
    _crash_file.pop().close()
    with contextlib.suppress(OSError):
        if path.stat().st_size == 0:
            path.unlink()


def log_problem(problem: Problem) -> None:
    """What the user was told."""
    log.warning("%s %s%s", problem.sentence, problem.advice, f"\n{problem.detail}" if problem.detail else "")


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    logging.getLogger(f"qt.{context.category or 'default'}").log(LEVELS.get(kind, logging.WARNING), "%s", text)
