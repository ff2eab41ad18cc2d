"""The history of the run, from everything in the case that tells of it."""

from __future__ import annotations

from asl_inspector.case.records import Case, Role
from asl_inspector.case.same_run import shapes_of
from asl_inspector.checkpoints.records import Checkpoint
from asl_inspector.history.merging import merge
from asl_inspector.history.records import History
from asl_inspector.history.stored_curves import StoredPoint, from_lists, from_points


def run_history(case: Case) -> History | None:
    """Notebooks, logs, tables and event files, the lists in the checkpoint, and the checkpoints themselves as points.

    Other epochs of the run are points where their weights have the names and shapes of the inspected one.
    """
    main = case.checkpoint
    checkpoint = main.opened if main is not None and isinstance(main.opened, Checkpoint) else None
    sources = list(case.histories)
    if checkpoint is not None:
        sources.append(from_lists(checkpoint.path.name, checkpoint.contents.curves))
    told = [one for one in sources if one.tells_of_a_run]
    points = _points(case, checkpoint) if checkpoint is not None else []
    if len(points) > 1 or (points and any(one.epochs for one in told)):  # one point alone is no history
        told.append(from_points(points))
    return merge(told)


def _points(case: Case, main: Checkpoint) -> list[StoredPoint]:
    """What each checkpoint of the run states of its epoch."""
    shapes = shapes_of(main)
    found = []
    for one in case.files:
        checkpoint = one.opened
        if not isinstance(checkpoint, Checkpoint) or one.row.role not in (Role.CHECKPOINT, Role.EPOCH):
            continue
        contents = checkpoint.contents
        if contents.epoch is not None and contents.stored and shapes_of(checkpoint) == shapes:
            found.append(StoredPoint(one.row.path.name, contents.epoch, contents.stored))
    return found
