"""Files that belong to one checkpoint are one entry: its index, or the folder of a distributed checkpoint."""

from __future__ import annotations

import os
from pathlib import Path

from asl_inspector.checkpoints.folders import DISTRIBUTED_INDEX, DISTRIBUTED_PART, is_distributed_folder, shards_of


def together(files: list[Path]) -> list[Path]:
    """The same entries without the shards of an index among them, and with distributed checkpoints as their folder."""
    folders = {path.parent for path in files if path.name == DISTRIBUTED_INDEX and _is_beside_parts(path)}
    entries = list(
        dict.fromkeys(
            path.parent
            if path.parent in folders and (path.name == DISTRIBUTED_INDEX or path.suffix == DISTRIBUTED_PART)
            else path
            for path in files
        )
    )
    parts = {shard for path in entries if path.is_file() for shard in shards_of(path) or []}
    return [path for path in entries if path not in parts]


def _is_beside_parts(path: Path) -> bool:
    try:
        return is_distributed_folder(entry.name for entry in os.scandir(path.parent))
    except OSError:
        return False
