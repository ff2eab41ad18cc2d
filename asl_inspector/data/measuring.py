"""The clips of a case, looked through: each file once, then one against the other."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from asl_inspector.data.learning import learning_curve
from asl_inspector.data.linear import linear_probe
from asl_inspector.data.neighbours import can_compare, find_neighbours
from asl_inspector.data.records import Among, ClipSurvey, DataMeasures, Neighbours, SharedFrames
from asl_inspector.data.separating import separate
from asl_inspector.data.shared_frames import MOST_LISTED, find_shared_frames
from asl_inspector.data.shift import compare
from asl_inspector.data.structure import compare_structure
from asl_inspector.data.surveying import gloss_counts, survey
from asl_inspector.data.votes import count_votes, nearest_among
from asl_inspector.data.warping import find_warped, is_small
from asl_inspector.errors import DataError
from asl_inspector.progress import CancelToken, Progress, silent
from asl_inspector.samples.records import Clips

AT_ONCE = 4_000_000  # pairs times features/36 that are compared without being asked: about a second


def measure_clips(
    validation: Clips | None,
    train: Clips | None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> DataMeasures | None:
    """What is found in the clips, or None where there are none. Small sets are searched for near duplicates too.

    Raises:
        Cancelled: If `cancel` was set.
    """
    if validation is None and train is None:
        return None
    ours = survey(validation, "validation", progress=progress, cancel=cancel) if validation is not None else None
    theirs = survey(train, "training", progress=progress, cancel=cancel) if train is not None else None
    return against_each_other(validation, train, ours, theirs, progress=progress, cancel=cancel)


def against_each_other(
    validation: Clips | None,
    train: Clips | None,
    ours: ClipSurvey | None,
    theirs: ClipSurvey | None,
    *,
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> DataMeasures:
    """The measures of two files that were surveyed already."""
    among = _among(validation, ours, progress, cancel)
    if validation is None or train is None or ours is None or theirs is None:
        return DataMeasures(ours, theirs, None, (), 0, (), (), among=among)
    known = {digest: index for index, digest in enumerate(theirs.digests) if digest}
    same = tuple((index, known[digest]) for index, digest in enumerate(ours.digests) if digest in known)
    names = set(train.ids)
    found = DataMeasures(
        validation=ours,
        train=theirs,
        shift=compare(ours, theirs),
        same_features=same,
        same_name=sum(name in names for name in validation.ids),
        same_signers=tuple(sorted(set(ours.signers) & set(theirs.signers))),
        unseen=_unseen(validation, train),
        copies=tuple(
            SharedFrames(validation.ids[a], train.ids[b], int(validation.lengths[a]), int(validation.lengths[a]))
            for a, b in same[:MOST_LISTED]
        ),
        shared_frames=find_shared_frames(ours, theirs, validation.ids, train.ids),
        among=among,
    )
    structure = compare_structure(validation, train, ours, theirs, progress=progress, cancel=cancel)
    _heed(cancel)
    found = replace(found, structure=structure, separation=separate(ours, theirs))
    _heed(cancel)
    if can_compare(validation, train) and theirs.columns is not None:
        ignored = found.shift.extreme if found.shift is not None else ()
        curve = learning_curve(validation, train, theirs.columns, ignored=ignored, progress=progress, cancel=cancel)
        _heed(cancel)
        found = replace(found, learning=curve, linear=linear_probe(validation, train, ours, theirs))
    work = len(validation) * len(train) * (validation.feature_count or 0) / 36
    if not can_compare(validation, train) or work > AT_ONCE:
        return found
    extreme = found.shift.extreme if found.shift is not None else ()
    neighbours = nearest_clips(
        validation, train, theirs, "resampled", ignored=extreme, progress=progress, cancel=cancel
    )
    found = replace(found, neighbours=neighbours)
    if len(train) ** 2 * (train.feature_count or 0) / 36 > AT_ONCE or theirs.columns is None:
        return found
    votes = count_votes(
        validation,
        train,
        theirs.columns,
        own_columns=ours.columns,
        ignored=extreme,
        progress=progress,
        cancel=cancel,
    )
    return replace(found, votes=votes)


def _heed(cancel: CancelToken | None) -> None:
    if cancel is not None:
        cancel.raise_if_cancelled()


def _among(
    clips: Clips | None, found: ClipSurvey | None, progress: Progress, cancel: CancelToken | None
) -> Among | None:
    if clips is None or found is None or found.columns is None or not len(clips):
        return None
    if len(clips) ** 2 * (clips.feature_count or 0) / 36 > AT_ONCE:
        return None
    return nearest_among(clips, found.columns, progress=progress, cancel=cancel)


def nearest_clips(
    validation: Clips,
    train: Clips,
    survey_of_train: ClipSurvey,
    method: str,
    *,
    ignored: tuple[int, ...] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> Neighbours:
    """The nearest training clips by a method, "resampled" or "dtw".

    Args:
        validation: The clips to judge.
        train: The clips to seek among.
        survey_of_train: For the scale of each feature.
        method: How clips are compared.
        ignored: Features to leave out: one on another scale would decide every distance by itself.
        progress: Told how far it is.
        cancel: Asked now and then.

    Raises:
        DataError: If the clips cannot be compared.
        Cancelled: If `cancel` was set.
    """
    columns = survey_of_train.columns
    if columns is None or not can_compare(validation, train):
        raise DataError(
            "The clips of training and validation have different features, so none is near another.",
            advice="Drop clips that were extracted in the same way.",
        )
    if method == "dtw" and not is_small(validation, train):
        raise DataError(
            f"{len(validation) * len(train):,} pairs of clips are too many to warp each onto the other.",
            advice="Use the length-normalised search.",
        )
    seek = find_warped if method == "dtw" else find_neighbours
    spread = columns.spread.copy()
    spread[list(ignored)] = np.nan
    return seek(validation, train, columns.mean, spread, progress=progress, cancel=cancel)


def _unseen(validation: Clips, train: Clips) -> tuple[str, ...]:
    """Glosses of validation that training lacks, where both files have names."""
    if not any(gloss is not None for gloss in train.glosses):
        return ()
    known = {name for name, _ in gloss_counts(train)}
    named = {gloss for gloss in validation.glosses if gloss is not None}
    return tuple(sorted(named - known))
