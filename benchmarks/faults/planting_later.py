"""The second list of faults and healthy controls. They were written down, with what counts as naming them, after the first
held-out results had been seen and before anything was mended, and are held out in their turn.

Each function changes a `Setup` in place; severity 0 is the mildest, 2 the gravest.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.faults.planting import Random, changed, relabelled, vocabulary_per_split
from benchmarks.faults.planting_runs import CLAIMED, FAILED, FOUND, LOADED, encoder_frozen
from benchmarks.faults.records import Clip, Matrix, Setup, Stage1

# -- labels -----------------------------------------------------------------------------------------------------------


def nameless(clips: list[Clip]) -> list[Clip]:
    """The clips with their ids alone."""
    return [replace(clip, glosses=("",)) for clip in clips]


def nameless_ids_per_split(setup: Setup, severity: int, random: Random) -> None:
    """Numbered anew per split, and the validation file has no gloss names to tell."""
    vocabulary_per_split(setup, severity, random)
    setup.vocabulary = {
        gloss: number for clip in setup.train for gloss, number in zip(clip.glosses, clip.ids, strict=True)
    }
    setup.val = nameless(setup.val)


def nameless_ids_sorted_as_text(setup: Setup, severity: int, random: Random) -> None:
    """Validation ids by another order, without names: ids sorted as text, glosses backwards, glosses by frequency."""
    glosses = list(setup.vocabulary)
    if severity == 0:
        ordered = [gloss for _, gloss in sorted((str(number), gloss) for gloss, number in setup.vocabulary.items())]
    else:
        ordered = glosses[::-1] if severity == 1 else random.permutation(glosses).tolist()
    ids = dict(zip(ordered, sorted(setup.vocabulary.values()), strict=True))
    setup.val = nameless(relabelled(setup.val, ids))


def glosses_joined(setup: Setup, severity: int, random: Random) -> None:
    """A faulty merge of vocabularies gives two, three or four pairs of glosses one id each, in every file."""
    names = random.permutation(list(setup.vocabulary)).tolist()
    joined = dict(setup.vocabulary)
    for one, other in zip(names[: severity + 2], names[severity + 2 : 2 * severity + 4], strict=True):
        joined[other] = joined[one]
    setup.vocabulary = joined
    setup.train, setup.val = relabelled(setup.train, joined), relabelled(setup.val, joined)


def labels_slip_by_a_row(setup: Setup, severity: int, random: Random) -> None:
    """A line is missing in the list of training labels: from some row on, every clip has the label of the next."""
    first = int(len(setup.train) * (0.7, 0.5, 0.3)[severity])
    rows = setup.train[first:]
    moved = [
        replace(clip, glosses=other.glosses, ids=other.ids)
        for clip, other in zip(rows, [*rows[1:], rows[0]], strict=True)
    ]
    setup.train = setup.train[:first] + moved


def noisy_validation_labels(setup: Setup, severity: int, random: Random) -> None:
    """30, 45 or 60 % of the validation clips carry a random other gloss; training is clean."""
    share = (0.3, 0.45, 0.6)[severity]
    for index, clip in enumerate(setup.val):
        if random.random() < share:
            other = str(random.choice([gloss for gloss in setup.glosses if gloss != clip.glosses[0]]))
            setup.val[index] = replace(clip, glosses=(other,), ids=(setup.vocabulary[other],))


# -- training ---------------------------------------------------------------------------------------------------------


def head_not_in_optimizer(setup: Setup, severity: int, random: Random) -> None:
    """The optimizer was made from the encoder's parameters alone; graver: the head needs no gradient either."""
    head = "classifier." if setup.arch == "ctc" else "head."
    setup.training.left_out = (head,)
    if severity:
        setup.training.frozen = (head,)


def decay_too_strong(setup: Setup, severity: int, random: Random) -> None:
    """Weight decay of 0.03, 0.1 or 0.3 in the gradient holds every weight near zero."""
    setup.training.weight_decay = (0.03, 0.1, 0.3)[severity]
    setup.saving.weights = "last"


def scheduler_asked_every_batch(setup: Setup, severity: int, random: Random) -> None:
    """A scheduler meant for epochs is asked after every batch: the steps are over before they begin."""
    setup.training.shrink = (0.7, 0.5, 0.3)[severity]
    setup.saving.weights = "last"


def last_epoch_blew_up(setup: Setup, severity: int, random: Random) -> None:
    """A warm restart in the last epoch: its steps are 50, 100 or 300 times as large, and the last weights are kept."""
    setup.training.last_lr = setup.training.lr * (50, 100, 300)[severity]
    setup.training.clip_norm = None
    setup.saving.weights = "last"


# -- pre-training -----------------------------------------------------------------------------------------------------


def stage1_in_one_direction(setup: Setup, severity: int, random: Random) -> None:
    """The Stage 1 encoder only read forwards: the weights that read backwards start at random. Mildest: the log tells."""
    printed = (FOUND, FAILED, CLAIMED) if severity == 0 else (FOUND, LOADED, CLAIMED)
    setup.stage1 = Stage1(setup.training.hidden, "one direction", printed)


# -- data -------------------------------------------------------------------------------------------------------------


def validation_at_another_rate(setup: Setup, severity: int, random: Random) -> None:
    """Validation has every second, third or fourth frame, and velocities between those."""
    every = severity + 2
    a, b = setup.columns.velocity

    def thinner(features: Matrix) -> Matrix:
        kept = features[::every].copy()
        kept[:, a:b] = np.diff(kept[:, : b - a], axis=0, prepend=kept[:1, : b - a])
        return kept

    setup.val = changed(setup.val, thinner)


def columns_in_another_order(setup: Setup, severity: int, random: Random) -> None:
    """Validation was written with its columns in another order: rolled by one, rolled by half, or shuffled."""
    width = setup.val[0].features.shape[1]
    rolled = np.roll(np.arange(width), 1 if severity == 0 else width // 2)
    order = random.permutation(width) if severity == 2 else rolled
    setup.val = changed(setup.val, lambda features: features[:, order])


def some_of_validation_in_pixels(setup: Setup, severity: int, random: Random) -> None:
    """30, 50 or 70 % of the validation clips come from another source, with places in pixels."""
    share = (0.3, 0.5, 0.7)[severity]
    setup.val = [
        changed([clip], lambda features: features * 256.0)[0] if random.random() < share else clip for clip in setup.val
    ]


def velocities_left_out_of_validation(setup: Setup, severity: int, random: Random) -> None:
    """The velocities of validation were never computed: zeros, in a half, three quarters or all of its clips."""
    a, b = setup.columns.velocity

    def without(features: Matrix) -> Matrix:
        features[:, a:b] = 0
        return features

    kept = len(setup.val) * (2, 1, 0)[severity] // 4
    setup.val = setup.val[:kept] + changed(setup.val[kept:], without)


def validation_trimmed_into_training(setup: Setup, severity: int, random: Random) -> None:
    """Training has 25, 50 or 100 % of the validation clips too, with some frames cut off at both ends."""
    count = len(setup.val) * (1, 2, 4)[severity] // 4
    cut = [replace(clip, features=clip.features[1 + severity : -2].copy()) for clip in setup.val[:count]]
    setup.train += [replace(clip, name=f"trimmed_{clip.name}") for clip in cut]


# -- two faults at once -----------------------------------------------------------------------------------------------


def frozen_and_another_rate(setup: Setup, severity: int, random: Random) -> None:
    """The encoder needs no gradient, and validation has another frame rate."""
    encoder_frozen(setup, max(1, severity), random)
    validation_at_another_rate(setup, severity, random)


# -- healthy controls -------------------------------------------------------------------------------------------------


def wide_network(setup: Setup, severity: int, random: Random) -> None:
    """Two to three times as many units: hundreds of parameters a clip, and nothing wrong with it."""
    setup.training.hidden = (64, 80, 96)[severity]


def augmented_training(setup: Setup, severity: int, random: Random) -> None:
    """The training file holds one to three noised copies of its own clips, as augmentation in advance writes them."""
    spread = np.concatenate([clip.features for clip in setup.train]).std(axis=0)

    def noised(features: Matrix) -> Matrix:
        return features + 0.1 * spread * random.normal(size=features.shape)

    plain = list(setup.train)
    for turn in range(severity + 1):
        setup.train += [replace(clip, name=f"{clip.name}_aug{turn}") for clip in changed(plain, noised)]
    setup.training.epochs = max(8, setup.training.epochs // (severity + 2) + 4)


def the_same_signers(setup: Setup, severity: int, random: Random) -> None:
    """Clips of the same people in training and validation, dealt at random: no leak of a clip."""
    everything = [*setup.train, *setup.val]
    order = random.permutation(len(everything)).tolist()
    size = len(setup.train)
    names = [clip.name for clip in everything]
    dealt = [replace(everything[index], name=name) for index, name in zip(order, names, strict=True)]
    setup.train, setup.val = dealt[:size], dealt[size:]
    setup.clean = list(setup.val)


def strong_dropout(setup: Setup, severity: int, random: Random) -> None:
    """Dropout of 0.5, 0.6 or 0.7: the printed training loss is above that of validation, as it should be."""
    setup.training.dropout = (0.5, 0.6, 0.7)[severity]
    setup.training.epochs += 20
