"""The wire format of Protocol Buffers, read field by field: no schema, no recursion, nothing copied.

Source: protobuf.dev, "Encoding" (varints, wire types 0, 1, 2 and 5; groups are long out of use and refused).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from asl_inspector.errors import InspectorError
from asl_inspector.progress import CancelToken

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
LONGEST_VARINT = 10
FIELDS_BETWEEN_CHECKS = 1 << 16
MOST_FIELDS = 5_000_000
LONGEST_TEXT = 1 << 20

Field = tuple[int, int, int, int]
"""Number, wire type, then the value and 0 (varint), or the place of the first byte and of the one after the last."""


class MalformedProtobuf(InspectorError):
    """The bytes are no protobuf message, or break off, or exceed a budget."""


class FieldBudget:
    """How many fields of one file are read before it is given up as abusive."""

    def __init__(self, most: int = MOST_FIELDS, cancel: CancelToken | None = None) -> None:
        self.most = most
        self.left = most
        self.cancel = cancel or CancelToken()

    def spend(self) -> None:
        """Count one field.

        Raises:
            MalformedProtobuf: If there were too many.
            Cancelled: If the token was set.
        """
        self.left -= 1
        if self.left < 0:
            raise MalformedProtobuf(f"The file has more than {self.most:,} fields.")
        if self.left % FIELDS_BETWEEN_CHECKS == 0:
            self.cancel.raise_if_cancelled()


def fields(content: memoryview, start: int, end: int, budget: FieldBudget) -> Iterator[Field]:
    """The fields of the message between two places, in file order.

    Raises:
        MalformedProtobuf: If the message breaks off or holds what no writer writes.
    """
    position = start
    while position < end:
        budget.spend()
        tag, position = read_varint(content, position, end)
        number, kind = tag >> 3, tag & 7
        if not number:
            raise MalformedProtobuf(f"Byte {position:,} has a field with the number 0.")
        if kind == VARINT:
            value, position = read_varint(content, position, end)
            yield number, kind, value, 0
            continue
        if kind == BYTES:
            size, position = read_varint(content, position, end)
        elif kind in (FIXED64, FIXED32):
            size = 8 if kind == FIXED64 else 4
        else:
            raise MalformedProtobuf(f"Byte {position:,} has a field of the unknown wire type {kind}.")
        if position + size > end:
            raise MalformedProtobuf(
                f"A field at byte {position:,} announces {size:,} bytes, and {end - position:,} are left.",
                advice="The file is cut short; copy or download it again.",
            )
        yield number, kind, position, position + size
        position += size


def read_varint(content: memoryview, position: int, end: int) -> tuple[int, int]:
    """A number of 7 bits a byte, as 64 unsigned bits, and the place after it."""
    value = shift = 0
    for place in range(position, min(end, position + LONGEST_VARINT)):
        byte = content[place]
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, place + 1
        shift += 7
    raise MalformedProtobuf(f"The number at byte {position:,} does not end.")


def signed(value: int) -> int:
    """A varint's 64 bits as a two's-complement number."""
    return value - (1 << 64) if value >> 63 else value


def text_of(content: memoryview, start: int, end: int) -> str:
    """A string field, cut to a budget."""
    return bytes(content[start : min(end, start + LONGEST_TEXT)]).decode("utf-8", "backslashreplace")


def float_of(content: memoryview, start: int) -> float:
    """A 32-bit float field."""
    number: float = struct.unpack_from("<f", content, start)[0]
    return number
