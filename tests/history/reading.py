"""Writing a history file and reading it back."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.history.opening import open_history
from asl_inspector.history.records import History
from asl_inspector.mapped_file import MappedFile


def read(folder: Path, text: str, name: str = "log.txt") -> History:
    """The history in a file with this text."""
    (folder / name).write_text(text, encoding="utf-8")
    return open_history(MappedFile(folder / name))
