"""Is there a window already, and does the user want one for every start? Answered before the window, so with little loaded."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from PySide6.QtCore import QDir, QSettings

from asl_inspector.gui.life.settings import yes

NEW_WINDOW = "window/new"


def wants_windows(settings: QSettings) -> bool:
    """True where the user wants a window for every start."""
    return yes(settings, NEW_WINDOW)


def socket_name() -> str:
    """The socket of this user's windows."""
    return "asl-inspector-" + hashlib.sha256(str(Path.home()).encode()).hexdigest()[:16]


def may_be_there(name: str = "") -> bool:
    """False where no window can be listening: there is no socket (a crash may leave one behind)."""
    return sys.platform == "win32" or (Path(QDir.tempPath()) / (name or socket_name())).exists()
