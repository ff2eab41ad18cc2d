"""SHA-256 of what a case holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from asl_inspector.mapped_file import MappedFile, MappedFolder, MappedParts
from asl_inspector.progress import CancelToken

HASH_BLOCK = 1 << 20


def content_hash(file: MappedFile | MappedParts | MappedFolder, cancel: CancelToken) -> str:
    """SHA-256 in hexadecimal, of the bytes as they are on disk.

    Of several files that are one checkpoint, that of their list as `sha256sum` writes it, sorted by name; of a folder
    of clips, that of the names and bytes of all files in the order of their names.

    Raises:
        Cancelled: If `cancel` was set.
    """
    if isinstance(file, MappedParts):
        lines = [f"{content_hash(held, cancel)}  {name}\n" for name, held in sorted(file.files.items())]
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    return _hash(file.blocks(), cancel)


def _hash(blocks: Iterable[memoryview], cancel: CancelToken) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        for start in range(0, len(block), HASH_BLOCK):
            cancel.raise_if_cancelled()
            digest.update(block[start : start + HASH_BLOCK])
    return digest.hexdigest()
