"""Two opened checkpoints compared: weights, modules, other values, and what it amounts to."""

from __future__ import annotations

from asl_inspector.checkpoints.comparing import Side, compare_weights
from asl_inspector.checkpoints.comparing_values import compare_values
from asl_inspector.checkpoints.comparison_evidence import About
from asl_inspector.checkpoints.comparison_records import CheckpointComparison
from asl_inspector.checkpoints.kinship import judge
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.checkpoints.state_dicts import weights_of
from asl_inspector.checkpoints.verdicts import modules_of
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, silent


def compare_checkpoints(
    a: Checkpoint,
    content_a: Content,
    b: Checkpoint,
    content_b: Content,
    *,
    part_a: str | None = None,
    part_b: str | None = None,
    cancel: CancelToken | None = None,
    progress: Progress = silent,
) -> CheckpointComparison:
    """Compare two checkpoints.

    Args:
        a: One.
        content_a: Its bytes.
        b: The other.
        content_b: Its bytes.
        part_a: Which of A's state dicts, as `state_dicts.weights_of` takes it; None for the network.
        part_b: The same for B.
        cancel: Asked every few hundred kilobytes.
        progress: Told how far the work is.

    Raises:
        UnreadableCheckpoint: If a part does not exist or holds no weights.
        Cancelled: If `cancel` was set.
    """
    path_a, weights_a = weights_of(a, part_a)
    path_b, weights_b = weights_of(b, part_b)
    sides = Side(weights_a, content_a), Side(weights_b, content_b)
    compared = compare_weights(*sides, guess=True, cancel=cancel, progress=progress)
    values = compare_values(a, b)
    told = About.of(a, path_a, list(weights_a)), About.of(b, path_b, list(weights_b))
    return CheckpointComparison(
        part_a=path_a,
        part_b=path_b,
        weights=compared,
        judgement=judge(compared, *told, values),
        modules=modules_of(compared.tensors),
        values=values,
    )
