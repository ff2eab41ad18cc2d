"""Progress, cancellation and pauses, in plain Python.

A long function takes a `Progress` and a `CancelToken`, says how far it is through the first and asks the second
between steps. Neither knows of threads' owners, windows or terminals, so the command line and the window share the
functions. Whatever can be cancelled can be paused: it waits where it asks.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass


class Cancelled(BaseException):
    """The user cancelled. An outcome, not an error: no `except Exception` swallows it."""


class CancelToken:
    """Set by the one who cancels or pauses, asked by the one who works. Safe across threads."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._going = threading.Event()
        self._going.set()
        self._paused_at: float | None = None
        self._paused_before = 0.0

    def cancel(self) -> None:
        """Ask the work to stop at its next step, even while it pauses."""
        self._event.set()
        self._going.set()

    @property
    def is_cancelled(self) -> bool:
        """True once `cancel` was called."""
        return self._event.is_set()

    def pause(self) -> None:
        """Ask the work to wait at its next step."""
        if self._paused_at is None and not self.is_cancelled:
            self._paused_at = time.perf_counter()
            self._going.clear()

    def go_on(self) -> None:
        """End a pause."""
        if self._paused_at is not None:
            self._paused_before += time.perf_counter() - self._paused_at
            self._paused_at = None
        self._going.set()

    @property
    def is_paused(self) -> bool:
        """True between `pause` and `go_on` or `cancel`."""
        return not self._going.is_set()

    def clock(self) -> float:
        """Seconds on a clock that stands still during pauses: what has a deadline, or is timed, goes by it."""
        since = self._paused_at
        now = time.perf_counter() if since is None else since
        return now - self._paused_before

    def raise_if_cancelled(self) -> None:
        """Wait while there is a pause, and raise `Cancelled` if the user cancelled."""
        if not self._going.is_set():
            self._going.wait()
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
