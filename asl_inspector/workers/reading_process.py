"""One process that reads files, as the program meets it: ask, wait, cancel, survive.

Whatever a file does to its reader (crash, endless work, all the memory, an attempt to reach outside) ends the reader and
becomes one sentence. A failed reading is never tried again in a less safe way.
"""

from __future__ import annotations

import contextlib
import os
import queue
import struct
import subprocess
import sys
import threading
from functools import partial
from typing import BinaryIO, cast

from asl_inspector.errors import DataError, InspectorError
from asl_inspector.progress import CancelToken, Progress, Step
from asl_inspector.spool import Spool
from asl_inspector.wire import BrokenPipe, read_frame, write_frame
from asl_inspector.workers import tripwire
from asl_inspector.workers.codecs import checkpoint_codec, file_codec
from asl_inspector.workers.messages import ReadRequest
from asl_inspector.workers.packing import unpack_parts
from asl_inspector.workers.starting import Started
from asl_inspector.workers.streams import Inlet

SECONDS_TO_HEAR = 0.02
SECONDS_TO_READ = 20.0  # without a sign of life
SECONDS_TO_STREAM = 180.0  # altogether, while numbers or word of the progress come
FRAMES_AHEAD = 16
WHAT_NOW = "The file is damaged or made to do harm; get it again from a source that you trust."


class ReadingProcess:
    """A process that reads files, from its start to its end.

    Args:
        started: It, waiting for its first request.
    """

    def __init__(self, started: Started) -> None:
        self._started = started
        self.process, self.errors = started.process, started.errors

    def ask(self, request: ReadRequest, cancel: CancelToken, spool: Spool | None, progress: Progress) -> object:
        """Have a request answered by this process.

        Raises:
            InspectorError: How the reader ended, where it did not answer.
            Cancelled: If `cancel` was set.
        """
        told = self.errors.seek(0, os.SEEK_END)
        name = request.name or request.path.name
        codec = checkpoint_codec() if request.method == "checkpoint" else file_codec()
        with contextlib.suppress(BrokenPipeError):
            write_frame(cast("BinaryIO", self.process.stdin), codec.encode(request))
        frames: queue.Queue[list[bytes] | None] = queue.Queue(FRAMES_AHEAD)
        done = threading.Event()
        threading.Thread(target=self._listen, args=(frames, done), name="reader", daemon=True).start()
        try:
            tell = partial(_tell, progress, name)
            reply, status = self._collect(frames, Inlet(spool, tell), name, cancel)
        finally:
            done.set()
        if reply and status == 0:
            with contextlib.suppress(BrokenPipe, ValueError):
                return codec.decode(unpack_parts(reply))
        self.errors.seek(told)
        raise _how_it_ended(name, status, self.errors.read().decode("utf-8", "replace"))

    def _collect(
        self, frames: queue.Queue[list[bytes] | None], inlet: Inlet, name: str, cancel: CancelToken
    ) -> tuple[bytes, int]:
        """The reply and the exit status; time runs anew while numbers, or word of the progress, come."""
        latest = cancel.clock() + SECONDS_TO_STREAM
        while True:
            deadline = min(cancel.clock() + SECONDS_TO_READ, latest)
            frame = self._wait(frames, name, deadline, cancel)
            if frame is None:
                return b"", self._exit_status()
            if len(frame) == 2 and len(frame[1]) == 4:
                return inlet.reply, struct.unpack("<i", frame[1])[0]
            try:
                inlet.feed(frame[0])
            except ValueError:
                return b"", 0

    def _listen(self, frames: queue.Queue[list[bytes] | None], done: threading.Event) -> None:
        """Hand over the frames of a reply, or None where the pipe ends."""
        while not done.is_set():
            try:
                parts = read_frame(cast("BinaryIO", self.process.stdout))
            except (BrokenPipe, OSError, ValueError):
                parts = None
            while not done.is_set():
                with contextlib.suppress(queue.Full):
                    frames.put(parts, timeout=SECONDS_TO_HEAR)
                    break
            if not parts or len(parts) == 2:
                return

    def _wait(
        self, frames: queue.Queue[list[bytes] | None], name: str, deadline: float, cancel: CancelToken
    ) -> list[bytes] | None:
        while True:
            cancel.raise_if_cancelled()
            try:
                return frames.get(timeout=SECONDS_TO_HEAR)
            except queue.Empty:
                if cancel.clock() > deadline:
                    raise _too_long(name) from None

    def _exit_status(self) -> int:
        try:
            return self.process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return 0

    def end(self) -> None:
        """Kill the process and what it started."""
        self._started.end()


def _tell(progress: Progress, name: str, done: int, total: int) -> None:
    progress(Step(f"Looking through {name}", done, total, "entries"))


def _too_long(name: str) -> InspectorError:
    return DataError(
        f"Reading “{name}” took more than {SECONDS_TO_READ:.0f} seconds and was stopped.",
        advice="It is damaged, or made to keep readers busy. On a slow network drive, copy it to this computer first.",
    )


def _how_it_ended(name: str, status: int, told: str) -> InspectorError:
    """A reader that did not answer, as a sentence."""
    if status == tripwire.EXIT_STATUS:
        return DataError(
            f"“{name}” made its reader reach for something outside itself, and the reader was stopped.",
            advice=WHAT_NOW,
            detail=told.strip(),
        )
    if sys.platform != "win32":
        import signal

        if status == -signal.SIGXCPU:
            return _too_long(name)
        if status == -signal.SIGKILL:  # from outside: its own limits end it otherwise
            return DataError(
                f"The process that reads “{name}” ended unexpectedly (signal 9).",
                advice="Often memory ran out: close other programs, then open the file again.",
            )
    why = f"signal {-status}" if status < 0 else f"exit status {status}"
    return DataError(
        f"The process that reads “{name}” ended unexpectedly ({why}).", advice=WHAT_NOW, detail=told[-4000:]
    )
