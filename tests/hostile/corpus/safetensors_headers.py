"""safetensors files whose header lies.

Source: the format description in the safetensors README; the Trail of Bits review of May 2023.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from pathlib import Path

from hostile.corpus.records import Hostile, Place

SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}


def safetensors(tensors: dict[str, tuple[str, tuple[int, ...]]], metadata: dict[str, str] | None = None) -> bytes:
    """A sound file of zeros."""
    header: dict[str, object] = {"__metadata__": metadata} if metadata else {}
    position = 0
    for name, (dtype, shape) in tensors.items():
        size = math.prod(shape) * SIZES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [position, position + size]}
        position += size
    return raw(json.dumps(header), bytes(position))


def raw(header: str | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """Any header, and any length of it."""
    held = header.encode("utf-8", "surrogatepass") if isinstance(header, str) else header
    return struct.pack("<Q", len(held) if length is None else length) + held + data


def entry(dtype: object = "F32", shape: object = (1,), offsets: object = (0, 4), **more: object) -> str:
    """The header of one tensor `a` and a sound one `good`."""
    good = {"dtype": "F32", "shape": [4], "data_offsets": [16, 32]}
    held = {"dtype": dtype, "shape": shape, "data_offsets": offsets, **more}
    return json.dumps({"a": held, "good": good})


DATA = bytes(16) + struct.pack("<4f", 1, 2, 3, 4)

CASES: tuple[tuple[str, Callable[[], bytes], bool], ...] = (
    ("a header length of 2^64 - 1", lambda: raw(b'{"', length=(1 << 64) - 1), False),
    ("a header length of 2^63", lambda: raw(b'{"', length=1 << 63), False),
    ("a header length of 99 MB", lambda: raw(b'{"', length=99_000_000), False),
    ("a header length beyond the file by one", lambda: raw(b'{"a":1}', length=8), False),
    ("a header length of zero", lambda: raw(b'{"', length=0), False),
    ("a header length of one", lambda: raw(b'{"a":1}', length=1), False),
    ("a header that is a list", lambda: raw("[]" + " " * 20), False),
    ("a header that is null", lambda: raw("null"), False),
    ("a header cut in the middle of a text", lambda: raw(b'{"a":{"dtype":"F3'), False),
    ("a header that is not UTF-8", lambda: raw(b'{"\xff\xfe":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), False),
    ("a header in UTF-16", lambda: raw('{"a":1}'.encode("utf-16")), False),
    ("a header with a lone surrogate", lambda: raw('{"\\ud800":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), False),
    ("a header of a million brackets", lambda: raw('{"a":' + "[" * 1_000_000), False),
    ("a header of nested brackets behind closing ones in a text", lambda: raw('{"' + "}" * 200_000 + '":' + "[" * 200_000 + "]" * 200_000 + "}"), False),
    ("a header that looks shallow where texts hold brackets", lambda: raw('{"a":' + '["]",' * 100_000 + "1" + "]" * 100_000 + "}"), False),
    ("a header of nested objects", lambda: raw('{"a":' * 5_000 + "1" + "}" * 5_000), False),
    ("the same name twice", lambda: raw('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[16,32]}}', DATA), False),
    ("the same field twice", lambda: raw('{"a":{"dtype":"F32","dtype":"I64","shape":[4],"data_offsets":[0,16]}}', DATA), False),
    ("metadata twice", lambda: raw('{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"}}'), False),
    ("metadata that is a list", lambda: raw('{"__metadata__":[1,2]}'), False),
    ("metadata of numbers", lambda: raw('{"__metadata__":{"epoch":3,"x":null,"y":[1]}}'), False),
    ("metadata of ten megabytes", lambda: raw(json.dumps({"__metadata__": {"a": "m" * 10_000_000}})), False),
    ("a vocabulary in the metadata that nests", lambda: raw(json.dumps({"__metadata__": {"gloss_to_id": "[" * 100_000}})), False),
    ("a vocabulary in the metadata of huge numbers", lambda: raw(json.dumps({"__metadata__": {"gloss_to_id": '{"a":' + "9" * 10_000 + "}"}})), False),
    ("offsets that go back", lambda: raw(entry(offsets=(8, 4)), DATA), True),
    ("offsets beyond the file", lambda: raw(entry(offsets=(0, 4_000)), DATA), True),
    ("offsets of 2^61", lambda: raw(entry(offsets=(1 << 61, (1 << 61) + 4)), DATA), True),
    ("offsets of 2^64", lambda: raw(entry(offsets=(0, 1 << 64)), DATA),True),
    ("offsets of five thousand digits", lambda: raw(f'{{"a":{{"dtype":"F32","shape":[1],"data_offsets":[0,{"9" * 5000}]}}}}', DATA), False),
    ("negative offsets", lambda: raw(entry(offsets=(-4, 0)), DATA),True),
    ("offsets of floats", lambda: raw(entry(offsets=(0.0, 4.0)), DATA),True),
    ("offsets of truth values", lambda: raw(entry(offsets=(False, True)), DATA),True),
    ("three offsets", lambda: raw(entry(offsets=(0, 4, 8)), DATA),True),
    ("offsets that are text", lambda: raw(entry(offsets="0,4"), DATA),True),
    ("no offsets", lambda: raw('{"a":{"dtype":"F32","shape":[1]}}', DATA), False),
    ("a shape whose product wraps to 4", lambda: raw(entry(shape=(1 << 32, (1 << 32) + 1, 4), offsets=(0, 16)), DATA), True),
    ("a shape whose product wraps to 0", lambda: raw(entry(shape=(1 << 32, 1 << 32), offsets=(0, 0)), DATA), True),
    ("a shape of a million ones", lambda: raw(entry(shape=(1,) * 1_000_000), DATA),True),
    ("a shape of a hundred thousand large numbers", lambda: raw(entry(shape=((1 << 61),) * 100_000), DATA),True),
    ("a negative shape", lambda: raw(entry(shape=(-1,)), DATA),True),
    ("a shape of 1e400", lambda: raw('{"a":{"dtype":"F32","shape":[1e400],"data_offsets":[0,4]}}', DATA), False),
    ("a shape of NaN", lambda: raw('{"a":{"dtype":"F32","shape":[NaN],"data_offsets":[0,4]}}', DATA), False),
    ("a shape that is null", lambda: raw(entry(shape=None), DATA),True),
    ("an unknown type", lambda: raw(entry(dtype="F128"), DATA), True),
    ("a type of a megabyte", lambda: raw(entry(dtype="F" * (1 << 20)), DATA), True),
    ("a type that is a number", lambda: raw(entry(dtype=32), DATA),True),
    ("a type in lower case", lambda: raw(entry(dtype="f32"), DATA), True),
    ("fewer bytes than numbers", lambda: raw(entry(shape=(2,), offsets=(0, 4)), DATA), True),
    ("tensors over each other", lambda: raw(entry(shape=(8,), offsets=(0, 32)), DATA), True),
    ("a hole between tensors", lambda: raw(entry(shape=(2,), offsets=(4, 12)), DATA), True),
    ("no bytes at an offset that is used", lambda: raw(entry(shape=(0,), offsets=(20, 20)), DATA), True),
    ("bytes after the last tensor", lambda: raw(entry(), DATA + bytes(100)), True),
    ("an entry that is a list", lambda: raw('{"a":[1,2,3]}'), False),
    ("an entry that is null", lambda: raw('{"a":null}'), False),
    ("an entry with strange fields", lambda: raw(entry(__proto__={"x": 1}, constructor=1), DATA), True),
    ("a hundred thousand tensors of nothing", lambda: raw(json.dumps({f"t{n}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for n in range(100_000)})), False),
    ("ten million empty objects", lambda: raw('{"a":[' + "{}," * 3_000_000 + "{}]}"), False),
    ("a name of a megabyte", lambda: raw(json.dumps({"n" * (1 << 20): {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}})), False),
    ("spaces after the header", lambda: raw(entry() + " " * 1_000, DATA), True),
    ("a header followed by text", lambda: raw(entry() + "x", DATA), False),
    ("a byte order mark", lambda: raw(b'{"\xef\xbb\xbfa":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}'), False),
)  # fmt: skip


def safetensors_cases() -> list[Hostile]:
    """All of them; where `good` is untouched, it must be shown."""
    cases = []
    for name, build, must_open in CASES:

        def make(place: Place, build: Callable[[], bytes] = build) -> Path:
            path = place.folder / "model.safetensors"
            path.write_bytes(build())
            return path

        cases.append(
            Hostile(f"safetensors: {name}", "safetensors header", name, make, must_open=must_open, format="safetensors")
        )
    return cases
