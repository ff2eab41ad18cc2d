"""torch.save since version 1.6: a zip archive with a pickle stream and one member a storage."""

from __future__ import annotations

from asl_inspector.checkpoints.flattening import flatten
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.records import ITEM_SIZES
from asl_inspector.checkpoints.torch_values import Storage, storage_dtype, tensor_of
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.checkpoints.zip_directory import DEFLATED, STORED, ZipDirectory
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.inert_pickle.plain import items_of
from asl_inspector.progress import CancelToken

PICKLE_NAME = "data.pkl"


def find_prefix(directory: ZipDirectory) -> str | None:
    """The archive's top folder ("archive/"), or None where this is no torch archive."""
    for name in directory.members:
        if name == PICKLE_NAME or name.endswith("/" + PICKLE_NAME):
            return name.removesuffix(PICKLE_NAME)
    return None


def is_torch_zip(directory: ZipDirectory) -> bool:
    """True where the archive has the pickle stream of torch.save."""
    return find_prefix(directory) is not None


def read_torch_zip(directory: ZipDirectory, cancel: CancelToken) -> Reading:
    """Everything in the archive, tensors as places in the file.

    Raises:
        UnreadableCheckpoint: If the archive or its pickle stream is damaged.
    """
    prefix = find_prefix(directory) or ""
    member = directory.members[prefix + PICKLE_NAME]
    pickle = read_pickle(directory.read(member), cancel=cancel, salvage=True)
    pickle_offset = directory.data_offset(member) if member.method == STORED else None
    storages = _Storages(directory, prefix)
    tree = flatten(
        pickle.value, lambda value: tensor_of(value, storages.find), pickle_offset=pickle_offset, cancel=cancel
    )
    notes = [*directory.notes, *pickle.notes, *tree.notes]
    if storages.missing:
        notes.append(f"{storages.missing} storages that the pickle stream names are not in the archive.")
    return Reading(
        format="torch zip",
        tensors=tuple(tree.tensors),
        values=tuple(tree.values),
        would_run=would_run(pickle),
        notes=tuple(notes),
        root=pickle.value,
        is_damaged=pickle.is_damaged,
    )


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
        if member.method not in (STORED, DEFLATED):
            trouble = "its storage is packed in a way that is not supported"
        elif member.size < nbytes:
            trouble = f"its storage has {member.size:,} of {nbytes:,} bytes"
        packed = member.packed_size if member.method == DEFLATED else None
        return Storage(key, dtype, nbytes, offset, device, trouble, packed_bytes=packed, big_endian=self.big_endian)
