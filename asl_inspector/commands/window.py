"""The window, and the demo case in it or as a report."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from asl_inspector.commands.terminal import HEALTHY, UNUSABLE, Terminal
from asl_inspector.progress import CancelToken, Step
from asl_inspector.visible_text import visible

DEMO_REPORT = "asl-inspector-demo.pdf"


def demo(options: argparse.Namespace, terminal: Terminal, cancel: CancelToken) -> int:
    """The bundled case; returns the exit status."""
    from asl_inspector.bundled_files import demo_files
    from asl_inspector.inspection import Inspector
    from asl_inspector.report.exporting import export

    if options.pdf is None and has_screen():
        return open_window([str(path) for path in demo_files()])
    target = options.pdf or Path(DEMO_REPORT)
    if options.pdf is None:
        terminal.say("There is no screen here, so the demo case goes straight to a report.")
    inspector = Inspector()
    inspector.add(demo_files(), progress=terminal.show, cancel=cancel)
    inspector.hash_files(cancel=cancel)
    inspected = inspector.inspect(progress=terminal.show, cancel=cancel)
    terminal.show(Step("Typesetting the report"))
    for note in export(inspected, target, "pdf"):
        terminal.say(note)
    terminal.inform(f"The report is in {target}.")
    return HEALTHY


def has_screen() -> bool:
    """True where a window can be shown."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY") or os.environ.get("QT_QPA_PLATFORM"))


def open_window(arguments: list[str]) -> int:
    """Open the window with these files dropped on it.

    Args:
        arguments: Paths, or addresses of files as file managers give them; `--new-window` for a window beside one that
            is there.
    """
    new_window = "--new-window" in arguments
    arguments = [local_path(argument) for argument in arguments if argument != "--new-window"]
    unknown = [argument for argument in arguments if argument.startswith("-")]
    if unknown:
        print(f"asl-inspector: unknown option {visible(unknown[0])}; see asl-inspector --help", file=sys.stderr)
        return UNUSABLE
    strange = [argument for argument in arguments if not Path(argument).exists()]
    if strange:
        print(
            f"asl-inspector: “{visible(strange[0])}” is neither a command nor a file; see asl-inspector --help",
            file=sys.stderr,
        )
        return UNUSABLE
    if not has_screen():
        print(
            "asl-inspector: there is no screen to open a window on; diagnose, keys and compare need none.",
            file=sys.stderr,
        )
        return UNUSABLE
    try:
        from asl_inspector.gui.app import run
    except ImportError as error:
        if not (error.name or "").startswith("PySide6"):
            raise
        print(
            "The window needs Qt, which is not installed: pip install 'asl-inspector[gui]'. "
            "Without it, `asl-inspector diagnose`, `keys` and `compare` work.",
            file=sys.stderr,
        )
        return UNUSABLE
    return run([Path(argument) for argument in arguments], new_window=new_window)


def local_path(argument: str) -> str:
    """The path of a `file://` address on this machine; anything else as it is."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    if not argument.startswith("file://"):
        return argument
    parts = urlsplit(argument)
    return url2pathname(parts.path) if parts.netloc in ("", "localhost") else argument
