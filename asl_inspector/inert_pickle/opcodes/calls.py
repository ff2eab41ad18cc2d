"""Opcodes by which an ordinary load imports, looks up or calls. Here each only writes down what was asked for."""

from __future__ import annotations

from asl_inspector.inert_pickle.records import Built, Extension, Global, Items, Persistent
from asl_inspector.inert_pickle.stack import State


def _text_line(state: State) -> str:
    return state.take_line().decode("utf-8", "backslashreplace")


def _push_global(state: State, module: str, name: str, offset: int) -> None:
    record = Global(module, name, offset)
    state.globals.append(record)
    state.push(record)


def global_(state: State) -> None:
    """GLOBAL."""
    offset = state.position - 1
    module = _text_line(state)
    _push_global(state, module, _text_line(state), offset)


def stack_global(state: State) -> None:
    """STACK_GLOBAL."""
    offset = state.position - 1
    name, module = state.pop(), state.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        state.note("a name to import is not text")
        module, name = type(module).__name__, type(name).__name__
    _push_global(state, module, name, offset)


def _push_extension(state: State, code: int, offset: int) -> None:
    record = Extension(code, offset)
    state.globals.append(record)
    state.push(record)


def ext1(state: State) -> None:
    """EXT1."""
    offset = state.position - 1
    _push_extension(state, state.take_byte(), offset)


def ext2(state: State) -> None:
    """EXT2."""
    offset = state.position - 1
    _push_extension(state, state.take_u16(), offset)


def ext4(state: State) -> None:
    """EXT4."""
    offset = state.position - 1
    _push_extension(state, state.take_i32(), offset)


def _push_built(state: State, how: str, callee: object, arguments: object, keywords: object, offset: int) -> None:
    record = Built(how, callee, arguments, keywords, offset)
    state.built.append(record)
    state.push(record)


def reduce(state: State) -> None:
    """REDUCE."""
    arguments, callee = state.pop(), state.pop()
    _push_built(state, "REDUCE", callee, arguments, None, state.position - 1)


def newobj(state: State) -> None:
    """NEWOBJ."""
    arguments, callee = state.pop(), state.pop()
    _push_built(state, "NEWOBJ", callee, arguments, None, state.position - 1)


def newobj_ex(state: State) -> None:
    """NEWOBJ_EX."""
    keywords, arguments, callee = state.pop(), state.pop(), state.pop()
    _push_built(state, "NEWOBJ_EX", callee, arguments, keywords, state.position - 1)


def inst(state: State) -> None:
    """INST."""
    offset = state.position - 1
    module = _text_line(state)
    callee = Global(module, _text_line(state), offset)
    arguments = Items("tuple", state.pop_to_mark())
    state.globals.append(callee)
    _push_built(state, "INST", callee, arguments, None, offset)


def obj(state: State) -> None:
    """OBJ."""
    offset = state.position - 1
    values = state.pop_to_mark()
    if not values:
        raise state.broken("an object without a class")
    _push_built(state, "OBJ", values[0], Items("tuple", values[1:]), None, offset)


def build(state: State) -> None:
    """BUILD."""
    given = state.pop()
    target = state.top()
    if isinstance(target, Built):
        target.states.append(given)
        if state.after_build is not None:
            state.position = max(state.position, state.after_build(target, state.position))
    else:
        state.note("a state is set on something that is no object")


def _push_persistent(state: State, identity: object) -> None:
    record = Persistent(identity)
    state.persistent.append(record)
    state.push(record)


def persid(state: State) -> None:
    """PERSID."""
    _push_persistent(state, _text_line(state))


def binpersid(state: State) -> None:
    """BINPERSID."""
    _push_persistent(state, state.pop())
