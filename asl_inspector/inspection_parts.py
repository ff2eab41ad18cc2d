"""What the use cases share: a file's identity, clips for inference, an error as a result, weights judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asl_inspector.case.records import OpenFile
from asl_inspector.checkpoints.comparing import Side
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.errors import InferenceError, InspectorError
from asl_inspector.inference.records import ClipDetail
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.progress import CancelToken, Progress
from asl_inspector.samples.records import Clips

if TYPE_CHECKING:
    from asl_inspector.checkpoints.health_records import HealthNote
    from asl_inspector.inference.predictions import Predictions
    from asl_inspector.inference.saved import SavedFacts
    from asl_inspector.inference.sources import ClipSource
    from asl_inspector.outputs.joining import Joined
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


def saved_detail(
    outputs: SavedOutputs, joined: Joined, facts: SavedFacts, predictions: Predictions, index: int
) -> ClipDetail:
    """One clip's posteriors from its saved scores.

    Raises:
        InferenceError: If no scores of the clip were saved.
    """
    from asl_inspector.inference.saved import log_posteriors

    if not 0 <= index < len(joined.clips):
        raise InferenceError("There is no such clip at hand.", advice="Run the inspection first.")
    posteriors = log_posteriors(outputs, joined, facts, index, int(predictions.lengths[index]))
    has_features = joined.clips.feature_count is not None
    return ClipDetail(index, posteriors, int(joined.clips.lengths[index]) if has_features else len(posteriors))


def judged_weights(
    main: OpenFile | None, progress: Progress, cancel: CancelToken
) -> tuple[dict[str, int], tuple[HealthNote, ...]]:
    """How many numbers of each weight are NaN or infinite, sound weights left out; and the health of all."""
    if main is None or main.file is None or not isinstance(main.opened, Checkpoint):
        return {}, ()
    from asl_inspector.checkpoints.health import weight_health
    from asl_inspector.checkpoints.measuring_all import all_statistics

    weights = main.opened.weights
    keys, tensors = list(weights), list(weights.values())
    rows = list(all_statistics(tensors, main.file.view, progress=progress, cancel=cancel))
    measured = {row.index: row.statistics for row in rows if row.statistics is not None}
    bad = {keys[index]: facts.nans + facts.infinities for index, facts in measured.items()}
    known = [(tensors[index], facts) for index, facts in measured.items()]
    health = weight_health(main.opened, main.file.view, known=known, progress=progress, cancel=cancel)
    return {key: count for key, count in bad.items() if count}, health
