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
from asl_inspector.workers.messages import Companion, Identity, NamesOthers, ReadRequest, Refusal

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
    from asl_inspector.samples.records import Clips, FeaturePlace, Vocabulary

    of_outputs = (Marks, SavedOutputs, Scores)
    return Codec(
        (
            *OF_CHECKPOINTS,
            *of_outputs,
            Clips,
            CodeHint,
            Contradiction,
            FeaturePlace,
            History,
            Printed,
            Stated,
            Vocabulary,
        )
    )
