"""A reader of pickle streams that builds records and calls nothing.

Python's pickle is a program for a small stack machine. This package runs that machine over all 68 opcodes of protocols
0 to 5 with every opcode that would import, look up or call anything replaced by one that writes down what was asked
for (`Global`, `Built`). There is no recursion, every length is checked against the bytes that are left before it is
used, and long byte strings stay in the file.

    byte_reader      bytes and lengths, within a budget
    stack            the stack, the memo, and what was met
    opcodes          one function an opcode, and the table of them
    machine          the loop (here)

Source: CPython's Lib/pickletools.py documents the opcodes; the behaviour here follows that documentation.
"""

from __future__ import annotations

import gc

from asl_inspector.inert_pickle.byte_reader import Budget, MalformedPickle
from asl_inspector.inert_pickle.opcodes.table import COSTS, HANDLERS, STOP
from asl_inspector.inert_pickle.records import Buffer, Pickle
from asl_inspector.inert_pickle.salvage import holds_anything, what_is_intact
from asl_inspector.inert_pickle.stack import AfterBuild, State
from asl_inspector.progress import CancelToken

__all__ = ["AfterBuild", "Budget", "MalformedPickle", "read_pickle", "run"]

OPCODES_BETWEEN_CHECKS = 1 << 14


def read_pickle(
    source: Buffer,
    start: int = 0,
    *,
    budget: Budget | None = None,
    cancel: CancelToken | None = None,
    after_build: AfterBuild | None = None,
    salvage: bool = False,
) -> Pickle:
    """Read one pickle stream of `source`, from byte `start` on, without running any of it.

    Args:
        source: The bytes.
        start: Where the stream starts in them.
        budget: How much is read before the stream is given up.
        cancel: Asked now and then.
        after_build: Told each object whose state was just set, and where the stream goes on; answers where it really
            goes on, at or after that place. Some libraries write raw bytes in the midst of a stream.
        salvage: Take a stream that breaks off for what it holds up to there; the error becomes a note.

    Raises:
        MalformedPickle: If the stream breaks off, uses an unknown opcode or exceeds the budget.
        Cancelled: If `cancel` was set.
    """
    state = State(source, start, budget or Budget(), after_build)
    trouble = ""
    collecting = gc.isenabled()
    gc.disable()  # millions of new records, none of them garbage: searching them again and again doubles the time
    try:
        run(state, cancel or CancelToken())
        value = state.pop()
    except MalformedPickle as error:
        if not salvage:
            raise
        value = what_is_intact(state)
        if not state.built and not holds_anything(value):
            raise
        trouble = error.sentence
    finally:
        if collecting:
            gc.enable()
    if state.stack:
        state.note(f"{len(state.stack)} values are left over on the stack at STOP")
    return Pickle(
        value=value,
        end=state.position,
        protocol=state.protocol,
        globals=tuple(state.globals),
        built=tuple(state.built),
        persistent=tuple(state.persistent),
        notes=(*state.notes, *((trouble,) if trouble else ())),
        is_damaged=bool(trouble),
    )


def run(state: State, cancel: CancelToken) -> None:
    """Run to STOP and leave the state as it is there.

    Raises:
        MalformedPickle: If the stream breaks off, uses an unknown opcode or exceeds the budget.
        Cancelled: If `cancel` was set.
    """
    handlers, costs, source = HANDLERS, COSTS, state.source
    most_held = state.budget.held_bytes
    blocks = 0
    while True:
        for _ in range(OPCODES_BETWEEN_CHECKS):
            try:
                code = source[state.position]
            except IndexError:
                raise state.cut_short("the stream breaks off before its end") from None
            state.position += 1
            if code == STOP:
                return
            handler = handlers[code]
            if handler is None:
                raise state.broken(f"byte {code:#04x} is no pickle opcode", back=1)
            state.held += costs[code]
            if state.held > most_held:
                state.charge(0)
            handler(state)
        blocks += 1
        _check(state, blocks * OPCODES_BETWEEN_CHECKS, cancel)


def _check(state: State, opcodes: int, cancel: CancelToken) -> None:
    """Stop a stream that the user cancelled or that exceeds the budget."""
    cancel.raise_if_cancelled()
    if opcodes > state.budget.opcodes:
        raise state.broken(f"more than {state.budget.opcodes:,} opcodes")
    if len(state.memo) > state.budget.memo:
        raise state.broken(f"more than {state.budget.memo:,} memo entries")
