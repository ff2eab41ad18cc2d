"""Does this content start a pickle stream? Protocols 0 and 1 announce nothing, so the stream is read to find out.

A text may begin as a stream does ("cat", newline, "dog", newline imports `at.dog`), and three letters may be a whole
stream ("Kp." is the number 112). So a printable beginning counts only where it goes on as a stream would: it makes a
call, or it reaches its end and holds more than a lone number.
"""

from __future__ import annotations

import re

from asl_inspector.inert_pickle.byte_reader import Budget, CutShort, MalformedPickle
from asl_inspector.inert_pickle.machine import run
from asl_inspector.inert_pickle.opcodes.table import HANDLERS
from asl_inspector.inert_pickle.records import Buffer, Global, Items, Pairs, Persistent
from asl_inspector.inert_pickle.stack import MARK, State
from asl_inspector.progress import CancelToken

HEADS = (1 << 14, 1 << 18, 1 << 22)  # a longer one is read where a shorter one does not tell
MOST_OPCODES_OF_A_DISGUISE = 1_000_000
FEWEST_OPCODES = 8  # of a stream that is longer than the head
TEXT_OPCODES = b"ILFSV"  # protocol 0 writes its arguments as lines
_NAME = re.compile(r"[^\W\d][\w.<>]*")
_UNPRINTABLE = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")


def starts_pickle(content: Buffer) -> bool:
    """True where `content` begins with a pickle stream, be it damaged further on."""
    if not len(content) or HANDLERS[content[0]] is None:
        return False
    for size in HEADS:
        told = _head_tells(bytes(content[:size]), whole=len(content) <= size)
        if told is not None:
            return told
    return False


def runs_as_pickle(content: Buffer) -> bool:
    """True where `content`, which looks like another format, is a pickle stream with a name or a call as well."""
    state = State(content, 0, Budget(opcodes=MOST_OPCODES_OF_A_DISGUISE))
    try:
        run(state, CancelToken())
    except MalformedPickle:
        return _called(state)
    return bool(state.globals)


def _head_tells(head: bytes, *, whole: bool) -> bool | None:
    """Whether this is the beginning of a stream, or None where more of it is needed."""
    state = State(head, 0, Budget())
    try:
        run(state, CancelToken())
    except CutShort:
        if _called(state) or whole:
            return _called(state)
        return _goes_on(head, state) or None
    except MalformedPickle:
        return _called(state)
    return _called(state) or _is_whole(head, state, at_end=whole and state.position == len(head))


def _called(state: State) -> bool:
    """True where the stream makes an object of a class or a function with a possible name."""
    return any(isinstance(built.callee, Global) and _is_name(built.callee) for built in state.built)


def _is_name(name: Global) -> bool:
    return _NAME.fullmatch(name.module) is not None and _NAME.fullmatch(name.name) is not None


def _is_printable(head: bytes) -> bool:
    """True for the beginning of a text."""
    if _UNPRINTABLE.search(head) is not None:
        return False
    return len(head.decode("utf-8", "ignore").encode()) >= len(head) - 3


def _names_are_names(state: State) -> bool:
    return all(_is_name(name) for name in state.globals if isinstance(name, Global))


def _goes_on(head: bytes, state: State) -> bool:
    """True where a stream longer than the head makes a convincing beginning: containers, values kept for later."""
    holds = any(value is MARK or isinstance(value, Items | Pairs) for value in state.stack)
    written = len(state.stack) + len(state.memo)
    if _is_printable(head):
        return holds and bool(state.memo) and _names_are_names(state)
    return (holds or bool(state.globals)) and written >= FEWEST_OPCODES


def _is_whole(head: bytes, state: State, *, at_end: bool) -> bool:
    """True where a stream that reached STOP is more than a chance of its first letters."""
    if not state.stack or state.stack[-1] is MARK or not _names_are_names(state):
        return False
    value = state.stack[-1]
    holds = isinstance(value, Items | Pairs | Global)
    if not _is_printable(head):
        return at_end or holds
    if len(state.stack) > 1 or isinstance(value, Persistent):
        return False
    if holds:
        return at_end or bool(state.memo)
    return at_end and (bool(state.memo) or bool(state.globals) or head[0] in TEXT_OPCODES)
