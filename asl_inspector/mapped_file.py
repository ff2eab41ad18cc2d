"""A file opened for reading only, as bytes in memory that the operating system fetches when they are touched."""

from __future__ import annotations

import mmap
import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from asl_inspector.errors import DataError

Content = bytes | memoryview | Mapping[str, memoryview]  # of one file, or of several by name


class MappedFile:
    """The bytes of a regular file.

    The descriptor is opened without following what would block (a named pipe, a device) and closed at once; the
    mapping stays valid when the file is renamed or removed meanwhile.

    Attributes:
        path: Where the file was when it was opened.
        size: Bytes.
        modified_ns: When it was last changed, in nanoseconds.
        device: The file system it is on.
        inode: Its number there.
        view: The bytes, read-only.

    Args:
        path: The file.
        follow: False to refuse a symbolic link, for files that nobody named one by one.

    Raises:
        DataError: If the path is no readable regular file.
    """

    def __init__(self, path: Path, *, follow: bool = True) -> None:
        self.path = path
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
            self.view = memoryview(
                mmap.mmap(descriptor, self.size, access=mmap.ACCESS_READ) if self.size else b""
            ).toreadonly()
        finally:
            os.close(descriptor)

    def blocks(self) -> Iterator[memoryview]:
        """The bytes as they are on disk."""
        yield self.view

    def is_current(self) -> bool:
        """True while the path still holds what was mapped."""
        try:
            status = os.stat(self.path)
        except OSError:
            return False
        return (status.st_size, status.st_mtime_ns) == (self.size, self.modified_ns)


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
        self._packed = packed

    def blocks(self) -> Iterator[memoryview]:
        """The bytes as they are on disk."""
        yield from self._packed.blocks()


class MappedParts:
    """Several files that are one checkpoint: shards beside their index, or a folder.

    Attributes:
        path: The index, or the folder.
        files: The parts, by the name that tensors give them.
        size: Bytes of all.
        view: The bytes, by name.
    """

    def __init__(self, path: Path, files: Mapping[str, MappedFile]) -> None:
        self.path = path
        self.files = dict(files)
        self.size = sum(file.size for file in files.values())
        self.view: Mapping[str, memoryview] = {name: file.view for name, file in files.items()}

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
