"""A bare pickle stream as a checkpoint."""

from __future__ import annotations

from asl_inspector.checkpoints.flattening import flatten
from asl_inspector.checkpoints.reading import Reading
from asl_inspector.checkpoints.would_run import would_run
from asl_inspector.inert_pickle.machine import read_pickle
from asl_inspector.mapped_file import MappedFile
from asl_inspector.progress import CancelToken


def read_pickled(file: MappedFile, cancel: CancelToken) -> Reading:
    """What a pickle stream without torch's container describes; arrays lie in the stream itself.

    Raises:
        UnreadableCheckpoint: If the stream is damaged.
    """
    pickle = read_pickle(file.view, cancel=cancel, salvage=True)
    tree = flatten(pickle.value, lambda _: None, pickle_offset=0, cancel=cancel)
    return Reading(
        format="pickle",
        tensors=tuple(tree.tensors),
        values=tuple(tree.values),
        would_run=would_run(pickle),
        notes=(*pickle.notes, *tree.notes),
        root=pickle.value,
        is_damaged=pickle.is_damaged,
    )
