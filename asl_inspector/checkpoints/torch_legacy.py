"""torch.save from version 0.1.10 to 1.5: five pickle streams in a row, then the storages.

The streams are a magic number, a protocol version, facts of the machine, the object, and the list of storage keys.
Each storage is a count of 8 bytes and then its elements. Storages lie with the lowest byte first whatever machine wrote
them; the count did not always, before version 1.3.

Source: torch 2.13, torch/serialization.py (`_legacy_load`); torch/csrc/serialization.cpp (`THPStorage_writeFileRaw`).
"""

from __future__ import annotations

from asl_inspector.checkpoints.records import ITEM_SIZES
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.storages import Storage, StorageId, storage_id
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import MalformedPickle, read_pickle
from asl_inspector.inert_pickle.plain import items_of, lookup
from asl_inspector.inert_pickle.records import Global, Items, Pickle
from asl_inspector.progress import CancelToken

MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
PROTOCOL_VERSION = 1001
COUNT_SIZE = 8
LEFT_OUT = "the file breaks off before its numbers"


def legacy_stream(region: Region, cancel: CancelToken, label: str = "") -> Stream:
    """The stream of the object, with its storages.

    Args:
        region: The bytes, the magic number first.
        cancel: Asked now and then.
        label: Put before the names of storages, to tell several streams in one file apart.

    Raises:
        UnreadableCheckpoint: If the file is of another version, or breaks off before its first tensor.
        MalformedPickle: If it breaks off before the object starts.
    """
    facts = _read_head(region, cancel)
    pickle = read_pickle(region.content, facts.end, cancel=cancel, salvage=True)
    if pickle.is_damaged and not pickle.persistent and not would_run(pickle):
        raise UnreadableCheckpoint(
            "The file breaks off, or is damaged, before the first of its tensors.",
            advice="Copy or download the file again and compare the sizes.",
            detail=pickle.notes[-1],
        )
    asked = _asked(pickle)
    storages: dict[str, Storage] = {}
    notes: list[str] = []
    asides = [facts]
    try:
        if pickle.is_damaged:
            raise MalformedPickle("The list of storages is not reached.")
        keys = read_pickle(region.content, pickle.end, cancel=cancel, salvage=True)
        asides.append(keys)
    except MalformedPickle:
        notes.append("The file breaks off before its storages: the names of its tensors are there, their numbers not.")
    else:
        listed = [str(key) for key in items_of(keys.value) or [] if isinstance(key, str | int)]
        storages = _walk(region, keys.end, listed, asked, lookup(facts.value, "little_endian") is False, label, notes)

    def find(identity: object) -> Storage | None:
        wanted = storage_id(identity)
        if wanted is None:
            return None
        return _seen_as(wanted, storages.get(wanted.key), label)

    return Stream(pickle, region, find, notes=(*notes, *source_notes(pickle)), asides=tuple(asides))


def _read_head(region: Region, cancel: CancelToken) -> Pickle:
    """What the file says of the machine that wrote it; the object follows."""
    magic = read_pickle(region.content, 0, cancel=cancel)
    version = read_pickle(region.content, magic.end, cancel=cancel)
    if magic.value != MAGIC_NUMBER or version.value != PROTOCOL_VERSION:
        raise UnreadableCheckpoint("It is no PyTorch file of a version that is known.")
    return read_pickle(region.content, version.end, cancel=cancel)


def _asked(pickle: Pickle) -> dict[str, StorageId]:
    """The first persistent id of each storage: its type is the unit in which the file counts."""
    asked: dict[str, StorageId] = {}
    for persistent in pickle.persistent:
        found = storage_id(persistent.identity)
        if found is not None:
            asked.setdefault(found.key, found)
    return asked


def _walk(
    region: Region,
    position: int,
    keys: list[str],
    asked: dict[str, StorageId],
    big_endian: bool,
    label: str,
    notes: list[str],
) -> dict[str, Storage]:
    """The storages in file order; those that the file breaks off in or before have trouble or less than announced."""
    storages: dict[str, Storage] = {}
    end = len(region.content)
    for key in keys:
        first = asked.get(key)
        if first is None or key in storages:
            notes.append(f"Nothing says of what type the storage “{key}” is; it and those after it are not read.")
            break
        head = bytes(region.content[position : position + COUNT_SIZE])
        count = int.from_bytes(head, "little", signed=True)
        if big_endian and count != first.count:
            count = int.from_bytes(head, "big", signed=True)
        if len(head) < COUNT_SIZE:
            break
        if count < 0:
            notes.append(f"The storage “{key}” is damaged; it and those after it are not read.")
            break
        position += COUNT_SIZE
        nbytes = count * ITEM_SIZES.get(first.dtype, 1)
        here = region.part(position, nbytes)
        storages[key] = Storage(
            label + key,
            first.dtype,
            nbytes,
            here.offset,
            first.device,
            LEFT_OUT if nbytes and position >= end else "",
            inline=here.inline,
            available=max(0, end - position) if position + nbytes > end else None,
        )
        position += nbytes
    return storages


def _seen_as(wanted: StorageId, found: Storage | None, label: str) -> Storage:
    """A storage as one persistent id sees it: of its type, and through its view."""
    if found is None:
        return Storage(label + wanted.key, wanted.dtype, wanted.nbytes, None, wanted.device, LEFT_OUT)
    first, size = wanted.view or (0, None)
    return Storage(
        found.name,
        wanted.dtype,
        found.nbytes,
        found.file_offset,
        wanted.device,
        found.trouble,
        inline=found.inline,
        available=found.available,
        first=first,
        size=size,
    )


def source_notes(pickle: Pickle) -> tuple[str, ...]:
    """A note on the source texts that came with the classes of a saved module."""
    names = []
    for persistent in pickle.persistent:
        parts = persistent.identity.values if isinstance(persistent.identity, Items) else []
        if len(parts) in (3, 4) and isinstance(parts[-3], Global) and isinstance(parts[-1], str):
            names.append(parts[-3].dotted)
    if not names:
        return ()
    shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
    return (f"The file carries the source text of {len(names)} classes ({shown}); it is never run.",)
