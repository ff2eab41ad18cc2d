"""Which validation clips were cut from training clips, or the other way round?

Two clips that have frames in common, bit for bit, are of one recording: no two recordings give the same landmarks twice.
A clip that was trimmed, or of which every second frame was kept, is far from its origin by distance and is found so.

Threshold: half of the validation clip's frames and five at least, so that a frame that a program wrote by default is not
taken for a recording. Frames without any landmark, and frames that occur in many training clips, are left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from asl_inspector.data.records import ClipSurvey, SharedFrames

FEWEST = 5
SHARE = 0.5
MOST_PLACES = 20  # a frame in more places than this is a default, not a recording
MOST_LISTED = 2_000


def find_shared_frames(
    ours: ClipSurvey, theirs: ClipSurvey, names: Sequence[str], train_names: Sequence[str]
) -> tuple[SharedFrames, ...]:
    """Validation clips that share frames with a training clip, most first; whole copies are left out.

    Args:
        ours: The validation clips.
        theirs: The training clips.
        names: Of the validation clips.
        train_names: Of the training clips.
    """
    if not len(ours.frame_prints) or not len(theirs.frame_prints):
        return ()
    order = np.argsort(theirs.frame_prints, kind="stable")
    known = theirs.frame_prints[order]
    owner = np.repeat(np.arange(theirs.clips), theirs.lengths)[order]
    first = np.searchsorted(known, ours.frame_prints, side="left")
    stop = np.searchsorted(known, ours.frame_prints, side="right")
    met = (stop > first) & (stop - first <= MOST_PLACES) & (ours.frame_prints != 0)
    starts = np.concatenate([[0], np.cumsum(ours.lengths)])
    copies = set(theirs.digests)
    found = []
    for clip in np.unique(np.searchsorted(starts, np.flatnonzero(met), side="right") - 1).tolist():
        here = np.arange(starts[clip], starts[clip + 1])[met[starts[clip] : starts[clip + 1]]]
        if len(here) < max(FEWEST, SHARE * ours.lengths[clip]) or ours.digests[clip] in copies:
            continue
        counts = Counter(one for frame in here.tolist() for one in set(owner[first[frame] : stop[frame]].tolist()))
        train, frames = counts.most_common(1)[0]
        if frames >= max(FEWEST, SHARE * ours.lengths[clip]):
            found.append(SharedFrames(names[clip], train_names[train], frames, int(ours.lengths[clip])))
    return tuple(sorted(found, key=lambda one: (-one.frames / one.of, one.validation))[:MOST_LISTED])
