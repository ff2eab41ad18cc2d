"""Bytes that a reader works on, and where in the file they are."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.inert_pickle.records import ByteSpan


@dataclass(frozen=True, slots=True)
class Region:
    """A run of bytes.

    Attributes:
        content: The bytes.
        offset: Place of the first one in the file, or None where they were unpacked into memory.
    """

    content: memoryview
    offset: int | None

    def part(self, start: int, size: int) -> Region:
        """`size` bytes from `start` on."""
        return Region(self.content[start : start + size], None if self.offset is None else self.offset + start)

    def span(self, span: ByteSpan) -> Region:
        """A byte string of the pickle stream that was read from this region."""
        return self.part(span.start, span.size)

    @property
    def inline(self) -> bytes | None:
        """A copy of the bytes where they have no place in the file, else None."""
        return bytes(self.content) if self.offset is None else None
