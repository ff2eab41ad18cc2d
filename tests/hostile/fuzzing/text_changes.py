"""Changes of JSON, of the headers of safetensors and npy, and of logs."""

from __future__ import annotations

import json
import random
import re
import struct
from typing import Any

from hostile.fuzzing.byte_changes import INTERESTING, change_bytes

TYPES = ("F64", "F32", "F16", "BF16", "I64", "I8", "U16", "BOOL", "F8_E4M3", "F8_E8M0", "F4", "C64")
STRANGE: tuple[Any, ...] = (
    *(None, True, False, "", "x", "F32", "I64", "BOOL", "a" * 300, "../x", "\ud800", "\0"),
    *([], {}, [[]], [0], [0, 4], [4, 0], {"a": 1}, 0.5, 1e400, float("nan"), -0.0, 10**30),
    *INTERESTING,
)
TOKEN = re.compile(rb"\d+|'[^']*'|\"[^\"]*\"|[A-Za-z]+|\S")
NPY_TYPES = (b"'<f4'", b"'<f8'", b"'<f2'", b"'|b1'", b"'|u1'", b"'>i8'", b"'<c16'", b"'<U3'", b"'|S5'", b"'|O'")
NPY_TOKENS = (
    b"0",
    b"1",
    b"-1",
    b"(",
    b")",
    b",",
    b"{",
    b"}",
    b"'",
    b"'|O'",
    b"'<f4'",
    b"'<c32'",
    b"'<U9999999'",
    b"True",
)
NPY_TOKENS += (b"[('a', '<f4')]", b"9" * 30, b"1e9", b"None", b"'descr'", b":", b"(" * 200, b"-" * 200, b"(0,)", b"\\")


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, held in value.items():
            found += _places(held, (*path, key))
    elif isinstance(value, list):
        for index, held in enumerate(value[:50]):
            found += _places(held, (*path, index))
    return found


def change_value(value: Any, chance: random.Random) -> Any:
    """The same JSON with one value replaced, removed, repeated or renamed."""
    place = chance.choice(_places(value))
    if not place:
        return chance.choice(STRANGE) if chance.randrange(20) == 0 else value
    parent = value
    for step in place[:-1]:
        parent = parent[step]
    last = place[-1]
    kind = chance.randrange(5)
    if kind == 0 and isinstance(parent, dict):
        parent[chance.choice(("", "__metadata__", "weight_map", "cells", "gloss_to_id", str(last) + "x"))] = parent.pop(
            last
        )
    elif kind == 1:
        del parent[last]
    elif kind == 2 and isinstance(parent, list):
        parent.insert(last, parent[last])
    elif kind == 3 and isinstance(parent[last], int) and not isinstance(parent[last], bool):
        parent[last] += chance.choice((-1, 1, 4, 1 << 32))
    elif chance.randrange(3):
        parent[last] = _alike(parent[last], chance)
    else:
        parent[last] = chance.choice(STRANGE)
    return value


def _alike(value: Any, chance: random.Random) -> Any:
    """Another value of the same type, which gets further than a strange one."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return chance.choice(INTERESTING)
    if isinstance(value, str):
        return chance.choice((*TYPES, value + value, value[:-1], value.upper(), "0", "Epoch 3/5: val_loss: 0.5"))
    if isinstance(value, list):
        return chance.choice((value[:-1], [*value, *value], [1, *value], [[*value]], [0 for _ in value]))
    return {**value, "x": value} if isinstance(value, dict) else value


def change_json(content: bytes, chance: random.Random) -> bytes:
    """A value of the tree, or bytes."""
    if chance.randrange(6) == 0:
        return change_bytes(content, chance)
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return change_bytes(content, chance)
    return json.dumps(change_value(value, chance)).encode()


def change_safetensors(content: bytes, chance: random.Random) -> bytes:
    """The header's tree with its length set right or not, or bytes."""
    kind = chance.randrange(5)
    length = int.from_bytes(content[:8], "little")
    header, rest = content[8 : 8 + length], content[8 + length :]
    if kind == 0 or not header:
        return change_bytes(content, chance)
    if kind == 1:
        number = chance.choice((*INTERESTING, length + chance.randint(-9, 9))) & (1 << 64) - 1
        return struct.pack("<Q", number) + content[8:]
    header = change_bytes(header, chance) if kind == 2 else change_json(header, chance)
    return struct.pack("<Q", len(header)) + header + rest


def change_npy(content: bytes, chance: random.Random) -> bytes:
    """A token of the header with its length set right or not, the version, or bytes."""
    if chance.randrange(4) == 0 or len(content) < 12:
        return change_bytes(content, chance)
    length = int.from_bytes(content[8:10], "little")
    header, rest = content[10 : 10 + length], content[10 + length :]
    tokens = list(TOKEN.finditer(header))
    if not tokens:
        return change_bytes(content, chance)
    values = [token for token in tokens if token[0][:1].isdigit() or token[0][:2] in (b"'<", b"'>", b"'|")]
    token = chance.choice(values if values and chance.randrange(4) else tokens)
    fresh = chance.choice(NPY_TOKENS)
    if chance.randrange(3) and token[0][:1] in b"0123456789'":
        fresh = chance.choice((b"0", b"1", b"2", b"3", b"64")) if token[0][:1] != b"'" else chance.choice(NPY_TYPES)
    changed = header[: token.start()] + fresh + header[token.end() :]
    told = len(changed) if chance.randrange(4) else length
    version = content[6:8] if chance.randrange(5) else bytes([chance.randrange(5), chance.randrange(3)])
    return content[:6] + version + struct.pack("<H", told & 0xFFFF) + changed + rest


def change_log(content: bytes, chance: random.Random) -> bytes:
    """A line repeated, joined with another or stretched, or bytes."""
    lines = content.split(b"\n")
    kind = chance.randrange(4)
    at = chance.randrange(len(lines))
    if kind == 0:
        return change_bytes(content, chance)
    if kind == 1:
        lines.insert(at, lines[at] * chance.choice((1, 2, 20)))
    elif kind == 2:
        lines[at] = lines[at].replace(b" ", b" " * chance.choice((0, 2, 100)), 1)
    else:
        number = chance.choice((b"nan", b"inf", b"-1", b"1e400", b"9" * 400, b"0x10", b"1.2.3", b"5 of", b"((("))
        lines[at] = re.sub(rb"\d+(?:\.\d+)?", number, lines[at], count=1)
    return b"\n".join(lines)
