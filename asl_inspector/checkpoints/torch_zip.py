"""torch.save since version 1.6: a zip archive with a pickle stream and one member a storage."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.storages import Storage, StorageId, storage_id
from asl_inspector.checkpoints.streams import Stream
from asl_inspector.checkpoints.zip_directory import DEFLATED, STORED, ZipDirectory
from asl_inspector.checkpoints.zip_oddities import Member
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import Visits
from asl_inspector.progress import CancelToken

PICKLE_NAME = "data.pkl"
MOST_INLINE = 512 << 20  # bytes of storages that have no place in the file


def find_prefix(directory: ZipDirectory) -> str | None:
    """The archive's top folder ("archive/"), or None where this is no torch archive."""
    for name in directory.members:
        if name == PICKLE_NAME or name.endswith("/" + PICKLE_NAME):
            return name.removesuffix(PICKLE_NAME)
    return None


def is_torch_zip(directory: ZipDirectory) -> bool:
    """True where the archive has the pickle stream of torch.save."""
    return find_prefix(directory) is not None


def archive_region(directory: ZipDirectory, offset: int | None = 0) -> Region:
    """The archive's bytes; `offset` is its place in the file, None where it was unpacked into memory."""
    return Region(memoryview(directory.content), offset)


def member_region(directory: ZipDirectory, archive: Region, member: Member) -> Region:
    """A member's bytes, unpacked where they are compressed.

    Raises:
        UnreadableCheckpoint: If the member is damaged.
    """
    content = directory.read(member)
    if member.method == STORED:
        return archive.part(directory.data_offset(member), member.packed_size)
    return Region(content, None)


def zip_stream(
    directory: ZipDirectory,
    archive: Region,
    cancel: CancelToken,
    *,
    pickle_name: str,
    storage_name: Callable[[str], str],
    byte_order: str = "",
    label: str = "",
) -> Stream:
    """The stream of one pickle member.

    Args:
        directory: The archive's members.
        archive: The archive's bytes.
        cancel: Asked now and then.
        pickle_name: The member that holds the stream.
        storage_name: The member that holds the storage of a key.
        byte_order: The member that tells the byte order, if there may be one.
        label: Put before the names of storages, to tell several archives in one file apart.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
        MalformedPickle: If its pickle stream is.
    """
    region = member_region(directory, archive, directory.members[pickle_name])
    pickle = read_pickle(region.content, cancel=cancel, salvage=True)
    order = directory.members.get(byte_order)
    big_endian = order is not None and bytes(directory.read(order)[:3]) == b"big"
    storages = _Storages(directory, archive, storage_name, big_endian, label)
    missing = {
        name
        for persistent in pickle.persistent
        if (found := storage_id(persistent.identity)) and (name := storage_name(found.key)) not in directory.members
    }
    notes = [f"{len(missing)} storages that the pickle stream names are not in the archive."] if missing else []
    announced = directory.members[pickle_name].crc
    if announced and zlib.crc32(region.content) != announced:  # 0 is written where none was computed
        notes.append(
            f"The checksum of “{pickle_name}” is not the one in the archive: it was damaged or changed after it was saved."
        )
    return Stream(pickle, region, storages.find, notes=(*directory.notes, *notes))


def torch_zip_stream(directory: ZipDirectory, archive: Region, cancel: CancelToken, label: str = "") -> Stream:
    """The stream of an archive that torch.save wrote.

    Raises:
        UnreadableCheckpoint: If the archive is damaged.
        MalformedPickle: If its pickle stream is.
    """
    prefix = find_prefix(directory) or ""
    return zip_stream(
        directory,
        archive,
        cancel,
        pickle_name=prefix + PICKLE_NAME,
        storage_name=lambda key: f"{prefix}data/{key}",
        byte_order=prefix + "byteorder",
        label=label,
    )


class _Storages:
    """Finds the archive member behind a persistent id."""

    def __init__(
        self,
        directory: ZipDirectory,
        archive: Region,
        storage_name: Callable[[str], str],
        big_endian: bool,
        label: str,
    ) -> None:
        self.directory = directory
        self.archive = archive
        self.storage_name = storage_name
        self.big_endian = big_endian
        self.label = label
        self.inline_left = MOST_INLINE
        self.visits = Visits(directory.content)
        self.known: dict[tuple[str, str], Storage] = {}

    def find(self, identity: object) -> Storage | None:
        asked = storage_id(identity)
        if asked is None:
            return None
        name = (asked.key, asked.dtype)
        if name not in self.known:
            self.known[name] = self.locate(asked)
        return self.known[name]

    def copied(self, member: Member) -> bytes:
        """The bytes of a member of an archive that was itself unpacked into memory."""
        self.inline_left -= member.size
        if self.inline_left < 0:
            raise UnreadableCheckpoint("The storages of an archive inside the file unpack to too many bytes.")
        return bytes(self.directory.read(member))

    def locate(self, asked: StorageId) -> Storage:
        name, nbytes = self.label + asked.key, asked.nbytes
        member = self.directory.members.get(self.storage_name(asked.key))
        if member is None:
            trouble = "its storage is not in the archive"
            return Storage(name, asked.dtype, nbytes, None, asked.device, trouble)
        self.visits.add(member.header)
        try:
            offset = self.directory.data_offset(member)
            inline = self.copied(member) if self.archive.offset is None else None
        except UnreadableCheckpoint as error:
            return Storage(name, asked.dtype, nbytes, None, asked.device, str(error))
        trouble = ""
        if member.method not in (STORED, DEFLATED):
            trouble = "its storage is packed in a way that is not supported"
        elif member.size < nbytes:
            trouble = f"its storage has {member.size:,} of {nbytes:,} bytes"
        return Storage(
            name,
            asked.dtype,
            nbytes,
            None if self.archive.offset is None else self.archive.offset + offset,
            asked.device,
            trouble,
            packed_bytes=member.packed_size if member.method == DEFLATED and inline is None else None,
            big_endian=self.big_endian,
            inline=inline,
        )
