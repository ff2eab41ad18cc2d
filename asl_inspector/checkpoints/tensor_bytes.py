"""The numbers of a tensor, read from where they lie in the file."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.records import Buffer

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

STRUCT_LAYOUTS = {
    "float64": "d",
    "float32": "f",
    "float16": "e",
    "int64": "q",
    "int32": "i",
    "int16": "h",
    "int8": "b",
    "uint64": "Q",
    "uint32": "I",
    "uint16": "H",
    "uint8": "B",
    "bool": "?",
}


def _block(tensor: TensorRecord, content: Buffer) -> memoryview:
    """The bytes from the tensor's first element to its last.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
    """
    if tensor.trouble:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” cannot be read: {tensor.trouble}.")
    size = ITEM_SIZES[tensor.dtype]
    steps = zip(tensor.shape, tensor.strides, strict=True)
    elements = 1 + sum((count - 1) * step for count, step in steps) if tensor.count else 0
    start = tensor.storage_offset * size
    if tensor.inline is not None:
        block = memoryview(tensor.inline)[start : start + elements * size]
    elif tensor.file_offset is not None:
        block = memoryview(content)[tensor.file_offset + start : tensor.file_offset + start + elements * size]
    else:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” are not in the file.")
    if len(block) != elements * size:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” are cut short.", advice="Copy the file again.")
    return block


def first_numbers(tensor: TensorRecord, content: Buffer, count: int) -> list[float | int | bool]:
    """Up to `count` first values in row order, read without NumPy.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
    """
    block = _block(tensor, content)
    size = ITEM_SIZES[tensor.dtype]
    places = []
    for index in range(min(count, tensor.count)):
        place, rest = 0, index
        for length, step in zip(reversed(tensor.shape), reversed(tensor.strides), strict=True):
            rest, here = divmod(rest, length)
            place += here * step
        places.append(place * size)
    return [_number(tensor.dtype, block[place : place + size]) for place in places]


def _number(dtype: str, raw: memoryview) -> float | int | bool:
    if dtype == "bfloat16":
        wide: float = struct.unpack("<f", b"\0\0" + bytes(raw))[0]
        return wide
    layout = STRUCT_LAYOUTS.get(dtype)
    if layout is None:
        raise UnreadableCheckpoint(f"Single numbers of type {dtype} cannot be shown yet.")
    number: float | int | bool = struct.unpack("<" + layout, raw)[0]
    return number


def single_number(tensor: TensorRecord, content: Buffer) -> float | int | None:
    """The value of a tensor of one element, or None where it has more or cannot be read."""
    if tensor.count != 1 or tensor.trouble:
        return None
    try:
        return first_numbers(tensor, content, 1)[0]
    except UnreadableCheckpoint:
        return None


def read_array(tensor: TensorRecord, content: Buffer) -> NDArray[np.generic]:
    """The tensor as a read-only array over the file's own bytes; bfloat16 becomes float32.

    Returns:
        Array of `tensor.shape`.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
    """
    import numpy as np

    block = _block(tensor, content)
    strides = tuple(step * ITEM_SIZES[tensor.dtype] for step in tensor.strides)
    if tensor.dtype == "bfloat16":
        halves = np.ndarray(tensor.shape, dtype="<u2", buffer=block, strides=strides)
        array: NDArray[np.generic] = (halves.astype(np.uint32) << 16).view(np.float32)
    elif tensor.dtype in STRUCT_LAYOUTS or tensor.dtype in ("complex64", "complex128"):
        kind = np.dtype(tensor.dtype).newbyteorder("<")
        array = np.ndarray(tensor.shape, dtype=kind, buffer=block, strides=strides)
    else:
        raise UnreadableCheckpoint(f"Numbers of type {tensor.dtype} (“{tensor.name}”) cannot be read yet.")
    array.flags.writeable = False
    return array
