"""A file opened for reading only, as bytes in memory that the operating system fetches when they are touched."""

from __future__ import annotations

import mmap
import os
import stat
import weakref
from collections.abc import Iterator, Mapping
from pathlib import Path

from asl_inspector.errors import DataError

LONGEST_NAME = 255  # bytes; no file system has longer ones
FETCHED_TOGETHER = 64 << 10  # Linux maps at least so many bytes around a touched one, where they are in memory already
LARGEST_PAGE = 2 << 20  # and at most so many
VISITS_KEPT = 8
LARGE = 32 << 20  # bytes of a file whose descriptor is kept, so that long passes can read instead of touching pages
Content = bytes | memoryview | Mapping[str, memoryview]  # of one file, or of several by name


class _Map(mmap.mmap):
    """A mapping that knows the descriptor of its file, or None where it was not kept."""

    descriptor: int | None = None

    def keep(self, descriptor: int) -> None:
        """Keep a descriptor of the same file for as long as the mapping lives."""
        self.descriptor = os.dup(descriptor)
        weakref.finalize(self, os.close, self.descriptor)


class MappedFile:
    """The bytes of a regular file.

    The file is opened without following what would block (a named pipe, a device) and never by its name again; the
    mapping stays valid when the file is renamed or removed meanwhile.

    Attributes:
        path: Where the file was when it was opened.
        size: Bytes.
        modified_ns: When it was last changed, in nanoseconds.
        device: The file system it is on.
        inode: Its number there.
        view: The bytes, read-only.
        given: The files beside it that it may use, by name, or why not; None where they are opened when asked for.
        wanted: Names that were asked for and are not in `given`.

    Args:
        path: The file.
        follow: False to refuse a symbolic link, for files that nobody named one by one.

    Raises:
        DataError: If the path is no readable regular file.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        self.path = path
        self.given: Mapping[str, MappedFile | str] | None = None
        self.wanted: list[str] = []
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        try:
            descriptor = os.open(path, flags if follow else flags | getattr(os, "O_NOFOLLOW", 0))
        except OSError as error:
            raise missing(path, error) from None
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise DataError(f"“{path.name}” is not a file.", advice="Drop the file itself.")
            self.size = status.st_size
            self.modified_ns = status.st_mtime_ns
            self.device, self.inode = status.st_dev, status.st_ino
            self.view = _mapped(descriptor, self.size)
        finally:
            os.close(descriptor)

    def blocks(self) -> Iterator[memoryview]:
        """The bytes as they are on disk."""
        yield self.view

    def beside(self, name: str) -> MappedFile:
        """A file that this one names; see `open_beside`.

        Raises:
            DataError: If it may not be opened, or cannot be.
        """
        if self.given is None:
            return open_beside(self.path.parent, name)
        found = self.given.get(name)
        if found is None:
            self.wanted.append(name)
            found = f"“{name}” was not opened."
        if isinstance(found, str):
            raise DataError(found)
        return found

    def renamed(self, path: Path) -> MappedParts:
        """The same bytes as a folder that is called `path`."""
        return MappedParts(path, {"": self})

    def is_current(self) -> bool:
        """True while the path still holds what was mapped."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.modified_ns)


def _mapped(descriptor: int, size: int) -> memoryview:
    if not size:
        return memoryview(b"")
    mapped = _Map(descriptor, size, access=mmap.ACCESS_READ)
    if size >= LARGE and hasattr(os, "preadv"):
        mapped.keep(descriptor)
    return memoryview(mapped).toreadonly()


class UnpackedFile(MappedFile):
    """A file whose bytes are what another one unpacks to.

    Args:
        packed: The file as it is on disk; its path, size and time of change stand.
        view: The unpacked bytes.
    """

    def __init__(self, packed: MappedFile, view: memoryview) -> None:
        self.path = packed.path
        self.size = packed.size
        self.modified_ns = packed.modified_ns
        self.device, self.inode = packed.device, packed.inode
        self.view = view
        self.given, self.wanted = {}, []  # what is packed names no files beside it
        self._packed = packed

    def blocks(self) -> Iterator[memoryview]:
        """The bytes as they are on disk."""
        yield from self._packed.blocks()


def forget_pages(view: bytes | memoryview, start: int, stop: int) -> None:
    """Take bytes of a mapped file out of the process's memory; they are read again when they are touched again.

    Without it a pass over a file of many gigabytes would count as memory of as many. Bytes that are not mapped, and
    systems that cannot do it, are left alone.
    """
    mapped = view.obj if isinstance(view, memoryview) else None
    if not isinstance(mapped, mmap.mmap) or not hasattr(mmap, "MADV_DONTNEED"):
        return
    first = start // FETCHED_TOGETHER * FETCHED_TOGETHER
    stop = min(stop, len(mapped))
    length = min(-(-stop // FETCHED_TOGETHER) * FETCHED_TOGETHER, len(mapped)) - first
    if length > 0:
        mapped.madvise(mmap.MADV_DONTNEED, first, length)


def descriptor_of(view: bytes | memoryview) -> int | None:
    """The open file behind the bytes of a large one, for `read_into`; None where there is none, or only a part is given.

    It is open for as long as the bytes are held.
    """
    mapped = view.obj if isinstance(view, memoryview) else None
    return mapped.descriptor if isinstance(mapped, _Map) and len(view) == len(mapped) else None


def read_into(descriptor: int, start: int, room: memoryview) -> bool:
    """Read bytes of a large file from `start` until `room` is full; False where there are not so many any more.

    A pass over gigabytes is faster so than by touching pages: none is mapped and unmapped, which threads of one process
    can only do one after the other.
    """
    return os.preadv(descriptor, [room], start) == room.nbytes


class Visits:
    """Short looks at places all over a mapped file, after each few of which the pages around them are forgotten.

    Linux maps up to two megabytes around a byte that is touched, so a look at each of thousands of headers would
    otherwise hold most of a large file in memory.
    """

    def __init__(self, view: bytes | memoryview) -> None:
        self._view = view
        self._count = 0
        self._first, self._last = len(view), 0

    def add(self, place: int) -> None:
        """Note a look at a place."""
        self._count += 1
        self._first, self._last = min(self._first, place), max(self._last, place)
        if self._count % VISITS_KEPT == 0:
            forget_pages(self._view, max(0, self._first - LARGEST_PAGE), self._last + LARGEST_PAGE)
            self._first, self._last = len(self._view), 0


class MappedParts:
    """Several files that are one checkpoint: shards beside their index, or a folder.

    Attributes:
        path: The index, or the folder.
        files: The parts, by the name that tensors give them; the index itself has the empty name.
        size: Bytes of all.
        modified_ns: When the last one was changed.
        view: The bytes, by name.
    """

    def __init__(self, path: Path, files: Mapping[str, MappedFile]) -> None:
        self.path = path
        self.files = dict(files)
        self.size = sum(file.size for file in files.values())
        self.modified_ns = max((file.modified_ns for file in files.values()), default=0)
        self.view: Mapping[str, memoryview] = {name: file.view for name, file in files.items()}

    def renamed(self, path: Path) -> MappedParts:
        """The same parts under another path: the folder instead of its index."""
        return MappedParts(path, self.files)

    def is_current(self) -> bool:
        """True while every path still holds what was mapped."""
        return all(file.is_current() for file in self.files.values())


class MappedFolder:
    """Many files of one folder that are one entry; each is opened when its bytes are asked for.

    Attributes:
        path: The folder.
        files: Size and time of change of each, by its name below the folder.
        size: Bytes of all.
        modified_ns: When the last of them was changed.
        view: Nothing: the folder itself has no bytes.
    """

    view = memoryview(b"")

    def __init__(self, path: Path, files: Mapping[str, tuple[int, int]]) -> None:
        self.path = path
        self.files = dict(files)
        self.size = sum(size for size, _ in self.files.values())
        self.modified_ns = max((modified for _, modified in self.files.values()), default=0)

    def is_current(self) -> bool:
        """True while every path still holds what was found."""
        for name, (size, modified_ns) in self.files.items():
            try:
                status = os.stat(self.path / name, follow_symlinks=False)
            except OSError:
                return False
            if (status.st_size, status.st_mtime_ns) != (size, modified_ns):
                return False
        return True

    def blocks(self) -> Iterator[memoryview]:
        """The names and the bytes of all files, in the order of their names."""
        for name in sorted(self.files):
            yield memoryview(name.encode("utf-8", "surrogateescape"))
            yield MappedFile(self.path / name, follow=False).view


def open_beside(folder: Path, name: str) -> MappedFile:
    """A file that another file names, opened only if it lies in the same folder.

    Args:
        folder: Where the file that names it is.
        name: The name, as it was found in that file.

    Raises:
        DataError: If the name is more than a file's name, or a link leads out of the folder, or no regular file can
            be read there. The sentence tells which.
    """
    if not name or name in (".", "..") or any(character in name for character in "/\\:\0"):
        raise DataError(f"“{name}” is no plain file name; it was not looked for.")
    if len(name.encode("utf-8", "surrogatepass")) > LONGEST_NAME or any(
        "\ud800" <= letter <= "\udfff" for letter in name
    ):
        raise DataError("A file of a name that no file can have was not looked for.")
    path = folder / name
    real = Path(os.path.realpath(path))
    is_inside = Path(os.path.realpath(folder)) in real.parents or is_in_blobs(folder, real)
    if path.is_symlink() and not is_inside:
        raise DataError(
            f"“{name}” is a link that leaves the folder; it was not followed.",
            advice="Drop the folder that holds the files themselves.",
        )
    if not real.exists():
        raise DataError(f"“{name}” is not here.", advice="Put it beside the file that names it.")
    return MappedFile(real if path.is_symlink() else path, follow=False)


def is_in_blobs(folder: Path, real: Path) -> bool:
    """True where a link in a snapshot of a Hugging Face cache leads to a file of that cache.

    There `snapshots/REVISION/model.safetensors` is a link to `blobs/HASH`, two folders up.
    """
    here = Path(os.path.realpath(folder))
    return here.parent.name == "snapshots" and real.parent == here.parent.parent / "blobs"


def missing(path: Path, error: OSError) -> DataError:
    """The error for a path that cannot be opened."""
    if isinstance(error, FileNotFoundError):
        return DataError(
            f"“{path.name}” is no longer there.",
            advice="It was moved, renamed or deleted; drop it again from where it is now.",
            detail=str(path),
        )
    if isinstance(error, PermissionError):
        return DataError(f"“{path.name}” may not be read.", advice="Change its permissions.", detail=str(error))
    if isinstance(error, IsADirectoryError):
        return DataError(f"“{path.name}” is a folder.", advice="Drop the files in it.", detail=str(path))
    return DataError(f"“{path.name}” cannot be opened: {error.strerror}.", detail=str(error))
