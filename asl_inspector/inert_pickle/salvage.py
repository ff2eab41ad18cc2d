"""What a stream that breaks off had made up to there.

A pickle fills its outermost container last: when it breaks off, the entries wait on the stack above a mark. They are
put where the opcode that is missing would have put them.
"""

from __future__ import annotations

from asl_inspector.inert_pickle.records import Built, Items, Pairs
from asl_inspector.inert_pickle.stack import MARK, State


def what_is_intact(state: State) -> object:
    """The outermost value of a broken stream; the stack is empty afterwards.

    The cost is linear in the stack.
    """
    waiting: list[object] = []
    while state.stack:
        value = state.stack.pop()
        if value is not MARK:
            waiting.append(value)
            continue
        waiting.reverse()
        target = state.stack[-1] if state.stack else None
        if isinstance(target, Pairs | Built):
            target.pairs.extend(zip(waiting[::2], waiting[1::2], strict=False))
            waiting = []
        elif isinstance(target, Items):
            target.values.extend(waiting)
            waiting = []
        elif len(waiting) > 1 or not waiting:
            waiting = [Items("tuple", waiting)]
    waiting.reverse()
    return waiting[0] if len(waiting) == 1 else _outermost(waiting)


def _outermost(values: list[object]) -> object:
    """The first container among values that nothing holds, else a tuple of them all."""
    return next((value for value in values if isinstance(value, Pairs | Items | Built)), Items("tuple", values))


def holds_anything(value: object) -> bool:
    """True for a container with content."""
    if isinstance(value, Items):
        return bool(value.values)
    return isinstance(value, Built) or (isinstance(value, Pairs) and bool(value.pairs))
