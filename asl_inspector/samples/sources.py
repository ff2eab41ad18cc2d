"""The bytes behind clips, by part: the file itself, what was unpacked from it, files of a folder, blocks on demand.

A block is decoded once, by the function that the caller gives (a process of its own, where there is one), and kept in a
spool. When the spool is full it is started anew, so that a set of any size can be gone through.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFile
from asl_inspector.samples.records import BLOCK, SPOOL, THE_FILE, Block
from asl_inspector.spool import Spool

MOST_MAPPED = 256  # files of a folder that stay mapped
Decode = Callable[[Block, Spool], None]


class ClipSources(Mapping[str, memoryview]):
    """The parts of one entry.

    Args:
        view: The file itself; empty for a folder.
        spool: What was unpacked when it was opened.
        blocks: What is decoded on demand.
        decode: Writes the numbers of a block to a spool.
        folder: Where the other parts are, for a folder.
        files: Those parts by name, with the size and time of change that they had when they were read.
    """

    def __init__(
        self,
        view: memoryview,
        spool: Spool | None,
        blocks: tuple[Block, ...] = (),
        decode: Decode | None = None,
        folder: Path | None = None,
        files: Mapping[str, tuple[int, int]] | None = None,
    ) -> None:
        self._view = view
        self._spool = spool
        self._blocks = blocks
        self._decode = decode
        self._folder = folder
        self._files = files or {}
        self._mapped: OrderedDict[str, MappedFile] = OrderedDict()
        self._decoded: dict[int, memoryview] = {}
        self._kept = Spool() if blocks else None
        self._lock = threading.Lock()

    def __getitem__(self, part: str) -> memoryview:
        if part == THE_FILE:
            return self._view
        if part == SPOOL:
            return self._spool.view if self._spool is not None else memoryview(b"")
        with self._lock:
            if part.startswith(BLOCK):
                return self._block(int(part.removeprefix(BLOCK)))
            return self._file(part).view

    def __iter__(self) -> Iterator[str]:
        yield from (THE_FILE, SPOOL, *(f"{BLOCK}{index}" for index in range(len(self._blocks))), *self._files)

    def __len__(self) -> int:
        return 2 + len(self._blocks) + len(self._files)

    def start_apart(self) -> None:
        """For a process that is a copy of another one: what is not decoded yet goes into a spool of its own."""
        if len(self._decoded) < len(self._blocks):
            self._kept, self._decoded = Spool(), {}

    def _block(self, index: int) -> memoryview:
        if index in self._decoded:
            return self._decoded[index]
        block = self._blocks[index]
        if self._decode is None or self._kept is None:
            raise DataError("These clips cannot be unpacked here.")
        if self._kept.size and self._kept.size + block.bytes > self._kept.most:
            self._kept, self._decoded = Spool(), {}
        start = self._kept.align()
        self._decode(block, self._kept)
        if self._kept.size - start != block.bytes:
            raise DataError(
                f"Clips that should unpack to {block.bytes:,} bytes gave {self._kept.size - start:,}.",
                advice="The file changed, or it is damaged; open it again.",
            )
        self._decoded[index] = self._kept.view[start : start + block.bytes]
        return self._decoded[index]

    def _file(self, name: str) -> MappedFile:
        if name in self._mapped:
            self._mapped.move_to_end(name)
            return self._mapped[name]
        if self._folder is None or name not in self._files:
            raise DataError(f"“{name}” is no part of these clips.")
        file = MappedFile(self._folder / name, follow=False)
        if (file.size, file.modified_ns) != self._files[name]:
            raise DataError(f"“{name}” was changed after it was opened.", advice="Open the folder again.")
        self._mapped[name] = file
        if len(self._mapped) > MOST_MAPPED:
            self._mapped.popitem(last=False)
        return file
