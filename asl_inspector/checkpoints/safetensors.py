"""safetensors: the length of a JSON header, the header, then the numbers of every tensor without gaps.

Source: the format description in the safetensors README (huggingface/safetensors, 0.8).
"""

from __future__ import annotations

import json
import math

from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord, ValueRecord
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken

LONGEST_HEADER = 100_000_000
DEEPEST_HEADER = 8
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E8M0": "float8_e8m0fnu",
    "C64": "complex64",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}


def read_safetensors(file: MappedFile, cancel: CancelToken) -> Reading:
    """The tensors and the metadata of a safetensors file.

    Raises:
        UnreadableCheckpoint: If the header is damaged or contradicts the file.
    """
    cancel.raise_if_cancelled()
    content = file.view
    size = int.from_bytes(bytes(content[:8]), "little")
    if size > LONGEST_HEADER or size + 8 > len(content):
        raise UnreadableCheckpoint(
            f"The safetensors header announces {size:,} bytes and the file has {len(content):,}.",
            advice="The file is cut short; download it again.",
        )
    notes: list[str] = []
    header = _parse_header(bytes(content[8 : 8 + size]), notes)
    metadata = header.pop("__metadata__", {})
    known = {str(key): str(text) for key, text in metadata.items()} if isinstance(metadata, dict) else {}
    tensors = [_tensor(name, entry, 8 + size, len(content)) for name, entry in header.items()]
    values = tuple(ValueRecord(("__metadata__", key), "str", repr(text)) for key, text in known.items())
    return Reading("safetensors", tuple(tensors), values, notes=tuple(notes), gloss_to_id=_vocabulary(known))


def _parse_header(raw: bytes, notes: list[str]) -> dict[str, object]:
    """The header's JSON; equal names are noted, the last one wins as in Python's own reader."""

    def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len({key for key, _ in pairs}) < len(pairs):
            notes.append("The header names one entry twice; the last one is used.")
        return dict(pairs)

    if _depth(raw) > DEEPEST_HEADER:
        raise UnreadableCheckpoint("The safetensors header is nested far deeper than any real one.")
    try:
        header = json.loads(raw, object_pairs_hook=unique)
    except ValueError as error:
        raise UnreadableCheckpoint("The safetensors header is no valid JSON.", detail=str(error)) from None
    if not isinstance(header, dict):
        raise UnreadableCheckpoint("The safetensors header is no JSON object.")
    return header


def _vocabulary(metadata: dict[str, str]) -> dict[str, int] | None:
    """A vocabulary that was written into the metadata as JSON."""
    try:
        held = json.loads(metadata.get("gloss_to_id", "null"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict):
        return None
    return {gloss: number for gloss, number in held.items() if type(number) is int} or None


def _depth(raw: bytes) -> int:
    """An upper bound of the nesting, brackets inside strings counted too."""
    depth = deepest = 0
    for byte in raw.translate(None, delete=bytes(set(range(256)) - set(b"{}[]"))):
        depth += 1 if byte in b"{[" else -1
        deepest = max(deepest, depth)
    return deepest


def _tensor(name: str, entry: object, start: int, file_size: int) -> TensorRecord:
    fields = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = fields.get("dtype"), _counts(fields.get("shape")), _counts(fields.get("data_offsets"))
    if not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
        raise UnreadableCheckpoint(f"The safetensors header describes the tensor “{name}” wrongly.")
    kind = DTYPES.get(dtype, dtype.lower())
    first, last = offsets
    count = math.prod(shape)
    trouble = ""
    if last < first or start + last > file_size:
        trouble = "its bytes lie beyond the end of the file"
    elif kind not in ITEM_SIZES:
        trouble = f"numbers of type {dtype} are not known"
    elif count * ITEM_SIZES[kind] != last - first:
        trouble = f"{last - first:,} bytes for {count:,} numbers of type {kind}"
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    return TensorRecord(
        path=(name,),
        dtype=kind,
        shape=shape,
        strides=tuple(strides),
        storage=name,
        storage_bytes=max(0, last - first),
        storage_offset=0,
        file_offset=start + first,
        trouble=trouble,
    )


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of sizes, or None where it is none."""
    if not isinstance(value, list) or not all(type(number) is int and 0 <= number < 1 << 62 for number in value):
        return None
    return tuple(value)
