"""What a reading process writes: numbers that it decoded, in pieces, and last its reply.

A record is a letter, a size, and that many bytes: "N" for numbers, "P" for how far the reader is, "R" for the reply. The
program keeps the numbers in a spool as they come, so that neither side ever holds all of them.
"""

from __future__ import annotations

import struct
import time
from collections.abc import Callable

from asl_inspector.spool import ALIGNED, Spool

HEAD = struct.Struct("<cQ")
COUNTS = struct.Struct("<QQ")
NUMBERS, PROGRESS, REPLY = b"N", b"P", b"R"
LARGEST_REPLY = 1 << 30
SECONDS_BETWEEN_SIGNS = 0.1


class Outlet:
    """The reader's end: a sink for numbers, and a way to reply.

    Args:
        write: Hands bytes to the program.
    """

    def __init__(self, write: Callable[[bytes | memoryview], object]) -> None:
        self._write = write
        self.size = 0
        self._told = time.monotonic()

    def put(self, block: bytes | memoryview) -> int:
        """Send numbers on; returns the place that their first byte has in the spool."""
        start = self.size
        if len(block):
            self._write(HEAD.pack(NUMBERS, len(block)))
            self._write(block)
        self.size += len(block)
        return start

    def align(self) -> int:
        """Make the next block start at a multiple of 16 bytes; returns that place."""
        if self.size % ALIGNED:
            self.put(b"\0" * (ALIGNED - self.size % ALIGNED))
        return self.size

    def tell(self, done: int, total: int) -> None:
        """Say how many entries were looked at, a few times a second: a sign of life too."""
        if time.monotonic() - self._told >= SECONDS_BETWEEN_SIGNS:
            self._told = time.monotonic()
            self._write(HEAD.pack(PROGRESS, COUNTS.size) + COUNTS.pack(done, total))

    def reply(self, content: bytes) -> None:
        """Send the reply."""
        self._write(HEAD.pack(REPLY, len(content)))
        self._write(content)


class Inlet:
    """The program's end.

    Args:
        spool: Takes the numbers; None where none are expected.
        tell: Told how many entries of how many the reader has looked at.
    """

    def __init__(self, spool: Spool | None, tell: Callable[[int, int], None] | None = None) -> None:
        self._spool = spool
        self._tell = tell
        self._counts = b""
        self._head = b""
        self._kind = b""
        self._left = 0
        self._parts: list[bytes | memoryview] = []

    def feed(self, chunk: bytes) -> None:
        """Take what came.

        Raises:
            ValueError: If it is no record, or one that was not expected.
            DataError: If the spool is full.
        """
        view = memoryview(chunk)
        while len(view):
            if not self._left:
                wanted = HEAD.size - len(self._head)
                self._head += bytes(view[:wanted])
                view = view[wanted:]
                if len(self._head) == HEAD.size:
                    self._kind, self._left = HEAD.unpack(self._head)
                    self._head = b""
                    self._check()
                continue
            part = view[: self._left]
            view = view[len(part) :]
            self._left -= len(part)
            if self._kind == NUMBERS and self._spool is not None:
                self._spool.put(part)
            elif self._kind == PROGRESS:
                self._take_counts(bytes(part))
            else:
                self._parts.append(part)

    def _take_counts(self, part: bytes) -> None:
        self._counts += part
        if len(self._counts) == COUNTS.size:
            counts, self._counts = COUNTS.unpack(self._counts), b""
            if self._tell is not None:
                self._tell(*counts)

    def _check(self) -> None:
        if self._kind not in (NUMBERS, PROGRESS, REPLY):
            raise ValueError("an unknown record")
        if self._kind == NUMBERS and self._spool is None:
            raise ValueError("numbers that nobody asked for")
        if self._kind == PROGRESS and self._left != COUNTS.size:
            raise ValueError("progress of another length")
        if self._kind == REPLY and self._left > LARGEST_REPLY:
            raise ValueError("a reply that is too large")

    @property
    def reply(self) -> bytes:
        """The reply so far."""
        return b"".join(self._parts)
