"""The program's side of a process that runs somebody's network: start it, ask it, kill it, say how it ended.

One thing is asked at a time. Whoever cancels while an answer is awaited has the process killed at once, and the next
request starts a new one from the same bytes.
"""

from __future__ import annotations

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from typing import BinaryIO, cast

from asl_inspector.errors import InferenceError
from asl_inspector.own_process import is_frozen, isolated_command
from asl_inspector.programs.records import (
    CODEC,
    Arrays,
    Build,
    Call,
    CheckpointTensor,
    Failure,
    Made,
    Prepare,
    Start,
)
from asl_inspector.progress import CancelToken
from asl_inspector.wire import BrokenPipe, read_frame, write_frame
from asl_inspector.workers.tripwire import EXIT_STATUS

SECONDS_TO_HEAR = 0.02
SECONDS_TO_BUILD = 180.0
SECONDS_TO_ANSWER = 180.0
SECONDS_TO_JOIN = 0.1
WAITING = 2  # requests that are being written; the tensors of a large checkpoint are not all copied at once
LARGEST_ANSWER = 1 << 30
PIPE_BYTES = 1 << 20
LINES_KEPT, LONGEST_LINE = 200, 1_000
KEPT_VARIABLES = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES"),
    *("SYSTEMROOT", "SystemRoot", "TEMP", "TMP", "USERPROFILE"),
)
SILENT = {"ORT_DISABLE_TELEMETRY": "1"}  # or onnxruntime keeps an id of this computer in HOME and reports each session
SERVE = "from asl_inspector.programs.child import serve; serve()"


class Refused(InferenceError):
    """The network raised an error for this input, or gave an answer of no use; its process is still there.

    Args:
        sentence: For the user.
        what: What happened, in few words.
        advice: What to do.
        detail: The traceback, and what was printed.
    """

    def __init__(self, sentence: str, *, what: str, advice: str = "", detail: str = "") -> None:
        super().__init__(sentence, advice=advice, detail=detail)
        self.what = what


class Host:
    """A network in a process of its own, which is started when it is first asked.

    Args:
        name: File name, for sentences.
        start: What the process is to become.
        tensors: Gives the tensors of the checkpoint that it needs; called at every start.
        build: The rest of what it needs.
    """

    def __init__(
        self,
        name: str,
        start: Start,
        tensors: Callable[[], Iterator[CheckpointTensor]] = lambda: iter(()),
        build: Build | None = None,
    ) -> None:
        self.name = name
        self._start, self._tensors, self._build = start, tensors, build or Build()
        self._process: _Process | None = None
        self._made: Made | None = None
        self._lock = threading.RLock()
        self.seconds_to_build, self.seconds_to_answer = SECONDS_TO_BUILD, SECONDS_TO_ANSWER

    def made(self, cancel: CancelToken | None = None) -> Made:
        """What the network says of itself.

        Raises:
            InferenceError: If it cannot be made.
            Cancelled: If `cancel` was set.
        """
        with self._lock:
            self._running(cancel or CancelToken())
            return cast("Made", self._made)

    def call(self, request: Call | Prepare, cancel: CancelToken | None = None) -> Arrays:
        """Run the network, or the preparation of clips.

        Raises:
            Refused: If it raised an error or gave back something else than tensors.
            MemoryError: If it ran out of memory and lives.
            InferenceError: If the process ended or took too long.
            Cancelled: If `cancel` was set; the process is then gone.
        """
        cancel = cancel or CancelToken()
        with self._lock:
            process = self._running(cancel)
            answer = self._ask(process, request, self.seconds_to_answer, cancel)
        if isinstance(answer, Failure):
            raise self._failed(answer)
        if not isinstance(answer, Arrays):
            raise self._nonsense()
        return answer

    def end(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._process.end()
                self._process = None

    @property
    def pid(self) -> int | None:
        """The process, or None where none runs."""
        process = self._process
        return None if process is None or process.popen.poll() is not None else process.popen.pid

    def _running(self, cancel: CancelToken) -> _Process:
        """The process, started and with its network made."""
        cancel.raise_if_cancelled()
        if self._process is not None:
            return self._process
        self._process = process = _Process()
        try:
            answer = self._ask(process, self._start, self.seconds_to_build, cancel)
            if not isinstance(answer, Failure):
                for tensor in self._tensors():
                    self._send(process, tensor, cancel.clock() + self.seconds_to_build, cancel)
                answer = self._ask(process, self._build, self.seconds_to_build, cancel)
        except BaseException:
            self.end()
            raise
        if isinstance(answer, Failure):
            self.end()
            raise self._failed(answer)
        if not isinstance(answer, Made):
            self.end()
            raise self._nonsense()
        self._made = answer
        return process

    def _ask(self, process: _Process, request: object, seconds: float, cancel: CancelToken) -> object:
        deadline = cancel.clock() + seconds
        try:
            self._send(process, request, deadline, cancel)
            while True:
                cancel.raise_if_cancelled()
                with contextlib.suppress(queue.Empty):
                    answer = process.answers.get(timeout=SECONDS_TO_HEAR)
                    break
                if cancel.clock() > deadline:
                    raise self._too_slow(process)
        except BaseException:
            self.end()
            raise
        if answer is None:
            error = self._ended(process)
            self.end()
            raise error
        return answer

    def _send(self, process: _Process, request: object, deadline: float, cancel: CancelToken) -> None:
        """Hand a request to the thread that writes, which may have to wait for the process to read."""
        while True:
            cancel.raise_if_cancelled()
            with contextlib.suppress(queue.Full):
                process.requests.put(request, timeout=SECONDS_TO_HEAR)
                return
            if cancel.clock() > deadline:
                raise self._too_slow(process)

    def _too_slow(self, process: _Process) -> InferenceError:
        seconds = self.seconds_to_build if self._made is None else self.seconds_to_answer
        return InferenceError(
            f"“{self.name}” did not answer within {seconds:g} seconds and was stopped.",
            advice="Does it wait for something, or loop without an end?",
            detail=process.told(),
        )

    def _failed(self, failure: Failure) -> InferenceError | MemoryError:
        told = self._process.told() if self._process is not None else ""
        detail = "\n".join(part for part in (failure.detail, told) if part)
        if failure.why == "memory":
            return MemoryError(f"“{self.name}” ran out of memory.")
        advice = {
            "left": 'Take the call out, or put what starts a training run under `if __name__ == "__main__":`.',
            "answer": "The guide tells what a file of your own code has to define.",
            "raised": "The traceback below is its own.",
        }[failure.why]
        if self._start.kind == "onnx":
            advice = "Export the model again, with the dimensions of batch and frames left open."
        elif self._start.kind != "code" and failure.why == "raised":
            advice = "It may need other inputs than the features of clips, or another version of PyTorch."
        if "ModuleNotFoundError" in failure.sentence and self._start.kind == "code":
            advice = "Consent is given for one file: put what it needs into that file, or install the package."
        if "network is switched off" in failure.sentence:
            advice = "Have the file hold or build all it needs."
        sentence = f"“{self.name}” could not be run: {failure.sentence}."
        return Refused(sentence, what=failure.sentence, advice=advice, detail=detail)

    def _nonsense(self) -> InferenceError:
        return InferenceError(f"The process that runs “{self.name}” answered something that makes no sense.")

    def _ended(self, process: _Process) -> InferenceError:
        """How a process ended that did not answer, as a sentence."""
        status = process.status()
        told = process.told()
        if status == EXIT_STATUS:
            return InferenceError(
                f"“{self.name}” made its process reach for something outside itself, and it was stopped.",
                advice="The file is damaged or made to do harm; get it again from a source that you trust.",
                detail=told,
            )
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        killed = status == -9
        return InferenceError(
            f"The process that runs “{self.name}” ended unexpectedly ({how}).",
            advice="Most often memory ran out: close other programs, or choose a smaller batch."
            if killed
            else "Its own code, or a library that it uses, ended it. What it printed is below.",
            detail=told,
        )


class _Process:
    """One such process, its answers and what it prints."""

    def __init__(self) -> None:
        self.folder = tempfile.mkdtemp(prefix="asl-inspector-")
        self.popen = subprocess.Popen(
            child_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            close_fds=True,
            cwd=self.folder,
            env=_environment(),
            start_new_session=True,
        )
        for pipe in (self.popen.stdin, self.popen.stdout):
            _widen(cast("BinaryIO", pipe))
        self.requests: queue.Queue[object] = queue.Queue(WAITING)
        self.answers: queue.SimpleQueue[object] = queue.SimpleQueue()
        self.lines: deque[str] = deque(maxlen=LINES_KEPT)
        self._finalize = weakref.finalize(self, _end, self.popen, self.requests, self.folder)
        jobs: tuple[tuple[Callable[..., None], object, object], ...] = (
            (_write, self.popen.stdin, self.requests),
            (_listen, self.popen.stdout, self.answers),
            (_keep_lines, self.popen.stderr, self.lines),
        )
        self._threads = [
            threading.Thread(target=job, args=(pipe, place), name="network", daemon=True) for job, pipe, place in jobs
        ]
        for thread in self._threads:
            thread.start()

    def status(self) -> int:
        """How it ended."""
        try:
            return self.popen.wait(timeout=2.0)
        except subprocess.TimeoutExpired:
            return 0

    def told(self) -> str:
        """The last lines that it printed."""
        if self.popen.poll() is not None:
            self._threads[-1].join(timeout=SECONDS_TO_JOIN)  # what it printed last is on its way
        return "".join(self.lines)[-20_000:].strip()

    def end(self) -> None:
        """Kill it and all that it started."""
        self._finalize()
        for thread in self._threads[1:]:
            thread.join(timeout=SECONDS_TO_JOIN)


def _end(process: subprocess.Popen[bytes], requests: queue.Queue[object], folder: str) -> None:
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, 9)
        else:
            process.kill()
    process.wait()
    while True:  # the thread that writes ends at None; what it has not written yet is of no use any more
        with contextlib.suppress(queue.Empty):
            while True:
                requests.get_nowait()
        with contextlib.suppress(queue.Full):
            requests.put_nowait(None)
            break
    shutil.rmtree(folder, ignore_errors=True)


def _widen(pipe: BinaryIO) -> None:
    """Let a pipe hold more, so that a batch crosses it in fewer turns."""
    if sys.platform == "linux":
        import fcntl

        with contextlib.suppress(OSError):  # the user's pipes hold as much as they may already
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _write(stream: BinaryIO, requests: queue.Queue[object]) -> None:
    """Send requests. Where the process has gone, whoever awaits its answer is told."""
    with contextlib.suppress(OSError, ValueError), stream:
        while (request := requests.get()) is not None:
            with contextlib.suppress(BrokenPipeError):
                write_frame(stream, CODEC.encode(request))


def _listen(stream: BinaryIO, answers: queue.SimpleQueue[object]) -> None:
    """Hand over the answers, and None where the pipe ends or holds no frame."""
    with contextlib.suppress(BrokenPipe, OSError, ValueError), stream:
        while (parts := read_frame(stream, largest=LARGEST_ANSWER)) is not None:
            answers.put(CODEC.decode(parts))
    answers.put(None)


def _keep_lines(stream: BinaryIO, lines: deque[str]) -> None:
    """Keep what is printed last."""
    with contextlib.suppress(OSError, ValueError), stream:
        while line := stream.readline(LONGEST_LINE):
            lines.append(line.decode("utf-8", "replace"))


def child_command() -> list[str]:
    """How to start the process: isolated from the environment, the user's site and the working folder."""
    return [sys.executable, "_program"] if is_frozen() else isolated_command(SERVE)


def _environment() -> dict[str, str]:
    """What programs need to start; keys and tokens of the user's environment are none of it."""
    return {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ} | SILENT
