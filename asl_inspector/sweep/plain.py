"""Records as JSON and back, checked field by field: a result may come from anyone.

Only frozen dataclasses of plain fields are known: texts, numbers, paths, tuples, mappings from text, words of a choice,
other such records, and None beside any of them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Hashable, Mapping
from functools import lru_cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from asl_inspector.report.json_text import Json

Record = TypeVar("Record")


def as_json(record: Any) -> dict[str, Json]:
    """The fields of a record by name."""
    return cast("dict[str, Json]", _plain(dataclasses.asdict(record)))


def _plain(value: Any) -> Json:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return cast("Json", value)


def of_json(kind: type[Record], held: object) -> Record:
    """The record that was written by `as_json`; fields of later versions are left out.

    Raises:
        ValueError: If a field is missing that has no default, or is of another type. The message names it.
    """
    if not isinstance(held, dict):
        raise ValueError(f"has no {kind.__name__} where one belongs")
    hints = _hints(cast("Hashable", kind))
    found = {}
    for name, hint in hints.items():
        if name not in held:
            continue
        found[name] = _of(hint, held[name], f"{kind.__name__}.{name}")
    try:
        return kind(**found)
    except TypeError:
        raise ValueError(f"lacks fields of a {kind.__name__}") from None


@lru_cache(maxsize=64)
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)


def _of(hint: Any, held: object, name: str) -> Any:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _of_union(arguments, held, name)
    if origin is Literal:
        if held in arguments:
            return held
    elif origin is tuple and isinstance(held, list):
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return tuple(_of(arguments[0], one, name) for one in held)
        if len(arguments) == len(held):
            return tuple(_of(kind, one, name) for kind, one in zip(arguments, held, strict=True))
    elif isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(held, dict):
        return {str(key): _of(arguments[1], one, name) for key, one in held.items()}
    elif isinstance(hint, type):
        return _of_plain(hint, held, name)
    raise ValueError(f"has something else than expected in {name}")


def _of_union(arguments: tuple[Any, ...], held: object, name: str) -> Any:
    if held is None and NoneType in arguments:
        return None
    for one in arguments:
        if one is not NoneType:
            try:
                return _of(one, held, name)
            except ValueError:
                continue
    raise ValueError(f"has something else than expected in {name}")


def _of_plain(hint: type, held: object, name: str) -> Any:
    if hint is Path and isinstance(held, str) and "\0" not in held:
        return Path(held)
    if hint is float and type(held) in (int, float):
        return float(cast("float", held))
    if hint in (int, str, bool) and type(held) is hint:
        return held
    if dataclasses.is_dataclass(hint):
        return of_json(hint, held)
    raise ValueError(f"has something else than expected in {name}")
