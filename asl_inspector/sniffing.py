"""What kind of file this is, told from its first bytes. Extensions lie and are not looked at."""

from __future__ import annotations

import re
from enum import Enum

from asl_inspector.inert_pickle.records import Buffer

HEAD = 4096


class Kind(Enum):
    """Kinds of content. The value completes the sentence "This is ..."."""

    EMPTY = "an empty file"
    ZIP = "a zip archive"
    PICKLE = "a pickle stream"
    TORCH_LEGACY = "a PyTorch file written before version 1.6"
    SAFETENSORS = "a safetensors file"
    JSON = "a JSON file"
    TEXT = "a text file"
    LFS_POINTER = "a Git-LFS pointer"
    HTML = "a web page"
    HDF5 = "an HDF5 file"
    GZIP = "a gzip archive"
    TAR = "a tar archive"
    PARQUET = "a Parquet table"
    ARROW = "an Arrow table"
    NPY = "a NumPy array file"
    POSE = "a pose file"
    PDF = "a PDF document"
    IMAGE = "an image"
    SEVEN_ZIP = "a 7-Zip archive"
    XML = "an XML file"
    BINARY = "a binary file of no known kind"


LIBRARIES = {Kind.HDF5: "hdf5", Kind.PARQUET: "arrow", Kind.ARROW: "arrow"}  # kinds that a library of its own reads
_MAGIC = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x89HDF\r\n\x1a\n", Kind.HDF5),
    (b"\x1f\x8b", Kind.GZIP),
    (b"PAR1", Kind.PARQUET),
    (b"ARROW1\0\0", Kind.ARROW),
    (b"\x93NUMPY", Kind.NPY),
    (b"%PDF-", Kind.PDF),
    (b"\x89PNG", Kind.IMAGE),
    (b"\xff\xd8\xff", Kind.IMAGE),
    (b"7z\xbc\xaf\x27\x1c", Kind.SEVEN_ZIP),
)
_TORCH_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C.to_bytes(10, "little")
_GLOBAL_FIRST = re.compile(
    rb"c[A-Za-z_][\w.]*\n[A-Za-z_][\w.]*\n(?:[().q}\]]|p\d+\n)"
)  # protocol 0: a class, then a use of it
_HDF5_STARTS = (512, 1024, 2048)  # behind a block that the user may fill, as MATLAB does
_POSE_VERSIONS = (b"\0\0\0\0", b"\xcd\xcc\xcc\x3d", b"\xcd\xcc\x4c\x3e")  # 0.0, 0.1 and 0.2 as floats
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


def sniff(content: Buffer) -> Kind:
    """The kind of a file with this content."""
    size = len(content)
    if size == 0:
        return Kind.EMPTY
    head = bytes(content[:HEAD])
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head.startswith(b"version https://git-lfs"):
        return Kind.LFS_POINTER
    if head[257:262] == b"ustar":
        return Kind.TAR
    if any(head[start : start + 8] == b"\x89HDF\r\n\x1a\n" for start in _HDF5_STARTS):
        return Kind.HDF5
    if _is_pose(head):
        return Kind.POSE
    if _is_arrow_stream(head, size):
        return Kind.ARROW
    if _is_safetensors(head, size):
        return Kind.SAFETENSORS
    if _is_pickle(head):
        return Kind.TORCH_LEGACY if _TORCH_MAGIC_NUMBER in head[:16] else Kind.PICKLE
    return _sniff_text(head)


def _is_safetensors(head: bytes, size: int) -> bool:
    """A safetensors file starts with the length of a JSON header, then the header."""
    length = int.from_bytes(head[:8], "little")
    return len(head) > 9 and 2 <= length <= size - 8 and head[8:9] == b"{" and head[9:10] in b'"} \t\r\n'


def _is_pose(head: bytes) -> bool:
    """A `.pose` starts with its version as a float, three sizes, a count of components and the first one's name."""
    if head[:4] not in _POSE_VERSIONS or len(head) < 16:
        return False
    components, length = int.from_bytes(head[10:12], "little"), int.from_bytes(head[12:14], "little")
    name = head[14 : 14 + length]
    return 0 < components < 256 and 0 < length < 256 and re.fullmatch(rb"[\w \-.]+", name) is not None


def _is_arrow_stream(head: bytes, size: int) -> bool:
    """Arrow's stream starts with a marker and the length of its first message, which holds a table of offsets."""
    length = int.from_bytes(head[4:8], "little")
    return head[:4] == b"\xff\xff\xff\xff" and 8 < length < size and int.from_bytes(head[8:12], "little") < length


def _is_pickle(head: bytes) -> bool:
    """Protocol 2 and later announce themselves; 0 and 1 start with a container, a class or a plain value."""
    if head[0] == 0x80:
        return len(head) > 1 and head[1] <= 5
    if head[:2] in (b"(d", b"(l", b"(t", b"(i", b"(c", b"(p", b"}q", b"]q", b"}(", b"](", b"(S", b"(V"):
        return True
    return _GLOBAL_FIRST.match(head) is not None


def _sniff_text(head: bytes) -> Kind:
    if head.startswith(_UTF16_MARKS):
        return Kind.TEXT
    text = head.decode("utf-8", "ignore")
    if len(text.encode()) < len(head) - 3 or "\0" in text:
        return Kind.BINARY
    start = text.lstrip("\ufeff \t\r\n").lower()
    if start.startswith(("<!doctype html", "<html", "<head", "<body")) or "<html" in start[:1000]:
        return Kind.HTML
    if start.startswith("<?xml"):
        return Kind.XML
    if start.startswith(("{", "[")):
        return Kind.JSON
    return Kind.TEXT
