"""torch.save before version 0.1.10: a tar archive of the members `storages`, `tensors` and `pickle`.

The archive is read where it lies; nothing is unpacked to disk. `storages` is a count, then for each storage a pickled
`(key, device, type)`, a count of 8 bytes and the elements, then a pickled list of views. `tensors` is a count, then for
each tensor a pickled `(key, storage, type)`, its rank in 8 bytes, sizes, strides and offset. In `pickle` a persistent id
is the key of a storage or a tensor.

Source: torch 2.13, torch/serialization.py (`legacy_load` in `_legacy_load`); POSIX.1-2001, ustar interchange format.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace

from asl_inspector.checkpoints.records import ITEM_SIZES, TensorRecord
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.storages import Storage, storage_dtype
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.torch_legacy import source_notes
from asl_inspector.checkpoints.torch_values import HIGHEST_RANK, windowed
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.plain import items_of
from asl_inspector.inert_pickle.records import Global, Pickle
from asl_inspector.progress import CancelToken

BLOCK = 512
MOST_MEMBERS = 10_000
MEMBERS = ("storages", "tensors", "pickle")
REGULAR = (b"0", b"\0")


def tar_members(region: Region) -> dict[str, Region]:
    """The regular files of a tar archive by name, the last of equal names winning.

    Raises:
        UnreadableCheckpoint: If a header is damaged.
    """
    members: dict[str, Region] = {}
    position = 0
    for _ in range(MOST_MEMBERS):
        header = bytes(region.content[position : position + BLOCK])
        if len(header) < BLOCK or not header.strip(b"\0"):
            break
        checksum, size = _octal(header[148:156]), _octal(header[124:136])
        if checksum != sum(header[:148]) + 8 * 32 + sum(header[156:]):
            raise UnreadableCheckpoint("The tar archive is damaged: a header has the wrong checksum.")
        position += BLOCK
        if header[156:157] in REGULAR:
            name = header[:100].split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
            members[name.removeprefix("./")] = region.part(position, size)
        position += -(-size // BLOCK) * BLOCK
    return members


def _octal(field: bytes) -> int:
    """A number of a tar header: octal digits, padded with blanks or zero bytes."""
    digits = field.strip(b" \0")
    if not digits or digits.strip(b"01234567"):
        raise UnreadableCheckpoint("The tar archive is damaged: a number of a header is none.")
    return int(digits, 8)


def tar_stream(region: Region, cancel: CancelToken) -> Stream:
    """The stream of the member `pickle`, with the tensors and storages of the others.

    Raises:
        UnreadableCheckpoint: If it is a tar archive of something else, or damaged.
        MalformedPickle: If a stream in it is.
    """
    members = tar_members(region)
    if any(name not in members for name in MEMBERS):
        raise UnreadableCheckpoint(
            "It is a tar archive without the members `storages`, `tensors` and `pickle` of an early PyTorch file.",
            advice="If it is an archive of checkpoints, unpack it and drop what is in it.",
        )
    asides: list[Pickle] = []
    notes: list[str] = []
    storages: dict[str, Storage] = {}
    tensors: dict[str, TensorRecord] = {}
    try:
        storages = _read_storages(_Reader(members["storages"], cancel, asides))
        tensors = _read_tensors(_Reader(members["tensors"], cancel, asides), storages)
    except InspectorError as error:
        notes.append(error.sentence)
    held = members["pickle"]
    pickle = read_pickle(held.content, cancel=cancel, salvage=True)
    if notes:
        pickle = replace(pickle, is_damaged=True)
    return Stream(
        pickle,
        held,
        lambda identity: storages.get(str(identity)) if isinstance(identity, str | int) else None,
        lambda identity: tensors.get(str(identity)) if isinstance(identity, str | int) else None,
        (*notes, *source_notes(pickle)),
        tuple(asides),
    )


@dataclass(slots=True)
class _Reader:
    """Pickles and numbers one after the other."""

    region: Region
    cancel: CancelToken
    streams: list[Pickle]
    position: int = 0

    def value(self) -> object:
        pickle = read_pickle(self.region.content, self.position, cancel=self.cancel)
        self.position = pickle.end
        self.streams.append(pickle)
        return pickle.value

    def count(self) -> int:
        value = self.value()
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UnreadableCheckpoint("The archive is damaged: a count is no count.")
        return value

    def numbers(self, count: int) -> tuple[int, ...]:
        """Whole numbers of 8 bytes."""
        raw = bytes(self.region.content[self.position : self.position + 8 * count])
        if len(raw) < 8 * count:
            raise UnreadableCheckpoint("The archive is cut short.", advice="Copy or download the file again.")
        self.position += 8 * count
        return struct.unpack(f"<{count}q", raw)


def _read_storages(reader: _Reader) -> dict[str, Storage]:
    region = reader.region
    storages: dict[str, Storage] = {}
    for _ in range(reader.count()):
        given = items_of(reader.value()) or []
        dtype = storage_dtype(given[2]) if len(given) == 3 else None
        if dtype is None:
            raise UnreadableCheckpoint("The archive is damaged: a storage has no type that is known.")
        (count,) = reader.numbers(1)
        if count < 0:
            raise UnreadableCheckpoint("The archive is damaged: a storage has fewer than no elements.")
        nbytes = count * ITEM_SIZES[dtype]
        here, left = region.part(reader.position, nbytes), len(region.content) - reader.position
        storages[str(given[0])] = Storage(
            str(given[0]),
            dtype,
            nbytes,
            here.offset,
            given[1] if isinstance(given[1], str) else "",
            available=left if left < nbytes else None,
        )
        reader.position += nbytes
        if left < nbytes:
            return storages  # the rest is cut off, and the views with it
    for entry in items_of(reader.value()) or []:
        view = items_of(entry) or []
        root = storages.get(str(view[1])) if len(view) == 4 else None
        offset, size = (view[2], view[3]) if root is not None else (None, None)
        if root is not None and isinstance(offset, int) and isinstance(size, int) and min(offset, size) >= 0:
            storages[str(view[0])] = replace(root, first=root.first + offset, size=size)
    return storages


def _read_tensors(reader: _Reader, storages: dict[str, Storage]) -> dict[str, TensorRecord]:
    tensors: dict[str, TensorRecord] = {}
    for _ in range(reader.count()):
        given = items_of(reader.value()) or []
        rank = reader.numbers(1)[0] & 0xFFFFFFFF  # the upper half was never set
        if len(given) != 3 or rank > HIGHEST_RANK:
            raise UnreadableCheckpoint("The archive is damaged: a tensor's shape cannot be read.")
        sizes, strides = reader.numbers(rank), reader.numbers(rank)
        (offset,) = reader.numbers(1)
        storage = storages.get(str(given[1]))
        if storage is None:
            missing = "its storage is not in the file"
            dtype = _tensor_dtype(given[2])
            storage = Storage(str(given[1]), dtype, 0, None, "cpu", missing)
        if min((*sizes, *strides), default=0) >= 0:
            tensors[str(given[0])] = windowed(storage, storage.dtype, sizes, strides, offset)
    return tensors


def _tensor_dtype(kind: object) -> str:
    """The element type of `torch.FloatTensor` and its like."""
    if not isinstance(kind, Global):
        return "float32"
    return storage_dtype(Global(kind.module, kind.name.replace("Tensor", "Storage"), 0)) or "float32"
