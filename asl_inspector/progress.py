"""Progress and cancellation, in plain Python.

A long function takes a `Progress` and a `CancelToken`, says how far it is through the first and asks the second
between steps. Neither knows of threads' owners, windows or terminals, so the command line and the window share the
functions.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(BaseException):
    """The user cancelled. An outcome, not an error: no `except Exception` swallows it."""


class CancelToken:
    """Set by the one who cancels, asked by the one who works. Safe across threads."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raise `Cancelled` if the user cancelled."""
        if self._event.is_set():
            raise Cancelled


@dataclass(frozen=True, slots=True)
class Step:
    """How far a piece of work is.

    Attributes:
        what: What is being done, in words ("Running 168 clips").
        done: Units finished.
        total: Units altogether, or None where it is not known.
        unit: What is counted ("clips"), or an empty string.
    """

    what: str
    done: int = 0
    total: int | None = None
    unit: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """A `Progress` that tells nobody."""
