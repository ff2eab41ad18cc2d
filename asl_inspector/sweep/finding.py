"""Which files below some folders may be checkpoints, and the hash of what is in them.

Names alone are looked at, as a sweep may cover many thousand files: whether a file holds a network is seen when it is
inspected, and one that does not is named with its reason. A distributed checkpoint is its folder, and a checkpoint in
shards is its index. Links are not followed, since they may lead to files that nobody named.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from asl_inspector.case.same_run import CHECKPOINT_SUFFIXES
from asl_inspector.checkpoints.folders import is_distributed_folder, shards_of
from asl_inspector.errors import DataError
from asl_inspector.hashing import HASH_BLOCK
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken

INDEX_ENDING = ".index.json"
SHARD = re.compile(r"-\d{5}-of-\d{5}\.[a-z]+$")
DEEPEST_FOLDER = 12


@dataclass(frozen=True, slots=True)
class Found:
    """A file or a folder that may be one checkpoint, with its size and the hash of its content."""

    path: Path
    bytes: int
    sha256: str


def find_checkpoints(folders: Sequence[Path], left_out: Sequence[Path] = ()) -> tuple[Path, ...]:
    """All that may be checkpoints in the folders and below, in the order of their paths; files named stay themselves.

    Args:
        folders: Folders or files.
        left_out: Files that have another role, and folders that are not entered.

    Raises:
        DataError: If a folder cannot be listed.
    """
    known = {os.path.realpath(path) for path in left_out}
    found: set[Path] = set()
    for path in folders:
        if not path.is_dir():
            found.add(path.absolute())
            continue
        found.update(_below(path.absolute(), known, 0))
    return tuple(sorted(one for one in found if os.path.realpath(one) not in known))


def _below(folder: Path, known: set[str], depth: int) -> Iterator[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"The folder “{folder}” cannot be listed: {error.strerror}.") from None
    if is_distributed_folder(entry.name for entry in entries):
        yield folder
        return
    for entry in entries:
        path = folder / entry.name
        if entry.is_dir(follow_symlinks=False):
            hidden = entry.name.startswith(".")
            if depth < DEEPEST_FOLDER and not hidden and os.path.realpath(path) not in known:
                yield from _below(path, known, depth + 1)
        elif entry.is_file(follow_symlinks=False) and _may_be_checkpoint(entry.name):
            yield path


def _may_be_checkpoint(name: str) -> bool:
    lower = name.lower()
    if name.startswith(".") or SHARD.search(lower):
        return False
    return lower.endswith(INDEX_ENDING) or os.path.splitext(lower)[1] in CHECKPOINT_SUFFIXES


def identify(path: Path, cancel: CancelToken) -> Found:
    """The file with the hash of its content; of shards and of a folder, that of the hashes and names of all files.

    Raises:
        DataError: If it cannot be read.
        Cancelled: If `cancel` was set.
    """
    if path.is_dir():
        parts = sorted(entry for entry in path.iterdir() if entry.is_file())
    elif path.name.lower().endswith(INDEX_ENDING):
        parts = [path, *(one for one in shards_of(path) or () if one.is_file())]
    else:
        size, digest = _hash_of(path, cancel)
        return Found(path, size, digest)
    hashed = [(one.name, *_hash_of(one, cancel)) for one in parts]
    lines = "".join(f"{digest}  {name}\n" for name, _, digest in hashed)
    whole = hashlib.sha256(lines.encode("utf-8", "surrogateescape")).hexdigest()
    return Found(path, sum(size for _, size, _ in hashed), whole)


def _hash_of(path: Path, cancel: CancelToken) -> tuple[int, str]:
    file = MappedFile(path)
    digest = hashlib.sha256()
    for block in file.blocks():
        for start in range(0, len(block), HASH_BLOCK):
            cancel.raise_if_cancelled()
            digest.update(block[start : start + HASH_BLOCK])
    return file.size, digest.hexdigest()
