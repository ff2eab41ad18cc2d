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
import threading
import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from asl_inspector.checkpoints.companions import MOST_COMPANIONS
from asl_inspector.checkpoints.folders import index_of_folder
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError, InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile, MappedParts, UnpackedFile
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.sniffing import LIBRARIES, Kind, sniff
from asl_inspector.spool import Spool
from asl_inspector.wire import BrokenPipe, read_frame, write_frame
from asl_inspector.workers import tripwire
from asl_inspector.workers.codecs import checkpoint_codec, file_codec
from asl_inspector.workers.messages import Companion, Identity, Library, Method, NamesOthers, ReadRequest, Refusal
from asl_inspector.workers.packing import unpack_parts
from asl_inspector.workers.starting import Started, start_reader
from asl_inspector.workers.streams import Inlet

if TYPE_CHECKING:
    from asl_inspector.case.recognising import Found
    from asl_inspector.case.records import Opened, OpenFile
    from asl_inspector.checkpoints.records import WouldRun
    from asl_inspector.samples.mapping import Correction
    from asl_inspector.samples.records import Block

ReadFile = tuple["MappedFile | MappedParts", object, "tuple[WouldRun, ...]"]
SECONDS_TO_HEAR = 0.02
SECONDS_TO_READ = 20.0  # without a sign of life
SECONDS_TO_STREAM = 180.0  # altogether, while numbers or word of the progress come
FRAMES_AHEAD = 16
WHAT_NOW = "The file is damaged or made to do harm; get it again from a source that you trust."


def open_file(
    path: Path,
    *,
    readers: Readers,
    cancel: CancelToken | None = None,
    correction: Correction | None = None,
    progress: Progress = silent,
) -> OpenFile:
    """Open one file of any kind, read in a process of its own. Problems are kept in the row.

    Args:
        path: The file.
        readers: Processes that read.
        cancel: Asked while they do.
        correction: What the user said of the layout of its clips.
        progress: Told how many of its entries were looked at, where that takes long.

    Raises:
        Cancelled: If `cancel` was set.
    """
    from asl_inspector.case.recognising import open_with

    cancel = cancel or CancelToken()
    return open_with(path, lambda file: _read(file, readers, cancel, correction, progress))


def _read(
    file: MappedFile, readers: Readers, cancel: CancelToken, correction: Correction | None, progress: Progress
) -> Found:
    """What a file holds; a packed one is unpacked first, and what comes out is read as a file."""
    from asl_inspector.outputs.records import SavedOutputs
    from asl_inspector.samples.opening import with_sources
    from asl_inspector.samples.records import Clips

    held, copy = file, None
    if sniff(file.view) is Kind.GZIP:
        copy = _Copy(readers, file, cancel)
        held = copy.file
    spool, library = Spool(), LIBRARIES.get(sniff(held.view))
    libraries = cast("tuple[Library, ...]", (library,) if library else ())
    request = request_for("file", held, copy, libraries, correction)
    found, opened, runs = readers.open(request, held, cancel, spool, progress)
    if isinstance(opened, Clips):

        def decode(block: Block, sink: Spool) -> None:
            readers.ask(request_for("numbers", held, copy, libraries, block), CancelToken(), sink)

        opened = with_sources(opened, held, spool, decode)
    elif isinstance(opened, SavedOutputs):
        opened = replace(opened, content=held.view)
    return found, cast("Opened", opened), runs


class _Copy:
    """What a packed file unpacks to, as a file that reading processes can open; it goes when nothing needs it."""

    def __init__(self, readers: Readers, packed: MappedFile, cancel: CancelToken) -> None:
        import shutil  # slow to load, and seldom needed
        import tempfile

        self.folder = Path(tempfile.mkdtemp(prefix="asl-inspector-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)
        self.name = packed.path.name
        spool = Spool()
        readers.ask(request_for("unpack", packed), cancel, spool)
        mapped = MappedFile(spool.save(self.folder))
        self.path = mapped.path
        self.identity = _identity(mapped)
        self.file = UnpackedFile(packed, mapped.view)


def open_checkpoint(
    path: Path, *, cancel: CancelToken | None = None, started: Started | None = None
) -> tuple[MappedFile | MappedParts, Checkpoint]:
    """Open one checkpoint, read in a process of its own: a file, an index with its shards, a folder.

    Args:
        path: The file or folder.
        cancel: Asked while it is read.
        started: A reader for one file, started by the caller; it is ended in every case.

    Raises:
        InspectorError: If it cannot be read.
        Cancelled: If `cancel` was set.
    """
    readers = Readers(once=True, started=started)
    try:
        is_folder = path.is_dir()
        file = MappedFile(index_of_folder(path) if is_folder else path)
        found, opened, _ = readers.open(request_for("checkpoint", file), file, cancel or CancelToken())
    finally:
        readers.close()
    return found.renamed(path) if is_folder else found, replace(cast("Checkpoint", opened), path=path)


class Readers:
    """Processes that wait for files to read: as many as read at the same time, each started when first needed.

    Args:
        once: For a single file: the process reads it without forking, which starts faster.
        started: The first of them, where it was started already.
    """

    def __init__(self, *, once: bool = False, started: Started | None = None) -> None:
        self.once = once or not hasattr(os, "fork")
        self._waiting = [] if started is None else [_Process(started)]
        self._lock = threading.Lock()
        weakref.finalize(self, _end_all, self._waiting)

    def open(
        self,
        request: ReadRequest,
        file: MappedFile,
        cancel: CancelToken,
        spool: Spool | None = None,
        progress: Progress = silent,
    ) -> ReadFile:
        """Have one file read, together with those that it names and that lie beside it.

        A reader opens no file by itself. It says which ones it would need; the program opens those that are plain
        names in the same folder, and the file is read again with them.

        Args:
            request: What to read and how.
            file: The file, mapped.
            cancel: Asked while the reader works.
            spool: Takes the numbers that the reader decodes.
            progress: Told how many entries were looked at.

        Raises:
            InspectorError: What the reader refused, or how it ended.
            Cancelled: If `cancel` was set.
        """
        result = self.ask(request, cancel, spool, progress)
        companions: dict[str, MappedFile] = {}
        if isinstance(result, NamesOthers):
            listed = tuple(_companion(file, name, companions) for name in result.names[:MOST_COMPANIONS])
            result = self.ask(replace(request, companions=listed), cancel, spool, progress)
        opened, runs, names = cast("tuple[object, tuple[WouldRun, ...], tuple[str, ...]]", result)
        if not names:
            return file, opened, runs
        return MappedParts(file.path, {"": file, **{name: companions[name] for name in names}}), opened, runs

    def ask(
        self, request: ReadRequest, cancel: CancelToken, spool: Spool | None = None, progress: Progress = silent
    ) -> object:
        """Have a request answered.

        Raises:
            InspectorError: What the reader refused, or how it ended.
            Cancelled: If `cancel` was set.
        """
        with self._lock:
            process = self._waiting.pop() if self._waiting else None
        process = process or _Process(start_reader(once=self.once))
        try:
            result = process.ask(request, cancel, spool, progress)
        except BaseException:
            process.end()
            raise
        if self.once:
            process.end()
        else:
            with self._lock:
                self._waiting.append(process)
        if isinstance(result, Refusal):
            kind = UnreadableCheckpoint if request.method == "checkpoint" else DataError
            raise kind(result.sentence, advice=result.advice, detail=result.detail)
        return result

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            _end_all(self._waiting)


def _end_all(waiting: list[_Process]) -> None:
    while waiting:
        waiting.pop().end()


class _Process:
    """One such process."""

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


def request_for(
    method: Method,
    file: MappedFile,
    copy: _Copy | None = None,
    libraries: tuple[Library, ...] = (),
    extra: object = None,
) -> ReadRequest:
    """What to ask of a reader; made without a look into the file, which may have been cut short meanwhile."""
    return ReadRequest(
        method,
        (copy.path if copy else file.path).absolute(),
        copy.identity if copy else _identity(file),
        copy.name if copy else "",
        libraries,
        extra=extra,
    )


def _identity(file: MappedFile) -> Identity:
    return Identity(file.device, file.inode, file.size, file.modified_ns)


def _companion(file: MappedFile, name: str, opened: dict[str, MappedFile]) -> Companion:
    """A file that `file` names, opened if it lies beside it."""
    try:
        opened[name] = file.beside(name)
    except DataError as error:
        return Companion(name, None, None, error.sentence)
    return Companion(name, opened[name].path.absolute(), _identity(opened[name]))


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
