"""safetensors: the length of a JSON header, the header, then the numbers of every tensor without gaps.

Read more forgivingly than the safetensors library, so that a damaged file still shows what is intact: what the
library would refuse (overlaps, holes, bytes that belong to nothing) is noted, a tensor that cannot be read has its
trouble. Of two entries of one name the last one counts, as in the library and in Python.

Source: the format description in the safetensors README (huggingface/safetensors, 0.8).
"""

from __future__ import annotations

import math
from collections import Counter

from asl_inspector.bounded_json import Pairs, read_json
from asl_inspector.checkpoints.contents import weight_role
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import ITEM_SIZES, SUB_BYTE_BITS, TensorRecord, ValueRecord
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken

LONGEST_HEADER = 100_000_000
DEEPEST_HEADER = 8
HIGHEST_RANK = 64
LARGEST_SIZE = 1 << 62
LARGEST_COUNT = 1 << 63
TENSORS_BETWEEN_CHECKS = 4096
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "F8_E4M3FNUZ": "float8_e4m3fnuz",
    "F8_E5M2FNUZ": "float8_e5m2fnuz",
    "F8_E8M0": "float8_e8m0fnu",
    "F4": "float4_e2m1fn",
    "F6_E2M3": "float6_e2m3fn",
    "F6_E3M2": "float6_e3m2fn",
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
            f"The file is cut short: its header announces {size:,} bytes and the file has {len(content):,}.",
            advice="Download it again and compare the sizes.",
        )
    notes: list[str] = []
    header = _parse_header(bytes(content[8 : 8 + size]), notes)
    known = _metadata(header.pop("__metadata__", {}), notes)
    tensors: list[TensorRecord] = []
    wrong: list[UnreadableCheckpoint] = []
    for index, (name, entry) in enumerate(header.items()):
        if index % TENSORS_BETWEEN_CHECKS == 0:
            cancel.raise_if_cancelled()
        try:
            tensors.append(_tensor(name, entry, 8 + size, len(content)))
        except UnreadableCheckpoint as error:
            wrong.append(error)
    if wrong and not tensors:
        raise wrong[0]
    if wrong:
        notes.append(f"{len(wrong):,} entries of the header are left out. {wrong[0].sentence}")
    notes += _coverage(tensors, 8 + size, len(content))
    values = tuple(ValueRecord(("__metadata__", key), "str", repr(text)) for key, text in known.items())
    return Reading(
        "safetensors",
        tuple(tensors),
        values,
        notes=tuple(notes),
        gloss_to_id=vocabulary_in(known),
        weights_path=(),
        is_damaged=bool(wrong),
    )


def _parse_header(raw: bytes, notes: list[str]) -> dict[str, object]:
    """The header's JSON."""
    repeated: list[str] = []

    def unique(pairs: Pairs) -> dict[str, object]:
        held = dict(pairs)
        if len(held) < len(pairs):
            repeated.extend(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return held

    try:
        header = read_json(raw, deepest=DEEPEST_HEADER, on_object=unique)
    except ValueError as error:
        raise UnreadableCheckpoint(
            f"The JSON of the safetensors header {error}.", advice="The file is damaged; download it again."
        ) from None
    if not isinstance(header, dict):
        raise UnreadableCheckpoint("The safetensors header is no JSON object.")
    if repeated:
        count = f", and {len(repeated) - 1:,} others" if len(repeated) > 1 else ""
        notes.append(f"The header names “{repeated[0]}” twice{count}; the last one is used.")
    return header


def _metadata(held: object, notes: list[str]) -> dict[str, str]:
    """`__metadata__`: text by name. Anything else in it is kept as text and noted."""
    if not isinstance(held, dict):
        notes.append("The header's `__metadata__` is no object of texts and is left out.")
        return {}
    if any(not isinstance(text, str) for text in held.values()):
        notes.append("The header's `__metadata__` holds values that are no texts, which the format does not allow.")
    return {key: text if isinstance(text, str) else repr(text) for key, text in held.items()}


def vocabulary_in(metadata: dict[str, str]) -> dict[str, int] | None:
    """A vocabulary that was written into a file's metadata as JSON, or None."""
    try:
        held = read_json(metadata.get("gloss_to_id", "null").encode("utf-8", "replace"), deepest=DEEPEST_HEADER)
    except ValueError:
        return None
    if not isinstance(held, dict):
        return None
    return {gloss: number for gloss, number in held.items() if type(number) is int} or None


def _tensor(name: str, entry: object, start: int, file_size: int) -> TensorRecord:
    fields = entry if isinstance(entry, dict) else {}
    dtype, shape, offsets = fields.get("dtype"), _counts(fields.get("shape")), _counts(fields.get("data_offsets"))
    if not isinstance(dtype, str) or shape is None or offsets is None or len(offsets) != 2:
        raise UnreadableCheckpoint(f"The safetensors header describes the tensor “{name}” wrongly.")
    first, last = offsets
    kind = DTYPES.get(dtype, dtype.lower())
    strides = [1] * len(shape)
    for axis in range(len(shape) - 2, -1, -1):
        strides[axis] = strides[axis + 1] * shape[axis + 1]
    return TensorRecord(
        path=(name,),
        dtype=kind,
        shape=shape,
        strides=tuple(strides),
        storage=name,
        storage_bytes=max(0, last - first),
        storage_offset=0,
        file_offset=start + first,
        role=weight_role(kind, name),
        trouble=_trouble(dtype, kind, math.prod(shape), first, last, file_size - start),
    )


def _trouble(dtype: str, kind: str, count: int, first: int, last: int, room: int) -> str:
    """Why the numbers cannot be read, or an empty string."""
    if last < first:
        return "its last byte comes before its first"
    if last > room:
        return "its bytes lie beyond the end of the file"
    if count >= LARGEST_COUNT:
        return "its sizes multiply to more numbers than any file holds"
    bits = SUB_BYTE_BITS.get(kind) or 8 * ITEM_SIZES.get(kind, 0)
    if bits and count * bits != 8 * (last - first):
        return f"{last - first:,} bytes for {count:,} numbers of type {kind}"
    if kind in SUB_BYTE_BITS:
        return f"numbers of type {dtype} are packed, {bits} bits each, and are not read"
    return "" if bits else f"numbers of type {dtype} are not known"


def _counts(value: object) -> tuple[int, ...] | None:
    """A list of sizes, or None where it is none."""
    if not isinstance(value, list) or len(value) > HIGHEST_RANK:
        return None
    for number in value:
        if type(number) is not int or not 0 <= number < LARGEST_SIZE:
            return None
    return tuple(value)


def _coverage(tensors: list[TensorRecord], start: int, file_size: int) -> list[str]:
    """Notes on bytes that belong to two tensors or to none; the safetensors library would refuse such a file."""
    ranges = sorted(
        (tensor.file_offset, tensor.file_offset + tensor.storage_bytes, tensor.name)
        for tensor in tensors
        if tensor.file_offset is not None and tensor.storage_bytes
    )
    covered, last_name = start, ""
    overlaps, holes, hole_bytes = [], 0, 0
    for first, end, name in ranges:
        if first < covered:
            overlaps.append((last_name, name))
        elif first > covered:
            holes, hole_bytes = holes + 1, hole_bytes + first - covered
        if end > covered:
            covered, last_name = end, name
    notes = []
    if overlaps:
        more = f", and {len(overlaps) - 1:,} more do" if len(overlaps) > 1 else ""
        notes.append(
            f"The tensors “{overlaps[0][0]}” and “{overlaps[0][1]}” lie over each other{more}; "
            "the safetensors library would refuse this file."
        )
    if holes:
        notes.append(f"{hole_bytes:,} bytes between the tensors belong to none of them.")
    if covered < file_size:
        notes.append(f"{file_size - covered:,} bytes after the last tensor belong to none.")
    return notes
