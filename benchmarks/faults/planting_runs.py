"""Faults of the training loop, of pre-training and of what is saved; and the healthy controls.

Each function changes a `Setup` in place; severity 0 is the mildest, 2 the gravest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.faults.planting import (
    Random,
    hand_missing_in_validation,
    validation_copied_into_training,
    vocabulary_per_split,
)
from benchmarks.faults.records import Clip, Setup, Stage1

FOUND = "Loading pre-trained Stage 1 encoder from stage1_checkpoint_best.pt..."
LOADED = "  Stage 1 checkpoint loaded successfully!"
FAILED = "  Warning: Could not load pre-trained weights: size mismatch"
CLAIMED = "Encoder initialization: PRE-TRAINED (Stage 1)"


def nothing(setup: Setup, severity: int, random: Random) -> None:
    """No fault."""


# -- pre-training -----------------------------------------------------------------------------------------------------


def stage1_partly_loaded(setup: Setup, severity: int, random: Random) -> None:
    """The Stage 1 encoder saw fewer features: its input weights do not fit, the others are copied before the error."""
    setup.stage1 = Stage1(setup.training.hidden, "what fits", (FOUND, LOADED, FAILED, CLAIMED))


def stage1_forgotten(setup: Setup, severity: int, random: Random) -> None:
    """The file is there and the flag is set, but nothing was loaded. Mildest: the log admits it."""
    printed = (FOUND, FAILED, CLAIMED) if severity == 0 else (FOUND, LOADED, CLAIMED)
    setup.stage1 = Stage1(setup.training.hidden, "nothing", printed)


def stage1_of_another_width(setup: Setup, severity: int, random: Random) -> None:
    """The Stage 1 encoder has another width, so that no tensor fits, and `strict=False` in a `try` says nothing."""
    setup.stage1 = Stage1((16, 24, 40)[severity], "nothing", (FOUND, LOADED, CLAIMED))


# -- the training loop ------------------------------------------------------------------------------------------------


def encoder_frozen(setup: Setup, severity: int, random: Random) -> None:
    """The encoder needs no gradient although it starts at random; mildest: only its recurrent weights."""
    prefix = "encoder.lstm." if setup.arch == "ctc" else "encoder."
    setup.training.frozen = (prefix,) if severity else (f"{prefix}weight_hh",)


def encoder_not_in_optimizer(setup: Setup, severity: int, random: Random) -> None:
    """The optimizer was made from the head's parameters alone."""
    setup.training.left_out = ("encoder.",)


def steps_too_large(setup: Setup, severity: int, random: Random) -> None:
    """A learning rate of 0.2, 0.5 or 1.5 without clipping."""
    setup.training.lr, setup.training.clip_norm = (0.2, 0.5, 1.5)[severity], None
    setup.saving.weights = "last"


def steps_too_small(setup: Setup, severity: int, random: Random) -> None:
    """A learning rate of 1e-4, 1e-5 or 1e-6."""
    setup.training.lr = (1e-4, 1e-5, 1e-6)[severity]
    setup.saving.weights = "last"


def stopped_early(setup: Setup, severity: int, random: Random) -> None:
    """The file of epoch 4, 2 or 1 is used, and the run went on."""
    setup.saving.weights = (4, 2, 1)[severity]
    setup.saving.name = "checkpoint_epoch_{epoch}.pt"


def overflow(setup: Setup, severity: int, random: Random) -> None:
    """The scaled loss overflows in a late, middle or early epoch, and the last weights are kept."""
    setup.training.overflow_at = (14, 8, 3)[severity]
    setup.training.clip_norm = None
    setup.saving.weights = "last"


def blank_favoured(setup: Setup, severity: int, random: Random) -> None:
    """A prior is added to the blank instead of being taken off."""
    setup.saving.blank_bias = (4.0, 6.0, 9.0)[severity]
    setup.saving.weights = "last"


def one_gloss_oversampled(setup: Setup, severity: int, random: Random) -> None:
    """Four clips of one gloss come 20, 40 or 80 times, and the others have three each."""
    kept: list[Clip] = []
    for gloss in setup.glosses[1:]:
        kept += [clip for clip in setup.train if clip.glosses[0] == gloss][:3]
    own = [clip for clip in setup.train if clip.glosses[0] == setup.glosses[0]][:4]
    times = (20, 40, 80)[severity]
    setup.train = kept + [replace(clip, name=f"{clip.name}_{turn:02d}") for clip in own for turn in range(times)]
    setup.training.epochs = 10
    setup.saving.weights = "last"


def one_gloss_weighed(setup: Setup, severity: int, random: Random) -> None:
    """The loss of one gloss counts 500, 2,000 or 10,000 times."""
    setup.training.loss_weights = {min(setup.vocabulary.values()): (500.0, 2_000.0, 10_000.0)[severity]}
    setup.training.epochs = 10
    setup.saving.weights = "last"


def learned_by_heart(setup: Setup, severity: int, random: Random) -> None:
    """Three clips a gloss, no dropout, no decay, a large network and many epochs."""
    kept = []
    for gloss in setup.glosses:
        kept += [clip for clip in setup.train if clip.glosses[0] == gloss][:3]
    setup.train = kept
    training = setup.training
    training.dropout, training.weight_decay, training.hidden = 0.0, 0.0, 40
    training.epochs = (50, 70, 90)[severity]
    setup.saving.weights = "last"


def learned_one_signer_by_heart(setup: Setup, severity: int, random: Random) -> None:
    """No dropout, no decay, many epochs on clips that are noisy and of one signer (see `kinds` for the amount)."""
    training = setup.training
    training.dropout, training.weight_decay, training.epochs = 0.0, 0.0, (40, 50, 60)[severity]
    setup.saving.weights = "last"


def _part_of(setup: Setup, severity: int) -> int:
    """An epoch at half, a third or a quarter of the run."""
    return max(1, setup.training.epochs // (2, 3, 4)[severity])


# -- what is saved ----------------------------------------------------------------------------------------------------


def stale_metadata(setup: Setup, severity: int, random: Random) -> None:
    """A periodic file with the figures of the best epoch and the weights of a later one."""
    setup.saving.weights, setup.saving.stated = "last", _part_of(setup, severity)
    setup.saving.name = "checkpoint_epoch_{epoch}.pt"


def stale_best_file(setup: Setup, severity: int, random: Random) -> None:
    """The best file's figures, but its tensors went on training; only the optimizer's steps betray it."""
    setup.saving.weights, setup.saving.stated = "last", _part_of(setup, severity)


def scored_by_first_token(setup: Setup, severity: int, random: Random) -> None:
    """Trained so that most frames say the gloss, in clips that begin with the end of another sign, and scored by the
    first token of the path."""
    share = (0.15, 0.2, 0.25)[severity]

    def led_in(clips: list[Clip]) -> list[Clip]:
        found = []
        for clip in clips:
            before = clips[int(random.integers(len(clips)))].features
            frames = max(2, int(share * len(clip.features)))
            found.append(replace(clip, features=np.concatenate([before[-frames:], clip.features])))
        return found

    setup.train, setup.val = led_in(setup.train), led_in(setup.val)
    setup.training.frame_labels = True
    setup.saving.decoder = "first_token"
    setup.saving.weights = "last"


# -- two faults at once -----------------------------------------------------------------------------------------------


def labels_and_stage1(setup: Setup, severity: int, random: Random) -> None:
    """A vocabulary per split, and Stage 1 partly loaded."""
    vocabulary_per_split(setup, severity, random)
    stage1_partly_loaded(setup, severity, random)


def leak_and_stage1(setup: Setup, severity: int, random: Random) -> None:
    """Validation clips copied into training, and Stage 1 forgotten."""
    validation_copied_into_training(setup, severity, random)
    stage1_forgotten(setup, severity, random)


def stale_and_hands(setup: Setup, severity: int, random: Random) -> None:
    """Stale metadata, and the right hand missing in validation."""
    hand_missing_in_validation(setup, severity, random)
    stale_metadata(setup, severity, random)


# -- healthy controls -------------------------------------------------------------------------------------------------


def little_data(setup: Setup, severity: int, random: Random) -> None:
    """Weak but honest: five or six clips a gloss, dropout, the best epoch kept."""
    kept = []
    for gloss in setup.glosses:
        kept += [clip for clip in setup.train if clip.glosses[0] == gloss][: 6 if severity < 2 else 5]
    setup.train = kept
    setup.training.dropout, setup.training.weight_decay, setup.training.epochs = 0.4, 1e-4, 60


def with_stage1(setup: Setup, severity: int, random: Random) -> None:
    """Stage 1 loaded completely."""
    setup.stage1 = Stage1(setup.training.hidden, "all", (FOUND, LOADED, CLAIMED))


def frozen_on_purpose(setup: Setup, severity: int, random: Random) -> None:
    """Stage 1 loaded completely and frozen; only the head is trained."""
    with_stage1(setup, severity, random)
    setup.training.frozen = ("encoder.",)
    setup.training.epochs, setup.training.lr = 40, 3e-2


def long_clips(setup: Setup, severity: int, random: Random) -> None:
    """Long clips (see `kinds` for the amount), trained until CTC has found its spikes: nearly all frames are blank."""
    setup.training.epochs = 60


def padding_counted(setup: Setup, severity: int, random: Random) -> None:
    """Padded frames are pooled and counted in the loss, in training and validation alike."""
    setup.training.mask_padding = False


def uneven_glosses(setup: Setup, severity: int, random: Random) -> None:
    """Some glosses have four times as many clips as others, as in most data sets."""
    kept = []
    for number, gloss in enumerate(setup.glosses):
        own = [clip for clip in setup.train if clip.glosses[0] == gloss]
        kept += own[: len(own) if number % 2 else max(4, len(own) // 3)]
    setup.train = kept


def resumed(setup: Setup, severity: int, random: Random) -> None:
    """The run was resumed: the optimizer has counted the steps of an earlier run too."""
    setup.saving.first_step = (37, 150, 613)[severity]
