"""The bytes of a tensor, found where they lie in the file and checked against it."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content

MOST_INFLATED = 1 << 30  # bytes of one compressed storage


def tensor_block(tensor: TensorRecord, content: Content) -> memoryview:
    """The bytes from a strided tensor's first element to its last, as the file has them.

    Raises:
        UnreadableCheckpoint: If the tensor's numbers are not to be had.
    """
    if tensor.trouble:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” cannot be read: {tensor.trouble}.")
    size = ITEM_SIZES[tensor.dtype]
    start = tensor.storage_offset * size
    end = start + span_of(tensor) * size
    if tensor.inline is not None:
        block = memoryview(tensor.inline)[start:end]
    elif tensor.file_offset is not None:
        block = _storage(tensor, content, tensor.file_offset, end)[start:end]
    else:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” are not in the file.")
    if len(block) != end - start:
        raise UnreadableCheckpoint(f"The numbers of “{tensor.name}” are cut short.", advice="Copy the file again.")
    return block


def span_of(tensor: TensorRecord) -> int:
    """Elements from the first one of a strided tensor to its last, those between that it skips included."""
    if not tensor.count:
        return 0
    return 1 + sum((count - 1) * step for count, step in zip(tensor.shape, tensor.strides, strict=True))


def _storage(tensor: TensorRecord, content: Content, offset: int, end: int) -> memoryview:
    """The memory block of the tensor, at least up to byte `end` of it."""
    if isinstance(content, Mapping):
        held = content.get(tensor.part)
        if held is None:
            raise UnreadableCheckpoint(f"The file “{tensor.part}” that holds “{tensor.name}” is not here.")
        content = held
    elif tensor.part:
        raise UnreadableCheckpoint(f"The file “{tensor.part}” that holds “{tensor.name}” was not opened.")
    if tensor.packed_bytes is None:
        return memoryview(content)[offset : offset + end]
    if tensor.storage_bytes > MOST_INFLATED:
        raise UnreadableCheckpoint(f"The storage of “{tensor.name}” inflates to {tensor.storage_bytes:,} bytes.")
    return memoryview(_INFLATED.get(memoryview(content), offset, tensor.packed_bytes, tensor.storage_bytes))


class _Inflated:
    """The last compressed storage that was read, since neighbours often share it.

    It is known by the identity of the file's buffer: comparing or hashing a view would read the whole file.
    """

    def __init__(self) -> None:
        self.last: tuple[object, tuple[int, int, int], bytes] | None = None

    def get(self, content: memoryview, offset: int, packed_bytes: int, size: int) -> bytes:
        last, place = self.last, (offset, packed_bytes, size)
        if last is not None and last[0] is content.obj and last[1] == place:
            return last[2]
        try:
            held = zlib.decompressobj(-15).decompress(content[offset : offset + packed_bytes], size)
        except zlib.error as error:
            raise UnreadableCheckpoint("A compressed storage is damaged.", detail=str(error)) from None
        self.last = (content.obj, place, held)
        return held


_INFLATED = _Inflated()
