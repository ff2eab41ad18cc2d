"""By what name the result of a sweep is known."""

from __future__ import annotations

from pathlib import Path

SUMMARY = "sweep.json"


def is_sweep(path: Path) -> bool:
    """True for a folder that holds the result of a sweep, and for that result."""
    try:
        return (path / SUMMARY).is_file() if path.is_dir() else path.name == SUMMARY and path.is_file()
    except OSError:
        return False
