"""An inert value as text, much as Python would show it, within a budget and without recursion."""

from __future__ import annotations

from asl_inspector.inert_pickle.numpy_arrays import JOBLIB_WRAPPER, bytes_of
from asl_inspector.inert_pickle.plain import attributes_of, class_of, items_of, pairs_of
from asl_inspector.inert_pickle.records import (
    Built,
    ByteSpan,
    Extension,
    Global,
    HugeInteger,
    Items,
    OutOfBandBuffer,
    Persistent,
)

BRACKETS = {"list": "[]", "tuple": "()", "set": "{}", "frozenset": "{}"}
ELLIPSIS = "..."
PACKED = ("_rebuild_", "_reconstruct", "_frombuffer")  # functions that make tensors and arrays from their bytes


class _Raw(str):
    """Text that is written as it stands."""


def render(value: object, *, limit: int = 2_000) -> str:
    """`value` as text of at most `limit` characters, cut with an ellipsis."""
    parts: list[str] = []
    length = 0
    todo: list[object] = [value]
    while todo:
        current = todo.pop()
        if isinstance(current, _Raw):
            text = str(current)
        else:
            text, children = _open(current, limit - length)
            todo.extend(reversed(children))
        parts.append(text)
        length += len(text)
        if length > limit:
            return "".join(parts)[: max(0, limit - len(ELLIPSIS))] + ELLIPSIS
    return "".join(parts)


def _open(value: object, room: int) -> tuple[str, list[object]]:
    """The text that `value` starts with and what follows it."""
    if value is None or isinstance(value, bool | int | float):
        return repr(value), []
    if isinstance(value, str):
        shown = repr(value[: max(room, 8)])
        return (shown if len(value) <= max(room, 8) else shown + ELLIPSIS), []
    if isinstance(value, ByteSpan):
        return (repr(value.head) if value.content is not None else f"<{value.size:,} bytes>"), []
    if isinstance(value, HugeInteger):
        return f"<integer of {value.bits:,} bits>", []
    if isinstance(value, Global):
        return value.dotted, []
    if isinstance(value, Extension):
        return f"<extension code {value.code}>", []
    if isinstance(value, Persistent):
        return "<persistent ", [value.identity, _Raw(">")]
    if isinstance(value, OutOfBandBuffer):
        return f"<buffer {value.index} outside the stream>", []
    return _open_container(value, room)


def _open_container(value: object, room: int) -> tuple[str, list[object]]:
    most = max(4, room // 3)  # no more children than could be shown
    pairs = pairs_of(value)
    if pairs is not None:
        return "{", [*_joined_pairs(pairs[:most], ": "), _Raw("}")]
    items = items_of(value)
    if items is not None:
        brackets = BRACKETS.get(value.kind if isinstance(value, Items) else "list", "[]")
        tail = [_Raw(",")] if brackets == "()" and len(items) == 1 else []
        return brackets[0], [*_joined(items[:most]), *tail, _Raw(brackets[1])]
    if isinstance(value, Built):
        raw = bytes_of(value)  # as protocols before 3 write bytes
        return (repr(raw), []) if isinstance(raw, bytes) and len(raw) <= room else _open_built(value, most)
    return f"<{type(value).__name__}>", []


def _open_built(value: Built, most: int) -> tuple[str, list[object]]:
    """`package.Class(arguments, attribute=value)`."""
    made_by = class_of(value)
    if made_by == JOBLIB_WRAPPER:
        return "<array>", []
    if made_by is not None and made_by[1].startswith(PACKED) and made_by[0].startswith(("torch.", "numpy.")):
        return f"<{'tensor' if made_by[0].startswith('torch.') else 'array'}>", []
    name = made_by[1] if made_by else "object"
    arguments = value.arguments.values if isinstance(value.arguments, Items) else [value.arguments]
    attributes = attributes_of(value) or []
    shown = [] if _is_reconstructor(value) else arguments[:most]
    parts = _joined(shown)
    for key, held in [*attributes[:most], *value.pairs[:most]]:
        label = _Raw(key) if isinstance(key, str) else key
        parts += ([_Raw(", ")] if parts else []) + [label, _Raw("="), held]
    for held in value.items[:most]:
        parts += ([_Raw(", ")] if parts else []) + [held]
    return f"{name}(", [*parts, _Raw(")")]


def _is_reconstructor(value: Built) -> bool:
    return isinstance(value.callee, Global) and value.callee.name == "_reconstructor"


def _joined(values: list[object]) -> list[object]:
    parts: list[object] = []
    for value in values:
        parts += ([_Raw(", ")] if parts else []) + [value]
    return parts


def _joined_pairs(pairs: list[tuple[object, object]], between: str) -> list[object]:
    parts: list[object] = []
    for key, value in pairs:
        parts += ([_Raw(", ")] if parts else []) + [key, _Raw(between), value]
    return parts
