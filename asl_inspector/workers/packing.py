"""The parts of a frame as one run of bytes: their count, their sizes, themselves."""

from __future__ import annotations

import struct
from collections.abc import Sequence


def pack_parts(parts: Sequence[bytes | memoryview]) -> bytes:
    """The parts put together."""
    return b"".join([struct.pack(f"<I{len(parts)}Q", len(parts), *map(len, parts)), *parts])


def unpack_parts(reply: bytes) -> list[bytes]:
    """The parts of a reply.

    Raises:
        ValueError: If the reply breaks off.
    """
    if len(reply) < 4:
        raise ValueError("an empty reply")
    (count,) = struct.unpack_from("<I", reply)
    start = 4 + 8 * count
    if start > len(reply):
        raise ValueError("a reply that breaks off")
    sizes = struct.unpack_from(f"<{count}Q", reply, 4)
    if start + sum(sizes) != len(reply):
        raise ValueError("a reply that breaks off")
    parts = []
    for size in sizes:
        parts.append(reply[start : start + size])
        start += size
    return parts
