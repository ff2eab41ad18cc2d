"""What a bug report needs and nobody minds to show: versions, the machine, the youngest lines of the log.

File names, folders, the user's name and the computer's name are taken out.
"""

from __future__ import annotations

import getpass
import platform
import re
import socket
from collections.abc import Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import qVersion
from PySide6.QtGui import QGuiApplication

from asl_inspector.about import NAME, library_version, program_version

LIBRARIES = ("torch", "numpy", "scipy", "PySide6-Essentials", "pyarrow", "h5py", "onnxruntime", "typst")
ABSOLUTE = re.compile(r"(?<![\w.~])(?:[A-Za-z]:)?(?:[/\\][^\s/\\:\"'“”<>|*?]+)+[/\\]([^\s/\\:\"'“”<>|*?]+)")
SHORTEST_NAME = 3  # a shorter user name occurs in words


def bug_report(log: Sequence[str], files: Iterable[Path], device: str) -> str:
    """The text to paste into a bug report.

    Args:
        log: The youngest lines of the log.
        files: Of the case; they are numbered instead of named.
        device: On which device the network ran and why, or an empty string.
    """
    screen = QGuiApplication.primaryScreen()
    lines = [
        f"{NAME} {program_version()}",
        f"Python {platform.python_version()}, {platform.platform()}, {platform.machine()}",
        f"Qt {qVersion()} ({QGuiApplication.platformName()})",
    ]
    if screen is not None:
        size = screen.size()
        lines.append(f"Screen {size.width()} x {size.height()}, scale {screen.devicePixelRatio():g}")
    known = ((name, library_version(name)) for name in LIBRARIES)
    lines.append(", ".join(f"{name} {version}" for name, version in known if version))
    lines.append(f"Device: {device or 'no network ran'}")
    if log:
        lines += ["", "The end of the log:", *log]
    return without_private("\n".join(lines), files)


def without_private(text: str, files: Iterable[Path]) -> str:
    """The text with numbered files instead of named ones, and without folders, user and computer."""
    for number, path in enumerate(files, 1):
        stand_in = f"file-{number}{path.suffix}"
        text = text.replace(str(path), stand_in).replace(path.name, stand_in)
    text = ABSOLUTE.sub(r".../\1", text)
    for private, instead in ((_user(), "user"), (socket.gethostname(), "computer")):
        if len(private) >= SHORTEST_NAME:
            text = re.sub(rf"(?<!\w){re.escape(private)}(?!\w)", f"<{instead}>", text)
    return text


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""
