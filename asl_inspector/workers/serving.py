"""A process that reads files for the program and can do nothing else.

It waits for requests on standard input. Each file is read in a fresh child that is limited and watched before the first
byte is interpreted, so whatever a file does ends that child alone; the process that waits never looks into a file.
Where processes cannot fork, and for a single file, the process reads one file itself and ends.

A reply is frames of what the reader wrote, passed on unread as it comes, then an empty one with how the reader ended.
"""

from __future__ import annotations

import codecs
import gc
import os
import struct
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.unpacking import unpack
from asl_inspector.wire import read_frame, write_frame
from asl_inspector.workers import tripwire
from asl_inspector.workers.codecs import checkpoint_codec, file_codec
from asl_inspector.workers.limits import CPU_SECONDS, limit_this_process
from asl_inspector.workers.messages import Companion, Identity, NamesOthers, ReadRequest, Refusal, Unpacked
from asl_inspector.workers.packing import pack_parts
from asl_inspector.workers.streams import Outlet

if TYPE_CHECKING:
    from asl_inspector.case.recognising import Found
    from asl_inspector.checkpoints.records import WouldRun

CODECS_OF_TEXT = (
    "ascii",
    "cp1252",
    "latin-1",
    "raw_unicode_escape",
    "unicode_escape",
    "utf-8-sig",
    "utf-16",
    "utf-16-be",
    "utf-16-le",
    "utf-32-be",
    "utf-32-le",
)
CHUNK = 1 << 20
SECONDS_TO_UNPACK = 120
SECONDS_FOR_ENTRIES = 150.0  # the caller waits for 180 while it is told how far the reader is
CPU_SECONDS_FOR_ENTRIES = 170


def serve(*, once: bool) -> None:
    """Read files until the parent closes the pipe, or one file only."""
    gc.disable()  # a reader ends after one file; looking for cycles in millions of records would double its time
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if not once:
        _preload("file")
    while (parts := read_frame(sys.stdin.buffer)) is not None:
        request = _decoded(parts)
        if once:
            _preload(request.method)
            _load(request.libraries)
            _answer(request, Outlet(lambda block: write_frame(outgoing, [block])))
            _end_reply(outgoing, 0)
            os._exit(0)
        _load(request.libraries)
        _serve_by_fork(request, outgoing)


def _decoded(parts: list[bytes]) -> ReadRequest:
    """The request; one for a checkpoint is read without loading NumPy."""
    plain = b"Correction" not in parts[0] and b"Block" not in parts[0]
    request = (checkpoint_codec() if plain else file_codec()).decode(parts)
    assert isinstance(request, ReadRequest)  # noqa: S101 - the parent is this program
    return request


def _serve_by_fork(request: ReadRequest, outgoing: BinaryIO) -> None:
    """Read in a child; pass on what it writes as it comes, unread, and how it ended."""
    reading_end, writing_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading_end)
        outgoing.close()
        _answer(request, Outlet(lambda block: _send(writing_end, block)))
        os._exit(0)
    os.close(writing_end)
    while chunk := os.read(reading_end, CHUNK):
        write_frame(outgoing, [chunk])
    os.close(reading_end)
    _, status = os.waitpid(child, 0)
    _end_reply(outgoing, os.waitstatus_to_exitcode(status))


def _end_reply(outgoing: BinaryIO, status: int) -> None:
    write_frame(outgoing, [b"", struct.pack("<i", status)])


def _send(descriptor: int, content: bytes | memoryview) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def _preload(method: str) -> None:
    """Import all that a reader may use: once the tripwire is armed nothing can be imported."""
    for name in CODECS_OF_TEXT:
        codecs.lookup(name)  # `decode` has shortcuts that import nothing for empty bytes
    import heapq  # noqa: F401 - the library imports it when it first needs it

    import asl_inspector.checkpoints.opening
    import asl_inspector.inert_pickle.text

    if method != "checkpoint":
        import numpy as np

        import asl_inspector.case.recognising
        import asl_inspector.samples.folders
        import asl_inspector.samples.hdf5
        import asl_inspector.samples.tables  # noqa: F401

        np.array([1.0]).astype("<u2").sum()  # NumPy imports parts of itself when they are first used
        np.unique(np.array([1])), np.ma


_loaded: set[str] = set()


def _load(libraries: Iterable[str]) -> None:
    """Load the libraries of formats that have one, each when it is first needed: the others start without them."""
    for library in libraries:
        if library in _loaded:
            continue
        if library == "hdf5":
            from asl_inspector.samples.hdf5 import warm_up as warm_up_hdf5

            warm_up_hdf5()
        elif library == "arrow":
            from asl_inspector.outputs.parquet import warm_up as warm_up_parquet
            from asl_inspector.samples.arrow import warm_up as warm_up_arrow

            warm_up_arrow()
            warm_up_parquet()
        _loaded.add(library)


def _answer(request: ReadRequest, outlet: Outlet) -> None:
    """Read and reply: the count of the reply's parts, their sizes, themselves."""
    codec = checkpoint_codec() if request.method == "checkpoint" else file_codec()
    try:
        parts = codec.encode(_opened(request, outlet))
    except InspectorError as error:
        parts = codec.encode(Refusal(error.sentence, error.advice, error.detail))
    except MemoryError:
        parts = codec.encode(
            Refusal(
                f"“{request.name or request.path.name}” describes more than fits into the memory that reading a file "
                "may take.",
                "It is damaged, or made to exhaust memory.",
            )
        )
    except Exception as error:  # noqa: BLE001 - a defect of our own in a process that ends with this file
        sentence = f"Reading “{request.name or request.path.name}” met an error of the program itself."
        parts = codec.encode(Refusal(sentence, "Please report it with the details.", _place_of(error)))
    outlet.reply(pack_parts(parts))


def _place_of(error: Exception) -> str:
    """Where an error arose, without the source text, which could not be opened any more."""
    steps, frame = [], error.__traceback__
    while frame is not None:
        code = frame.tb_frame.f_code
        steps.append(f"{Path(code.co_filename).name}:{frame.tb_lineno} in {code.co_name}")
        frame = frame.tb_next
    return "\n".join([*steps, f"{type(error).__name__}: {error}"])


def _opened(request: ReadRequest, outlet: Outlet) -> object:
    """What was asked for; everything up to the arming of the tripwire is our own doing."""
    if request.method in ("files", "index") or request.files:
        return _opened_files(request, outlet)
    file = _mapped(request.path, request.identity)
    file.path = Path(request.name) if request.name else file.path
    file.given = {one.name: _companion(one) for one in request.companions or ()}
    if request.method == "unpack":
        _confine(SECONDS_TO_UNPACK)
        return Unpacked(unpack(file, outlet))
    if request.method == "numbers":
        _decode(file, request, outlet)
        return None
    found, opened, runs = _read_checkpoint(file) if request.method == "checkpoint" else _read_any(file, request, outlet)
    if file.wanted and request.companions is None:
        return NamesOthers(tuple(dict.fromkeys(file.wanted)))
    return opened, runs, tuple(name for name in found.files if name) if isinstance(found, MappedParts) else ()


def _read_checkpoint(file: MappedFile) -> tuple[MappedFile | MappedParts, object, tuple[WouldRun, ...]]:
    from asl_inspector.checkpoints.opening import open_with_parts

    _confine(CPU_SECONDS)
    found, checkpoint = open_with_parts(file)
    return found, checkpoint, checkpoint.would_run


def _read_any(file: MappedFile, request: ReadRequest, outlet: Outlet) -> Found:
    from dataclasses import replace

    from asl_inspector.case.recognising import read_file
    from asl_inspector.outputs.records import SavedOutputs
    from asl_inspector.samples.job import Job
    from asl_inspector.samples.mapping import NO_CORRECTION, Correction

    _load(_libraries_for(file))
    _confine(CPU_SECONDS_FOR_ENTRIES)
    correction = request.extra if isinstance(request.extra, Correction) else NO_CORRECTION
    job = Job(outlet, correction, tell=outlet.tell, latest=time.monotonic() + SECONDS_FOR_ENTRIES)
    found, opened, runs = read_file(file, job)
    if isinstance(opened, SavedOutputs):
        opened = replace(opened, content=b"")  # the caller has mapped the file itself
    return found, opened, runs


def _decode(file: MappedFile, request: ReadRequest, outlet: Outlet) -> None:
    from asl_inspector.samples.opening import decode_block
    from asl_inspector.samples.records import Block

    _load(_libraries_for(file))
    _confine(CPU_SECONDS)
    assert isinstance(request.extra, Block)  # noqa: S101 - the parent is this program
    decode_block(file, request.extra, outlet)


def _confine(cpu_seconds: int) -> None:
    limit_this_process(cpu_seconds)
    tripwire.arm()


def _mapped(path: Path, identity: Identity | None) -> MappedFile:
    """The file at a path, if it is still the one that the caller has mapped."""
    file = MappedFile(path)
    if Identity(file.device, file.inode, file.size, file.modified_ns) != identity:
        raise InspectorError(f"“{path.name}” was replaced while it was being opened.", advice="Open it again.")
    return file


def _companion(one: Companion) -> MappedFile | str:
    return _mapped(one.path, one.identity) if one.path is not None else one.refusal


def _libraries_for(file: MappedFile) -> list[str]:
    """What the file's kind needs, told from its first bytes by code of our own."""
    from asl_inspector.sniffing import LIBRARIES, sniff

    needed = LIBRARIES.get(sniff(file.view))
    return [needed] if needed else []


def _opened_files(request: ReadRequest, outlet: Outlet) -> object:
    """Some files of a folder: all of them are mapped before any of them is looked into."""
    from asl_inspector.samples.folders import decode_files, read_files
    from asl_inspector.samples.islr import looks_like_index, read_index
    from asl_inspector.samples.mapping import NO_CORRECTION, Correction
    from asl_inspector.samples.records import Block

    mapped: dict[str, MappedFile | InspectorError] = {}
    for name, size, modified_ns in request.files:
        try:
            file = MappedFile(request.path / name, follow=False)
            if (file.size, file.modified_ns) != (size, modified_ns):
                raise InspectorError(f"“{name}” was changed after it was found.", advice="Open the folder again.")
            _load(_libraries_for(file))
            mapped[name] = file
        except InspectorError as error:
            mapped[name] = error
    _confine(CPU_SECONDS)
    if request.method == "index":
        (found,) = mapped.values()
        if isinstance(found, InspectorError):
            raise found
        head = bytes(found.view[: 1 << 16]).decode("utf-8", "replace")
        return read_index(found) if looks_like_index(head) else None
    if isinstance(request.extra, Block):
        decode_files(mapped, request.extra, outlet)
        return None
    correction = request.extra if isinstance(request.extra, Correction) else NO_CORRECTION
    return read_files(mapped, outlet, correction)
