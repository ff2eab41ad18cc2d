"""Which clips is a finding about? Groups of the validation clips, by what the inspection found in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import DataMeasures
from asl_inspector.report.sample_table import SampleTable
from asl_inspector.samples.records import UNLABELLED

HALF = 0.5
HANDS = ("left hand", "right hand", "hand")
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClipGroup:
    """Clips that are evidence for one thing.

    Attributes:
        title: What is the matter with them, in a few words.
        cause: Identity of the cause that they speak for, or an empty string.
        clips: (N,), True for those.
    """

    title: str
    cause: str
    clips: BoolArray


def clip_groups(samples: SampleTable, data: DataMeasures | None) -> tuple[ClipGroup, ...]:
    """The groups that have clips, in the order of the causes."""
    learned, known = samples.learned_ids, samples.learned_ids != UNLABELLED
    clash = known & (learned != samples.true_ids) & (samples.true_ids != UNLABELLED)
    unseen = ~known
    if known.any() and unseen.any():
        unseen &= np.fromiter(map(bool, samples.glosses), bool, len(samples))
    elif not known.any():  # what the network learned is not known
        unseen = known
    empty = samples.ran & np.equal(samples.majority, samples.blank) & (samples.blank >= 0)
    apart = samples.ran & np.not_equal(samples.majority, samples.score)
    found = [
        ("id differs from training", "label-map-mismatch", clash),
        ("gloss not in training", "label-map-mismatch", unseen),
        ("empty answer", "blank-collapse", empty),
    ]
    if samples.continuous is None:
        found.append(("decoders disagree", "decoder-mismatch", apart))
    found += _of_data(samples, data)
    without_hand = np.zeros(len(samples), bool)
    for hand in HANDS:
        if hand in samples.parts:
            without_hand |= samples.missing_in(hand) > HALF
    found += [
        ("a hand is missing in most frames", "missing-landmarks", without_hand),
        ("most frames repeat the one before", "", samples.frozen > HALF),
        ("not run", "", ~samples.ran),
    ]
    return tuple(ClipGroup(title, cause, clips) for title, cause, clips in found if clips.any())


def _of_data(samples: SampleTable, data: DataMeasures | None) -> list[tuple[str, str, BoolArray]]:
    """Clips that are also in the training data, or whose nearest training clip has another gloss."""
    if data is None or data.validation is None or data.validation.clips != len(samples):
        return []
    same = np.zeros(len(samples), bool)
    same[[ours for ours, _ in data.same_features]] = True
    cut = {one.validation for one in data.shared_frames}
    near = {pair.validation for pair in data.neighbours.pairs} if data.neighbours is not None else set()
    found = [
        ("also a training clip", "validation-leak", same),
        ("shares frames with a training clip", "validation-leak", _named(samples, cut)),
        ("nearly a training clip", "validation-leak", _named(samples, near)),
    ]
    nearest = data.neighbours
    if nearest is not None and len(nearest.right) == len(samples):
        found.append(("nearest training clip has another gloss", "", nearest.judged & ~nearest.right))
    return found


def _named(samples: SampleTable, names: set[str]) -> BoolArray:
    if not names:
        return np.zeros(len(samples), bool)
    return np.fromiter((one in names for one in samples.clip_ids), bool, len(samples))
