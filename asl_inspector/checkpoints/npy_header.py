"""The header of a NumPy array file, by a grammar of its own: NumPy's reader hands the text to Python's parser.

Source: NumPy Enhancement Proposal 1 and numpy/lib/_format_impl.py (versions 1.0, 2.0 and 3.0).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from asl_inspector.errors import UnreadableCheckpoint

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 1 << 20
HIGHEST_RANK = 64
LARGEST_SIZE = 1 << 62
MOST_COLUMNS_NAMED = 8

ENTRY = re.compile(
    r"""\s*(?P<quote>['"])(?P<key>descr|fortran_order|shape)(?P=quote)\s*:\s*
        (?: (?P<mark>['"])(?P<text>[<>|=]?[?A-Za-z][0-9]{0,6}(?:\[[0-9A-Za-z]{1,10}\])?)(?P=mark)
          | (?P<truth>True|False)
          | \((?P<sizes>[0-9L,\ ]{0,1500})\)
        )\s*(?:,|(?=\}))\s*""",
    re.VERBOSE,
)
SIZE = re.compile(r"\s*([0-9]{1,19})L?\s*")
TABLE = re.compile(r"""['"]descr['"]\s*:\s*\[""")
COLUMN = re.compile(r"""\(\s*['"]([^'"]{1,200})['"]\s*,""")


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What an array file says of its array.

    Attributes:
        dtype: NumPy's short form with byte order, `<f4`, `|O` for objects.
        shape: Sizes of the dimensions.
        fortran: True where the first index varies fastest.
        size: Bytes from the start of the file to the first number.
    """

    dtype: str
    shape: tuple[int, ...]
    fortran: bool
    size: int


def header_size(head: bytes | memoryview) -> int:
    """Bytes in front of the first number, told by the first 12 of the file.

    Raises:
        UnreadableCheckpoint: If this is no array file, or one of an unknown version.
    """
    start = bytes(head[:12])
    if len(start) < 10 or start[:6] != MAGIC or (start[6] > 1 and len(start) < 12):
        raise UnreadableCheckpoint("The array file breaks off in its header.", advice="Download it again.")
    if start[6] not in (1, 2, 3):
        raise UnreadableCheckpoint(f"The array file has the version {start[6]}.{start[7]}, which is not known.")
    width = 2 if start[6] == 1 else 4
    size = int.from_bytes(start[8 : 8 + width], "little")
    if size > LONGEST_HEADER:
        raise UnreadableCheckpoint(f"The array file announces a header of {size:,} bytes; real ones have some hundred.")
    return 8 + width + size


def read_header(head: bytes | memoryview) -> NpyHeader:
    """The header of an array file, given at least all of it.

    Raises:
        UnreadableCheckpoint: If it is damaged, or describes a table of named columns.
    """
    size = header_size(head)
    raw = bytes(head[12 if head[6] > 1 else 10 : size])
    if len(head) < size:
        raise UnreadableCheckpoint("The array file breaks off in its header.", advice="Download it again.")
    try:
        text = raw.decode("utf-8" if head[6] == 3 else "latin-1").strip()
    except UnicodeDecodeError:
        raise UnreadableCheckpoint("The header of the array file is no text.", advice="Download it again.") from None
    if TABLE.search(text):
        raise UnreadableCheckpoint(_table_sentence(text), advice="Save each column on its own with numpy.savez.")
    return _parsed(text, size)


def _table_sentence(text: str) -> str:
    names = COLUMN.findall(text)
    shown = ", ".join(f"“{name}”" for name in names[:MOST_COLUMNS_NAMED])
    more = f" and {len(names) - MOST_COLUMNS_NAMED} more" if len(names) > MOST_COLUMNS_NAMED else ""
    return f"It is a NumPy table of named columns (a structured array): {shown}{more}."


def _parsed(text: str, size: int) -> NpyHeader:
    damaged = UnreadableCheckpoint("The header of the array file is damaged.", detail=text[:500])
    if not (text.startswith("{") and text.endswith("}")):
        raise damaged
    entries: dict[str, re.Match[str]] = {}
    position = 1
    while position < len(text) - 1:
        found = ENTRY.match(text, position)
        if found is None or found["key"] in entries:
            raise damaged
        entries[found["key"]] = found
        position = found.end()
    if len(entries) < 3:
        raise damaged
    dtype, truth, sizes = entries["descr"]["text"], entries["fortran_order"]["truth"], entries["shape"]["sizes"]
    shape = _shape(sizes) if sizes is not None else None
    if dtype is None or truth is None or shape is None:
        raise damaged
    order = dtype[0] if dtype[0] in "<>|" else "<"
    return NpyHeader(order + dtype.lstrip("<>|="), shape, truth == "True", size)


def _shape(text: str) -> tuple[int, ...] | None:
    """The sizes in a tuple's text, or None where it is no tuple of sizes."""
    if not text.strip():
        return ()
    parts = text.split(",")
    if len(parts) == 1:
        return None  # (3) is a number in brackets
    if not parts[-1].strip():
        parts.pop()
    matches = [SIZE.fullmatch(part) for part in parts]
    sizes = [int(match[1]) for match in matches if match]
    if len(sizes) < len(parts) or len(sizes) > HIGHEST_RANK or any(size >= LARGEST_SIZE for size in sizes):
        return None
    return tuple(sizes)
