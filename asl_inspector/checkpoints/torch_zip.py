"""torch.save since version 1.6: a zip archive with a pickle stream and one member a storage."""

from __future__ import annotations

from dataclasses import dataclass

from asl_inspector.checkpoints.flattening import FlatTree, flatten
from asl_inspector.checkpoints.records import ITEM_SIZES, WouldRun
from asl_inspector.checkpoints.torch_values import Storage, storage_dtype, tensor_of
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.checkpoints.zip_directory import STORED, ZipDirectory
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.plain import items_of
from asl_inspector.progress import CancelToken

PICKLE_NAME = "data.pkl"


@dataclass(frozen=True, slots=True)
class TorchZip:
    """The inert tree of the pickle stream and its rows."""

    root: object
    tree: FlatTree
    would_run: tuple[WouldRun, ...]
    notes: tuple[str, ...]


def find_prefix(directory: ZipDirectory) -> str | None:
    """The archive's top folder ("archive/"), or None where this is no torch archive."""
    for name in directory.members:
        if name == PICKLE_NAME or name.endswith("/" + PICKLE_NAME):
            return name.removesuffix(PICKLE_NAME)
    return None


def read_torch_zip(directory: ZipDirectory, prefix: str, cancel: CancelToken) -> TorchZip:
    """Everything in the archive, tensors as places in the file.

    Raises:
        UnreadableCheckpoint: If the archive or its pickle stream is damaged.
    """
    member = directory.members[prefix + PICKLE_NAME]
    pickle = read_pickle(directory.read(member), cancel=cancel)
    pickle_offset = directory.data_offset(member) if member.method == STORED else None
    storages = _Storages(directory, prefix)
    tree = flatten(
        pickle.value, lambda value: tensor_of(value, storages.find), pickle_offset=pickle_offset, cancel=cancel
    )
    notes = [*directory.notes, *pickle.notes, *tree.notes]
    if storages.missing:
        notes.append(f"{storages.missing} storages that the pickle stream names are not in the archive.")
    return TorchZip(pickle.value, tree, would_run(pickle), tuple(notes))


class _Storages:
    """Finds the archive member behind a persistent id `("storage", type, key, device, count)`."""

    def __init__(self, directory: ZipDirectory, prefix: str) -> None:
        self.directory = directory
        self.prefix = prefix
        self.missing = 0
        self.known: dict[tuple[str, str], Storage] = {}
        order = directory.members.get(prefix + "byteorder")
        self.big_endian = order is not None and bytes(directory.read(order)[:3]) == b"big"

    def find(self, identity: object) -> Storage | None:
        parts = items_of(identity)
        if parts is None or len(parts) < 5 or parts[0] != "storage":
            return None
        dtype, key, device, count = storage_dtype(parts[1]), parts[2], parts[3], parts[4]
        if dtype is None or not isinstance(key, str) or not isinstance(count, int) or count < 0:
            return None
        name = (key, dtype)
        if name not in self.known:
            self.known[name] = self.locate(key, dtype, str(device), count * ITEM_SIZES[dtype])
        return self.known[name]

    def locate(self, key: str, dtype: str, device: str, nbytes: int) -> Storage:
        member = self.directory.members.get(f"{self.prefix}data/{key}")
        if member is None:
            self.missing += 1
            return Storage(key, dtype, nbytes, None, device, "its storage is not in the archive")
        try:
            offset = self.directory.data_offset(member)
        except UnreadableCheckpoint as error:
            return Storage(key, dtype, nbytes, None, device, str(error))
        trouble = ""
        if self.big_endian:
            trouble = "its numbers are big-endian, which is not supported"
        elif member.method != STORED:
            trouble = "its storage is compressed, which torch does not do; unpack and save the file again"
        elif member.size < nbytes:
            trouble = f"its storage has {member.size:,} of {nbytes:,} bytes"
        return Storage(key, dtype, nbytes, None if member.method != STORED else offset, device, trouble)
