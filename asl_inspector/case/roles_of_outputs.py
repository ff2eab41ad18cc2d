"""Which file of saved answers gives the outputs, and which one the labels."""

from __future__ import annotations

from pathlib import Path

from asl_inspector.case.records import OpenFile, Role
from asl_inspector.outputs.records import SavedOutputs
from asl_inspector.samples.records import Clips

Decision = tuple[Role, str]


def choices_of_outputs(saved: SavedOutputs) -> tuple[Role, ...]:
    """Roles that a file of outputs or labels may have."""
    if not saved.answers:
        return (Role.LABELS, Role.UNUSED)
    if saved.scores is not None and saved.truth is None:
        return (Role.OUTPUTS, Role.UNUSED)
    return (Role.OUTPUTS, Role.LABELS, Role.UNUSED)


def summary_of_outputs(saved: SavedOutputs) -> str:
    """What the file holds, in few words."""
    count = f"{len(saved):,}"
    if saved.scores is not None:
        return f"{count} clips{' x T' if saved.scores.per_frame else ''} x {saved.scores.classes:,}"
    return f"{count} {saved.meaning if saved.meaning != 'predictions' else 'answers'}"


def roles_of_outputs(files: list[OpenFile], free: list[OpenFile], taken: set[Role]) -> dict[Path, Decision]:
    """Give the outputs and the labels their files.

    Scores come before predictions, and predictions before ids that may be either. Ids whose file does not say what they
    are give the labels where another file has answers, and the predictions where clips or another file have labels.

    Args:
        files: All files of the case.
        free: Those without a role that the user chose.
        taken: Roles that the user gave.
    """
    decisions: dict[Path, Decision] = {}
    held = [(one, one.opened) for one in free if isinstance(one.opened, SavedOutputs)]
    order = {"scores": 0, "predictions": 1, "ids": 2, "labels": 3}
    held.sort(key=lambda pair: order[pair[1].meaning])
    have_labels = any(isinstance(one.opened, Clips) or _is_labels(one) for one in files)
    for one, saved in held:
        answers = saved.answers and (saved.meaning != "ids" or have_labels or len(held) == 1)
        if answers and Role.OUTPUTS not in taken:
            decisions[one.row.path] = (Role.OUTPUTS, _why_outputs(saved))
            taken = taken | {Role.OUTPUTS}
        elif saved.meaning in ("ids", "labels") and Role.LABELS not in taken:
            decisions[one.row.path] = (Role.LABELS, _why_labels(saved))
            taken = taken | {Role.LABELS}
        else:
            what = "labels" if saved.meaning == "labels" else "answers"
            why = f"It holds {what} too; another file gives them. Choose its role to use it instead."
            decisions[one.row.path] = (Role.UNUSED, why)
    return decisions


def _is_labels(one: OpenFile) -> bool:
    return isinstance(one.opened, SavedOutputs) and (one.opened.meaning == "labels" or one.row.role is Role.LABELS)


def _why_outputs(saved: SavedOutputs) -> str:
    what = "the scores of a network" if saved.scores is not None else "the predicted gloss"
    beside = ", with the labels beside them" if saved.truth is not None else ""
    return f"It holds {what} for each clip{beside}."


def _why_labels(saved: SavedOutputs) -> str:
    if saved.meaning == "labels":
        return "It gives each clip its gloss."
    return "It gives each clip an id, and another file gives the answers."
