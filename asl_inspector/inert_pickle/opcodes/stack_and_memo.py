"""Opcodes that move values about: marks, POP, DUP, the memo, protocol and frames."""

from __future__ import annotations

from asl_inspector.inert_pickle.byte_reader import MalformedPickle
from asl_inspector.inert_pickle.stack import MARK, State

HIGHEST_PROTOCOL = 5
LONGEST_INDEX = 18  # digits of a memo index; CPython's own limit is about 9.2e18


def mark(state: State) -> None:
    """MARK."""
    state.stack.append(MARK)


def pop(state: State) -> None:
    """POP, which may take a mark too."""
    if not state.stack:
        raise state.broken("the stack is empty")
    state.stack.pop()


def pop_mark(state: State) -> None:
    """POP_MARK."""
    state.pop_to_mark()


def dup(state: State) -> None:
    """DUP."""
    state.push(state.top())


def _index(state: State) -> int:
    """A memo index as text."""
    line = state.take_line().strip()
    if not line.isdigit() or len(line) > LONGEST_INDEX:
        raise state.broken("a number that is no number")
    return int(line)


def put(state: State) -> None:
    """PUT."""
    state.memo[_index(state)] = state.top()


def binput(state: State) -> None:
    """BINPUT."""
    state.memo[state.take_byte()] = state.top()


def long_binput(state: State) -> None:
    """LONG_BINPUT."""
    state.memo[state.take_u32()] = state.top()


def memoize(state: State) -> None:
    """MEMOIZE."""
    state.memo[len(state.memo)] = state.top()


def _missing(state: State, index: int) -> MalformedPickle:
    return state.broken(f"memo entry {index} was never written")


def get(state: State) -> None:
    """GET."""
    index = _index(state)
    if index not in state.memo:
        raise _missing(state, index)
    state.stack.append(state.memo[index])


def binget(state: State) -> None:
    """BINGET."""
    index = state.take_byte()
    if index not in state.memo:
        raise _missing(state, index)
    state.stack.append(state.memo[index])


def long_binget(state: State) -> None:
    """LONG_BINGET."""
    index = state.take_u32()
    if index not in state.memo:
        raise _missing(state, index)
    state.stack.append(state.memo[index])


def proto(state: State) -> None:
    """PROTO."""
    protocol = state.take_byte()
    if protocol > HIGHEST_PROTOCOL:
        raise state.broken(f"protocol {protocol} is unknown", back=1)
    if state.protocol and protocol != state.protocol:
        state.note("the stream announces two protocols")
    state.protocol = max(state.protocol, protocol)


def frame(state: State) -> None:
    """FRAME."""
    count = state.take_u64()
    if count > state.size - state.position:
        state.note("a frame announces more bytes than the file has")
