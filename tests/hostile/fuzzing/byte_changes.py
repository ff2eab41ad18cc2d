"""Changes that know nothing of a format: bits, bytes, numbers of any width, runs of bytes."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

INTERESTING = (
    *(0, 1, 2, 3, 7, 8, 9, 16, 63, 64, 65, 127, 128, 255, 256, 257, 1000, 4096, 32767, 32768, 65535, 65536),
    *((1 << 24), (1 << 31) - 1, 1 << 31, (1 << 32) - 1, 1 << 32, (1 << 53), (1 << 62), (1 << 63) - 1, 1 << 63),
    *((1 << 64) - 1, -1, -2, -128, -(1 << 31), -(1 << 63)),
)
Change = Callable[[bytes, random.Random], bytes]


def flip_bit(content: bytes, chance: random.Random) -> bytes:
    """One bit turned."""
    at = chance.randrange(len(content))
    return content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :]


def set_byte(content: bytes, chance: random.Random) -> bytes:
    """One byte replaced."""
    at = chance.randrange(len(content))
    return content[:at] + bytes([chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))]) + content[at + 1 :]


def set_number(content: bytes, chance: random.Random) -> bytes:
    """A number of one, two, four or eight bytes replaced by one that matters."""
    layout, width = chance.choice((("B", 1), ("H", 2), ("I", 4), ("Q", 8)))
    number = chance.choice(INTERESTING) & (1 << 8 * width) - 1
    at = chance.randrange(max(1, len(content) - width + 1))
    return content[:at] + struct.pack(chance.choice("<>") + layout, number) + content[at + width :]


def cut(content: bytes, chance: random.Random) -> bytes:
    """The end missing."""
    return content[: chance.randrange(len(content))]


def remove(content: bytes, chance: random.Random) -> bytes:
    """A run of bytes missing."""
    at = chance.randrange(len(content))
    return content[:at] + content[at + chance.randint(1, 32) :]


def repeat(content: bytes, chance: random.Random) -> bytes:
    """A run of bytes twice, or many times."""
    at = chance.randrange(len(content))
    run = content[at : at + chance.randint(1, 64)]
    return content[:at] + run * chance.choice((2, 2, 3, 50)) + content[at + len(run) :]


def insert(content: bytes, chance: random.Random) -> bytes:
    """Bytes of no meaning."""
    at = chance.randrange(len(content) + 1)
    return content[:at] + chance.randbytes(chance.randint(1, 16)) + content[at:]


def move(content: bytes, chance: random.Random) -> bytes:
    """A run of bytes over another place."""
    length = chance.randint(1, min(64, len(content)))
    source, target = (chance.randrange(len(content) - length + 1) for _ in range(2))
    return content[:target] + content[source : source + length] + content[target + length :]


CHANGES: tuple[Change, ...] = (flip_bit, set_byte, set_number, set_number, cut, remove, repeat, insert, move)


def change_bytes(content: bytes, chance: random.Random) -> bytes:
    """One of them."""
    return chance.choice(CHANGES)(content, chance) if content else content


def change_in(content: bytes, start: int, end: int, chance: random.Random) -> bytes:
    """One of them, within a part of the content."""
    return content[:start] + change_bytes(content[start:end], chance) + content[end:]
