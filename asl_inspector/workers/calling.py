"""Files are read in processes of their own; this is the program's side: which files a reader gets, and which reader.

How one process is asked, and what becomes of one that does not answer, is in `reading_process`.
"""

from __future__ import annotations

import os
import threading
import weakref
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from asl_inspector.checkpoints.companions import MOST_COMPANIONS
from asl_inspector.checkpoints.folders import index_of_folder
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import DataError, UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile, MappedParts, UnpackedFile
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.sniffing import LIBRARIES, Kind, sniff
from asl_inspector.spool import Spool
from asl_inspector.workers.messages import Companion, Identity, Library, Method, NamesOthers, ReadRequest, Refusal
from asl_inspector.workers.reading_process import ReadingProcess
from asl_inspector.workers.starting import Started, start_reader

if TYPE_CHECKING:
    from asl_inspector.case.recognising import Found
    from asl_inspector.case.records import Opened, OpenFile
    from asl_inspector.checkpoints.records import WouldRun
    from asl_inspector.samples.mapping import Correction
    from asl_inspector.samples.records import Block

ReadFile = tuple["MappedFile | MappedParts", object, "tuple[WouldRun, ...]"]


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
        self._waiting = [] if started is None else [ReadingProcess(started)]
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
        process = process or ReadingProcess(start_reader(once=self.once))
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


def _end_all(waiting: list[ReadingProcess]) -> None:
    while waiting:
        waiting.pop().end()


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
