"""Small translations that the use cases share: a file's identity, clips for inference, an error as a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asl_inspector.case.records import OpenFile
from asl_inspector.checkpoints.comparing import Side
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import InspectorError
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.inference.sources import ClipSource
    from asl_inspector.report.contents import Problem

Key = tuple[object, ...]


def problem_of(error: InspectorError) -> Problem:
    """An error as part of a result."""
    from asl_inspector.report.contents import Problem

    return Problem(error.sentence, error.advice, error.detail)


def identity_of(one: OpenFile) -> Key:
    """What tells a file's content from another one's, without reading it."""
    return (one.row.path, one.file.size, one.file.modified_ns, one.row.layout) if one.file else (one.row.path,)


def clip_source(clips: Clips) -> ClipSource:
    """Clips in the form in which inference takes them."""
    from asl_inspector.inference.sources import ClipSource

    return ClipSource(
        clips.path.name, clips.lengths, clips.gloss_ids, clips.feature_count, clips.features, clips.target_ids
    )


def side_of(one: OpenFile | None) -> Side | None:
    """The weights of an opened checkpoint for a comparison, or None where there are none."""
    if one is None or one.file is None or not isinstance(one.opened, Checkpoint) or not one.opened.weights:
        return None
    return Side(one.opened.weights, one.file.view)
