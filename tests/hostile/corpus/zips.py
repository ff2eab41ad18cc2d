"""Archives that two readers read differently, or that are built to hurt one.

Sources: APPNOTE.TXT 6.3.10; D. Fifield 2019, "A better zip bomb"; the advisories on zip names, flags and checksums.
"""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.assembling import call, stream
from hostile.corpus.containers import torch_members, zip_archive
from hostile.corpus.records import Hostile, Place
from hostile.corpus.tensors import GOOD_BYTES, archive, with_good

LOCAL, ENTRY, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


def _sound() -> bytearray:
    return bytearray(archive(with_good()))


def _member(content: bytes, name: str, signature: bytes) -> int:
    """Where the header of a member is."""
    size = 30 if signature == LOCAL else 46
    return content.index(name.encode(), content.index(signature) if signature == LOCAL else content.index(ENTRY)) - size


def _set(layout: str, offset: int, value: int, *, name: str = "archive/data/0", where: bytes = ENTRY) -> bytes:
    content = _sound()
    struct.pack_into(layout, content, _member(bytes(content), name, where) + offset, value)
    return bytes(content)


def _end(layout: str, offset: int, value: int) -> bytes:
    content = _sound()
    struct.pack_into(layout, content, content.rindex(END) + offset, value)
    return bytes(content)


def _renamed(old: str, new: str, where: bytes) -> bytes:
    content = bytes(_sound())
    at = _member(content, old, where) + (30 if where == LOCAL else 46)
    return content[:at] + new.encode() + content[at + len(new) :]


def _raw(members: list[tuple[str, bytes]]) -> bytes:
    """An archive whose names may repeat."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in members:
            information = zipfile.ZipInfo(name)
            file.start_dir = file.fp.tell()  # type: ignore[union-attr]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a name is there twice, on purpose
                file.writestr(information, content)
    return out.getvalue()


def _twice(first: bytes, second: bytes) -> bytes:
    members = list(torch_members(first, {"0": GOOD_BYTES}).items())
    return _raw([members[0], ("archive/data.pkl", second), *members[1:]])


def _evil() -> bytes:
    return stream(call("os", "system", "true"))


def _overlapping(count: int) -> bytes:
    """Many members that share the bytes of one kernel of zeros."""
    kernel = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = kernel.compress(bytes(1 << 20)) + kernel.flush()
    checksum = zlib.crc32(bytes(1 << 20))
    names = [b"archive/data.pkl", *(b"archive/data/%d" % number for number in range(count))]
    local = struct.pack("<4sHHHHHLLLHH", LOCAL, 20, 0, 8, 0, 0, checksum, len(packed), 1 << 20, len(names[0]), 0)
    body = local + names[0] + packed
    directory = b"".join(
        struct.pack(
            "<4sHHHHHHLLLHHHHHLL",
            ENTRY,
            20,
            20,
            0,
            8,
            0,
            0,
            checksum,
            len(packed),
            1 << 20,
            len(name),
            0,
            0,
            0,
            0,
            0,
            0,
        )
        + name
        for name in names
    )
    end = struct.pack("<4sHHHHLLH", END, 0, 0, len(names), len(names), len(directory), len(body), 0)
    return body + directory + end


def _deflate_bomb(megabytes: int, member: str) -> bytes:
    return zip_archive(
        {**torch_members(with_good(), {"0": GOOD_BYTES}), member: bytes(megabytes << 20)}, zipfile.ZIP_DEFLATED
    )


def _inflating_stream(megabytes: int) -> bytes:
    return zip_archive(torch_members(b"\x80\x02" + b"N0" * (megabytes << 19) + b"N."), zipfile.ZIP_DEFLATED)


def _many_members(count: int) -> bytes:
    members = torch_members(with_good(), {"0": GOOD_BYTES})
    return zip_archive({**members, **{f"archive/data/x{number}": b"" for number in range(count)}})


def _with_comment(comment: bytes) -> bytes:
    content = _sound()
    struct.pack_into("<H", content, content.rindex(END) + 20, len(comment))
    return bytes(content) + comment


def _two_ends() -> bytes:
    """A second archive after the first: its directory is the last one."""
    first = archive(stream({"first": 1}))
    second = zip_archive(torch_members(with_good(), {"0": GOOD_BYTES}))
    return first + second


def _wide(count: int = 5, size: int = 100, start: int = 0, place: int | None = None) -> bytes:
    """A 64-bit end record that lies."""
    content = bytes(_sound())
    end = content.rindex(END)
    record = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, start)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end if place is None else place, 1)
    return content[:end] + record + locator + content[end:]


def _compressed_with(method: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in torch_members(with_good(), {"0": GOOD_BYTES}).items():
            file.writestr(zipfile.ZipInfo(name), content, compress_type=method if "data/" in name else 0)
    return out.getvalue()


def _symlink() -> bytes:
    information = zipfile.ZipInfo("archive/data/0")
    information.external_attr = 0xA1ED0000
    information.create_system = 3
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name, content in torch_members(with_good()).items():
            file.writestr(zipfile.ZipInfo(name), content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the name is there twice, on purpose
            file.writestr(information, b"/etc/passwd")
    return out.getvalue()


def _names(*names: str) -> bytes:
    members = torch_members(with_good(), {"0": GOOD_BYTES})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name ends at its NUL byte for `zipfile`, and is there twice then
        return zip_archive({**members, **dict.fromkeys(names, b"x")})


CASES: tuple[tuple[str, Callable[[], bytes], bool], ...] = (
    ("two streams of one name, the evil one first", lambda: _twice(_evil(), with_good()), False),
    ("two streams of one name, the evil one last", lambda: _twice(with_good(), _evil()), False),
    ("two streams of one name, equal", lambda: _twice(with_good(), with_good()), False),
    ("names that differ in case", lambda: zip_archive({"archive/DATA.PKL": _evil(), **torch_members(with_good(), {"0": GOOD_BYTES})}), False),
    ("two folders with a stream", lambda: zip_archive({**torch_members(with_good(), {"0": GOOD_BYTES}), "evil/data.pkl": _evil()}), False),
    ("a stream in another folder comes first", lambda: zip_archive({"archive/version": b"3\n", "evil/data.pkl": _evil(), **torch_members(with_good(), {"0": GOOD_BYTES})}), False),
    ("the directory calls the stream otherwise", lambda: _renamed("archive/data.pkl", "archive/dato.pkl", LOCAL), False),
    ("the member calls the storage otherwise", lambda: _renamed("archive/data/0", "archive/data/1", LOCAL), False),
    ("marked as encrypted", lambda: _set("<H", 8, 1), False),
    ("marked as encrypted in the member only", lambda: _set("<H", 6, 1, where=LOCAL), False),
    ("a strange flag", lambda: _set("<H", 8, 0xFFF0), False),
    ("a wrong checksum", lambda: _set("<L", 16, 0xDEADBEEF), True),
    ("a checksum of zero", lambda: _set("<L", 16, 0), True),
    ("a size of four gigabytes", lambda: _set("<L", 24, 0xFFFFFFFE), False),
    ("a packed size of four gigabytes", lambda: _set("<L", 20, 0xFFFFFFFE), False),
    ("sizes that need the extra field that is missing", lambda: _set("<L", 24, 0xFFFFFFFF), False),
    ("a header beyond the file", lambda: _set("<L", 42, 0x7FFFFFFF), False),
    ("a header in another member", lambda: _set("<L", 42, 10), False),
    ("a header in the directory", lambda: _set("<L", 42, bytes(_sound()).index(ENTRY)), False),
    ("a name longer than the directory", lambda: _set("<H", 28, 0xFFFF), False),
    ("an extra field longer than the directory", lambda: _set("<H", 30, 0xFFFF), False),
    ("a comment longer than the directory", lambda: _set("<H", 32, 0xFFFF), False),
    ("a local name of 64 KB", lambda: _set("<H", 26, 0xFFFF, where=LOCAL), False),
    ("a local extra field of 64 KB", lambda: _set("<H", 28, 0xFFFF, where=LOCAL), False),
    ("a stored member that claims to be deflated", lambda: _set("<H", 10, 8), False),
    ("a method that nobody knows", lambda: _set("<H", 10, 77), False),
    ("packed with bzip2", lambda: _compressed_with(zipfile.ZIP_BZIP2), False),
    ("packed with LZMA", lambda: _compressed_with(zipfile.ZIP_LZMA), False),
    ("more entries announced than there are", lambda: _end("<H", 10, 500), False),
    ("fewer entries announced than there are", lambda: _end("<H", 10, 1), False),
    ("no entries announced", lambda: _end("<H", 10, 0), False),
    ("a directory of four gigabytes", lambda: _end("<L", 12, 0xFFFFFFFE), False),
    ("a directory of no bytes", lambda: _end("<L", 12, 0), False),
    ("a directory beyond the file", lambda: _end("<L", 16, 0x7FFFFFFF), False),
    ("a directory at the start", lambda: _end("<L", 16, 0), False),
    ("a comment longer than the file", lambda: _end("<H", 20, 0xFFFF), False),
    ("an end record in the comment", lambda: _with_comment(END + bytes(18)), False),
    ("a comment of 64 KB", lambda: _with_comment(b"c" * 0xFFFF), True),
    ("two archives in one file", _two_ends, False),
    ("a 64-bit record of 2^63 entries", lambda: _wide(1 << 63), False),
    ("a 64-bit record of a directory of 2^62 bytes", lambda: _wide(5, 1 << 62), False),
    ("a 64-bit record that starts at 2^62", lambda: _wide(5, 100, 1 << 62), False),
    ("a 64-bit locator beyond the file", lambda: _wide(place=1 << 62), False),
    ("a 64-bit locator to itself", lambda: _wide(place=bytes(_sound()).rindex(END) + 56), False),
    ("members over each other", lambda: _overlapping(2_000), False),
    ("a deflated member of 600 MB", lambda: _deflate_bomb(600, "archive/data/1"), False),
    ("a deflated stream of 200 MB of nothing", lambda: _inflating_stream(100), False),
    ("twenty thousand members", lambda: _many_members(20_000), True),
    ("a symbolic link for a storage", _symlink, False),
    ("names that climb", lambda: _names("../../etc/passwd", "archive/../../x", "/etc/shadow", "C:\\x"), True),
    ("names with nul bytes", lambda: _names("archive/data\0.pkl", "archive/data/0\0x"), False),
    ("a name of 60 KB", lambda: _names("archive/" + "n" * 60_000), True),
    ("names that are not UTF-8", lambda: bytes(_sound()).replace(b"archive/version", b"archive/\xff\xfe\xfd\xfc\xfb\xfa\xf9"), True),
    ("an empty name", lambda: _names(""), True),
    ("only an end record", lambda: END + bytes(18), False),
    ("a local header and nothing else", lambda: LOCAL + bytes(26), False),
    ("a stream of no bytes", lambda: zip_archive(torch_members(b"")), False),
    ("a byte order that is neither", lambda: bytes(_sound()).replace(b"little", b"middle"), True),
    ("a web page in front", lambda: b"<html></html>" + bytes(_sound()), False),
)  # fmt: skip


def zip_cases() -> list[Hostile]:
    """All of them. Where the sound tensor is untouched, it must be shown."""
    cases = []
    for name, build, must_open in CASES:

        def make(place: Place, name: str = name, build: Callable[[], bytes] = build) -> Path:
            path = place.folder / ("".join(letter if letter.isalnum() else "_" for letter in name) + ".pt")
            path.write_bytes(build())
            return path

        cases.append(Hostile(name, "zip", name, make, must_open=must_open, format="torch zip"))
    return cases
