"""What was dropped becomes opened entries: files one by one, two at a time, and folders of clips as one entry each."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.belonging import together
from asl_inspector.case.records import OpenFile
from asl_inspector.case.surveying import MOST_FILES, survey
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.workers.calling import Readers, open_file
from asl_inspector.workers.folders import open_tree

READERS_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Entries:
    """What was opened.

    Attributes:
        opened: By path.
        asked: The paths of each file or folder that was named.
        notes: Sentences on what was left out.
    """

    opened: dict[Path, OpenFile]
    asked: dict[Path, set[Path]]
    notes: tuple[str, ...]


def open_entries(
    paths: Iterable[Path], readers: Readers, *, progress: Progress = silent, cancel: CancelToken | None = None
) -> Entries:
    """Open files and what is in folders.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    opened: dict[Path, OpenFile] = {}
    asked: dict[Path, set[Path]] = {}
    files: dict[Path, list[Path]] = {}
    notes: list[str] = []
    for path in together(list(dict.fromkeys(path.absolute() for path in paths))):
        found = survey(path, progress=progress, cancel=cancel)
        notes += found.notes
        files[path], asked[path] = list(found.files), set()
        for tree in found.trees:
            one = open_tree(tree, readers=readers, progress=progress, cancel=cancel)
            if one is None or one.row.path in asked[path]:
                files[path] += [tree.folder / member.name for member in tree.files][: MOST_FILES - len(files[path])]
            else:
                opened[one.row.path] = one
                asked[path].add(one.row.path)
    opened |= _open_files(
        list(dict.fromkeys(one for held in files.values() for one in held)), readers, progress, cancel
    )
    return Entries(opened, {path: rows.union(files[path]) for path, rows in asked.items()}, tuple(notes))


def _open_files(files: list[Path], readers: Readers, progress: Progress, cancel: CancelToken) -> dict[Path, OpenFile]:
    opened: dict[Path, OpenFile] = {}
    with ThreadPoolExecutor(READERS_AT_ONCE) as pool:
        opening = [pool.submit(open_file, path, readers=readers, cancel=cancel, progress=progress) for path in files]
        for index, (path, result) in enumerate(zip(files, opening, strict=True)):
            progress(Step(f"Opening {path.name}", index, len(files), "files"))
            opened[path] = result.result()
    return opened


def open_again(path: Path, readers: Readers) -> OpenFile:
    """A file or a folder of clips as it is now."""
    for tree in survey(path).trees if path.is_dir() else ():
        found = open_tree(tree, readers=readers)
        if found is not None and found.row.path == path:
            return found
    return open_file(path, readers=readers)
