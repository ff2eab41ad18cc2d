"""The records that a reading process may send, for a checkpoint alone and for any file."""

from __future__ import annotations

from asl_inspector.checkpoints.records import (
    Checkpoint,
    Chunk,
    Contents,
    Optimizer,
    Quantizer,
    TensorRecord,
    ValueRecord,
    WouldRun,
)
from asl_inspector.wire import Codec
from asl_inspector.workers.messages import Companion, Identity, NamesOthers, ReadRequest, Refusal, Unpacked

OF_CHECKPOINTS = (
    Checkpoint,
    Chunk,
    Companion,
    NamesOthers,
    Contents,
    Identity,
    Optimizer,
    Quantizer,
    ReadRequest,
    Refusal,
    TensorRecord,
    Unpacked,
    ValueRecord,
    WouldRun,
)


def checkpoint_codec() -> Codec:
    """For checkpoints; does not import NumPy."""
    return Codec(OF_CHECKPOINTS)


def file_codec() -> Codec:
    """For every kind of file."""
    from asl_inspector.history.records import CodeHint, Contradiction, History, Printed, Stated
    from asl_inspector.outputs.records import Marks, SavedOutputs, Scores
    from asl_inspector.samples.folders import FolderBatch
    from asl_inspector.samples.islr import IndexRow
    from asl_inspector.samples.mapping import Correction, FieldMapping
    from asl_inspector.samples.records import Block, Clips, LandmarkGroup, Landmarks, Places, Vocabulary

    of_clips = (Block, Clips, Correction, FieldMapping, FolderBatch, IndexRow, LandmarkGroup, Landmarks, Places)
    of_runs = (CodeHint, Contradiction, History, Printed, Stated)
    of_outputs = (Marks, SavedOutputs, Scores)
    return Codec((*OF_CHECKPOINTS, *of_clips, *of_outputs, *of_runs, Vocabulary))
