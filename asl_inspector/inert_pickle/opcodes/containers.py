"""Opcodes that make and fill tuples, lists, sets and dicts. Nothing is hashed or compared."""

from __future__ import annotations

from asl_inspector.inert_pickle.records import Built, Items, Pairs
from asl_inspector.inert_pickle.stack import State

BYTES_OF_A_PAIR = 72  # a tuple of two and its place in a list


def empty_tuple(state: State) -> None:
    """EMPTY_TUPLE."""
    state.stack.append(Items("tuple", []))


def tuple_(state: State) -> None:
    """TUPLE."""
    state.push(Items("tuple", state.pop_to_mark()))


def tuple1(state: State) -> None:
    """TUPLE1."""
    state.push(Items("tuple", [state.pop()]))


def tuple2(state: State) -> None:
    """TUPLE2."""
    second, first = state.pop(), state.pop()
    state.push(Items("tuple", [first, second]))


def tuple3(state: State) -> None:
    """TUPLE3."""
    third, second, first = state.pop(), state.pop(), state.pop()
    state.push(Items("tuple", [first, second, third]))


def empty_list(state: State) -> None:
    """EMPTY_LIST."""
    state.stack.append(Items("list", []))


def list_(state: State) -> None:
    """LIST."""
    state.push(Items("list", state.pop_to_mark()))


def empty_set(state: State) -> None:
    """EMPTY_SET."""
    state.stack.append(Items("set", []))


def frozenset_(state: State) -> None:
    """FROZENSET."""
    state.push(Items("frozenset", state.pop_to_mark()))


def append(state: State) -> None:
    """APPEND."""
    value = state.pop()
    _extend(state, [value])


def appends(state: State) -> None:
    """APPENDS and ADDITEMS."""
    values = state.pop_to_mark()
    _extend(state, values)


def _extend(state: State, values: list[object]) -> None:
    target = state.top()
    if isinstance(target, Items):
        target.values.extend(values)
    elif isinstance(target, Built):
        target.items.extend(values)
    else:
        raise state.broken("items added to something that holds none")


def empty_dict(state: State) -> None:
    """EMPTY_DICT."""
    state.stack.append(Pairs([]))


def dict_(state: State) -> None:
    """DICT."""
    state.push(Pairs(_paired(state, state.pop_to_mark())))


def setitem(state: State) -> None:
    """SETITEM."""
    value, key = state.pop(), state.pop()
    _set_items(state, [(key, value)])


def setitems(state: State) -> None:
    """SETITEMS."""
    pairs = _paired(state, state.pop_to_mark())
    _set_items(state, pairs)


def _paired(state: State, values: list[object]) -> list[tuple[object, object]]:
    if len(values) % 2:
        raise state.broken("a key without a value")
    state.charge(len(values) // 2 * BYTES_OF_A_PAIR)
    return list(zip(values[::2], values[1::2], strict=True))


def _set_items(state: State, pairs: list[tuple[object, object]]) -> None:
    target = state.top()
    if isinstance(target, Pairs | Built):
        target.pairs.extend(pairs)
    else:
        raise state.broken("items set on something that holds none")
