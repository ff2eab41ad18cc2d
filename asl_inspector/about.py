"""The program's own name and version."""

from __future__ import annotations

NAME = "ASL Inspector"


def program_version() -> str:
    """The installed version, or "unknown" when run from a bare source tree."""
    return library_version("asl-inspector") or "unknown"


def library_version(distribution: str) -> str | None:
    """The version of an installed library, told without importing it, or None where it is absent."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
