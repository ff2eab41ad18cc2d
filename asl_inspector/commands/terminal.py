"""What every command shares: exit statuses, the terminal, and a mistake in the command itself."""

from __future__ import annotations

import difflib
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from asl_inspector.errors import InspectorError
from asl_inspector.progress import Step
from asl_inspector.visible_text import visible

HEALTHY, FINDINGS, UNUSABLE, INTERRUPTED = 0, 1, 2, 130
SECONDS_BETWEEN_UPDATES = 0.1
FAILING = {"critical": ("critical",), "warning": ("critical", "warning"), "never": ()}
ALIKE = 0.6  # how like a name has to be to be offered for a mistyped one


class UsageError(InspectorError):
    """The command line asks for something impossible."""


class Terminal:
    """Progress on stderr: one line that is written over, and only where a person watches."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.live = not quiet and sys.stderr.isatty()
        self.last = 0.0
        self.width = 0

    def show(self, step: Step) -> None:
        """Show how far the work is."""
        now = time.monotonic()
        if not self.live or now - self.last < SECONDS_BETWEEN_UPDATES:
            return
        self.last = now
        count = f" {step.done:,} of {step.total:,} {step.unit}" if step.total else ""
        line = f"{visible(step.what)}{count}"[:78]
        print(f"\r{line:<{self.width}}", end="", file=sys.stderr, flush=True)
        self.width = len(line)

    def clear(self) -> None:
        """Take the progress line away, so that the results start on a clean one."""
        if self.width:
            print("\r" + " " * self.width + "\r", end="", file=sys.stderr, flush=True)
            self.width = 0

    def say(self, text: str) -> None:
        """A message on a line of its own, even when quiet."""
        self.clear()
        print(visible(text, one_line=False), file=sys.stderr)

    def inform(self, text: str) -> None:
        """A message that `--quiet` leaves out."""
        if not self.quiet:
            self.say(text)


def status_of(severities: Iterable[object], fail_on: str) -> int:
    """1 where a finding is at or above `fail_on`, else 0."""
    return FINDINGS if any(one in FAILING[fail_on] for one in severities) else HEALTHY


def check_there(paths: Iterable[Path]) -> None:
    """Raise for the first path of the command under which there is nothing, with what it may have meant.

    Raises:
        UsageError: If there is one.
    """
    for path in paths:
        if os.path.lexists(path):
            continue
        folder = path.parent
        if not folder.is_dir():
            raise UsageError(f"There is no folder “{folder}”.", advice="Check the spelling.")
        near = difflib.get_close_matches(path.name, os.listdir(folder), n=1, cutoff=ALIKE)
        meant = f" Did you mean “{near[0]}”?" if near else ""
        raise UsageError(
            f"There is no file “{path.name}” in “{folder.absolute()}”.", advice=f"Check the spelling.{meant}"
        )
