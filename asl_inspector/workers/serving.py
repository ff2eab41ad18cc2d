"""A process that reads files for the program and can do nothing else.

It waits for requests on standard input. Each file is read in a fresh child that is limited and watched before the first
byte is interpreted, so whatever a file does ends that child alone; the process that waits never looks into a file.
Where processes cannot fork, and for a single file, the process reads one file itself and ends.

A reply is two frames: what the reader sent, in a frame that is passed on unread, and how the reader ended.
"""

from __future__ import annotations

import codecs
import gc
import os
import struct
import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from asl_inspector.errors import InspectorError
from asl_inspector.mapped_file import MappedFile, MappedParts
from asl_inspector.wire import read_frame, write_frame
from asl_inspector.workers import tripwire
from asl_inspector.workers.codecs import checkpoint_codec, file_codec
from asl_inspector.workers.limits import limit_this_process
from asl_inspector.workers.messages import Companion, Identity, NamesOthers, ReadRequest, Refusal

if TYPE_CHECKING:
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
LARGEST_REPLY = 1 << 30
PARQUET_MAGIC = b"PAR1"


def serve(*, once: bool) -> None:
    """Read files until the parent closes the pipe, or one file only."""
    gc.disable()  # a reader ends after one file; looking for cycles in millions of records would double its time
    outgoing = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    if not once:
        _preload("file")
    while (parts := read_frame(sys.stdin.buffer)) is not None:
        request = checkpoint_codec().decode(parts)
        assert isinstance(request, ReadRequest)  # noqa: S101 - the parent is this program
        if once:
            _preload(request.method)
            write_frame(outgoing, [_read(request)])
            write_frame(outgoing, [struct.pack("<i", 0)])
            os._exit(0)
        _serve_by_fork(request, outgoing)


def _serve_by_fork(request: ReadRequest, outgoing: BinaryIO) -> None:
    """Read in a child; pass on what it wrote and how it ended."""
    reading_end, writing_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading_end)
        outgoing.close()
        _send(writing_end, _read(request))
        os._exit(0)
    os.close(writing_end)
    with os.fdopen(reading_end, "rb") as stream:
        reply = stream.read(LARGEST_REPLY)
    _, status = os.waitpid(child, 0)
    write_frame(outgoing, [reply])
    write_frame(outgoing, [struct.pack("<i", os.waitstatus_to_exitcode(status))])


def _send(descriptor: int, content: bytes) -> None:
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

    if method == "file":
        import numpy as np

        import asl_inspector.case.recognising  # noqa: F401

        np.array([1.0]).astype("<u2").sum()  # NumPy imports parts of itself when they are first used


def _read(request: ReadRequest) -> bytes:
    """The reply to a request as the bytes of its parts: their count, their sizes, themselves."""
    codec = checkpoint_codec() if request.method == "checkpoint" else file_codec()
    try:
        parts = codec.encode(_opened(request))
    except InspectorError as error:
        parts = codec.encode(Refusal(error.sentence, error.advice, error.detail))
    except MemoryError:
        parts = codec.encode(
            Refusal(
                f"“{request.path.name}” describes more than fits into the memory that reading a file may take.",
                "It is damaged, or made to exhaust memory.",
            )
        )
    head = struct.pack(f"<I{len(parts)}Q", len(parts), *map(len, parts))
    return b"".join([head, *parts])


def unpack_parts(reply: bytes) -> list[bytes]:
    """The parts of a reply.

    Raises:
        ValueError: If the reply breaks off.
    """
    if len(reply) < 4:
        raise ValueError("an empty reply")
    (count,) = struct.unpack_from("<I", reply)
    start = 4 + 8 * count
    if start > len(reply):
        raise ValueError("a reply that breaks off")
    sizes = struct.unpack_from(f"<{count}Q", reply, 4)
    if start + sum(sizes) != len(reply):
        raise ValueError("a reply that breaks off")
    parts = []
    for size in sizes:
        parts.append(reply[start : start + size])
        start += size
    return parts


def _opened(request: ReadRequest) -> object:
    """What the file holds; everything up to the arming of the tripwire is our own doing."""
    file = _mapped(request.path, request.identity)
    if request.method == "file" and bytes(file.view[:4]) == PARQUET_MAGIC:
        from asl_inspector.outputs.parquet import warm_up

        warm_up()
    file.given = {one.name: _companion(one) for one in request.companions or ()}
    limit_this_process()
    tripwire.arm()
    found, opened, runs = _read_checkpoint(file) if request.method == "checkpoint" else _read_any(file)
    if file.wanted and request.companions is None:
        return NamesOthers(tuple(dict.fromkeys(file.wanted)))
    return opened, runs, tuple(name for name in found.files if name) if isinstance(found, MappedParts) else ()


def _mapped(path: Path, identity: Identity | None) -> MappedFile:
    """The file at a path, if it is still the one that the caller has mapped."""
    file = MappedFile(path)
    if Identity(file.device, file.inode, file.size, file.modified_ns) != identity:
        raise InspectorError(f"“{path.name}” was replaced while it was being opened.", advice="Open it again.")
    return file


def _companion(one: Companion) -> MappedFile | str:
    return _mapped(one.path, one.identity) if one.path is not None else one.refusal


def _read_checkpoint(file: MappedFile) -> tuple[MappedFile | MappedParts, object, tuple[WouldRun, ...]]:
    from asl_inspector.checkpoints.opening import open_with_parts

    found, checkpoint = open_with_parts(file)
    return found, checkpoint, checkpoint.would_run


def _read_any(file: MappedFile) -> tuple[MappedFile | MappedParts, object, tuple[WouldRun, ...]]:
    from dataclasses import replace

    from asl_inspector.case.recognising import read_file
    from asl_inspector.outputs.records import SavedOutputs
    from asl_inspector.samples.records import Clips

    found, opened, runs = read_file(file)
    if isinstance(opened, Clips | SavedOutputs):
        opened = replace(opened, content=b"")  # the caller has mapped the file itself
    return found, opened, runs
