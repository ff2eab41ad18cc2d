"""Changes of zip and tar archives: fields of their records, and what their members hold."""

from __future__ import annotations

import io
import random
import struct
import tarfile
import zipfile

from hostile.corpus.containers import tar_archive, zip_archive
from hostile.fuzzing.byte_changes import INTERESTING, change_bytes, change_in
from hostile.fuzzing.pickle_changes import change_pickle

RECORDS = {  # signature: offset and width of each field
    b"PK\x03\x04": ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x01\x02": ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2), (38, 4), (42, 4)),
    b"PK\x05\x06": ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
    b"PK\x06\x06": ((4, 8), (24, 8), (32, 8), (40, 8), (48, 8)),
    b"PK\x06\x07": ((4, 4), (8, 8), (16, 4)),
}
LAYOUTS = {2: "<H", 4: "<L", 8: "<Q"}
TAR_FIELDS = ((0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (345, 155))


def change_record(content: bytes, chance: random.Random) -> bytes:
    """One field of one record."""
    places = [(at, fields) for mark, fields in RECORDS.items() for at in _all(content, mark)]
    if not places:
        return change_bytes(content, chance)
    at, fields = chance.choice(places)
    offset, width = chance.choice(fields)
    number = chance.choice((*INTERESTING, chance.randrange(len(content)))) & (1 << 8 * width) - 1
    held = struct.pack(LAYOUTS[width], number)
    return content[: at + offset] + held + content[at + offset + width :]


def _all(content: bytes, mark: bytes) -> list[int]:
    places, at = [], content.find(mark)
    while at >= 0 and len(places) < 200:
        places.append(at)
        at = content.find(mark, at + 1)
    return places


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _changed_members(members: dict[str, bytes], chance: random.Random) -> dict[str, bytes]:
    name = chance.choice(list(members))
    kind = chance.randrange(6)
    if kind == 0:
        return {key: held for key, held in members.items() if key != name}
    if kind == 1:
        other = chance.choice((f"{name}x", name.upper(), f"../{name}", "archive/data.pkl", "archive/constants.pkl", ""))
        return {other if key == name else key: held for key, held in members.items()}
    if kind == 2:
        return {**members, name: members[chance.choice(list(members))]}
    held = members[name]
    is_stream = name.endswith(".pkl") or held[:1] == b"\x80"
    return {**members, name: change_pickle(held, chance) if is_stream else change_bytes(held, chance)}


def change_zip(content: bytes, chance: random.Random) -> bytes:
    """A record, a member, how members are packed, or bytes."""
    kind = chance.randrange(6)
    if kind < 2:
        return change_record(content, chance)
    if kind == 2:
        return change_bytes(content, chance)
    try:
        members = _members(content)
    except Exception as error:  # a changed archive may be no archive any more
        del error
        return change_bytes(content, chance)
    if not members:
        return change_record(content, chance)
    packing = zipfile.ZIP_DEFLATED if chance.randrange(4) == 0 else zipfile.ZIP_STORED
    return zip_archive(_changed_members(members, chance), packing)


def change_tar(content: bytes, chance: random.Random) -> bytes:
    """A field of a header, with or without its checksum set right, a member, or bytes."""
    kind = chance.randrange(4)
    if kind == 0:
        return change_bytes(content, chance)
    if kind == 1:
        try:
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                members = {m.name: held.read() for m in archive if (held := archive.extractfile(m)) is not None}
            return tar_archive(_changed_members(members, chance)) if members else change_bytes(content, chance)
        except Exception as error:  # a changed archive may be no archive any more
            del error
            return change_bytes(content, chance)
    blocks = len(content) // 512
    if not blocks:
        return change_bytes(content, chance)
    at = 512 * chance.randrange(blocks)
    start, width = chance.choice(TAR_FIELDS)
    changed = change_in(content, at + start, at + start + width, chance)
    if kind == 2 or len(changed) != len(content):
        return changed
    header = bytearray(changed[at : at + 512])
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return changed[:at] + bytes(header) + changed[at + 512 :]
