"""Valid JSON of results: numbers that are not finite have no place in it and become null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from asl_inspector.visible_text import STEERING

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


def to_json(value: Json, *, indent: int | None = 2) -> str:
    """JSON, UTF-8 readable, ending in a newline; indented, or without `indent` on one line.

    Characters that steer a display are escaped, so that the text is exact to a parser and harmless on a terminal.
    """
    text = json.dumps(cleaned(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n"
    return escaped_steering(text)


def escaped_steering(text: str) -> str:
    """JSON text in which characters that steer a display are written as escapes; its value stays the same."""
    return STEERING.sub(lambda found: json.dumps(found[0])[1:-1], text)


def cleaned(value: Json) -> Json:
    """The same value without NaN and infinities, and with lone surrogates escaped. Results are a few levels deep."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass").decode("utf-8", "replace") if _has_surrogate(value) else value
    if isinstance(value, Mapping):
        return {key: cleaned(held) for key, held in value.items()}
    if isinstance(value, Sequence):
        return [cleaned(held) for held in value]
    return value


def _has_surrogate(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def number_text(value: float | int | bool | complex) -> Json:
    """A tensor's number: itself where JSON has it, else its name; a complex one as real and imaginary part."""
    if isinstance(value, complex):
        return [number_text(value.real), number_text(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value
