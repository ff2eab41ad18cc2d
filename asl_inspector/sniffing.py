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
    NPY = "a NumPy array file"
    POSE = "a pose file"
    PDF = "a PDF document"
    IMAGE = "an image"
    SEVEN_ZIP = "a 7-Zip archive"
    XML = "an XML file"
    EVENTS = "a TensorBoard event file"
    BINARY = "a binary file of no known kind"


_MAGIC = (
    (b"PK\x03\x04", Kind.ZIP),
    (b"PK\x05\x06", Kind.ZIP),
    (b"\x89HDF\r\n\x1a\n", Kind.HDF5),
    (b"\x1f\x8b", Kind.GZIP),
    (b"PAR1", Kind.PARQUET),
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
    if _is_event_file(head):
        return Kind.EVENTS
    if _is_safetensors(head, size):
        return Kind.SAFETENSORS
    if _is_pickle(head):
        return Kind.TORCH_LEGACY if _TORCH_MAGIC_NUMBER in head[:16] else Kind.PICKLE
    return _sniff_text(head)


def _is_event_file(head: bytes) -> bool:
    """The first record of an event file is short and names the version of the format."""
    return head[2:8] == bytes(6) and b"brain.Event:" in head[12:64]


def _is_safetensors(head: bytes, size: int) -> bool:
    """A safetensors file starts with the length of a JSON header, then the header."""
    length = int.from_bytes(head[:8], "little")
    return len(head) > 9 and 2 <= length <= size - 8 and head[8:9] == b"{" and head[9:10] in b'"} \t\r\n'


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
