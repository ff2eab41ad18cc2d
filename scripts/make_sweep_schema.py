"""Write docs/sweep.schema.json from the records of a sweep, so that the schema cannot say another thing than the program.

python scripts/make_sweep_schema.py
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from asl_inspector.sweep.records import Sweep
from asl_inspector.sweep.tables import SCHEMA

TARGET = Path(__file__).resolve().parent.parent / "docs" / "sweep.schema.json"
PLAIN = {str: "string", int: "integer", float: "number", bool: "boolean", Path: "string", NoneType: "null"}


def schema() -> dict[str, Any]:
    """The schema of `sweep.json` and of `asl-inspector sweep --json`."""
    known: dict[str, Any] = {}
    whole = _record(Sweep, known)
    whole["properties"] = {"schema": {"const": SCHEMA}, **whole["properties"]}
    whole["required"] = ["schema", *whole["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA,
        "title": "ASL Inspector: the result of a sweep",
        **whole,
        "$defs": dict(sorted(known.items())),
    }


def _record(kind: Any, known: dict[str, Any]) -> dict[str, Any]:
    told = _attributes(kind.__doc__ or "")
    hints = get_type_hints(kind)
    properties = {}
    for field in dataclasses.fields(kind):
        properties[field.name] = _type(hints[field.name], known)
        if field.name in told:
            properties[field.name] = {"description": told[field.name], **properties[field.name]}
    return {
        "type": "object",
        "description": (kind.__doc__ or "").strip().split("\n")[0],
        "properties": properties,
        "required": list(properties),
    }


def _attributes(text: str) -> dict[str, str]:
    """What a docstring says of each attribute."""
    _, _, listed = text.partition("Attributes:\n")
    found = re.findall(r"^ {8}(\w+): (.*?)(?=^ {8}\w+: |\Z)", listed, re.MULTILINE | re.DOTALL)
    return {name: " ".join(words.split()) for name, words in found}


def _type(hint: Any, known: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        parts = [_type(one, known) for one in arguments]
        if all(set(part) == {"type"} for part in parts):
            return {"type": [part["type"] for part in parts]}
        return {"anyOf": parts}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return {"type": "array", "items": _type(arguments[0], known)}
    if origin is tuple:
        return {"type": "array", "prefixItems": [_type(one, known) for one in arguments], "items": False}
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _type(arguments[1], known)}
    if dataclasses.is_dataclass(hint):
        name = hint.__name__  # type: ignore[union-attr]
        if name not in known:
            known[name] = {}
            known[name] = _record(hint, known)
        return {"$ref": f"#/$defs/{name}"}
    return {"type": PLAIN[hint]}


if __name__ == "__main__":
    TARGET.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
