"""Do values have the types that the fields of a record state? Asked of records whose content came from a file.

Only the kinds of types that our records use are known: plain types, enums, words, unions, tuples, lists, mappings,
arrays by their kind of number, and records of the same sort. What is of another kind does not fit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import NoneType, UnionType
from typing import Any, ForwardRef, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

Hints = dict[str, Any]


class Fitting:
    """Knows the types that may occur.

    Args:
        types: Records and enums by their names, as annotations name them.
    """

    def __init__(self, types: Mapping[str, type]) -> None:
        self._types = dict(types)
        self._hints: dict[type, Hints] = {}

    def fits(self, value: object, hint: Any) -> bool:
        """True where `value`, and all that is in it, is of the type that `hint` states."""
        if dataclasses.is_dataclass(hint):
            return type(value) is hint and self._fields_fit(value)
        if isinstance(hint, ForwardRef):  # a type that holds values of itself: those of JSON
            return _is_json(value)
        origin, arguments = get_origin(hint), get_args(hint)
        if origin is None:
            return self._fits_plain(value, hint)
        if origin is Literal:
            return isinstance(value, str | int | bool) and value in arguments
        if origin in (Union, UnionType):
            return any(self.fits(value, one) for one in arguments)
        if origin is tuple:
            return isinstance(value, tuple) and self._tuple_fits(value, arguments)
        if origin is list:
            return isinstance(value, list) and all(self.fits(one, arguments[0]) for one in value)
        if origin is np.ndarray:
            return isinstance(value, np.ndarray) and _dtype_fits(value.dtype, arguments[1])
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return isinstance(value, dict) and all(
                self.fits(key, arguments[0]) and self.fits(held, arguments[1]) for key, held in value.items()
            )
        return False

    def _fits_plain(self, value: object, hint: Any) -> bool:
        if hint is None or hint is NoneType:
            return value is None
        if hint is float:  # a whole number does where a fraction is expected, as Python has it
            return type(value) in (float, int)
        if hint in (int, str, bool, bytes):
            return type(value) is hint
        return isinstance(hint, type) and hint is not object and isinstance(value, hint)

    def _tuple_fits(self, value: tuple[Any, ...], arguments: tuple[Any, ...]) -> bool:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return all(self.fits(one, arguments[0]) for one in value)
        return len(value) == len(arguments) and all(map(self.fits, value, arguments))

    def _fields_fit(self, record: Any) -> bool:
        kind = type(record)
        if kind not in self._hints:
            self._hints[kind] = get_type_hints(kind, localns=self._types)
        return all(self.fits(getattr(record, name), hint) for name, hint in self._hints[kind].items())


def _is_json(value: object) -> bool:
    """Plain values, and lists and objects of them."""
    if isinstance(value, list):
        return all(map(_is_json, value))
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_json(held) for key, held in value.items())
    return value is None or type(value) in (bool, int, float, str)


def _dtype_fits(dtype: np.dtype[Any], wanted: Any) -> bool:
    """An array of the kind of number and the width that its annotation states."""
    (scalar,) = get_args(wanted)
    return bool(dtype == np.dtype(scalar))
