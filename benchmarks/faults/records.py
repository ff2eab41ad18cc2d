"""What a planted run consists of, before it is trained: clips, settings, what is saved and what is printed.

Shapes: T frames, F features.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Arch = Literal["ctc", "pooled"]
Decoder = Literal["majority", "first_token"]
ARCHS: tuple[Arch, ...] = ("ctc", "pooled")


@dataclass(frozen=True, slots=True)
class Clip:
    """One clip as a feature cache holds it.

    Attributes:
        name: Its key in the cache.
        glosses: What it shows; more than one for continuous signing, an empty name where the file gives ids alone.
        ids: Their ids.
        signer: Who signs.
        features: (T, F).
    """

    name: str
    glosses: tuple[str, ...]
    ids: tuple[int, ...]
    signer: int
    features: Matrix


@dataclass(frozen=True, slots=True)
class Columns:
    """Which features are what, as `(first, end)`.

    Attributes:
        right: The right hand, or the first half of what stands for it.
        left: The left hand, with as many columns as the right one.
        velocity: Differences between frames.
    """

    right: tuple[int, int]
    left: tuple[int, int]
    velocity: tuple[int, int]


@dataclass(slots=True)
class Training:
    """Settings of the training loop.

    Attributes:
        epochs: How many.
        lr: Step size of Adam.
        weight_decay: Added to the gradient, as Adam does it.
        dropout: Before the last layer.
        hidden: Units in each direction.
        clip_norm: Largest norm of the gradient, or None.
        frozen: Prefixes of parameters that need no gradient.
        left_out: Prefixes of parameters that the optimizer was not given.
        loss_weights: Factor on the loss of the clips of an id; 1 where none is given.
        mask_padding: False where padded frames count like others in pooling and loss.
        frame_labels: True where every frame is trained towards the gloss by cross-entropy, instead of CTC.
        overflow_at: Epoch in which the loss is scaled beyond single precision, or None.
        shrink: Factor on the step size after every batch, as a scheduler has it that should be asked once an epoch.
        last_lr: Step size of the last epoch, or None for that of the others.
    """

    epochs: int = 24
    lr: float = 6e-3
    weight_decay: float = 1e-5
    dropout: float = 0.2
    hidden: int = 32
    clip_norm: float | None = 1.0
    frozen: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    loss_weights: dict[int, float] = field(default_factory=dict)
    mask_padding: bool = True
    overflow_at: int | None = None
    frame_labels: bool = False
    shrink: float = 1.0
    last_lr: float | None = None


@dataclass(slots=True)
class Stage1:
    """How pre-training goes in.

    Attributes:
        hidden: Width of the pre-trained encoder.
        load: "all", "what fits" (raises after copying, as `strict=False` does), "one direction" (the pre-trained encoder
            only read forwards), "nothing".
        printed: Lines of the log.
    """

    hidden: int
    load: Literal["all", "what fits", "one direction", "nothing"]
    printed: tuple[str, ...] = ()


@dataclass(slots=True)
class Saving:
    """What the run writes.

    Attributes:
        weights: "best" epoch by validation accuracy, "last", or a number from 1.
        stated: The same for the metadata, where it differs ("best" beside the weights of another epoch).
        decoder: By which the run measures its accuracy.
        name: Of the checkpoint file; `{epoch}` is the epoch of the weights.
        blank_bias: Added to the blank's bias in every evaluated and saved copy.
        first_step: Steps that the optimizer had counted before, in a resumed run.
    """

    weights: str | int = "best"
    stated: str | int | None = None
    decoder: Decoder = "majority"
    name: str = "checkpoint_best.pt"
    blank_bias: float = 0.0
    first_step: int = 0


@dataclass(slots=True)
class Setup:
    """A run that is about to be trained. Planting a fault changes it.

    Attributes:
        arch: "ctc" (BiLSTM, one answer a frame, blank 0) or "pooled" (BiGRU, mean over frames, cross-entropy).
        glosses: In the order of their ids.
        train: Training clips, as trained on and as written.
        val: Validation clips.
        vocabulary: Gloss to id, as it is written beside the run and into the checkpoint.
        outputs: Of the last layer.
        columns: Which features are what.
        training: Settings.
        saving: What is written.
        stage1: Pre-training, or None.
        clean: The validation clips as they were before the fault.
    """

    arch: Arch
    glosses: tuple[str, ...]
    train: list[Clip]
    val: list[Clip]
    vocabulary: dict[str, int]
    outputs: int
    columns: Columns
    training: Training = field(default_factory=Training)
    saving: Saving = field(default_factory=Saving)
    stage1: Stage1 | None = None
    clean: list[Clip] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Case:
    """One planted run.

    Attributes:
        kind: Name of the fault, or of the healthy control.
        arch: Of the network.
        generator: Of the clips.
        seed: Of everything random.
        severity: 0 is the mildest, 2 the gravest.
    """

    kind: str
    arch: Arch
    generator: str
    seed: int
    severity: int

    @property
    def name(self) -> str:
        """Unique name."""
        return f"{self.kind}.{self.arch}.{self.generator}.{self.seed}.{self.severity}"
