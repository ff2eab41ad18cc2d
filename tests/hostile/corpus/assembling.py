"""Pickle streams put together by hand: values, names and calls that no pickler would write.

Nothing here imports what a stream names.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

STOP = b"."


@dataclass(frozen=True, slots=True)
class Name:
    """A name that the stream imports."""

    module: str
    name: str


class Call:
    """A call that the stream makes: `callee(*arguments)`."""

    def __init__(self, callee: object, *arguments: object) -> None:
        self.callee = callee
        self.arguments = arguments


@dataclass(frozen=True, slots=True)
class Raw:
    """Opcodes that leave one value on the stack."""

    opcodes: bytes


def call(module: str, name: str, *arguments: object) -> Call:
    """`module.name(*arguments)`."""
    return Call(Name(module, name), *arguments)


def text(value: str) -> bytes:
    """BINUNICODE."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def line_text(value: str) -> bytes:
    """UNICODE of protocol 0."""
    return b"V" + value.encode("raw-unicode-escape") + b"\n"


def byte_string(value: bytes) -> bytes:
    """BINBYTES."""
    return b"B" + struct.pack("<I", len(value)) + value


def integer(value: int) -> bytes:
    """BININT where it fits, else LONG1."""
    if -(1 << 31) <= value < 1 << 31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw if len(raw) < 256 else b"\x8b" + struct.pack("<i", len(raw)) + raw


def imported(module: str, name: str) -> bytes:
    """GLOBAL."""
    return b"c" + _line(module) + _line(name)


def _line(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass") + b"\n"


def stack_imported(module: str, name: str) -> bytes:
    """STACK_GLOBAL."""
    return text(module) + text(name) + b"\x93"


def arguments_of(values: tuple[object, ...]) -> bytes:
    """A tuple."""
    return b"(" + b"".join(encode(value) for value in values) + b"t"


def encode(value: object) -> bytes:
    """The opcodes that leave `value` on the stack."""
    if isinstance(value, Raw):
        return value.opcodes
    if isinstance(value, Name):
        return imported(value.module, value.name)
    if isinstance(value, Call):
        return encode(value.callee) + arguments_of(value.arguments) + b"R"
    if value is None or isinstance(value, bool):
        return {None: b"N", True: b"\x88", False: b"\x89"}[value]
    if isinstance(value, int):
        return integer(value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    if isinstance(value, str):
        return text(value)
    if isinstance(value, bytes):
        return byte_string(value)
    if isinstance(value, tuple):
        return arguments_of(value)
    if isinstance(value, list):
        return b"](" + b"".join(encode(item) for item in value) + b"e"
    if isinstance(value, dict):
        return b"}(" + b"".join(encode(key) + encode(held) for key, held in value.items()) + b"u"
    raise TypeError(type(value))


def stream(value: object, protocol: int = 2) -> bytes:
    """A whole stream."""
    return b"\x80" + bytes([protocol]) + encode(value) + STOP
