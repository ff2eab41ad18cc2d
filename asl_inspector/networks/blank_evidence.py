"""Is there a blank among the outputs, and which one?

A CTC network over G glosses has G + 1 outputs; one trained with cross-entropy has G. The names of the keys, the settings
in the checkpoint, the vocabulary and the labels each tell something; what tells most is taken, and what it was is said.
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
    """The index of the blank as text, or "none", with the reason; None where nothing tells.

    Args:
        classes: Outputs.
        keys: The keys of the state dict.
        settings: Settings in the checkpoint, dotted names.
        labels: Labels and vocabulary.
        pooled: True where the layout settles that a clip gets one answer.
    """
    if pooled:
        return Answer(NONE, "names", "a clip gets one answer, so that no frame is left to be blank")
    named = _by_settings(classes, settings)
    if named is not None:
        return named
    for gloss, number in labels.vocabulary.items():
        if gloss.lower() in BLANK_NAMES:
            if 0 <= number < classes:
                return Answer(str(number), "labels", f"the vocabulary calls index {number} “{gloss}”")
            break
    counted = _by_labels(classes, labels)
    speaking = next((key for key in keys if "ctc" in key.lower()), None)
    if speaking is not None:
        if counted is None:
            return Answer("0", "names", f"the key “{speaking}” speaks of CTC, and the first index is the usual one")
        return Answer(counted.value, "names", f"the key “{speaking}” speaks of CTC, and {counted.why}")
    return counted


def _by_settings(classes: int, settings: Mapping[str, Scalar]) -> Answer | None:
    for name, value in settings.items():
        last = name.rpartition(".")[2].lower()
        if last in ("blank", "blank_id", "blank_index", "blank_idx", "ctc_blank") and type(value) is int:
            return Answer(str(value % classes), "settings", f"the checkpoint's setting “{name}” is {value}")
        if last in ("loss", "criterion", "loss_type", "loss_fn", "loss_function") and isinstance(value, str):
            text = value.lower().replace("_", "").replace("-", "")
            if "crossentropy" in text or text in ("ce", "nll"):
                why = f"the checkpoint's setting “{name}” is “{value}”, a loss that knows no blank"
                return Answer(NONE, "settings", why)
    return None


def _by_labels(classes: int, labels: Labels) -> Answer | None:
    """By counting: which indices do glosses have?"""
    used = set(labels.ids) | set(labels.vocabulary.values())
    used = {number for number in used if 0 <= number < classes}
    if len(used) < 2:
        return None
    last, glosses = classes - 1, len(set(labels.vocabulary.values()))
    if 0 in used and last in used:
        why = f"glosses have the first and the last id of the {classes} outputs, 0 and {last}"
        return Answer(NONE, "labels", why)
    if 0 not in used and last in used:
        why = f"glosses have ids from {min(used)} to {last}, the last of {classes} outputs, and none has 0"
        return Answer("0", "labels", why)
    if 0 in used and last in (glosses, len(used)):
        why = f"{last} glosses have ids from 0 on, which leaves the last of the {classes} outputs over"
        return Answer(str(last), "labels", why)
    if 0 not in used and glosses == last:
        return Answer("0", "labels", f"there are {glosses} glosses for {classes} outputs, and none has id 0")
    if 0 not in used and min(used) == 1:
        return Answer("0", "labels", "the ids of glosses start at 1, which leaves 0 over")
    return None
