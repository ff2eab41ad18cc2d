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
    return _put_together(waiting)


def _put_together(values: list[object]) -> object:
    """What is left below all marks: a container and the entry that was to be put into it, or unrelated values."""
    if len(values) > 1 and isinstance(values[0], Pairs | Built):
        values[0].pairs.extend(zip(values[1::2], values[2::2], strict=False))
    elif len(values) > 1 and isinstance(values[0], Items) and values[0].kind == "list":
        values[0].values.extend(values[1:])
    elif len(values) != 1:
        return next((value for value in values if isinstance(value, Pairs | Items | Built)), Items("tuple", values))
    return values[0]


def holds_anything(value: object) -> bool:
    """True for a container with content."""
    if isinstance(value, Items):
        return bool(value.values)
    return isinstance(value, Built) or (isinstance(value, Pairs) and bool(value.pairs))
