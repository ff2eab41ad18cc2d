"""Ends the process at once when reading a file would import, open, start or reach anything.

Python announces such acts as audit events before they happen. A reader of data needs none of them, so all events are
forbidden but the few harmless ones below; an event nobody thought of is forbidden too.

Source: Python documentation, "Audit events table".
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

EXIT_STATUS = 97
REPORT = 2  # standard error, which the parent reads
HARMLESS = frozenset(
    {
        "builtins.id",
        "compile",  # the text of a notebook cell becomes a syntax tree; to run anything takes the event "exec"
        "gc.get_objects",
        "object.__getattr__",
        "sys._getframe",
        "sys.unraisablehook",
    }
)


def arm() -> None:
    """From now on the process may only compute and write to what it has open."""
    sys.addaudithook(_judge)


def _judge(event: str, arguments: tuple[object, ...]) -> None:
    if event not in HARMLESS:
        _end(event, arguments)


def _end(event: str, arguments: tuple[object, ...]) -> NoReturn:
    first = arguments[0] if arguments and isinstance(arguments[0], str) else ""
    try:
        os.write(REPORT, f"{event} {first[:200]!a}\n".encode("ascii", "replace"))
    finally:
        os._exit(EXIT_STATUS)
