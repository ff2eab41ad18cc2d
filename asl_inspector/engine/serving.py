"""The engine: a process that opens, runs and diagnoses for the window.

Torch is imported here and not in the window, whose event loop would stand still meanwhile; and what a file does to
this process, the window survives. Requests of one lane are answered one after the other by a worker thread, so that a
look at a clip need not wait for a run; the main thread reads the pipe, so that a cancellation is heard at once.
"""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import BinaryIO, NoReturn

from asl_inspector.engine.messages import Reply, ReplyKind, Request
from asl_inspector.engine.service import Service, Talk
from asl_inspector.engine.travelling import CODEC
from asl_inspector.errors import InferenceError, InspectorError
from asl_inspector.progress import Cancelled, CancelToken, Step
from asl_inspector.report.contents import Problem
from asl_inspector.wire import BrokenPipe, read_frame, write_frame

SECONDS_BETWEEN_UPDATES = 0.05
SECONDS_TO_END = 1.0  # the pipe is closed; work that does not hear of it dies with the process
POLITENESS = 5  # niceness: the window goes first
LANES = {
    "case": ("open", "inspect", "unfinished", "kept", "export", "read_case", "save_case", "changes", "export_changes"),
    "before and after": ("compare_reports",),
    "sweeps": ("open_sweep", "export_sweep"),
    "what if": ("what_if",),
    "looks": ("clip", "clip_features", "tensor", "part", "optimizers", "pair", "offer"),
    "measures": ("statistics", "health"),
    "compare": ("compare",),
    "searches": ("neighbours",),
    "glosses": ("glosses",),
    "similar clips": ("similar",),
    "epochs": ("epochs",),
    "previews": ("preview",),
    "warm up": ("warm_up",),
}
ABOUT_A_CALL = {"cancel": CancelToken.cancel, "pause": CancelToken.pause, "go_on": CancelToken.go_on}


class Server:
    """Reads requests, answers them in order, hears cancellations at once."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO, kept: Path | None = None) -> None:
        self.incoming = incoming
        self.outgoing = outgoing
        self.service = Service(kept)
        self.writing = threading.Lock()
        self.lanes: dict[str, queue.Queue[Request | None]] = {lane: queue.Queue() for lane in LANES}
        self.tokens: dict[int, CancelToken] = {}

    def run(self) -> None:
        """Serve until the window closes the pipe."""
        workers = [threading.Thread(target=self._work, args=(lane,), name=lane, daemon=True) for lane in LANES]
        for worker in workers:
            worker.start()
        with contextlib.suppress(BrokenPipe):
            while (parts := read_frame(self.incoming)) is not None:
                request = CODEC.decode(parts)
                if isinstance(request, Request):
                    self._take(request)
        for token in list(self.tokens.values()):
            token.cancel()
        for waiting in self.lanes.values():
            waiting.put(None)
        for worker in workers:
            worker.join(SECONDS_TO_END)
        self.service.inspector.forget_kept()  # the window has gone, and nobody will go on

    def _take(self, request: Request) -> None:
        if request.method in ABOUT_A_CALL:
            (number,) = request.arguments
            token = self.tokens.get(number) if isinstance(number, int) else None
            if token is not None:
                ABOUT_A_CALL[request.method](token)
            return
        self.tokens[request.number] = CancelToken()
        lane = next((lane for lane, methods in LANES.items() if request.method in methods), "case")
        self.lanes[lane].put(request)

    def _work(self, lane: str) -> None:
        while (request := self.lanes[lane].get()) is not None:
            self._answer(request)
            self.tokens.pop(request.number, None)

    def _answer(self, request: Request) -> None:
        last = 0.0

        def progress(step: Step) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= SECONDS_BETWEEN_UPDATES:
                last = now
                self._reply(request, "progress", step)

        token = self.tokens[request.number]
        try:
            token.raise_if_cancelled()
            method = getattr(self.service, request.method)
            talk = Talk(progress, token, lambda part: self._reply(request, "part", part))
            result = method(talk, *request.arguments)
            self._reply(request, "result", result)
        except Cancelled:
            self._reply(request, "cancelled", None)
        except InspectorError as error:
            self._reply(request, "error", Problem(error.sentence, error.advice, error.detail))
        except MemoryError:
            shortage = InferenceError("There is not enough memory for this.", advice="Close other programs.")
            self._reply(request, "error", Problem(shortage.sentence, shortage.advice))
        except Exception:  # noqa: BLE001 - whatever it is, the window must hear of it
            advice = "Please report it: Help > Copy diagnostics for a bug report puts what is needed on the clipboard."
            problem = Problem("The program met an error of its own.", advice, traceback.format_exc())
            self._reply(request, "error", problem)

    def _reply(self, request: Request, kind: ReplyKind, value: object) -> None:
        parts = CODEC.encode(Reply(request.number, kind, value))
        with self.writing, contextlib.suppress(BrokenPipeError):
            write_frame(self.outgoing, parts)


def serve(kept: Path | None = None) -> NoReturn:
    """Serve over standard input and output; what libraries print goes to stderr instead.

    Args:
        kept: Where runs are kept while they last, or None.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the window, which then closes the pipe
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if hasattr(os, "nice"):
        os.nice(POLITENESS)
    Server(sys.stdin.buffer, outgoing, kept).run()
    os._exit(0)  # no teardown: a worker thread inside torch would abort the interpreter's
