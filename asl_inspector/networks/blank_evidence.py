"""Is there a blank among the outputs, and which one?

A CTC network over G glosses has G + 1 outputs; one trained with cross-entropy has G. The names of the keys, the settings
in the checkpoint, the vocabulary and the labels each tell something; what tells most is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from asl_inspector.checkpoints.records import Scalar
from asl_inspector.networks.plans import Answer, Labels

NONE = "none"
BLANK_NAMES = {"<blank>", "<blk>", "blank", "[blank]", "<ctc>", "<si>", "_", "-", "ε"}


def find_blank(
    classes: int, keys: Iterable[str], settings: Mapping[str, Scalar], labels: Labels, *, pooled: bool
) -> Answer | None:
    """The index of the blank as text, or "none"; None where nothing tells.

    Args:
        classes: Outputs.
        keys: The keys of the state dict.
        settings: Settings in the checkpoint, dotted names.
        labels: Labels and vocabulary.
        pooled: True where the layout settles that a clip gets one answer.
    """
    if pooled:
        return Answer(NONE, "names")
    named = _by_settings(classes, settings)
    if named is not None:
        return named
    listed = next((number for gloss, number in labels.vocabulary.items() if gloss.lower() in BLANK_NAMES), None)
    if listed is not None and 0 <= listed < classes:
        return Answer(str(listed), "labels")
    if any("ctc" in key.lower() for key in keys):
        return Answer(_by_labels(classes, labels) or "0", "names")
    counted = _by_labels(classes, labels)
    return None if counted is None else Answer(counted, "labels")


def _by_settings(classes: int, settings: Mapping[str, Scalar]) -> Answer | None:
    for name, value in settings.items():
        last = name.rpartition(".")[2].lower()
        if last in ("blank", "blank_id", "blank_index", "blank_idx", "ctc_blank") and type(value) is int:
            return Answer(str(value % classes), "settings")
        if last in ("loss", "criterion", "loss_type", "loss_fn", "loss_function") and isinstance(value, str):
            text = value.lower().replace("_", "").replace("-", "")
            if "crossentropy" in text or text in ("ce", "nll"):
                return Answer(NONE, "settings")
    return None


def _by_labels(classes: int, labels: Labels) -> str | None:
    """By counting: which indices do glosses have?"""
    used = set(labels.ids) | set(labels.vocabulary.values())
    used = {number for number in used if 0 <= number < classes}
    if len(used) < 2:
        return None
    if 0 in used and classes - 1 in used:
        return NONE
    if 0 not in used and classes - 1 in used:
        return "0"
    glosses = len(set(labels.vocabulary.values()))
    if 0 in used and glosses == classes - 1:
        return str(classes - 1)
    if 0 not in used and (glosses == classes - 1 or min(used) == 1):
        return "0"
    return None
