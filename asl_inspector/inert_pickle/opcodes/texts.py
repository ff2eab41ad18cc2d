"""Opcodes that push text and byte strings."""

from __future__ import annotations

import re

from asl_inspector.inert_pickle.records import NOWHERE, ByteSpan, OutOfBandBuffer
from asl_inspector.inert_pickle.stack import State

_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-7]{1,3})|([\s\S]))")
_SIMPLE = {
    b"\n": b"",
    b"\\": b"\\",
    b"'": b"'",
    b'"': b'"',
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"v": b"\v",
}


def _unescaped(found: re.Match[bytes]) -> bytes:
    """The byte that an escape of a Python 2 string stands for; an unknown escape stands for itself."""
    hexadecimal, octal, simple = found.groups()
    if hexadecimal is not None:
        return bytes([int(hexadecimal, 16)])
    if octal is not None:
        return bytes([int(octal, 8) & 0xFF])
    return _SIMPLE.get(simple, found[0])


def string(state: State) -> None:
    """STRING."""
    line = state.take_line().strip()
    if len(line) < 2 or line[:1] not in (b"'", b'"') or line[-1:] != line[:1]:
        raise state.broken("a text argument without its quotes")
    inside = line[1:-1]
    if b"\\x" in _ESCAPE.sub(lambda found: found[0] if found[3] == b"x" else b"", inside):
        raise state.broken("a text argument with a broken escape")
    raw = _ESCAPE.sub(_unescaped, inside)
    state.push(raw.decode() if raw.isascii() else ByteSpan(NOWHERE, len(raw), raw))


def binstring(state: State) -> None:
    """BINSTRING."""
    span = state.take_bytes(state.take_i32())
    _push_python2_text(state, span.content, span)


def short_binstring(state: State) -> None:
    """SHORT_BINSTRING."""
    span = state.take_bytes(state.take_byte())
    _push_python2_text(state, span.content, span)


def _push_python2_text(state: State, content: bytes | None, span: ByteSpan) -> None:
    """Python 2's `str` is text where it is short and ASCII, bytes where it is not."""
    state.push(content.decode() if content is not None and content.isascii() else span)


def unicode(state: State) -> None:
    """UNICODE."""
    try:
        state.push(str(state.take_line(), "raw-unicode-escape"))
    except UnicodeDecodeError:
        raise state.broken("a text argument with a broken escape") from None


def short_binunicode(state: State) -> None:
    """SHORT_BINUNICODE."""
    state.stack.append(state.take_text(state.take_byte()))


def binunicode(state: State) -> None:
    """BINUNICODE."""
    state.stack.append(state.take_text(state.take_u32()))


def binunicode8(state: State) -> None:
    """BINUNICODE8."""
    state.stack.append(state.take_text(state.take_u64()))


def short_binbytes(state: State) -> None:
    """SHORT_BINBYTES."""
    state.push(state.take_bytes(state.take_byte()))


def binbytes(state: State) -> None:
    """BINBYTES."""
    state.push(state.take_bytes(state.take_u32()))


def binbytes8(state: State) -> None:
    """BINBYTES8 and BYTEARRAY8."""
    state.push(state.take_bytes(state.take_u64()))


def next_buffer(state: State) -> None:
    """NEXT_BUFFER."""
    state.push(OutOfBandBuffer(state.buffers))
    state.buffers += 1


def readonly_buffer(state: State) -> None:
    """READONLY_BUFFER."""
    state.top()
