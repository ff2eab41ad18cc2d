"""The members of a zip archive, read from its central directory and checked against the local headers.

Nothing is extracted. Stored members are used where they lie; deflated ones are inflated into memory under a budget.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.records import Buffer

STORED, DEFLATED = 0, 8
MOST_ENTRIES = 1_000_000
MOST_INFLATED = 512 << 20  # bytes of one member
END_SIZE, LOCATOR_SIZE, ENTRY_SIZE, LOCAL_SIZE = 22, 20, 46, 30
LONGEST_COMMENT = 0xFFFF
NEEDS_64_BITS = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Member:
    """One member: `size` bytes, `packed_size` of them in the archive, whose local header is at `header`."""

    name: str
    method: int
    packed_size: int
    size: int
    header: int


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """The archive's members by name, the last of equal names winning as in torch, and what was odd."""

    content: Buffer
    members: dict[str, Member]
    notes: tuple[str, ...]

    def data_offset(self, member: Member) -> int:
        """Where the member's bytes start.

        Raises:
            UnreadableCheckpoint: If the local header contradicts the central directory.
        """
        header = bytes(self.content[member.header : member.header + LOCAL_SIZE])
        if len(header) < LOCAL_SIZE or header[:4] != b"PK\x03\x04":
            raise UnreadableCheckpoint(f"The archive member “{member.name}” has no header where it should be.")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        start = member.header + LOCAL_SIZE
        local_name = bytes(self.content[start : start + name_size]).decode("utf-8", "backslashreplace")
        if local_name != member.name:
            raise UnreadableCheckpoint(
                f"The archive calls one member “{member.name}” in its directory and “{local_name}” in the member.",
                advice="The file was tampered with or damaged; download it again.",
            )
        offset: int = start + name_size + extra_size
        if offset + member.packed_size > len(self.content):
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is cut short.")
        return offset

    def read(self, member: Member) -> memoryview:
        """The member's bytes: a view where it is stored, inflated where it is deflated."""
        start = self.data_offset(member)
        packed = memoryview(self.content)[start : start + member.packed_size]
        if member.method == STORED:
            return packed
        if member.method != DEFLATED:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is packed in a way that is not supported.")
        if member.size > MOST_INFLATED:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” inflates to {member.size:,} bytes.")
        engine = zlib.decompressobj(-15)
        try:
            content = engine.decompress(packed, member.size + 1)
        except zlib.error as error:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is damaged.", detail=str(error)) from None
        if len(content) != member.size:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” does not have the size it announces.")
        return memoryview(content)


def read_directory(content: Buffer) -> ZipDirectory:
    """The directory of a zip archive.

    Raises:
        UnreadableCheckpoint: If there is no end record (a file cut short has none) or the directory is damaged.
    """
    count, size, start = _end_record(content)
    if count > MOST_ENTRIES or start + size > len(content):
        raise UnreadableCheckpoint("The archive's directory does not fit the file.", advice="Download it again.")
    directory = bytes(content[start : start + size])
    members: dict[str, Member] = {}
    notes: list[str] = []
    position = 0
    for _ in range(count):
        member, position = _entry(directory, position)
        if member.name in members:
            notes.append(f"The archive has two members called “{member.name}”; the last one is used.")
        members[member.name] = member
    return ZipDirectory(content, members, tuple(notes))


def _end_record(content: Buffer) -> tuple[int, int, int]:
    """Number of entries, size and start of the central directory."""
    tail_start = max(0, len(content) - END_SIZE - LONGEST_COMMENT)
    tail = bytes(content[tail_start:])
    found = tail.rfind(b"PK\x05\x06")
    while found >= 0:
        if found + END_SIZE <= len(tail):
            count, size, start, comment = struct.unpack("<HLLH", tail[found + 10 : found + END_SIZE])
            if found + END_SIZE + comment <= len(tail):
                return _end_record_64(content, tail_start + found) or (count, size, start)
        found = tail.rfind(b"PK\x05\x06", 0, found)
    raise UnreadableCheckpoint(
        "The file is cut short: a zip archive's directory stands at its end, and there is none.",
        advice="Copy or download the file again and compare the sizes.",
    )


def _end_record_64(content: Buffer, end: int) -> tuple[int, int, int] | None:
    """The same from the 64-bit record, where a locator in front of the end record names one."""
    locator = bytes(content[max(0, end - LOCATOR_SIZE) : end])
    if len(locator) < LOCATOR_SIZE or locator[:4] != b"PK\x06\x07":
        return None
    (place,) = struct.unpack("<Q", locator[8:16])
    record = bytes(content[place : place + 56])
    if len(record) < 56 or record[:4] != b"PK\x06\x06":
        raise UnreadableCheckpoint("The archive's 64-bit end record is damaged.", advice="Download it again.")
    count, size, start = struct.unpack("<QQQ", record[32:56])
    return count, size, start


def _entry(directory: bytes, position: int) -> tuple[Member, int]:
    """One entry of the central directory and where the next one starts."""
    if directory[position : position + 4] != b"PK\x01\x02" or position + ENTRY_SIZE > len(directory):
        raise UnreadableCheckpoint("The archive's directory is damaged.", advice="Download the file again.")
    (method,) = struct.unpack_from("<H", directory, position + 10)
    packed, size, name_size, extra_size, comment_size = struct.unpack_from("<LLHHH", directory, position + 20)
    (header,) = struct.unpack_from("<L", directory, position + 42)
    start = position + ENTRY_SIZE
    name = directory[start : start + name_size].decode("utf-8", "backslashreplace")
    extra = directory[start + name_size : start + name_size + extra_size]
    if NEEDS_64_BITS in (packed, size, header):
        size, packed, header = _wide_sizes(extra, size, packed, header)
    return Member(name, method, packed, size, header), start + name_size + extra_size + comment_size


def _wide_sizes(extra: bytes, size: int, packed: int, header: int) -> tuple[int, int, int]:
    """Sizes and offset from the ZIP64 extra field, which holds only those that did not fit."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == 1:
            numbers = iter(struct.unpack_from(f"<{min(length, len(extra) - position - 4) // 8}Q", extra, position + 4))
            size = next(numbers, size) if size == NEEDS_64_BITS else size
            packed = next(numbers, packed) if packed == NEEDS_64_BITS else packed
            header = next(numbers, header) if header == NEEDS_64_BITS else header
            break
        position += 4 + length
    return size, packed, header
