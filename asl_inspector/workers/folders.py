"""A folder of clips becomes one entry: its files are read some at a time, each batch in a process of its own."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

from asl_inspector.case.recognising import row_of
from asl_inspector.case.records import OpenFile
from asl_inspector.case.surveying import FoundFile, Tree
from asl_inspector.errors import DataError
from asl_inspector.mapped_file import MappedFolder
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.field_names import SPLIT_WORDS
from asl_inspector.samples.folders import FolderBatch, join_batches
from asl_inspector.samples.islr import IndexRow
from asl_inspector.samples.mapping import NO_CORRECTION, Correction
from asl_inspector.samples.openpose import ENDING
from asl_inspector.samples.records import Block, Clips
from asl_inspector.samples.sources import ClipSources
from asl_inspector.spool import Spool
from asl_inspector.workers.calling import Readers
from asl_inspector.workers.messages import Library, ReadRequest
from asl_inspector.workers.remembering import FEWEST_FILES, Memory, key_of

PROBED = 3
BATCH_FILES = 1_000
BATCH_BYTES = 512 << 20
MOST_NAMED = 3
NATIVE: dict[str, Library] = {
    ".parquet": "arrow",
    ".feather": "arrow",
    ".arrow": "arrow",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
}


def open_tree(
    tree: Tree,
    *,
    readers: Readers,
    correction: Correction = NO_CORRECTION,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
    memory: Memory | None = None,
) -> OpenFile | None:
    """Open a folder of clips as one entry, or None where its first files are no single clips.

    Args:
        tree: What was found in the folder.
        readers: Processes that read.
        correction: What the user said of the layout of the clips.
        progress: Told how many files were read.
        cancel: Asked between batches and while one is read.
        memory: What is known of large folders from earlier; None for the user's own.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    scan = _Scan(tree, readers, correction, cancel, memory or Memory())
    if not scan.probe():
        return None
    done = 0
    for batch in _batches(tree.files):
        progress(Step(f"Opening the clips of {tree.folder.name}", done, len(tree.files), "files"))
        scan.read(batch)
        done += len(batch)
    clips = scan.clips()
    if clips is None:
        return None
    folder = MappedFolder(tree.folder, {one.name: (one.bytes, one.modified_ns) for one in tree.files})
    opened = scan.with_content(clips, folder)
    return OpenFile(row_of(tree.folder, folder.size, opened), folder, opened)


class _Scan:
    """The reading of one folder."""

    def __init__(
        self, tree: Tree, readers: Readers, correction: Correction, cancel: CancelToken, memory: Memory
    ) -> None:
        self.tree = tree
        self.readers = readers
        self.correction = correction
        self.cancel = cancel
        self.memory = memory if len(tree.files) >= FEWEST_FILES else None
        self.spool = Spool()
        self.batches: list[tuple[FolderBatch, int]] = []
        self.stopped: list[tuple[str, str]] = []
        endings = {posixpath.splitext(one.name)[1].lower() for one in tree.files}
        self.libraries = tuple(sorted({NATIVE[ending] for ending in endings if ending in NATIVE}))

    def probe(self) -> bool:
        """True where the first files are one clip each."""
        first = next(_batches(self.tree.files), ())[:PROBED]
        try:
            found = self._ask(first, Spool())
        except DataError:
            return False
        return found.clips is not None and not found.others

    def read(self, batch: tuple[FoundFile, ...]) -> None:
        """Read some files; a batch that ends its reader is left out with a sentence."""
        base = self.spool.align()
        key = key_of(self.tree.folder, batch, self.correction) if self.memory else ""
        known = self.memory.recall(key) if self.memory else None
        if known is not None:
            if known[1]:
                self.spool.put(known[1])
            self.batches.append((known[0], base))
            return
        try:
            found = self._ask(batch, self.spool)
        except DataError as error:
            self.stopped += [(one.name, error.sentence) for one in batch]
            return
        self.batches.append((found, base))
        if self.memory:
            self.memory.keep(key, found, self.spool.view[base:] if self.spool.size > base else b"")

    def _ask(self, batch: tuple[FoundFile, ...], spool: Spool) -> FolderBatch:
        request = ReadRequest(
            "files",
            self.tree.folder.absolute(),
            None,
            libraries=self.libraries,
            files=tuple((one.name, one.bytes, one.modified_ns) for one in batch),
            extra=self.correction,
        )
        return cast("FolderBatch", self.readers.ask(request, self.cancel, spool))

    def clips(self) -> Clips | None:
        """All of them, with the glosses of the index or of their folders, and notes on what was left out."""
        joined = join_batches(self.tree.folder, self.batches)
        if joined is None:
            return None
        names = [name for batch, _ in self.batches for name in batch.names]
        index = self._index()
        notes = [*joined.notes]
        told = [_told(index, name) for name in names]
        in_index = sum(row is not None for row in told)
        by_folder = self.tree.glosses_are_folders and not in_index
        glosses = tuple(
            own or (row.gloss if row else self.tree.gloss_of(name) if by_folder else None)
            for own, row, name in zip(joined.glosses, told, names, strict=True)
        )
        splits = tuple(
            own or (row.split if row else None) or _split_of(self.tree.folder, name)
            for own, row, name in zip(joined.splits, told, names, strict=True)
        )
        signers = joined.signers or tuple(row.signer if row else None for row in told)
        if index and in_index < len(names):
            notes.append(f"The index names {in_index:,} of {len(names):,} clips; the others have no gloss.")
        notes += self._left_out()
        label = "the index" if in_index else "the folder of each file" if by_folder else ""
        mapping = joined.mapping
        if mapping is not None:
            layout = "one file a clip" + (" in a folder a gloss" if by_folder else "")
            mapping = replace(mapping, layout=layout, label=label or mapping.label)
        return replace(
            joined,
            glosses=glosses,
            splits=splits,
            signers=signers if any(signers) else (),
            notes=tuple(notes),
            mapping=mapping,
        )

    def _index(self) -> dict[str, IndexRow]:
        """What the tables beside the clips say, by name; later tables add to earlier ones."""
        found: dict[str, IndexRow] = {}
        for one in self.tree.indices:
            files = ((one.name, one.bytes, one.modified_ns),)
            request = ReadRequest("index", self.tree.folder.absolute(), None, files=files)
            try:
                rows = cast("dict[str, IndexRow] | None", self.readers.ask(request, self.cancel))
            except DataError:
                continue  # it is no table that can be read; the clips are still clips
            for name, row in (rows or {}).items():
                last = posixpath.basename(name)
                for key in (name, last, posixpath.splitext(last)[0]):
                    found.setdefault(key, row)
        return found

    def _left_out(self) -> list[str]:
        refused = [*self.stopped, *(pair for batch, _ in self.batches for pair in batch.refused)]
        others = [name for batch, _ in self.batches for name in batch.others]
        notes = []
        if refused:
            name, why = refused[0]
            what = "1 file" if len(refused) == 1 else f"{len(refused):,} files"
            notes.append(f"{what} of “{self.tree.folder.name}” cannot be read; “{name}”: {why}")
        if others:
            named = ", ".join(f"“{name}”" for name in others[:MOST_NAMED])
            what = "1 file is" if len(others) == 1 else f"{len(others):,} files are"
            notes.append(f"{what} no single clip and left out: {named}.")
        return notes

    def with_content(self, clips: Clips, folder: MappedFolder) -> Clips:
        """The clips with the bytes behind them."""

        def decode(block: Block, sink: Spool) -> None:
            files = tuple((name, *folder.files[name]) for name in block.names)
            request = ReadRequest(
                "numbers", folder.path.absolute(), None, libraries=self.libraries, files=files, extra=block
            )
            self.readers.ask(request, CancelToken(), sink)

        content = ClipSources(memoryview(b""), self.spool, clips.blocks, decode, folder.path, folder.files)
        return replace(clips, content=content)


def _batches(files: tuple[FoundFile, ...]) -> Iterator[tuple[FoundFile, ...]]:
    """Runs of files of bounded number and size; the frames of one clip stay together."""
    start = size = 0
    for stop, one in enumerate(files):
        full = stop - start >= BATCH_FILES or size + one.bytes > BATCH_BYTES
        if stop > start and full and not _same_clip(files[stop - 1].name, one.name):
            yield files[start:stop]
            start, size = stop, 0
        size += one.bytes
    if start < len(files):
        yield files[start:]


def _same_clip(before: str, here: str) -> bool:
    """True for two frames of one clip."""
    return here.endswith(ENDING) and posixpath.dirname(before) == posixpath.dirname(here)


def _told(index: Mapping[str, IndexRow], name: str) -> IndexRow | None:
    """The row of a clip: by its path, its file name, or its name without ending."""
    if not index:
        return None
    last = posixpath.basename(name)
    return index.get(name) or index.get(last) or index.get(posixpath.splitext(last)[0])


def _split_of(folder: Path, name: str) -> str | None:
    """The split that a folder on the way to the clip names."""
    for part in (*reversed(name.split("/")[:-1]), folder.name):
        if part.lower() in SPLIT_WORDS:
            return part.lower()
    return None
