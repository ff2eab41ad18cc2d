"""Folders that are one checkpoint: an index with shards, or a distributed checkpoint."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from asl_inspector.checkpoints.sharded import looks_like_index, read_weight_map
from asl_inspector.errors import InspectorError, UnreadableCheckpoint
from asl_inspector.mapped_file import MappedFile
from asl_inspector.sniffing import Kind, sniff

DISTRIBUTED_INDEX = ".metadata"
DISTRIBUTED_PART = ".distcp"
MOST_LISTED = 100_000


def is_distributed_folder(names: Iterable[str]) -> bool:
    """True where a folder with these files is a distributed checkpoint."""
    held = list(names)
    return DISTRIBUTED_INDEX in held and any(name.endswith(DISTRIBUTED_PART) for name in held)


def shards_of(path: Path) -> list[Path] | None:
    """The shards that an index names, whether or not they are there; None where the file is no index."""
    try:
        file = MappedFile(path)
        if sniff(file.view) is not Kind.JSON or not looks_like_index(file.view):
            return None
        names = dict.fromkeys(read_weight_map(file)[0].values())
    except InspectorError:
        return None
    return [path.parent / name for name in names]


def index_of_folder(folder: Path) -> Path:
    """The file that says what is in a folder which is one checkpoint; an index of safetensors comes first.

    Raises:
        UnreadableCheckpoint: If the folder is no single checkpoint.
    """
    try:
        names = sorted(entry.name for _, entry in zip(range(MOST_LISTED), os.scandir(folder), strict=False))
    except OSError as error:
        raise UnreadableCheckpoint(f"The folder “{folder.name}” cannot be listed: {error.strerror}.") from None
    if DISTRIBUTED_INDEX in names:
        return folder / DISTRIBUTED_INDEX
    found = [folder / name for name in names if name.endswith(".json") and shards_of(folder / name)]
    if found:
        return min(found, key=lambda path: "safetensors" not in path.name)
    raise UnreadableCheckpoint(
        f"“{folder.name}” is a folder without an index of shards and without the `.metadata` of a distributed "
        "checkpoint.",
        advice="Name one of the files in it.",
    )
