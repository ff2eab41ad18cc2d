"""Files are read in processes of their own; this is the program's side: ask, wait, cancel, survive.

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
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from asl_inspector.checkpoints.companions import MOST_COMPANIONS
from asl_inspector.checkpoints.folders import index_of_folder
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.progress import CancelToken
from asl_inspector.wire import BrokenPipe, read_frame, write_frame
from asl_inspector.workers import tripwire
from asl_inspector.workers.codecs import checkpoint_codec, file_codec
from asl_inspector.workers.messages import Companion, Identity, Method, NamesOthers, ReadRequest, Refusal
from asl_inspector.workers.serving import unpack_parts

if TYPE_CHECKING:
    from asl_inspector.case.recognising import Found
    from asl_inspector.case.records import OpenFile
    from asl_inspector.checkpoints.records import WouldRun

ReadFile = tuple["MappedFile | MappedParts", object, "tuple[WouldRun, ...]"]
SECONDS_TO_HEAR = 0.02
SECONDS_TO_READ = 20.0
START = "import sys; sys.path[:] = sys.argv[2:]; from asl_inspector.workers.serving import serve; "
WHAT_NOW = "The file is damaged or made to do harm; get it again from a source that you trust."


def open_file(path: Path, *, readers: Readers, cancel: CancelToken | None = None) -> OpenFile:
    """Open one file of any kind, read in a process of its own. Problems are kept in the row.

    Raises:
        Cancelled: If `cancel` was set.
    """
    from asl_inspector.case.recognising import open_with
    from asl_inspector.outputs.records import SavedOutputs
    from asl_inspector.samples.records import Clips

    def read(file: MappedFile) -> Found:
        parts, opened, runs = cast("Found", readers.read("file", file, cancel or CancelToken()))
        return parts, replace(opened, content=file.view) if isinstance(opened, Clips | SavedOutputs) else opened, runs

    return open_with(path, read)


def open_checkpoint(path: Path, *, cancel: CancelToken | None = None) -> tuple[MappedFile | MappedParts, Checkpoint]:
    """Open one checkpoint, read in a process of its own: a file, an index with its shards, a folder.

    Raises:
        InspectorError: If it cannot be read.
        Cancelled: If `cancel` was set.
    """
    is_folder = path.is_dir()
    file = MappedFile(index_of_folder(path) if is_folder else path)
    readers = Readers(once=True)
    try:
        found, opened, _ = readers.read("checkpoint", file, cancel or CancelToken())
    finally:
        readers.close()
    return found.renamed(path) if is_folder else found, replace(cast("Checkpoint", opened), path=path)


class Readers:
    """Processes that wait for files to read: as many as read at the same time, each started when first needed.

    Args:
        once: For a single file: the process reads it without forking, which starts faster.
    """

    def __init__(self, *, once: bool = False) -> None:
        self.once = once or not hasattr(os, "fork")
        self._waiting: list[_Process] = []
        self._lock = threading.Lock()

    def read(self, method: Method, file: MappedFile, cancel: CancelToken) -> ReadFile:
        """Have one file read, together with those that it names and that lie beside it.

        A reader opens no file by itself. It says which ones it would need; the program opens those that are plain
        names in the same folder, and the file is read again with them.

        Raises:
            InspectorError: What the reader refused, or how it ended.
            Cancelled: If `cancel` was set.
        """
        result = self._ask(method, file, None, cancel)
        companions: dict[str, MappedFile] = {}
        if isinstance(result, NamesOthers):
            listed = tuple(_companion(file, name, companions) for name in result.names[:MOST_COMPANIONS])
            result = self._ask(method, file, listed, cancel)
        if isinstance(result, Refusal):
            kind = UnreadableCheckpoint if method == "checkpoint" else DataError
            raise kind(result.sentence, advice=result.advice, detail=result.detail)
        opened, runs, names = cast("tuple[object, tuple[WouldRun, ...], tuple[str, ...]]", result)
        if not names:
            return file, opened, runs
        return MappedParts(file.path, {"": file, **{name: companions[name] for name in names}}), opened, runs

    def _ask(
        self, method: Method, file: MappedFile, listed: tuple[Companion, ...] | None, cancel: CancelToken
    ) -> object:
        """The answer of a waiting process, or of a new one."""
        with self._lock:
            process = self._waiting.pop() if self._waiting else None
        process = process or _Process(once=self.once)
        try:
            result = process.read(ReadRequest(method, file.path.absolute(), _identity(file), listed), cancel)
        except BaseException:
            process.end()
            raise
        if self.once:
            process.end()
        else:
            with self._lock:
                self._waiting.append(process)
        return result

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for process in waiting:
            process.end()


class _Process:
    """One such process."""

    def __init__(self, *, once: bool) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `end`
        self.process = subprocess.Popen(
            _command(once=once),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            close_fds=True,
            cwd=Path(sys.executable).anchor,
            env=_environment(),
            start_new_session=True,
        )

    def read(self, request: ReadRequest, cancel: CancelToken) -> object:
        """Have one file read by this process.

        Raises:
            InspectorError: How the reader ended, where it did not answer.
            Cancelled: If `cancel` was set.
        """
        told = self.errors.seek(0, os.SEEK_END)
        file = request.path
        with contextlib.suppress(BrokenPipeError):
            parts = checkpoint_codec().encode(request)
            write_frame(cast("BinaryIO", self.process.stdin), parts)
        frames: queue.Queue[bytes | None] = queue.Queue()
        threading.Thread(target=self._listen, args=(frames,), name="reader", daemon=True).start()
        deadline = time.monotonic() + SECONDS_TO_READ
        reply = self._wait(frames, file, deadline, cancel)
        ended = self._wait(frames, file, deadline, cancel) if reply is not None else None
        status = struct.unpack("<i", ended)[0] if ended is not None and len(ended) == 4 else self._exit_status()
        if reply and status == 0:
            codec = checkpoint_codec() if request.method == "checkpoint" else file_codec()
            with contextlib.suppress(BrokenPipe, ValueError):
                return codec.decode(unpack_parts(reply))
        self.errors.seek(told)
        raise _how_it_ended(file, status, self.errors.read().decode("utf-8", "replace"))

    def _listen(self, frames: queue.Queue[bytes | None]) -> None:
        """Hand over the two frames of a reply, or None where the pipe ends."""
        for _ in range(2):
            try:
                parts = read_frame(cast("BinaryIO", self.process.stdout))
            except (BrokenPipe, OSError, ValueError):
                parts = None
            frames.put(parts[0] if parts else None)
            if not parts:
                return

    def _wait(
        self, frames: queue.Queue[bytes | None], file: Path, deadline: float, cancel: CancelToken
    ) -> bytes | None:
        while True:
            cancel.raise_if_cancelled()
            try:
                return frames.get(timeout=SECONDS_TO_HEAR)
            except queue.Empty:
                if time.monotonic() > deadline:
                    raise _too_long(file) from None

    def _exit_status(self) -> int:
        try:
            return self.process.wait(timeout=1.0)
        except subprocess.TimeoutExpired:
            return 0

    def end(self) -> None:
        """Kill the process and what it started."""
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self.process.pid, 9)
            else:
                self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                cast("BinaryIO", pipe).close()
        self.errors.close()


def _identity(file: MappedFile) -> Identity:
    return Identity(file.device, file.inode, file.size, file.modified_ns)


def _companion(file: MappedFile, name: str, opened: dict[str, MappedFile]) -> Companion:
    """A file that `file` names, opened if it lies beside it."""
    try:
        opened[name] = file.beside(name)
    except DataError as error:
        return Companion(name, None, None, error.sentence)
    return Companion(name, opened[name].path.absolute(), _identity(opened[name]))


def _command(*, once: bool) -> list[str]:
    """How to start a reader: isolated from the environment, the user's site and the working folder."""
    how = "once" if once else "many"
    if getattr(sys, "frozen", False):
        return [sys.executable, "_reader", how]
    here = str(Path(__file__).parent.parent.parent)
    paths = [here, *(path for path in sys.path if path and Path(path).is_absolute() and path != here)]
    return [sys.executable, "-I", "-S", "-c", f"{START}serve(once=sys.argv[1] == 'once')", how, *paths]


def _environment() -> dict[str, str]:
    """Nothing of the user's environment but what the platform cannot start without."""
    kept = ("SYSTEMROOT", "SystemRoot", "TEMP", "TMP", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    threads = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return {name: os.environ[name] for name in kept if name in os.environ} | threads


def _too_long(file: Path) -> InspectorError:
    return DataError(
        f"Reading “{file.name}” took more than {SECONDS_TO_READ:.0f} seconds and was stopped.",
        advice="It is damaged, or made to keep readers busy. On a slow network drive, copy it to this computer first.",
    )


def _how_it_ended(file: Path, status: int, told: str) -> InspectorError:
    """A reader that did not answer, as a sentence."""
    name = file.name
    if status == tripwire.EXIT_STATUS:
        return DataError(
            f"“{name}” made its reader reach for something outside itself, and the reader was stopped.",
            advice=WHAT_NOW,
            detail=told.strip(),
        )
    if sys.platform != "win32":
        import signal

        if status in (-signal.SIGXCPU, -signal.SIGKILL):
            return _too_long(file)
    why = f"signal {-status}" if status < 0 else f"exit status {status}"
    return DataError(
        f"The process that reads “{name}” ended unexpectedly ({why}).", advice=WHAT_NOW, detail=told[-4000:]
    )
