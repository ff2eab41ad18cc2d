"""Frozen results as bytes and back, for the pipe between the window and the engine.

Plain values travel as JSON, arrays and long columns of text as raw bytes beside it. Only the record types listed by the
caller are ever built on the receiving side; nothing is unpickled.

A frame is: the magic number, the count and sizes of its parts, then the parts: JSON first, raw blocks after it.
"""

from __future__ import annotations

import dataclasses
import json
import struct
from collections.abc import Iterable
from enum import Enum
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

MAGIC = b"ASLI"
MOST_PARTS = 10_000
LARGEST_PART = 4 << 30
SHORTEST_TEXT_COLUMN = 64
SEPARATOR = "\x1f"


class BrokenPipe(Exception):
    """The other side has gone, or what it sent is no frame."""


class Codec:
    """Turns values of known types into frames and frames into values.

    Args:
        records: Dataclasses and enums that may travel.
    """

    def __init__(self, records: Iterable[type]) -> None:
        self.types = {record.__name__: record for record in records}

    def encode(self, value: object) -> list[bytes | memoryview]:
        """The parts of a frame."""
        blocks: list[bytes | memoryview] = []
        text = json.dumps(self._pack(value, blocks), ensure_ascii=True, separators=(",", ":"))
        return [text.encode(), *blocks]

    def decode(self, parts: list[bytes]) -> object:
        """The value of a frame.

        Raises:
            BrokenPipe: If it names a type that may not travel.
        """
        return self._unpack(json.loads(parts[0]), parts[1:])

    def _pack(self, value: object, blocks: list[bytes | memoryview]) -> Any:
        if isinstance(value, Enum):
            return {"enum": type(value).__name__, "value": value.value}
        if value is None or isinstance(value, bool | int | float | str):
            return value
        if isinstance(value, np.ndarray):
            blocks.append(np.ascontiguousarray(value).tobytes())
            return {"array": len(blocks) - 1, "dtype": value.dtype.str, "shape": list(value.shape)}
        if isinstance(value, np.generic):
            return value.item()
        if isinstance(value, bytes | memoryview):
            blocks.append(bytes(value))
            return {"bytes": len(blocks) - 1}
        if isinstance(value, Path):
            return {"path": str(value)}
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            fields = [self._pack(getattr(value, field.name), blocks) for field in dataclasses.fields(value)]
            return {"record": type(value).__name__, "fields": fields}
        if isinstance(value, dict):
            return {"dict": [[self._pack(key, blocks), self._pack(held, blocks)] for key, held in value.items()]}
        if isinstance(value, list | tuple):
            return self._pack_sequence(value, blocks)
        raise TypeError(f"a {type(value).__name__} cannot travel")

    def _pack_sequence(self, value: list[Any] | tuple[Any, ...], blocks: list[bytes | memoryview]) -> Any:
        kind = "tuple" if isinstance(value, tuple) else "list"
        if len(value) >= SHORTEST_TEXT_COLUMN and all(type(item) is str and SEPARATOR not in item for item in value):
            blocks.append(SEPARATOR.join(value).encode("utf-8", "surrogatepass"))
            return {"texts": len(blocks) - 1, "kind": kind}
        return {kind: [self._pack(item, blocks) for item in value]}

    def _unpack(self, held: Any, blocks: list[bytes]) -> Any:
        if not isinstance(held, dict):
            return held
        if "record" in held:
            return self._type(held["record"])(*(self._unpack(field, blocks) for field in held["fields"]))
        if "tuple" in held:
            return tuple(self._unpack(item, blocks) for item in held["tuple"])
        if "list" in held:
            return [self._unpack(item, blocks) for item in held["list"]]
        if "dict" in held:
            return {self._unpack(key, blocks): self._unpack(item, blocks) for key, item in held["dict"]}
        if "array" in held:
            array = np.frombuffer(blocks[held["array"]], dtype=np.dtype(held["dtype"])).reshape(held["shape"])
            array.flags.writeable = False
            return array
        if "texts" in held:
            texts = blocks[held["texts"]].decode("utf-8", "surrogatepass").split(SEPARATOR)
            return tuple(texts) if held["kind"] == "tuple" else texts
        if "enum" in held:
            return self._type(held["enum"])(held["value"])
        if "path" in held:
            return Path(held["path"])
        if "bytes" in held:
            return blocks[held["bytes"]]
        raise BrokenPipe(f"a frame holds an unknown value: {sorted(held)}")

    def _type(self, name: str) -> Any:
        if name not in self.types:
            raise BrokenPipe(f"a frame names the type {name}, which may not travel")
        return self.types[name]


def write_frame(stream: BinaryIO, parts: list[bytes | memoryview]) -> None:
    """Write one frame and flush."""
    sizes = [len(part) for part in parts]
    stream.write(MAGIC + struct.pack(f"<I{len(sizes)}Q", len(sizes), *sizes))
    for part in parts:
        stream.write(part)
    stream.flush()


def read_frame(stream: BinaryIO) -> list[bytes] | None:
    """The parts of the next frame, or None at the end of the stream.

    Raises:
        BrokenPipe: If the stream breaks off or holds no frame.
    """
    head = stream.read(8)
    if not head:
        return None
    if len(head) < 8 or head[:4] != MAGIC:
        raise BrokenPipe("what came is no frame")
    (count,) = struct.unpack("<I", head[4:])
    if not 1 <= count <= MOST_PARTS:
        raise BrokenPipe("a frame of too many parts")
    sizes = struct.unpack(f"<{count}Q", _exactly(stream, 8 * count))
    if max(sizes) > LARGEST_PART:
        raise BrokenPipe("a frame that is too large")
    return [_exactly(stream, size) for size in sizes]


def _exactly(stream: BinaryIO, size: int) -> bytes:
    content = stream.read(size)
    if len(content) != size:
        raise BrokenPipe("a frame that breaks off")
    return content
