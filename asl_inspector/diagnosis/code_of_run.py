"""What a fix should be written for: the kind of network, and the names that this run gives its things.

Names of variables come from the run's own notebook or script where it is at hand, keys from the checkpoint and the feature
cache; what is not known has the usual name. Only plain names are taken: a fix is copied into code.
"""

from __future__ import annotations

import keyword
from dataclasses import dataclass, fields

from asl_inspector.diagnosis.evidence import Evidence
from asl_inspector.samples.records import Clips

LONGEST = 24
SETTABLE = ("model", "optimizer", "criterion", "loader", "train", "val", "gloss_to_id")


@dataclass(frozen=True, slots=True)
class CodeOfRun:
    """The names that a snippet uses.

    Attributes:
        ctc: True for a network with a blank, trained with CTC; False for cross-entropy.
        blank: Index of the blank; 0 where there is none.
        model: The network.
        optimizer: The optimizer.
        criterion: The loss.
        loader: Of the training batches.
        train: The training clips, a dict by clip name.
        val: The validation clips.
        gloss_to_id: The vocabulary.
        features: Key of a clip's features.
        gloss: Key of its gloss.
        gloss_id: Key of its id.
        state: Key of the state dict in a checkpoint.
        head: Attribute of the last layer.
        encoder: Attribute of the encoder.
        pretrained: Key of the encoder's state dict in the Stage 1 file.
        learning_rate: As the optimizer states it, or None.
    """

    ctc: bool = True
    blank: int = 0
    model: str = "model"
    optimizer: str = "optimizer"
    criterion: str = "criterion"
    loader: str = "train_loader"
    train: str = "train"
    val: str = "val"
    gloss_to_id: str = "gloss_to_id"
    features: str = "features"
    gloss: str = "gloss"
    gloss_id: str = "gloss_id"
    state: str = "model_state_dict"
    head: str = "classifier"
    encoder: str = "encoder"
    pretrained: str = "encoder_state_dict"
    learning_rate: float | None = None


def code_of(evidence: Evidence) -> CodeOfRun:
    """The names of a case."""
    architecture, checkpoint = evidence.architecture, evidence.checkpoint
    found: dict[str, str] = {}
    if evidence.history is not None:
        found |= {what: name for what, name in evidence.history.names if what in SETTABLE}
    clips = evidence.case.validation or evidence.case.train
    found |= _keys(clips)
    if checkpoint is not None:
        path = checkpoint.contents.weights_path
        found["state"] = path[-1] if path else ""
        head = next(
            (
                key
                for key, tensor in reversed(checkpoint.weights.items())
                if architecture is not None and len(tensor.shape) == 2 and tensor.shape[0] == architecture.classes
            ),
            "",
        )
        found["head"] = head.rpartition(".")[0]
    if evidence.stage1 is not None:
        found["encoder"] = evidence.stage1.prefix_a.rstrip(".")
    known = {one.name for one in fields(CodeOfRun)}
    plain = {what: name for what, name in found.items() if what in known and _is_plain(name)}
    optimizer = checkpoint.contents.optimizer if checkpoint is not None else None
    blank = architecture.blank if architecture is not None else 0
    return CodeOfRun(
        **plain,
        ctc=blank is not None,
        blank=blank or 0,
        learning_rate=optimizer.lr if optimizer is not None else None,
    )


def _keys(clips: Clips | None) -> dict[str, str]:
    """Keys of a feature cache, where it is a dict of dicts."""
    if clips is None or clips.mapping is None:
        return {}
    named = {"features": clips.mapping.features, "gloss_id" if not any(clips.glosses) else "gloss": clips.mapping.label}
    return {what: name for what, name in named.items() if name.isidentifier()}


def _is_plain(name: str) -> bool:
    """True for a dotted name of letters that code may use; `a.0` of a Sequential is none."""
    parts = name.split(".")
    return 0 < len(name) <= LONGEST and all(
        part.isascii() and part.isidentifier() and not keyword.iskeyword(part) for part in parts
    )
