"""Frozen results as bytes and back, for the pipes between the program's processes.

Plain values travel as JSON, arrays and long columns of text as raw bytes beside it; many records of one type travel as
columns. Only the record types listed by the caller are ever built on the receiving side; nothing is unpickled.

A frame is: the magic number, the count and sizes of its parts, then the parts: JSON first, raw blocks after it.
"""

from __future__ import annotations

import dataclasses
import gc
import json
import struct
import sys
from collections.abc import Iterable
from enum import Enum
from itertools import repeat
from pathlib import Path
from typing import Any, BinaryIO

MAGIC = b"ASLI"
MOST_PARTS = 100_000
LARGEST_PART = 4 << 30
SHORTEST_COLUMN = 64  # fewer items are not worth a column
SEPARATOR = "\x1f"
PLAIN = (bool, int, float, str, type(None))


class BrokenPipe(Exception):
    """The other side has gone, or what it sent is no frame."""


class Codec:
    """Turns values of known types into frames and frames into values.

    Args:
        records: Dataclasses and enums that may travel.
    """

    def __init__(self, records: Iterable[type]) -> None:
        self.types = {record.__name__: record for record in records}
        self.fields = {
            name: tuple(field.name for field in dataclasses.fields(record))
            for name, record in self.types.items()
            if dataclasses.is_dataclass(record)
        }

    def encode(self, value: object) -> list[bytes | memoryview]:
        """The parts of a frame."""
        blocks: list[bytes | memoryview] = []
        text = json.dumps(self._pack(value, blocks), ensure_ascii=True, separators=(",", ":"))
        return [text.encode(), *blocks]

    def decode(self, parts: list[bytes]) -> object:
        """The value of a frame.

        Raises:
            BrokenPipe: If it names a type that may not travel, or is built wrongly.
        """
        collecting = gc.isenabled()
        gc.disable()  # no cycles arise here, and looking for them would take as long as the decoding
        try:
            return self._unpack(json.loads(parts[0]), parts[1:])
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise BrokenPipe(f"a frame is built wrongly: {error}") from None
        finally:
            if collecting:
                gc.enable()

    def _pack(self, value: object, blocks: list[bytes | memoryview]) -> Any:
        if isinstance(value, Enum):
            return {"enum": type(value).__name__, "value": value.value}
        if isinstance(value, PLAIN):
            return value
        if isinstance(value, list | tuple):
            return self._pack_sequence(value, blocks)
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            name = type(value).__name__
            if name not in self.fields:
                raise TypeError(f"a {name} may not travel")
            return {
                "record": name,
                "fields": [self._pack(getattr(value, field), blocks) for field in self.fields[name]],
            }
        if isinstance(value, dict):
            return {"dict": [[self._pack(key, blocks), self._pack(held, blocks)] for key, held in value.items()]}
        if isinstance(value, bytes | memoryview):
            blocks.append(bytes(value))
            return {"bytes": len(blocks) - 1}
        if isinstance(value, Path):
            return {"path": str(value)}
        return _pack_array(value, blocks)

    def _pack_sequence(self, value: list[Any] | tuple[Any, ...], blocks: list[bytes | memoryview]) -> Any:
        kind = "tuple" if isinstance(value, tuple) else "list"
        if len(value) < SHORTEST_COLUMN:
            return {kind: [self._pack(item, blocks) for item in value]}
        types = set(map(type, value))
        if types == {str} and not any(SEPARATOR in item for item in value):
            blocks.append(SEPARATOR.join(value).encode("utf-8", "surrogatepass"))
            return {"texts": len(blocks) - 1, "kind": kind}
        if types <= set(PLAIN):
            first = value[0]
            if len(types) == 1 and all(item == first for item in value):
                return {"same": first, "count": len(value), "kind": kind}
            return {"plain": list(value), "kind": kind}
        if types == {tuple} and all(type(part) in PLAIN for item in value for part in item):
            return {"tuples": [list(item) for item in value], "kind": kind}
        if len(types) == 1 and (name := types.pop().__name__) in self.fields:
            columns = [[getattr(item, field) for item in value] for field in self.fields[name]]
            return {"table": name, "kind": kind, "columns": [self._pack_sequence(one, blocks) for one in columns]}
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
        if "kind" in held:
            column = self._unpack_column(held, blocks)
            return tuple(column) if held["kind"] == "tuple" else list(column)
        if "array" in held:
            return _unpack_array(held, blocks)
        if "enum" in held:
            return self._type(held["enum"])(held["value"])
        if "path" in held:
            return Path(held["path"])
        if "bytes" in held:
            return blocks[held["bytes"]]
        raise BrokenPipe(f"a frame holds an unknown value: {sorted(held)}")

    def _unpack_column(self, held: Any, blocks: list[bytes]) -> Iterable[Any]:
        """The items of a long sequence."""
        if "texts" in held:
            joined = str(blocks[held["texts"]], "utf-8", "surrogatepass")
            return joined.split(SEPARATOR)
        if "same" in held:
            return repeat(held["same"], int(held["count"]))
        if "tuples" in held:
            return map(tuple, held["tuples"])
        if "table" in held:
            columns = [self._unpack(column, blocks) for column in held["columns"]]
            records: Iterable[Any] = map(self._type(held["table"]), *columns)
            return records
        plain: list[Any] = held["plain"]
        return plain

    def _type(self, name: str) -> Any:
        if name not in self.types:
            raise BrokenPipe(f"a frame names the type {name}, which may not travel")
        return self.types[name]


def _pack_array(value: object, blocks: list[bytes | memoryview]) -> Any:
    """A NumPy array or scalar. NumPy is not imported for a process that has none."""
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        blocks.append(numpy.ascontiguousarray(value).tobytes())
        return {"array": len(blocks) - 1, "dtype": value.dtype.str, "shape": list(value.shape)}
    if numpy is not None and isinstance(value, numpy.generic):
        return value.item()
    raise TypeError(f"a {type(value).__name__} cannot travel")


def _unpack_array(held: Any, blocks: list[bytes]) -> Any:
    import numpy as np

    array = np.frombuffer(blocks[held["array"]], dtype=np.dtype(held["dtype"])).reshape(held["shape"])
    array.flags.writeable = False
    return array


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
