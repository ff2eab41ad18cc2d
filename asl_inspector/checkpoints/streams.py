"""A pickle stream of a checkpoint, the bytes it was read from, and the storages that its persistent ids name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.regions import Region
from asl_inspector.checkpoints.storages import StorageFinder
from asl_inspector.inert_pickle.records import Pickle


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream.

    Attributes:
        pickle: What it describes.
        region: Its source: byte strings of the stream are counted from the first byte of it.
        find_storage: Finds the block behind a persistent id.
        find_tensor: Finds a tensor behind a persistent id, in formats that have such; else None.
        notes: What was odd about its container.
        asides: Further streams that an ordinary load of the container reads, for what they would run.
    """

    pickle: Pickle
    region: Region
    find_storage: StorageFinder
    find_tensor: Callable[[object], TensorRecord | None] | None = None
    notes: tuple[str, ...] = ()
    asides: tuple[Pickle, ...] = ()
