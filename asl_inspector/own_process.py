"""How the program starts a process of its own: the same interpreter, isolated from the user's environment and folder."""

from __future__ import annotations

import sys
from pathlib import Path

PATHS = "--paths"


def isolated_command(code: str, *arguments: str) -> list[str]:
    """A command line that runs a line of the program's own code.

    Args:
        code: Python; `sys` is imported, and `sys.argv[1:]` starts with the arguments.
        arguments: Further words.
    """
    here = str(Path(__file__).parent.parent)
    paths = [here, *(path for path in sys.path if path and Path(path).is_absolute() and path != here)]
    start = f"import sys; sys.path[:] = sys.argv[sys.argv.index({PATHS!r}) + 1 :]; "
    return [sys.executable, "-I", "-S", "-c", start + code, *arguments, PATHS, *paths]


def is_frozen() -> bool:
    """True where the program is one file with its own interpreter, which takes no code but hidden commands."""
    return bool(getattr(sys, "frozen", False))
