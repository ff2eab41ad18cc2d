"""The command line.

Progress and messages go to stderr, results to stdout. Exit status: 0 no finding at or above `--fail-on`, 1 there is
one, 2 unusable input or usage, 130 interrupted. Nothing here imports Qt or torch before a command needs it.
"""

from __future__ import annotations

import argparse
import atexit
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import NoReturn

from asl_inspector.commands.terminal import HEALTHY, INTERRUPTED, UNUSABLE, Terminal
from asl_inspector.errors import InspectorError
from asl_inspector.progress import Cancelled, CancelToken

COMMANDS = ("diagnose", "changes", "keys", "compare", "sweep", "demo")
Run = Callable[[argparse.Namespace, Terminal, CancelToken], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program; returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] == "_engine":
        from pathlib import Path

        from asl_inspector.engine.serving import serve

        serve(Path(given[1]) if len(given) > 1 else None)
    if given and given[0] == "_reader":
        from asl_inspector.workers import serving

        serving.serve(once=given[1:] == ["once"])
        return HEALTHY
    if given == ["_measure"]:
        from asl_inspector.checkpoints import measuring_apart

        measuring_apart.serve()
        return HEALTHY
    if given == ["_program"]:  # a process that runs a network of somebody else, and nothing besides
        from asl_inspector.programs import child

        child.serve()
    if given and given[0] == "_sweeper":  # a process that inspects for a sweep
        from asl_inspector.sweep.engines import serving as sweeping

        sweeping.serve(fork=given[1:] == ["fork"])
    if not given or given[0] not in (*COMMANDS, "-h", "--help", "--version"):
        from asl_inspector.commands.window import open_window

        return open_window(given)
    from asl_inspector.commands.parsing import parser

    options = parser().parse_args(given)
    terminal = Terminal(quiet=getattr(options, "quiet", False))
    cancel = CancelToken()
    _cancel_on_interrupt(cancel)
    try:
        return _run_of(options.command)(options, terminal, cancel)
    except InspectorError as error:
        terminal.say(str(error))
        return UNUSABLE
    except (Cancelled, KeyboardInterrupt):
        terminal.say("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - the reader has gone; nothing more can be written
        return HEALTHY


def run() -> NoReturn:
    """The program as a process: `main`, and the end.

    Where torch was loaded the process ends at once, after its output is written: threads of its libraries that still
    wait for work can abort the teardown of the interpreter ("terminate called without an active exception", seen once in
    some hundred runs on a busy machine), and a finished diagnosis would end with status 134.
    """
    status = main()
    if "torch" not in sys.modules:
        sys.exit(status)
    atexit._run_exitfuncs()  # processes are ended and folders removed; logging is closed
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # its reader has gone
            stream.flush()
    os._exit(status)


def _cancel_on_interrupt(cancel: CancelToken) -> None:
    """Ctrl-C asks the work to stop; a second one stops Python itself."""

    def interrupted(_signal: int, _frame: FrameType | None) -> None:
        if cancel.is_cancelled:
            raise KeyboardInterrupt
        cancel.cancel()

    signal.signal(signal.SIGINT, interrupted)


def _run_of(command: str) -> Run:
    """The function that runs a command; what another command needs is not imported."""
    if command == "diagnose":
        from asl_inspector.commands.diagnosing import diagnose

        return diagnose
    if command == "changes":
        from asl_inspector.commands.changing import changes

        return changes
    if command == "sweep":
        from asl_inspector.commands.sweeping import sweep

        return sweep
    if command == "demo":
        from asl_inspector.commands.window import demo

        return demo
    from asl_inspector.commands.checkpoints import compare, keys

    return keys if command == "keys" else compare
