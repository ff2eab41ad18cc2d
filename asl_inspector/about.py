"""The program's own name and version."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

NAME = "ASL Inspector"


def program_version() -> str:
    """The installed version, or "unknown" when run from a bare source tree."""
    try:
        return version("asl-inspector")
    except PackageNotFoundError:
        return "unknown"


def library_version(distribution: str) -> str | None:
    """The version of an installed library, told without importing it, or None where it is absent."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
