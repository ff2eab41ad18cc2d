"""What was found in large folders of clips is remembered, so that an unchanged folder opens at once the next time.

A batch of files is known by its folder, by the names, sizes and times of change of its files, by what the user said of
their layout and by the program that read them: where any of these differs, the files are read anew. What is kept is what
a reading process replied (no file is copied; numbers only where they had to be decoded), in the platform's folder for
caches, readable by the user alone. It is bounded, and may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import struct
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import cast

from asl_inspector.about import program_version
from asl_inspector.case.surveying import FoundFile
from asl_inspector.samples.folders import FolderBatch
from asl_inspector.samples.mapping import Correction
from asl_inspector.wire import BrokenPipe
from asl_inspector.workers.codecs import file_codec
from asl_inspector.workers.packing import pack_parts, unpack_parts

FORMAT = 1  # of the files that are kept
FEWEST_FILES = 500  # a smaller folder opens at once anyway
MOST_NUMBERS = 64 << 20  # bytes of one batch; more is read anew
MOST_KEPT = 512 << 20  # bytes altogether
ENDING = ".batch"
HEAD = struct.Struct("<Q")


class Memory:
    """Batches that were read before.

    Args:
        folder: Where they are kept; None for the platform's folder for caches.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or _usual_folder()

    def recall(self, key: str) -> tuple[FolderBatch, bytes] | None:
        """A batch and the numbers that were decoded for it, or None where it is not known."""
        path = self.folder / f"{key}{ENDING}"
        try:
            held = path.read_bytes()
            (size,) = HEAD.unpack_from(held)
            reply, numbers = held[HEAD.size : HEAD.size + size], held[HEAD.size + size :]
            batch = file_codec().decode(unpack_parts(reply))
            os.utime(path)  # the least recently used goes first
        except (OSError, ValueError, struct.error, BrokenPipe):
            return None
        return (batch, numbers) if isinstance(batch, FolderBatch) else None

    def keep(self, key: str, batch: FolderBatch, numbers: bytes | memoryview) -> None:
        """Keep a batch; where there is no room or no right to write, it is read anew the next time."""
        if len(numbers) > MOST_NUMBERS:
            return
        reply = pack_parts(file_codec().encode(batch))
        with contextlib.suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self.folder)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(HEAD.pack(len(reply)))
                    file.write(reply)
                    file.write(numbers)
                Path(name).replace(self.folder / f"{key}{ENDING}")
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
            self._forget_the_oldest()

    def _forget_the_oldest(self) -> None:
        kept = []
        for path in self.folder.glob(f"*{ENDING}"):
            status = path.stat()
            kept.append((status.st_mtime_ns, status.st_size, path))
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= MOST_KEPT:
                break
            path.unlink(missing_ok=True)
            total -= size


def key_of(folder: Path, files: Sequence[FoundFile], correction: Correction) -> str:
    """What a batch is known by: a SHA-256 in hexadecimal digits."""
    told = hashlib.sha256(f"{FORMAT}\0{program_version()}\0{_readers_stamp()}\0".encode())
    told.update(os.fsencode(folder.absolute()) + b"\0")
    told.update(cast("bytes", file_codec().encode(correction)[0]) + b"\0")
    for one in files:
        told.update(f"{one.name}\0{one.bytes}\0{one.modified_ns}\0".encode("utf-8", "surrogateescape"))
    return told.hexdigest()


@cache
def _readers_stamp() -> str:
    """Sizes and times of change of the modules that read clips, where the program runs from its sources."""
    import asl_inspector.samples

    stamps = []
    for place in asl_inspector.samples.__path__:
        with contextlib.suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    stamps.append((entry.name, status.st_size, status.st_mtime_ns))
    return repr(sorted(stamps))


def _usual_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("asl-inspector", appauthor=False)) / "folders"
