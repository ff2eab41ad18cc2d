"""What is in a gzip archive, inflated piece by piece into a spool."""

from __future__ import annotations

import zlib
from typing import Protocol

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile

CHUNK = 1 << 20
MOST_UNPACKED = 8 << 30
MEMBER = b"\x1f\x8b"


class Sink(Protocol):
    """What takes the bytes: a spool, or a pipe to one."""

    def put(self, block: bytes | memoryview) -> int:
        """Keep a block."""
        ...


def unpack(file: MappedFile, sink: Sink) -> int:
    """Inflate a gzip archive; several members follow each other as in gzip itself.

    Returns:
        The bytes that came out.

    Raises:
        DataError: If it is damaged, packed twice, or unpacks to far more than any data.
    """
    position, total = 0, 0
    engine = zlib.decompressobj(31)
    try:
        while position < len(file.view) or engine.unconsumed_tail:
            waiting = engine.unconsumed_tail or bytes(file.view[position : position + CHUNK])
            if not engine.unconsumed_tail:
                position += len(waiting)
            piece = engine.decompress(waiting, CHUNK)
            if not total and piece.startswith(MEMBER):
                raise DataError(f"“{file.path.name}” is packed twice.", advice="Unpack it once, then drop it again.")
            total += len(piece)
            if total > MOST_UNPACKED:
                raise DataError(
                    f"“{file.path.name}” unpacks to more than {MOST_UNPACKED >> 30} GB.",
                    advice="Unpack it yourself if you trust it, and drop what is in it.",
                )
            sink.put(piece)
            if engine.eof:
                position -= len(engine.unused_data)
                if bytes(file.view[position : position + 2]) != MEMBER:
                    break
                engine = zlib.decompressobj(31)
    except zlib.error as error:
        raise DataError(
            f"“{file.path.name}” is a damaged gzip archive.", advice="Copy or download it again.", detail=str(error)
        ) from None
    if not engine.eof:
        raise DataError(f"“{file.path.name}” is cut short.", advice="Copy or download it again.")
    return total
