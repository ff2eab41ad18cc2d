"""The window's side of the engine: start the process, call it, cancel, survive its end. Plain Python, no Qt."""

from __future__ import annotations

import contextlib
import itertools
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, cast

from asl_inspector.engine.messages import Reply, Request
from asl_inspector.errors import InspectorError
from asl_inspector.progress import Cancelled, CancelToken, Progress, Step, silent
from asl_inspector.report.contents import Problem
from asl_inspector.wire import BrokenPipe, Codec, read_frame, write_frame

SECONDS_TO_HEAR = 0.05
SECONDS_TO_CANCEL = 3.0
SECONDS_TO_STOP = 3.0
LIKELY = {
    9: "Often memory ran out: close other programs. ",
    7: "Often a file was cut short while it was read: wait until it is written. ",
}
log = logging.getLogger(__name__)


class EngineEnded(InspectorError):
    """The engine process is gone."""


def engine_command() -> list[str]:
    """How to start the engine: this program again, whether installed, in a source tree or frozen."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "_engine"]
    return [sys.executable, "-m", "asl_inspector", "_engine"]


class Engine:
    """One engine process, started when first called and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._listener: threading.Thread | None = None
        self._numbers = itertools.count(1)
        self._calls: dict[int, queue.Queue[Reply | None]] = {}
        self._lock = threading.Lock()
        self._kept: Path | None = None  # runs under way, for a process that takes the place of one that ended

    def start(self) -> None:
        """Start the process if it does not run."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            if self._kept is None:
                import tempfile  # slow to load, and the window is painted before the engine is started

                self._kept = Path(tempfile.mkdtemp(prefix="asl-inspector-runs-"))
            self._process = subprocess.Popen(
                [*engine_command(), str(self._kept)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=True
            )
            self._listener = threading.Thread(
                target=self._listen, args=(self._process,), name="engine replies", daemon=True
            )
            self._listener.start()

    def call(
        self,
        method: str,
        *arguments: object,
        progress: Progress = silent,
        cancel: CancelToken | None = None,
        publish: Callable[[object], None] | None = None,
    ) -> object:
        """Call the engine and wait; run this in a thread that may wait.

        Raises:
            Cancelled: If `cancel` was set.
            EngineEnded: If the process ended before it answered.
            InspectorError: What the engine raised.
        """
        cancel = cancel or CancelToken()
        self.start()
        number = next(self._numbers)
        replies: queue.Queue[Reply | None] = queue.Queue()
        self._calls[number] = replies
        try:
            self._send(Request(number, method, arguments))
            return self._wait(number, replies, progress, cancel, publish)
        finally:
            self._calls.pop(number, None)

    def stop(self) -> None:
        """End the process."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            self._forget_kept()
            return
        with contextlib.suppress(OSError):
            cast("BinaryIO", process.stdin).close()
        try:
            process.wait(timeout=SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if self._listener is not None:
            self._listener.join()
        self._forget_kept()

    def _forget_kept(self) -> None:
        kept, self._kept = self._kept, None
        if kept is not None:
            import shutil  # as above

            shutil.rmtree(kept, ignore_errors=True)

    @property
    def pid(self) -> int | None:
        """The process, or None where none runs."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def _send(self, request: Request) -> None:
        process = self._process
        if process is None or process.stdin is None:
            raise self._ended()
        parts = _codec().encode(request)
        try:
            with self._lock:
                write_frame(cast("BinaryIO", process.stdin), parts)
        except (OSError, ValueError):
            raise self._ended() from None

    def _wait(
        self,
        number: int,
        replies: queue.Queue[Reply | None],
        progress: Progress,
        cancel: CancelToken,
        publish: Callable[[object], None] | None,
    ) -> object:
        cancelled_at: float | None = None
        is_paused = False
        while True:
            try:
                reply = replies.get(timeout=SECONDS_TO_HEAR)
            except queue.Empty:
                reply = Reply(number, "progress", None)
            if reply is None:
                if cancelled_at is not None:
                    raise Cancelled
                raise self._ended()
            if cancel.is_paused != is_paused:
                is_paused = not is_paused
                self._send(Request(next(self._numbers), "pause" if is_paused else "go_on", (number,)))
            if cancel.is_cancelled and cancelled_at is None:
                cancelled_at = time.monotonic()
                self._send(Request(next(self._numbers), "cancel", (number,)))
            if cancelled_at is not None and time.monotonic() - cancelled_at > SECONDS_TO_CANCEL:
                self._kill()
                raise Cancelled
            if reply.kind == "progress" and isinstance(reply.value, Step) and cancelled_at is None:
                progress(reply.value)
            elif reply.kind == "part" and publish is not None and cancelled_at is None:
                publish(reply.value)
            elif reply.kind == "result":
                return reply.value
            elif reply.kind == "cancelled":
                raise Cancelled
            elif reply.kind == "error":
                problem = reply.value if isinstance(reply.value, Problem) else Problem("The engine failed.")
                raise InspectorError(problem.sentence, advice=problem.advice, detail=problem.detail)

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """Hand the replies of one process to those who wait for them, until it ends."""
        codec = _codec()
        try:
            while process.stdout is not None and (parts := read_frame(cast("BinaryIO", process.stdout))) is not None:
                reply = codec.decode(parts)
                if isinstance(reply, Reply) and (waiting := self._calls.get(reply.number)) is not None:
                    waiting.put(reply)
        except (BrokenPipe, OSError, ValueError) as error:
            log.warning("the engine's pipe broke: %s", error)
        process.wait()
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                cast("BinaryIO", pipe).close()
        for waiting in list(self._calls.values()):
            waiting.put(None)

    def _kill(self) -> None:
        process = self._process
        if process is not None:
            process.kill()

    def _ended(self) -> EngineEnded:
        process = self._process
        code = process.poll() if process is not None else None
        why = f" (signal {-code})" if code is not None and code < 0 else f" (exit status {code})" if code else ""
        likely = LIKELY.get(-code if code is not None else 0, "")
        return EngineEnded(
            f"The process that opens files and runs networks ended unexpectedly{why}.",
            advice=f"{likely}The window is unharmed; run the inspection again: it goes on where it stopped.".lstrip(),
        )


def _codec() -> Codec:
    """What frames are written with; it names every record there is, which the first paint of the window need not wait for."""
    from asl_inspector.engine.travelling import CODEC

    return CODEC
