"""One tensor of an ONNX model: its numbers stay where they are, in the model, in a field of it, or in a file beside.

Source: onnx/onnx.proto (TensorProto, SparseTensorProto), ONNX 1.23.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from asl_inspector.checkpoints.companions import Companions
from asl_inspector.checkpoints.records import ITEM_SIZES, SUB_BYTE_BITS, TensorRecord
from asl_inspector.protobuf_wire import BYTES, VARINT, FieldBudget, fields, read_varint, signed, text_of

DTYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    4: "uint16",
    5: "int16",
    6: "int32",
    7: "int64",
    8: "string",
    9: "bool",
    10: "float16",
    11: "float64",
    12: "uint32",
    13: "uint64",
    14: "complex64",
    15: "complex128",
    16: "bfloat16",
    17: "float8_e4m3fn",
    18: "float8_e4m3fnuz",
    19: "float8_e5m2",
    20: "float8_e5m2fnuz",
    21: "uint4_packed",
    22: "int4_packed",
    23: "float4_e2m1fn",
    24: "float8_e8m0fnu",
    25: "uint2_packed",
    26: "int2_packed",
}
DIMS, DATA_TYPE, SEGMENT, NAME, RAW_DATA, EXTERNAL_DATA, LOCATION = 1, 2, 3, 8, 9, 13, 14
FLOAT_DATA, INT32_DATA, STRING_DATA, INT64_DATA, DOUBLE_DATA, UINT64_DATA = 4, 5, 6, 7, 10, 11
IN_PLACE = {FLOAT_DATA, DOUBLE_DATA}  # packed fields whose bytes are the numbers themselves
EXTERNAL = 1
HIGHEST_RANK = 64
MOST_DECODED = 2_000_000  # numbers written as varints, over the whole file
MOST_EXTERNAL_ENTRIES = 32
LONGEST_DIGITS = 19


@dataclass(slots=True)
class TensorParser:
    """Reads the tensors of one model.

    Attributes:
        content: The model.
        beside: The files beside it.
        budget: Fields that may still be read.
        decoded: Varint numbers that were decoded so far.
    """

    content: memoryview
    beside: Companions
    budget: FieldBudget
    decoded: int = 0

    def tensor(self, start: int, end: int) -> tuple[str, TensorRecord]:
        """The name and the tensor of a TensorProto; its path is left to the caller."""
        held = self._gather(start, end)
        if len(held.dims) > HIGHEST_RANK or any(size < 0 for size in held.dims):
            held.trouble = "its sizes make no sense"
            held.dims = []
        dtype = DTYPES.get(held.kind, f"onnx type {held.kind}")
        record = _empty(dtype, tuple(held.dims), held.name or f"at byte {start}")
        trouble = held.trouble or _type_trouble(dtype)
        if trouble:
            size = (held.raw[1] - held.raw[0]) if held.raw else 0
            return held.name, replace(record, trouble=trouble, storage_bytes=size)
        needed = record.count * ITEM_SIZES[dtype]
        if held.is_external:
            return held.name, self._external(record, held.external, needed)
        if held.raw is not None:
            return held.name, _at(record, held.raw[0], held.raw[1] - held.raw[0], needed)
        return held.name, self._typed(record, held, needed)

    def sparse(self, start: int, end: int) -> tuple[str, TensorRecord]:
        """The name and the tensor of a SparseTensorProto: values, their indices, and the sizes of the whole."""
        name, dims = "", []
        parts: dict[int, TensorRecord] = {}
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number in (1, 2) and kind == BYTES:
                part_name, parts[number] = self.tensor(first, last)
                name = part_name if number == 1 else name
            elif number == 3:
                dims += self._numbers(kind, first, last)
        shape = tuple(dims) if all(size >= 0 for size in dims) and len(dims) <= HIGHEST_RANK else ()
        values, indices = parts.get(1), parts.get(2)
        whole = _empty(values.dtype if values else "unknown", shape, name or f"at byte {start}")
        if values is None or indices is None or len(values.shape) != 1:
            return name, replace(whole, layout="sparse_coo", trouble="its values or its indices are missing")
        trouble = values.trouble or indices.trouble
        rank = len(shape)
        if indices.shape == (values.count, rank):  # (entries, dimensions) -> (dimensions, entries)
            indices = replace(indices, shape=(rank, values.count), strides=(1, rank))
        elif indices.shape == values.shape and rank == 1:
            indices = replace(indices, shape=(1, values.count), strides=(values.count, 1))
        else:
            return name, replace(whole, layout="sparse_linear", components=(indices, values), trouble=trouble)
        parts_of_it = (replace(indices, path=("indices",)), replace(values, path=("values",)))
        return name, replace(whole, layout="sparse_coo", components=parts_of_it, trouble=trouble)

    def _gather(self, start: int, end: int) -> _Held:
        held = _Held()
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number == DIMS:
                held.dims += [signed(size) for size in self._numbers(kind, first, last)]
            elif number == DATA_TYPE and kind == VARINT:
                held.kind = first
            elif number == NAME and kind == BYTES:
                held.name = text_of(self.content, first, last)
            elif number == RAW_DATA and kind == BYTES:
                held.raw = (first, last)
            elif number == LOCATION and kind == VARINT:
                held.is_external = first == EXTERNAL
            elif number == EXTERNAL_DATA and kind == BYTES and len(held.external) < MOST_EXTERNAL_ENTRIES:
                key, value = self.pair(first, last)
                held.external[key] = value
            elif number == SEGMENT:
                held.trouble = "it is stored in segments, which is not supported"
            elif number in (FLOAT_DATA, INT32_DATA, INT64_DATA, DOUBLE_DATA, UINT64_DATA):
                held.typed.append((number, kind, first, last))
        return held

    def _numbers(self, kind: int, first: int, last: int) -> list[int]:
        """A repeated whole-number field: one number, or many packed together."""
        if kind == VARINT:
            return [first]
        return self.varints(first, last, most=HIGHEST_RANK + 1)

    def varints(self, start: int, end: int, *, most: int) -> list[int]:
        """Up to `most` packed numbers, as unsigned 64-bit ones."""
        found: list[int] = []
        while start < end and len(found) < most:
            value, start = read_varint(self.content, start, end)
            found.append(value)
        return found

    def pair(self, start: int, end: int) -> tuple[str, str]:
        """A StringStringEntryProto."""
        key = value = ""
        for number, kind, first, last in fields(self.content, start, end, self.budget):
            if number == 1 and kind == BYTES:
                key = text_of(self.content, first, last)
            elif number == 2 and kind == BYTES:
                value = text_of(self.content, first, last)
        return key, value

    def _typed(self, record: TensorRecord, held: _Held, needed: int) -> TensorRecord:
        """Numbers in a field of their own type: in place where they lie there as numbers, else decoded."""
        if not held.typed:
            return _at(record, 0, 0, needed)
        number, kind, first, last = held.typed[0]
        if len(held.typed) == 1 and number in IN_PLACE and kind == BYTES:
            return _at(record, first, last - first, needed)
        size = ITEM_SIZES[record.dtype]
        mask = (1 << 8 * size) - 1
        raw = bytearray()
        for number, kind, first, last in held.typed:
            if number in IN_PLACE:
                raw += self.content[first:last]
                continue
            room = max(0, MOST_DECODED - self.decoded)
            numbers = [first] if kind == VARINT else self.varints(first, last, most=room)
            self.decoded += len(numbers)
            if self.decoded >= MOST_DECODED:
                return replace(record, trouble="the model has more numbers of variable length than are decoded")
            raw += b"".join((value & mask).to_bytes(size, "little") for value in numbers)
        if len(raw) != needed:
            return replace(record, trouble=f"it has {len(raw):,} of {needed:,} bytes")
        return replace(record, inline=bytes(raw), storage_bytes=len(raw))

    def _external(self, record: TensorRecord, entries: dict[str, str], needed: int) -> TensorRecord:
        """Numbers in a file beside the model."""
        name = entries.get("location", "")
        offset, length = _whole(entries.get("offset", "0")), _whole(entries.get("length", str(needed)))
        file = self.beside.find(name)
        trouble = ""
        if file is None:
            trouble = f"its file was not opened: {self.beside.why_not(name)}"
        elif offset is None or length is None:
            trouble = f"its place in “{name}” is no number"
        elif length != needed:
            trouble = f"it has {length:,} of {needed:,} bytes"
        elif offset + length > file.size:
            trouble = f"“{name}” ends before it"
        if trouble:
            return replace(record, trouble=trouble)
        return replace(record, part=name, storage=f"{name}/{offset}", file_offset=offset, storage_bytes=needed)


@dataclass(slots=True)
class _Held:
    """The fields of one TensorProto."""

    dims: list[int] = field(default_factory=list)
    kind: int = 0
    name: str = ""
    raw: tuple[int, int] | None = None
    is_external: bool = False
    external: dict[str, str] = field(default_factory=dict)
    typed: list[tuple[int, int, int, int]] = field(default_factory=list)
    trouble: str = ""


def _type_trouble(dtype: str) -> str:
    if dtype in SUB_BYTE_BITS:
        return f"numbers of type {dtype} are packed, {SUB_BYTE_BITS[dtype]} bits each, and are not read"
    if dtype == "string":
        return "it holds text"
    return "" if dtype in ITEM_SIZES else f"numbers of {dtype} are not known"


def _empty(dtype: str, shape: tuple[int, ...], storage: str) -> TensorRecord:
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return TensorRecord((), dtype, shape, tuple(strides), storage, 0, 0, None)


def _at(record: TensorRecord, offset: int, size: int, needed: int) -> TensorRecord:
    """The tensor at a place of the model itself."""
    if size != needed:
        return replace(record, trouble=f"it has {size:,} of {needed:,} bytes", storage_bytes=size)
    return replace(
        record, file_offset=offset, storage_bytes=size, storage=f"at byte {offset}" if size else record.storage
    )


def _whole(digits: str) -> int | None:
    return int(digits) if digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_DIGITS else None
