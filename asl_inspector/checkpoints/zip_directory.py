"""The members of a zip archive, read from its central directory and checked against the local headers.

Nothing is extracted. Stored members are used where they lie; deflated ones are inflated into memory under a budget.
An archive that can be read in two ways is an attack or a damage: what PyTorch would take is taken and the oddity is
noted; where PyTorch's own choice is arbitrary (two different members of one name), the member is refused.

Source: PKWARE, APPNOTE.TXT 6.3.10, sections 4.3 to 4.5.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

from asl_inspector.checkpoints.zip_oddities import Member, find_oddities
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.records import Buffer

STORED, DEFLATED = 0, 8
MOST_ENTRIES = 200_000
MOST_INFLATED = 512 << 20  # bytes of one member
END, LOCATOR, END_64 = struct.Struct("<4sHHHHLLH"), struct.Struct("<4sLQL"), struct.Struct("<4sQHHLLQQQQ")
ENTRY, LOCAL = struct.Struct("<4sHHHHHHLLLHHHHHLL"), struct.Struct("<4sHHHHHLLLHH")
LONGEST_COMMENT = 0xFFFF
NEEDS_64_BITS = 0xFFFFFFFF
ENCRYPTED = 0x2041  # bits 0 (traditional), 6 (strong) and 13 (masked headers)
LINK, KIND_OF_FILE = 0xA000, 0xF000  # Unix modes in the upper half of the external attributes


@dataclass(frozen=True, slots=True)
class ZipDirectory:
    """The archive's members by name, and what was odd."""

    content: Buffer
    members: dict[str, Member]
    notes: tuple[str, ...]

    def data_offset(self, member: Member) -> int:
        """Where the member's bytes start.

        Raises:
            UnreadableCheckpoint: If the member cannot be read, or its local header contradicts the directory.
        """
        if member.trouble:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” {member.trouble}.")
        header = memoryview(self.content)[member.header : member.header + LOCAL.size]
        if len(header) < LOCAL.size or bytes(header[:4]) != b"PK\x03\x04":
            raise UnreadableCheckpoint(f"The archive member “{member.name}” has no header where it should be.")
        name_size, extra_size = struct.unpack_from("<HH", header, 26)
        start = member.header + LOCAL.size
        local_name = bytes(self.content[start : start + name_size]).decode("utf-8", "backslashreplace")
        if local_name != member.name:
            raise UnreadableCheckpoint(
                f"The archive calls one member “{member.name}” in its directory and “{local_name}” in the member.",
                advice="The file was tampered with or damaged; download it again.",
            )
        offset: int = start + name_size + extra_size
        if offset + member.packed_size > len(self.content):
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is cut short.")
        if member.method == STORED and member.size != member.packed_size:
            raise UnreadableCheckpoint(
                f"The archive member “{member.name}” is not compressed, and yet has {member.packed_size:,} bytes that "
                f"stand for {member.size:,}.",
                advice="The file was tampered with or damaged; download it again.",
            )
        return offset

    def read(self, member: Member, *, most: int | None = None) -> memoryview:
        """The member's bytes: a view where it is stored, inflated where it is deflated.

        Args:
            member: One of the members.
            most: Inflate no more than the first `most` bytes; None for all of them.

        Raises:
            UnreadableCheckpoint: If the member cannot be read, or is larger than the budget.
        """
        start = self.data_offset(member)
        packed = memoryview(self.content)[start : start + member.packed_size]
        if member.method == STORED:
            return packed[:most]
        if member.method != DEFLATED:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is packed in a way that is not supported.")
        wanted = member.size if most is None else min(most, member.size)
        if wanted > MOST_INFLATED:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” inflates to {member.size:,} bytes.")
        engine = zlib.decompressobj(-15)
        try:
            content = engine.decompress(packed, wanted + 1)
        except zlib.error as error:
            raise UnreadableCheckpoint(f"The archive member “{member.name}” is damaged.", detail=str(error)) from None
        if len(content) < wanted or (wanted == member.size and len(content) > wanted):
            raise UnreadableCheckpoint(f"The archive member “{member.name}” does not have the size it announces.")
        return memoryview(content)[:wanted]


def read_directory(content: Buffer) -> ZipDirectory:
    """The directory of a zip archive.

    Raises:
        UnreadableCheckpoint: If there is no end record (a file cut short has none) or the directory is damaged.
    """
    view = memoryview(content)
    end = _find_end(view)
    if end.count > MOST_ENTRIES:
        raise UnreadableCheckpoint(
            f"The archive announces {end.count:,} members, and no checkpoint has more than {MOST_ENTRIES:,}."
        )
    notes = list(end.notes)
    start, shift = end.start, 0
    if end.count and bytes(view[start : start + 4]) != b"PK\x01\x02":
        shift = end.after - end.size - end.start
        start += shift
        if shift <= 0 or bytes(view[start : start + 4]) != b"PK\x01\x02":
            raise UnreadableCheckpoint("The archive's directory does not fit the file.", advice="Download it again.")
        notes.append(f"The archive starts {shift:,} bytes into the file; PyTorch itself would not open it.")
    if start + end.size > len(view):
        raise UnreadableCheckpoint("The archive's directory does not fit the file.", advice="Download it again.")
    directory = view[start : start + end.size]
    entries: list[Member] = []
    position = 0
    for _ in range(end.count):
        member, position = _entry(directory, position, shift)
        entries.append(member)
    if position < len(directory):
        notes.append(f"The archive's directory has {len(directory) - position:,} bytes more than its members need.")
    members, oddities = find_oddities(view, entries, (start, start + end.size), end.position, end.others)
    return ZipDirectory(content, members, (*notes, *oddities))


@dataclass(frozen=True, slots=True)
class _End:
    """The end record: members, size and start of the directory, where the record stands, and where others do.

    `after` is what follows the directory: the 64-bit record where there is one, else the end record at `position`.
    """

    count: int
    size: int
    start: int
    after: int
    position: int
    others: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def _find_end(content: memoryview) -> _End:
    """The last end record whose comment fits, as in PyTorch."""
    tail_start = max(0, len(content) - END.size - LONGEST_COMMENT)
    tail = bytes(content[tail_start:])
    places = []
    found = tail.rfind(b"PK\x05\x06")
    while found >= 0:
        if found + END.size <= len(tail) and found + END.size + END.unpack_from(tail, found)[-1] <= len(tail):
            places.append(found)
        found = tail.rfind(b"PK\x05\x06", 0, found)
    if not places:
        raise UnreadableCheckpoint(
            "The file is cut short: a zip archive's directory stands at its end, and there is none.",
            advice="Copy or download the file again and compare the sizes.",
        )
    others = tuple(tail_start + place for place in places[1:])
    _, _, _, _, count, size, start, _ = END.unpack_from(tail, places[0])
    position = tail_start + places[0]
    wide = _find_end_64(content, position)
    if wide is None:
        return _End(count, size, start, position, position, others)
    told = ((count, 0xFFFF, wide.count), (size, NEEDS_64_BITS, wide.size), (start, NEEDS_64_BITS, wide.start))
    notes: tuple[str, ...] = ()
    if any(short not in (unknown, long) for short, unknown, long in told):
        notes = ("The archive's two end records contradict each other; the 64-bit one is used, as in PyTorch.",)
    return _End(wide.count, wide.size, wide.start, wide.after, position, others, notes)


def _find_end_64(content: memoryview, end: int) -> _End | None:
    """The 64-bit record, where a locator in front of the end record names one."""
    if end < LOCATOR.size or bytes(content[end - LOCATOR.size : end - LOCATOR.size + 4]) != b"PK\x06\x07":
        return None
    place = LOCATOR.unpack_from(content, end - LOCATOR.size)[2]
    for position in (place, end - LOCATOR.size - END_64.size):  # the second: the archive does not start the file
        if 0 <= position <= len(content) - END_64.size and bytes(content[position : position + 4]) == b"PK\x06\x06":
            record = END_64.unpack_from(content, position)
            return _End(record[7], record[8], record[9], after=position, position=end)
    raise UnreadableCheckpoint("The archive's 64-bit end record is damaged.", advice="Download it again.")


def _entry(directory: memoryview, position: int, shift: int) -> tuple[Member, int]:
    """One entry of the central directory and where the next one starts."""
    if position + ENTRY.size > len(directory) or bytes(directory[position : position + 4]) != b"PK\x01\x02":
        raise UnreadableCheckpoint("The archive's directory is damaged.", advice="Download the file again.")
    fields = ENTRY.unpack_from(directory, position)
    flags, method, crc, packed, size = fields[3], fields[4], *fields[7:10]
    name_size, extra_size, comment_size = fields[10:13]
    header = fields[16]
    start = position + ENTRY.size
    after = start + name_size + extra_size + comment_size
    if after > len(directory):
        raise UnreadableCheckpoint("The archive's directory is damaged.", advice="Download the file again.")
    name = bytes(directory[start : start + name_size]).decode("utf-8", "backslashreplace")
    if NEEDS_64_BITS in (packed, size, header):
        extra = bytes(directory[start + name_size : start + name_size + extra_size])
        size, packed, header = _wide_sizes(extra, size, packed, header)
    return (
        Member(
            name=name,
            method=method,
            packed_size=packed,
            size=size,
            header=header + shift,
            crc=crc,
            trouble="is encrypted" if flags & ENCRYPTED else "",
            is_link=fields[1] >> 8 == 3 and (fields[15] >> 16) & KIND_OF_FILE == LINK,  # written on Unix
        ),
        after,
    )


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
