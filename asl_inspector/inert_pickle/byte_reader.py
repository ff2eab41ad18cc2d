"""The bytes of a pickle stream, taken from front to back: every length is checked before it is used.

Source: CPython's Lib/pickletools.py documents the arguments of the opcodes.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from asl_inspector.errors import InspectorError
from asl_inspector.inert_pickle.records import LONGEST_HEAD, Buffer, ByteSpan

MOST_NOTES = 20
LINE_BLOCK = 4096
TEXT_OVERHEAD = 64  # bytes that Python holds for a text beside its characters

_unpack_u16 = struct.Struct("<H").unpack_from
_unpack_u32 = struct.Struct("<I").unpack_from
_unpack_i32 = struct.Struct("<i").unpack_from
_unpack_u64 = struct.Struct("<Q").unpack_from
_unpack_f64 = struct.Struct(">d").unpack_from


class MalformedPickle(InspectorError):
    """The stream is not a pickle, or breaks off, or exceeds a budget."""


class CutShort(MalformedPickle):
    """The stream breaks off before its end."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much of a stream is read before it is given up as abusive.

    Attributes:
        opcodes: Steps of the machine.
        memo: Entries of the memo.
        string_bytes: Longest single text; a longer one stays in the file and is described.
        text_bytes: All texts together.
        held_bytes: Memory that the records may take, by estimate; 5 million records of 144 bytes.
    """

    opcodes: int = 50_000_000
    memo: int = 2_000_000
    string_bytes: int = 16 << 20
    text_bytes: int = 256 << 20
    held_bytes: int = 720 << 20


class ByteReader:
    """Where the stream is read, and what its content has cost so far."""

    __slots__ = ("budget", "held", "notes", "position", "size", "source", "text_bytes")

    def __init__(self, source: Buffer, start: int, budget: Budget) -> None:
        self.source = memoryview(source)
        self.position = start
        self.size = len(self.source)
        self.budget = budget
        self.held = 0
        self.text_bytes = 0
        self.notes: list[str] = []

    def broken(self, why: str, *, back: int = 0) -> MalformedPickle:
        """The error for this place of the stream."""
        return MalformedPickle(f"The pickle stream cannot be read: {why} (byte {self.position - back:,}).")

    def cut_short(self, why: str) -> CutShort:
        """The error for a stream that breaks off here."""
        return CutShort(f"The pickle stream cannot be read: {why} (byte {self.position:,}).")

    def note(self, text: str) -> None:
        """Remember an oddity, once."""
        if text not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def charge(self, count: int) -> None:
        """Count memory before it is taken."""
        self.held += count
        if self.held > self.budget.held_bytes:
            raise self.broken(f"its content would take more than {self.budget.held_bytes >> 20} MB of memory")

    def skip(self, count: int) -> int:
        """Step over `count` bytes; returns where they start."""
        start = self.position
        end = start + count
        if count < 0 or end > self.size:
            raise self.cut_short(f"{count:,} bytes announced, {max(0, self.size - start):,} left")
        self.position = end
        return start

    def take(self, count: int) -> memoryview:
        """The next `count` bytes."""
        start = self.skip(count)
        return self.source[start : start + count]

    def take_byte(self) -> int:
        """The next byte as a number."""
        return self.source[self.skip(1)]

    def take_u16(self) -> int:
        """Two bytes, lowest first, unsigned."""
        number: int = _unpack_u16(self.source, self.skip(2))[0]
        return number

    def take_u32(self) -> int:
        """Four bytes, lowest first, unsigned."""
        number: int = _unpack_u32(self.source, self.skip(4))[0]
        return number

    def take_i32(self) -> int:
        """Four bytes, lowest first, signed."""
        number: int = _unpack_i32(self.source, self.skip(4))[0]
        return number

    def take_u64(self) -> int:
        """Eight bytes, lowest first, unsigned."""
        number: int = _unpack_u64(self.source, self.skip(8))[0]
        return number

    def take_float(self) -> float:
        """Eight bytes, highest first."""
        number: float = _unpack_f64(self.source, self.skip(8))[0]
        return number

    def take_line(self) -> bytes:
        """The next bytes up to a newline, which is skipped."""
        start = position = self.position
        longest = start + self.budget.string_bytes
        while position < self.size:
            if position > longest:
                raise self.broken(f"a text argument of more than {self.budget.string_bytes >> 20} MB")
            block = bytes(self.source[position : position + LINE_BLOCK])
            found = block.find(b"\n")
            if found >= 0:
                end = position + found
                self.charge(end - start + TEXT_OVERHEAD)
                self.position = end + 1
                return bytes(self.source[start:end])
            position += len(block)
        raise self.cut_short("a text argument without its newline")

    def take_text(self, count: int) -> str | ByteSpan:
        """UTF-8 text of `count` bytes, lone surrogates allowed as pickle allows them; a very long one stays in the file."""
        start = self.skip(count)
        if count > self.budget.string_bytes:
            self.note(f"a text of {count:,} bytes is left in the file")
            return ByteSpan(start, count, bytes(self.source[start : start + LONGEST_HEAD]))
        self.text_bytes += count
        if self.text_bytes > self.budget.text_bytes:
            raise self.broken(f"more than {self.budget.text_bytes >> 20} MB of text")
        raw = self.source[start : start + count]
        try:
            text = str(raw, "utf-8", "surrogatepass")
        except UnicodeDecodeError:
            self.note("some text is not valid UTF-8; its bad bytes are shown escaped")
            text = str(raw, "utf-8", "backslashreplace")
        self.held += count if text.isascii() else 4 * len(text)  # the loop compares the sum with the budget
        return text

    def take_bytes(self, count: int) -> ByteSpan:
        """A byte string, left in the file."""
        start = self.skip(count)
        head = bytes(self.source[start : start + min(count, LONGEST_HEAD)])
        self.held += len(head)
        return ByteSpan(start, count, head)
