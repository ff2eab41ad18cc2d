"""Meaning of the records that stand for plain Python: dicts, lists, scalars, objects with attributes.

Meaning is a second, pure pass over what `machine` wrote down. Constructors are known by their exact module and name; a
dotted or otherwise odd name never matches and stays a generic record.
"""

from __future__ import annotations

from typing import TypeVar

from asl_inspector.inert_pickle.records import Built, Global, HugeInteger, Items, Pairs, Persistent

DICT_CLASSES = {
    ("collections", "OrderedDict"),
    ("collections", "defaultdict"),
    ("collections", "Counter"),
    ("builtins", "dict"),
    ("__builtin__", "dict"),
}
SEQUENCE_CLASSES = {
    ("collections", "deque"),
    ("builtins", "list"),
    ("builtins", "tuple"),
    ("builtins", "set"),
    ("builtins", "frozenset"),
    ("__builtin__", "list"),
    ("__builtin__", "set"),
    ("__builtin__", "frozenset"),
    ("torch.jit._pickle", "build_intlist"),
    ("torch.jit._pickle", "build_doublelist"),
    ("torch.jit._pickle", "build_boollist"),
    ("torch.jit._pickle", "build_tensorlist"),
}
LONGEST_JOINED = 1_000  # entries of a dict or list that a stream gives in several parts, which none but a hostile does
MOST_ARGUMENTS = 100
Item = TypeVar("Item")
Key = str | int


def class_of(value: object) -> tuple[str, str] | None:
    """Module and name of what an object is made by, or None where that is no plain name."""
    made_by = named(value.callee) if isinstance(value, Built) else None
    if made_by is None or not isinstance(value, Built):
        return None
    name = (made_by.module, made_by.name)
    if name in (("copyreg", "_reconstructor"), ("copy_reg", "_reconstructor")):
        first = named((arguments_of(value) or [None])[0])
        return (first.module, first.name) if first else None
    return name


def named(value: object) -> Global | None:
    """A name, or the class in a persistent id `("module", class, file, source)`, as old torch files write classes."""
    if isinstance(value, Persistent) and isinstance(value.identity, Items):
        parts = value.identity.values
        if len(parts) in (3, 4) and (parts[0] == "module" or len(parts) == 3):
            value = parts[-3]
    return value if isinstance(value, Global) else None


def arguments_of(value: Built) -> list[object]:
    """The positional arguments of a call."""
    return value.arguments.values if isinstance(value.arguments, Items) else []


def pairs_of(value: object) -> list[tuple[object, object]] | None:
    """The pairs of a dict in file order, or None where `value` is no dict.

    The list is the record's own wherever there is one: many places of a file may share one large dict.
    """
    if isinstance(value, Pairs):
        return value.pairs
    if isinstance(value, Built) and class_of(value) in DICT_CLASSES:
        given = [_argument_pairs(argument) for argument in arguments_of(value)[:MOST_ARGUMENTS]]
        return _joined([*given, value.pairs])
    return None


def _argument_pairs(argument: object) -> list[tuple[object, object]]:
    """Pairs given to the constructor, as old streams write an OrderedDict: a list of two-element lists, or a dict."""
    if isinstance(argument, Pairs):
        return argument.pairs
    if not isinstance(argument, Items):
        return []
    if argument.as_pairs is None:
        entries = [entry.values for entry in argument.values if isinstance(entry, Items)]
        argument.as_pairs = [(entry[0], entry[1]) for entry in entries if len(entry) == 2]
    return argument.as_pairs


def _joined(parts: list[list[Item]]) -> list[Item]:
    """One of the lists where the others are empty, else a copy of the beginnings of them all."""
    filled = [part for part in parts if part]
    if len(filled) < 2:
        return filled[0] if filled else []
    joined: list[Item] = []
    for part in filled:
        joined += part[: LONGEST_JOINED - len(joined)]
    return joined


def items_of(value: object) -> list[object] | None:
    """The values of a list, tuple, set or deque, or None where `value` is none of them."""
    if isinstance(value, Items):
        return value.values
    if isinstance(value, Built) and class_of(value) in SEQUENCE_CLASSES:
        given = [argument.values for argument in arguments_of(value)[:1] if isinstance(argument, Items)]
        return _joined([*given, value.items])
    return None


def attributes_of(value: object) -> list[tuple[object, object]] | None:
    """The attributes that an object's pickled state sets, or None where there is no such state."""
    if not isinstance(value, Built) or class_of(value) in DICT_CLASSES | SEQUENCE_CLASSES:
        return None
    parts: list[list[tuple[object, object]]] = []
    for state in value.states[:MOST_ARGUMENTS]:
        halves = state.values if isinstance(state, Items) and len(state.values) == 2 else [state]
        parts += [pairs_of(half) or [] for half in halves]
    return _joined(parts)


def lookup(value: object, key: Key) -> object:
    """The last value under `key` in a dict or among an object's attributes; None where there is none."""
    found: object = None
    for candidate, held in pairs_of(value) or attributes_of(value) or []:
        if type(candidate) is type(key) and candidate == key:
            found = held
    return found


def text_keyed(value: object) -> dict[str, object]:
    """A dict's pairs whose keys are text, the last of equal keys winning, as in Python."""
    return {key: held for key, held in pairs_of(value) or [] if isinstance(key, str)}


def key_text(key: object) -> str:
    """A dict key as one element of a path."""
    if isinstance(key, str):
        return key
    from asl_inspector.inert_pickle.text import render

    return render(key, limit=200)


def type_name(value: object) -> str:
    """The type that an ordinary load would give `value`, as a user would say it."""
    if isinstance(value, Items):
        return value.kind
    if isinstance(value, Pairs):
        return "dict"
    if isinstance(value, Built):
        made_by = class_of(value)
        return ".".join(made_by).removeprefix("collections.") if made_by else "object"
    if isinstance(value, Global):
        return "name"
    if isinstance(value, HugeInteger):
        return "int"
    if value is None or isinstance(value, bool | int | float | str):
        return type(value).__name__
    return {"ByteSpan": "bytes", "Persistent": "persistent id"}.get(type(value).__name__, type(value).__name__)
