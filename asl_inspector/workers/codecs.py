"""The records that a reading process may send, for a checkpoint alone and for any file."""

from __future__ import annotations

from asl_inspector.checkpoints.records import (
    Checkpoint,
    Contents,
    Optimizer,
    Quantizer,
    TensorRecord,
    ValueRecord,
    WouldRun,
)
from asl_inspector.wire import Codec
from asl_inspector.workers.messages import Identity, ReadRequest, Refusal, Unpacked

OF_CHECKPOINTS = (
    Checkpoint,
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
    from asl_inspector.history.records import History, Printed
    from asl_inspector.samples.folders import FolderBatch
    from asl_inspector.samples.islr import IndexRow
    from asl_inspector.samples.mapping import Correction, FieldMapping
    from asl_inspector.samples.records import Block, Clips, LandmarkGroup, Landmarks, Places, Vocabulary

    of_clips = (Block, Clips, Correction, FieldMapping, FolderBatch, IndexRow, LandmarkGroup, Landmarks, Places)
    return Codec((*OF_CHECKPOINTS, *of_clips, History, Printed, Vocabulary))
