"""Readers whose processes run a line of a test where they would read a file."""

from __future__ import annotations

import pytest

from asl_inspector.workers import starting


def stand_in(monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    """Readers that are started from now on run `body`, which knows `request` and `outlet`, where a file would be read."""
    code = (
        "import sys; sys.path[:] = sys.argv[2:]; from asl_inspector.workers import serving\n"
        f"def opened(request, outlet):\n    import os, time\n    {body}\n"
        "serving._opened = opened; serving.serve(once=sys.argv[1] == 'once')"
    )
    usual = starting.reader_command

    def command(*, once: bool) -> list[str]:
        parts = usual(once=once)
        parts[parts.index("-c") + 1] = code
        return parts

    monkeypatch.setattr(starting, "reader_command", command)
