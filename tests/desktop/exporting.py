"""The report, exported by keyboard as a user does it."""

from __future__ import annotations

import time
from pathlib import Path

from desktop.conftest import Desktop


def export_by_keyboard(desktop: Desktop, window: str, target: Path, *, until_done_s: int, until_written_s: int) -> None:
    """Export the report of a window to `target`, once its run is done."""

    def ask_for_the_dialog() -> str:
        """Ctrl+E does nothing before the run is done, and a run has no other sign that can be waited for here."""
        desktop.tool("windowactivate", "--sync", window)
        desktop.tool("key", "--clearmodifiers", "ctrl+e")
        time.sleep(1)
        return desktop.tool("search", "--onlyvisible", "--name", "Export diagnosis").split("\n")[0]

    dialog = desktop.wait(ask_for_the_dialog, until_done_s, "no window “Export diagnosis”")
    desktop.tool("windowactivate", "--sync", dialog)
    desktop.tool("key", "ctrl+a")
    desktop.tool("type", "--delay", 5, target)
    desktop.tool("key", "Return")
    desktop.wait(lambda: "yes" if target.exists() else "", until_written_s, "no report")
