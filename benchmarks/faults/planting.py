"""Faults in the clips and their labels. Each function changes a `Setup` in place; severity 0 is the mildest, 2 the gravest.

Faults of the training loop and of what is saved are in `planting_runs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from benchmarks.faults.records import Clip, Matrix, Setup

Random = np.random.Generator
Plant = Callable[[Setup, int, Random], None]


def relabelled(clips: list[Clip], ids: dict[str, int]) -> list[Clip]:
    """The clips with the ids of another vocabulary."""
    return [replace(clip, ids=tuple(ids[gloss] for gloss in clip.glosses)) for clip in clips]


def changed(clips: list[Clip], change: Callable[[Matrix], Matrix]) -> list[Clip]:
    """The clips with other features."""
    return [replace(clip, features=change(clip.features.copy()).astype(np.float32)) for clip in clips]


# -- labels -----------------------------------------------------------------------------------------------------------


def vocabulary_per_split(setup: Setup, severity: int, random: Random) -> None:
    """Glosses numbered anew among those that have a validation clip; the last split to be numbered overwrites."""
    first = min(setup.vocabulary.values())
    missing = set(random.choice(setup.glosses[:-1], size=severity + 1, replace=False).tolist())
    missing.add(setup.glosses[int(random.integers(3))])  # an early gloss, so that the shift reaches most of the others
    setup.val = [clip for clip in setup.val if clip.glosses[0] not in missing]
    present = [gloss for gloss in setup.glosses if gloss not in missing]
    fresh = {gloss: number for number, gloss in enumerate(present, start=first)}
    setup.val = relabelled(setup.val, fresh)
    setup.vocabulary = setup.vocabulary | fresh


def ids_off_by_one(setup: Setup, severity: int, random: Random) -> None:
    """Validation ids are one higher than those that were trained; at severity 2 the file names no glosses but ids."""
    last = setup.outputs - 1
    shifted = {
        gloss: number + 1 if number < last else min(setup.vocabulary.values())
        for gloss, number in setup.vocabulary.items()
    }
    setup.val = relabelled(setup.val, shifted)


def wrong_vocabulary_for_validation(setup: Setup, severity: int, random: Random) -> None:
    """Validation was numbered with the file of another experiment: other order, or only some glosses exchanged."""
    names, numbers = list(setup.vocabulary), list(setup.vocabulary.values())
    moved = random.choice(
        len(names), size=(4, 7, len(names))[severity] if len(names) > 7 else len(names), replace=False
    )
    turned = np.roll(moved, 1)
    mixed = dict(setup.vocabulary)
    for here, there in zip(moved.tolist(), turned.tolist(), strict=True):
        mixed[names[here]] = numbers[there]
    setup.val = relabelled(setup.val, mixed)


def first_gloss_is_the_blank(setup: Setup, severity: int, random: Random) -> None:
    """Ids from 0 although 0 is the blank: the first gloss can never be said. Graver: that gloss is more frequent."""
    lower = {gloss: number - 1 for gloss, number in setup.vocabulary.items()}
    setup.train, setup.val, setup.vocabulary = relabelled(setup.train, lower), relabelled(setup.val, lower), lower
    spare = [clip for clip in setup.val if clip.glosses[0] != setup.glosses[0]]
    own = [clip for clip in setup.val if clip.glosses[0] == setup.glosses[0]]
    setup.val = own + spare[: len(spare) * (3 - severity) // 3]


def too_few_outputs(setup: Setup, severity: int, random: Random) -> None:
    """The last glosses have no output; their training clips are counted to the last one that has."""
    setup.outputs -= (1, 3, 5)[severity]


def noisy_training_labels(setup: Setup, severity: int, random: Random) -> None:
    """20, 30 or 40 % of the training clips carry a random other gloss."""
    share = (0.2, 0.3, 0.4)[severity]
    for index, clip in enumerate(setup.train):
        if random.random() < share:
            other = str(random.choice([gloss for gloss in setup.glosses if gloss != clip.glosses[0]]))
            setup.train[index] = replace(clip, glosses=(other,), ids=(setup.vocabulary[other],))


def paired_training_labels(setup: Setup, severity: int, random: Random) -> None:
    """Annotators confuse glosses in pairs: in some pairs a good part of the training clips carry the other's name."""
    names = random.permutation(setup.glosses).tolist()
    pairs = list(zip(names[::2], names[1::2], strict=False))[: (3, 4, 6)[severity]]
    partner = dict(pairs) | {b: a for a, b in pairs}
    for index, clip in enumerate(setup.train):
        other = partner.get(clip.glosses[0])
        if other is not None and random.random() < 0.45:
            setup.train[index] = replace(clip, glosses=(other,), ids=(setup.vocabulary[other],))


def rows_out_of_step(setup: Setup, severity: int, random: Random) -> None:
    """Validation features and labels were sorted apart: every clip has the features of another one."""
    count = len(setup.val)
    moved = random.choice(count, size=(2 * count // 3, 5 * count // 6, count)[severity], replace=False)
    features = {int(here): setup.val[int(there)].features for here, there in zip(moved, np.roll(moved, 1), strict=True)}
    setup.val = [replace(clip, features=features.get(index, clip.features)) for index, clip in enumerate(setup.val)]


# -- features ---------------------------------------------------------------------------------------------------------


def validation_standardised_otherwise(setup: Setup, severity: int, random: Random) -> None:
    """Validation features went through another standardisation: other spread, other centre."""
    width = setup.val[0].features.shape[1]
    spread = np.exp(random.normal(scale=(0.8, 1.2, 1.6)[severity], size=width))
    shift = random.normal(scale=(1.0, 2.0, 4.0)[severity], size=width)
    setup.val = changed(setup.val, lambda features: features * spread + shift)


def validation_in_pixels(setup: Setup, severity: int, random: Random) -> None:
    """Validation places in pixels of an image, training places in its width."""
    size = (8.0, 64.0, 640.0)[severity]
    setup.val = changed(setup.val, lambda features: features * size)


def hands_swapped_in_validation(setup: Setup, severity: int, random: Random) -> None:
    """Left and right hand change places in validation, in a half, three quarters or all of its clips."""
    (a, b), (c, d) = setup.columns.right, setup.columns.left

    def swap(features: Matrix) -> Matrix:
        features[:, a:b], features[:, c:d] = features[:, c:d].copy(), features[:, a:b].copy()
        return features

    kept = len(setup.val) * (2, 1, 0)[severity] // 4
    setup.val = setup.val[:kept] + changed(setup.val[kept:], swap)


def velocity_doubled_in_validation(setup: Setup, severity: int, random: Random) -> None:
    """Velocities of validation are of another frame rate: 2, 3 or 4 times those of training."""
    a, b = setup.columns.velocity
    factor = (2.0, 3.0, 4.0)[severity]

    def faster(features: Matrix) -> Matrix:
        features[:, a:b] *= factor
        return features

    setup.val = changed(setup.val, faster)


def mirrored_validation(setup: Setup, severity: int, random: Random) -> None:
    """Every second place of validation has its axis turned round."""
    every = (3, 2, 1)[severity]
    end = setup.columns.velocity[0]

    def mirror(features: Matrix) -> Matrix:
        features[:, :end:every] *= -1
        return features

    setup.val = changed(setup.val, mirror)


def hand_missing_in_half_of_the_frames(setup: Setup, severity: int, random: Random) -> None:
    """The detector lost both hands in 40, 60 or 75 % of the frames of all clips, which are zero then."""
    share = (0.4, 0.6, 0.75)[severity]
    blocks = setup.columns.right, setup.columns.left

    def lose(features: Matrix) -> Matrix:
        for a, b in blocks:
            features[random.random(len(features)) < share, a:b] = 0
        return features

    setup.train, setup.val = changed(setup.train, lose), changed(setup.val, lose)


def hand_missing_in_validation(setup: Setup, severity: int, random: Random) -> None:
    """The detector lost the right hand in validation alone."""
    share = (0.3, 0.5, 0.75)[severity]
    a, b = setup.columns.right

    def lose(features: Matrix) -> Matrix:
        features[random.random(len(features)) < share, a:b] = 0
        return features

    setup.val = changed(setup.val, lose)


def frozen_frames(setup: Setup, severity: int, random: Random) -> None:
    """The tracker stood still: most frames of validation repeat the one before."""
    share = (0.5, 0.7, 0.9)[severity]

    def freeze(features: Matrix) -> Matrix:
        for frame in range(1, len(features)):
            if random.random() < share:
                features[frame] = features[frame - 1]
        return features

    setup.val = changed(setup.val, freeze)


def gaps_are_nan_in_validation(setup: Setup, severity: int, random: Random) -> None:
    """Frames without a hand are NaN in validation and were filled in training."""
    clips = (0.25, 0.45, 0.7)[severity]
    a, b = setup.columns.right

    def lose(features: Matrix) -> Matrix:
        if random.random() < clips:
            features[random.integers(len(features)), a:b] = np.nan
        return features

    setup.val = changed(setup.val, lose)


def validation_copied_into_training(setup: Setup, severity: int, random: Random) -> None:
    """25, 50 or 100 % of the validation clips are training clips too."""
    count = len(setup.val) * (1, 2, 4)[severity] // 4
    setup.train += [replace(clip, name=f"extra_{clip.name}") for clip in setup.val[:count]]


def validation_augmented_into_training(setup: Setup, severity: int, random: Random) -> None:
    """Augmented before the split: training has noised copies of 25, 50 or 100 % of the validation clips."""
    count = len(setup.val) * (1, 2, 4)[severity] // 4
    spread = np.concatenate([clip.features for clip in setup.train]).std(axis=0)

    def noised(features: Matrix) -> Matrix:
        return features + 0.03 * spread * random.normal(size=features.shape)

    copies = changed(setup.val[:count], noised)
    setup.train += [replace(clip, name=f"augmented_{clip.name}") for clip in copies]


def too_short_for_their_targets(setup: Setup, severity: int, random: Random) -> None:
    """Continuous signing of six glosses, thinned in time until clips have five, four or three frames."""
    many, frames = 6, (5, 4, 3)[severity]

    def strung(clips: list[Clip], split: str) -> list[Clip]:
        found = []
        for number in range(len(clips) * 2 // 3):
            chosen = [clips[int(one)] for one in random.integers(len(clips), size=many)]
            whole = np.concatenate([clip.features for clip in chosen])
            thinned = whole[np.linspace(0, len(whole) - 1, frames).round().astype(int)]
            glosses = tuple(clip.glosses[0] for clip in chosen)
            ids = tuple(clip.ids[0] for clip in chosen)
            found.append(Clip(f"{split}_sentence_{number:03d}", glosses, ids, 0, thinned))
        return found

    setup.train, setup.val = strung(setup.train, "train"), strung(setup.val, "val")


def one_or_two_clips_a_gloss(setup: Setup, severity: int, random: Random) -> None:
    """Most glosses have one or two training clips."""
    kept: list[Clip] = []
    for number, gloss in enumerate(setup.glosses):
        own = [clip for clip in setup.train if clip.glosses[0] == gloss]
        kept += own[: (8 if number < (4, 3, 2)[severity] else 2 if severity < 2 else 1)]
    setup.train = kept
