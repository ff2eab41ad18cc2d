"""What is odd in a zip archive: members that are there twice, lie over each other, or are not listed.

The cost is linear in the number of members: every local header is looked at once, and one sort finds overlaps and
gaps. Oddities of one kind make one sentence, however many there are.

Source: D. Fifield 2019, "A better zip bomb" (overlapping members); APPNOTE.TXT 6.3.10, section 4.3.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from asl_inspector.mapped_file import Visits

LOCAL = struct.Struct("<4sHHHHHLLLHH")
HAS_DESCRIPTOR = 0x08  # sizes follow the data, and the local header may keep zeros
ENCRYPTED_LOCALLY = 0x01
NEEDS_64_BITS = 0xFFFFFFFF
LONGEST_FILLING = 128  # a data descriptor, or the end records of another archive
MOST_COMPARED = 64 << 20  # bytes of members of one name that are compared, over the whole archive

SENTENCES = {
    "twice": "The archive has the member “{name}” twice, with equal content{more}.",
    "ambiguous": "The archive has two different members called “{name}”{more}; none of them is read.",
    "case": "The archive has members whose names differ only in upper and lower case, “{name}” for one{more}.",
    "encrypted": "The archive member “{name}” is encrypted{more}.",
    "flag": "The archive member “{name}” is marked as encrypted in one of its two headers only{more}.",
    "link": "The archive member “{name}” is a link{more}; it is read as a file and not followed.",
    "header": "The archive member “{name}” has no header where the directory says{more}.",
    "name": "The archive calls the member “{name}” differently in the member itself{more}.",
    "sizes": "The archive gives two different sizes for “{name}”{more}; those of its directory are used.",
    "overlap": "The archive member “{name}” lies over another one{more}.",
    "unlisted": "The archive has a member that its directory does not list, “{name}”{more}.",
    "end": "The archive has a second end record, {name}{more}; the last one is used, as in PyTorch.",
}


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an archive.

    Attributes:
        name: Its name in the directory.
        method: How it is packed: 0 stored, 8 deflated.
        packed_size: Bytes in the archive.
        size: Bytes when unpacked.
        header: Where its local header is.
        crc: Checksum as announced; 0 is common and means nothing.
        trouble: Why it is not read, to complete "The member ...", or an empty string.
        is_link: True where it is marked as a symbolic link.
    """

    name: str
    method: int
    packed_size: int
    size: int
    header: int
    crc: int = 0
    trouble: str = ""
    is_link: bool = False


class _Tally:
    """Oddities by kind: the first name of each, and how many. Keeps the budget of comparisons too."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[str, int]] = {}
        self.compared = 0

    def add(self, kind: str, name: str) -> None:
        first, count = self.found.get(kind, (name, 0))
        self.found[kind] = (first, count + 1)

    def sentences(self) -> tuple[str, ...]:
        return tuple(
            SENTENCES[kind].format(name=name, more=f", and {count - 1:,} more like it" if count > 1 else "")
            for kind, (name, count) in self.found.items()
        )


def find_oddities(
    content: memoryview, entries: list[Member], directory: tuple[int, int], end: int, other_ends: tuple[int, ...]
) -> tuple[dict[str, Member], tuple[str, ...]]:
    """The members by name, and the oddities as sentences.

    Args:
        content: The archive.
        entries: What the central directory lists.
        directory: Where the directory starts and ends.
        end: Where the end record stands.
        other_ends: Places of end records that were not used.
    """
    tally = _Tally()
    members = _by_name(content, entries, tally)
    for entry in entries:
        if entry.trouble == "is encrypted":
            tally.add("encrypted", entry.name)
        if entry.is_link:
            tally.add("link", entry.name)
    visits = Visits(content)
    ranges: list[tuple[int, int, str]] = []
    for entry in entries:
        ranges.append((entry.header, _end_of(content, entry, tally), entry.name))
        visits.add(entry.header)
    ranges.sort()
    _check_ranges(content, sorted([*ranges, (*directory, ""), (end, end, "")]), tally)
    _check_ends(ranges, other_ends, tally)
    return members, tally.sentences()


def _by_name(content: memoryview, entries: list[Member], tally: _Tally) -> dict[str, Member]:
    members: dict[str, Member] = {}
    for entry in entries:
        first = members.setdefault(entry.name, entry)
        if first is entry:
            continue
        if _equal(content, first, entry, tally):
            tally.add("twice", entry.name)
        else:
            tally.add("ambiguous", entry.name)
            members[entry.name] = replace(first, trouble="is there twice, with different content")
    folded: dict[str, str] = {}
    for name in members:
        if folded.setdefault(name.lower(), name) != name:
            tally.add("case", name)
    return members


def _equal(content: memoryview, first: Member, second: Member, tally: _Tally) -> bool:
    """True where two members of one name hold the same bytes, packed in the same way."""
    if (first.header, first.method, first.size) == (second.header, second.method, second.size):
        return True
    same = (first.method, first.packed_size, first.size) == (second.method, second.packed_size, second.size)
    tally.compared += first.packed_size
    if not same or tally.compared > MOST_COMPARED:
        return False
    held = [_data_start(content, member) for member in (first, second)]
    return content[held[0] : held[0] + first.packed_size] == content[held[1] : held[1] + first.packed_size]


def _data_start(content: memoryview, member: Member) -> int:
    header = content[member.header : member.header + LOCAL.size]
    if len(header) < LOCAL.size:
        return len(content)
    fields = LOCAL.unpack(header)
    return member.header + LOCAL.size + int(fields[9]) + int(fields[10])


def _end_of(content: memoryview, member: Member, tally: _Tally) -> int:
    """The first byte after the member's data; the local header is compared on the way."""
    header = content[member.header : member.header + LOCAL.size]
    if len(header) < LOCAL.size or bytes(header[:4]) != b"PK\x03\x04":
        tally.add("header", member.name)
        return member.header
    _, _, flags, _, _, _, _, packed, size, name_size, extra_size = LOCAL.unpack(header)
    start = member.header + LOCAL.size
    if bytes(content[start : start + name_size]).decode("utf-8", "backslashreplace") != member.name:
        tally.add("name", member.name)
    unsaid = flags & HAS_DESCRIPTOR and not packed and not size
    if not unsaid and (packed not in (member.packed_size, NEEDS_64_BITS) or size not in (member.size, NEEDS_64_BITS)):
        tally.add("sizes", member.name)
    if flags & ENCRYPTED_LOCALLY and not member.trouble:
        tally.add("flag", member.name)
    return start + int(name_size) + int(extra_size) + member.packed_size


def _check_ranges(content: memoryview, ranges: list[tuple[int, int, str]], tally: _Tally) -> None:
    """Overlaps and gaps, from the ranges of all members in the order in which they lie in the file."""
    covered = 0
    visits = Visits(content)
    for start, end, name in ranges:
        visits.add(start)
        if start < covered:
            tally.add("overlap", name or "the directory")
        elif start > covered:
            _check_gap(content, covered, start, tally)
        covered = max(covered, end)


def _check_gap(content: memoryview, start: int, end: int, tally: _Tally) -> None:
    """A gap may hold a data descriptor and padding; a local header in it is a member that nobody lists."""
    head = bytes(content[start : min(end, start + LONGEST_FILLING + LOCAL.size)])
    found = head.find(b"PK\x03\x04")
    if found < 0:
        return
    header = content[start + found : start + found + LOCAL.size]
    name_size = LOCAL.unpack(header)[9] if len(header) == LOCAL.size else 0
    name = bytes(content[start + found + LOCAL.size : start + found + LOCAL.size + name_size])
    tally.add("unlisted", name.decode("utf-8", "backslashreplace"))


def _check_ends(ranges: list[tuple[int, int, str]], other_ends: tuple[int, ...], tally: _Tally) -> None:
    """End records that lie in no member; those of an archive inside the archive are harmless."""
    last = 0
    remaining = sorted(other_ends)
    for start, end, _ in ranges:
        while remaining and remaining[0] < start:
            if remaining[0] >= last:
                tally.add("end", f"at byte {remaining[0]:,}")
            remaining.pop(0)
        last = max(last, end)
    for place in remaining:
        if place >= last:
            tally.add("end", f"at byte {place:,}")
