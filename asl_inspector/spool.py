"""Numbers that had to be decoded or unpacked, kept in a temporary file instead of in memory.

The file has no name (on POSIX systems), so nothing is left behind however the program ends; it is mapped, so that only
what is touched takes memory.
"""

from __future__ import annotations

import mmap
import os
import threading
import weakref
from pathlib import Path
from typing import BinaryIO, cast

from asl_inspector.errors import DataError

MOST = 8 << 30
SHARE_OF_DISK = 0.5
ALIGNED = 16


class Spool:
    """Blocks of bytes one after the other.

    Args:
        most: Bytes that it may grow to; never more than half of what is free on the disk when it is made.
    """

    def __init__(self, most: int = MOST) -> None:
        self.most = most
        self._made: BinaryIO | None = None
        self._lock = threading.Lock()
        self._view = memoryview(b"")
        self.size = 0

    @property
    def _file(self) -> BinaryIO:
        """The file, made when something is first kept: most files need none."""
        if self._made is None:
            import shutil  # slow to load, and a reader of a checkpoint needs neither
            import tempfile

            self.most = min(self.most, int(shutil.disk_usage(tempfile.gettempdir()).free * SHARE_OF_DISK))
            made = tempfile.TemporaryFile(prefix="asl-inspector-")  # noqa: SIM115 - closed when the spool goes
            self._made = cast("BinaryIO", made)
            weakref.finalize(self, self._made.close)
        return self._made

    def put(self, block: bytes | memoryview) -> int:
        """Append a block.

        Returns:
            The place of its first byte.

        Raises:
            DataError: If the spool is full.
        """
        with self._lock:
            start, file = self.size, self._file
            if start + len(block) > self.most:
                raise DataError(
                    f"The numbers of this file take more than {self.most >> 20:,} MB once they are unpacked.",
                    advice="Free space on the disk of temporary files, or save fewer clips in one file.",
                )
            file.seek(start)
            file.write(block)
            self.size = start + len(block)
            return start

    def align(self) -> int:
        """Make the next block start at a multiple of 16 bytes; returns that place."""
        if self.size % ALIGNED:
            self.put(b"\0" * (ALIGNED - self.size % ALIGNED))
        return self.size

    @property
    def view(self) -> memoryview:
        """All bytes so far, read-only. Views taken earlier stay valid."""
        with self._lock:
            if len(self._view) != self.size:
                file = self._file
                file.flush()
                mapped = mmap.mmap(file.fileno(), self.size, access=mmap.ACCESS_READ)
                self._view = memoryview(mapped).toreadonly()
            return self._view

    def save(self, folder: Path) -> Path:
        """The bytes as a named file in `folder`, for a process that has to open them by name."""
        import shutil

        path = folder / "unpacked"
        with self._lock, open(path, "xb", opener=_private) as file:
            self._file.seek(0)
            shutil.copyfileobj(self._file, file, 1 << 20)
        return path


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
