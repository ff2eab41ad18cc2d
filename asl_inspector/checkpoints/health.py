"""Are the weights healthy? One question a function, each with its formula, its threshold and the reason for it.

Nothing here needs data or a run: the numbers in the file and what the optimizer kept are all. Weights alone cannot say
that a network is good; they can say that a part of it never learned, is dead, or has run away.

Large tensors are judged by a sample of numbers spread over them evenly; what is claimed of every number (a dead
unit, moments that are all zero, equal tensors) is then checked on every number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from asl_inspector.checkpoints.health_of_numbers import (
    EXPLODING_RATIO,
    ask_dead,
    ask_duplicated,
    ask_exploding,
    ask_finite,
    ask_saturated,
)
from asl_inspector.checkpoints.health_of_training import ask_frozen, ask_initial
from asl_inspector.checkpoints.health_records import HealthNote, Question, Weights
from asl_inspector.checkpoints.measuring_all import Measured, all_statistics
from asl_inspector.checkpoints.optimizer_states import optimizer_states
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.statistics import TensorStatistics
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent

ASKED: dict[Question, Callable[[Weights], list[HealthNote]]] = {
    "finite": ask_finite,
    "initial": ask_initial,
    "frozen": ask_frozen,
    "dead": ask_dead,
    "exploding": ask_exploding,
    "saturated": ask_saturated,
    "duplicated": ask_duplicated,
}
SOUND: dict[Question, str] = {
    "finite": "All numbers of the state dict are finite.",
    "initial": "No layer is still distributed as PyTorch makes it: every layer that can be judged has moved.",
    "frozen": "Every parameter received gradients: each has a state in the optimizer that is not zero.",
    "dead": "Every unit has incoming weights, and every input is weighed by some unit.",
    "exploding": f"No tensor is more than {EXPLODING_RATIO:.0f} times as large as at its start.",
    "saturated": "Every gate can be opened and closed by the hidden state and inputs of ordinary size.",
    "duplicated": "No two tensors hold the same numbers twice.",
}


def weight_health(
    checkpoint: Checkpoint,
    content: Content,
    *,
    known: Iterable[tuple[TensorRecord, TensorStatistics]] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[HealthNote, ...]:
    """All questions on a checkpoint's state dict, those with the gravest answers first.

    Args:
        checkpoint: The opened file.
        content: Its bytes.
        known: Facts that were measured before; the others are measured now.
        progress: Told how far the work is.
        cancel: Asked between tensors.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    tensors = checkpoint.weights
    if not tensors:
        return ()
    facts = {tensor.path: found for tensor, found in known}
    statistics = {key: facts[tensor.path] for key, tensor in tensors.items() if tensor.path in facts}
    missing = [key for key in tensors if key not in statistics]
    rows: Iterator[Measured] = all_statistics(
        [tensors[key] for key in missing], content, progress=progress, cancel=cancel
    )
    statistics |= {missing[row.index]: row.statistics for row in rows if row.statistics is not None}
    weights = Weights(tensors, content, statistics, optimizer_states(checkpoint), cancel)
    notes: list[HealthNote] = []
    for number, (question, ask) in enumerate(ASKED.items()):
        progress(Step("Judging the weights", number, len(ASKED), "questions"))
        notes += ask(weights) or [HealthNote(question, "sound", SOUND[question])]
    order = ("ill", "suspect", None, "sound")
    return tuple(sorted(notes, key=lambda note: order.index(note.verdict)))
