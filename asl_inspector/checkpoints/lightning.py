"""What a checkpoint of PyTorch Lightning says of the best epoch, in the state of its callbacks.

Source: Lightning 2.5, lightning/pytorch/callbacks/model_checkpoint.py and early_stopping.py (`state_dict`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from asl_inspector.checkpoints.records import Scalar, TensorRecord
from asl_inspector.checkpoints.tensor_numbers import single_number
from asl_inspector.inert_pickle.numpy_arrays import scalar_of
from asl_inspector.inert_pickle.plain import key_text, lookup, pairs_of
from asl_inspector.mapped_file import Content

LIGHTNING_KEY = "pytorch-lightning_version"
SCORE, PATH, MONITOR = "best_model_score", "best_model_path", "monitor"
MONITORED = {  # the names that other layouts give the same figures
    "val_loss": "best_val_loss",
    "valid_loss": "best_val_loss",
    "val/loss": "best_val_loss",
    "val_acc": "best_val_acc",
    "val_accuracy": "best_val_acc",
    "valid_acc": "best_val_acc",
    "val/acc": "best_val_acc",
    "val/accuracy": "best_val_acc",
}


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch.

    Attributes:
        stored: Its figure, by the name that `Contents.stored` gives it ("best_val_loss").
        settings: Which figure was watched and which file is the best one, dotted names.
    """

    stored: dict[str, float] = field(default_factory=dict)
    settings: dict[str, Scalar] = field(default_factory=dict)


def best_of_callbacks(top: dict[str, object], tensors: Sequence[TensorRecord], content: Content) -> Best:
    """What the callback that keeps checkpoints says; callbacks are told by what they hold, not by their names.

    Args:
        top: The checkpoint's entries.
        tensors: Its tensors: the score is one of a single number.
        content: The file.
    """
    stored: dict[str, float] = {}
    settings: dict[str, Scalar] = {}
    for key, state in pairs_of(top.get("callbacks")) or []:
        watched = scalar_of(lookup(state, MONITOR))
        path = scalar_of(lookup(state, PATH))
        place = ("callbacks", key_text(key), SCORE)
        score = _number(lookup(state, SCORE), place, tensors, content)
        if isinstance(path, str) and path:
            settings.setdefault(f"callbacks.{PATH}", path)
        if isinstance(watched, str):
            settings.setdefault(f"callbacks.{MONITOR}", watched)
        if score is not None:
            name = MONITORED.get(watched.lower(), f"best_{watched}") if isinstance(watched, str) else SCORE
            stored.setdefault(name, score)
    return Best(stored, settings)


def _number(value: object, place: tuple[str, ...], tensors: Sequence[TensorRecord], content: Content) -> float | None:
    scalar = scalar_of(value)
    if scalar is None:
        tensor = next((tensor for tensor in tensors if tensor.path == place), None)
        scalar = single_number(tensor, content) if tensor is not None else None
    return float(scalar) if isinstance(scalar, int | float) and not isinstance(scalar, bool) else None
