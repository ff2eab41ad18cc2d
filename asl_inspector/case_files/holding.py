"""Does what was found when a case was saved still hold? Only where every file has the content that it had."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.case.surveying import survey
from asl_inspector.case_files.records import SavedCase, SavedFile
from asl_inspector.errors import InspectorError
from asl_inspector.hashing import content_hash
from asl_inspector.mapped_file import MappedFile, MappedFolder
from asl_inspector.progress import CancelToken


def same_sizes(saved: SavedCase) -> bool:
    """True where every file is there with as many bytes as it had; of folders of clips, that they are there."""
    return all(file.path.is_dir() or _size(file.path) == file.bytes for file in saved.files)


def untouched(saved: SavedCase, cancel: CancelToken) -> bool:
    """True where every file of the case has the hash that it had, and no file was added to its folders.

    A file that cannot be told, such as one that had no hash, counts as touched.

    Raises:
        Cancelled: If `cancel` was set.
    """
    if not same_sizes(saved) or not all(file.sha256 for file in saved.files):
        return False
    known = {file.path for file in saved.files} | {saved.path}
    for folder in {file.folder for file in saved.files if file.folder is not None}:
        found = survey(folder, cancel=cancel)
        if not {*found.files, *(tree.folder for tree in found.trees)} <= known:
            return False
    return all(_hash(file, cancel) == file.sha256 for file in saved.files)


def _hash(file: SavedFile, cancel: CancelToken) -> str | None:
    """The hash of a file, or of a folder of clips, as it is now; None where there is none."""
    try:
        if not file.path.is_dir():
            return content_hash(MappedFile(file.path), cancel)
        for tree in survey(file.path, cancel=cancel).trees:
            if tree.folder == file.path:
                held = {one.name: (one.bytes, one.modified_ns) for one in tree.files}
                return content_hash(MappedFolder(tree.folder, held), cancel)
    except (InspectorError, OSError):
        return None
    return None


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
