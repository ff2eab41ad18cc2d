"""Changes of protobuf messages, field by field.

Source: the encoding page of the Protocol Buffers documentation.
"""

from __future__ import annotations

import random

from hostile.fuzzing.byte_changes import INTERESTING, change_bytes

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
Field = tuple[int, int, int | bytes]


def varint(number: int) -> bytes:
    """A number in groups of seven bits."""
    number &= (1 << 64) - 1
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def parse(message: bytes) -> list[Field] | None:
    """The fields of a message, or None where it is none."""
    fields: list[Field] = []
    at = 0

    def number() -> int:
        nonlocal at
        value = shift = 0
        while True:
            if at >= len(message) or shift > 63:
                raise ValueError
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    try:
        while at < len(message):
            key = number()
            kind = key & 7
            if key >> 3 == 0 or kind not in (VARINT, FIXED64, BYTES, FIXED32):
                return None
            value: int | bytes
            if kind == VARINT:
                value = number()
            else:
                size = number() if kind == BYTES else 8 if kind == FIXED64 else 4
                if at + size > len(message):
                    return None
                value = message[at : at + size]
                at += size
            fields.append((key >> 3, kind, value))
    except ValueError:
        return None
    return fields


def build(fields: list[Field]) -> bytes:
    """The message of these fields."""
    out = b""
    for number, kind, value in fields:
        out += varint(number << 3 | kind)
        if isinstance(value, int):
            out += varint(value)
        else:
            out += (varint(len(value)) if kind == BYTES else b"") + value
    return out


def change_message(message: bytes, chance: random.Random, depth: int = 0) -> bytes:
    """A field removed, repeated, renumbered, changed, or one of a message inside."""
    fields = parse(message)
    if not fields or chance.randrange(8) == 0:
        return change_bytes(message, chance)
    at = chance.randrange(len(fields))
    number, kind, value = fields[at]
    choice = chance.randrange(6)
    if choice == 0:
        del fields[at]
    elif choice == 1:
        fields[at:at] = [fields[at]] * chance.choice((1, 2, 100))
    elif choice == 2:
        fields[at] = (chance.choice((1, 2, 5, 7, 8, 9, 13, 14, 20, 1 << 20)), kind, value)
    elif isinstance(value, int):
        fields[at] = (number, kind, chance.choice(INTERESTING))
    elif kind == BYTES and depth < 8 and choice < 5:
        fields[at] = (number, kind, change_message(value, chance, depth + 1))
    else:
        fields[at] = (number, BYTES, change_bytes(value, chance))
    return build(fields)
