"""Opcodes that push numbers and None. Numbers of thousands of digits keep their size only."""

from __future__ import annotations

from asl_inspector.inert_pickle.records import HugeInteger
from asl_inspector.inert_pickle.stack import State

LONGEST_DECIMAL = 4_000  # digits; beyond that Python's conversion is quadratic
LONGEST_BINARY_INTEGER = 1_600  # bytes, about as many decimal digits as LONGEST_DECIMAL
LONGEST_FLOAT = 400
BITS_OF_A_DIGIT = 3.3219


def int_(state: State) -> None:
    """INT, which also writes the truth values of protocol 0."""
    line = state.take_line()
    if line in (b"00", b"01"):
        state.push(line == b"01")
    else:
        _push_decimal(state, line)


def long(state: State) -> None:
    """LONG."""
    _push_decimal(state, state.take_line().removesuffix(b"L"))


def _push_decimal(state: State, text: bytes) -> None:
    if len(text) > LONGEST_DECIMAL:
        state.push(HugeInteger(bits=int(len(text) * BITS_OF_A_DIGIT) + 1))
        return
    try:
        state.push(int(text, 0))
    except ValueError:
        raise state.broken("a number that is no number") from None


def binint(state: State) -> None:
    """BININT."""
    state.stack.append(state.take_i32())


def binint1(state: State) -> None:
    """BININT1."""
    state.stack.append(state.take_byte())


def binint2(state: State) -> None:
    """BININT2."""
    state.stack.append(state.take_u16())


def long1(state: State) -> None:
    """LONG1."""
    _push_binary_integer(state, state.take_byte())


def long4(state: State) -> None:
    """LONG4."""
    _push_binary_integer(state, state.take_i32())


def _push_binary_integer(state: State, count: int) -> None:
    raw = state.take(count)
    if count > LONGEST_BINARY_INTEGER:
        state.push(HugeInteger(bits=count * 8))
    else:
        state.charge(count)
        state.push(int.from_bytes(raw, "little", signed=True))


def float_(state: State) -> None:
    """FLOAT."""
    line = state.take_line()
    try:
        if len(line) > LONGEST_FLOAT:
            raise ValueError
        state.push(float(line))
    except ValueError:
        raise state.broken("a number that is no number") from None


def binfloat(state: State) -> None:
    """BINFLOAT."""
    state.stack.append(state.take_float())


def none(state: State) -> None:
    """NONE."""
    state.stack.append(None)


def true(state: State) -> None:
    """NEWTRUE."""
    state.stack.append(True)


def false(state: State) -> None:
    """NEWFALSE."""
    state.stack.append(False)
