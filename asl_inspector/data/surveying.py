"""One pass over the clips of a file: ranges, gaps, frozen frames, missing blocks, duplicates.

Numbers are taken in double precision and moments are merged clip by clip (Chan, Golub and LeVeque 1979), so that a
column of Unix times does not swallow its own spread.

Rules: a feature is constant where its range is below 1e-6 of the size of the features around it; a frame is frozen where
all its numbers equal those of the frame before; a clip starts with a spike where its first step is ten times its middle
one, as it does where a filter kept the state of the clip before.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.blocks import PRIME, BlockFinder
from asl_inspector.data.records import ClipSurvey, ColumnFacts
from asl_inspector.progress import CancelToken, Progress, Step, silent
from asl_inspector.samples.known_landmarks import known_landmarks
from asl_inspector.samples.records import UNLABELLED, Clips, Landmarks
from asl_inspector.samples.skeletons import Sides

CONSTANT = 1e-6
SPIKE = 10.0
SIGNER = re.compile(r"(?:signer|participant|person|subject|speaker)[_-]?([A-Za-z]?\d+)", re.IGNORECASE)
FloatArray = NDArray[np.float64]


class _Columns:
    """Moments and ranges of features, merged clip by clip."""

    def __init__(self, width: int) -> None:
        self.count = np.zeros(width)
        self.mean = np.zeros(width)
        self.squares = np.zeros(width)
        self.low = np.full(width, np.inf)
        self.high = np.full(width, -np.inf)
        self.absent = np.zeros(width)
        self.zero = np.zeros(width)
        self.frames = 0

    def add(self, features: FloatArray) -> FloatArray:
        """Take one clip in and give back the mean of each feature, NaN where it has no finite number."""
        finite = np.isfinite(features)
        known = np.where(finite, features, 0.0)
        count = finite.sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            mean = np.where(count > 0, known.sum(axis=0) / count, np.nan)
        own = np.where(count > 0, mean, 0.0)
        squares = (np.where(finite, features - own, 0.0) ** 2).sum(axis=0)
        total = self.count + count
        safe = np.maximum(total, 1)
        delta = np.where(count > 0, own - self.mean, 0.0)
        self.squares += squares + delta**2 * self.count * count / safe
        self.mean += delta * count / safe
        self.count = total
        self.low = np.minimum(self.low, np.where(finite, features, np.inf).min(axis=0, initial=np.inf))
        self.high = np.maximum(self.high, np.where(finite, features, -np.inf).max(axis=0, initial=-np.inf))
        self.absent += len(features) - count
        self.zero += (features == 0).sum(axis=0)
        self.frames += len(features)
        return mean

    def facts(self) -> ColumnFacts:
        """The facts of all clips taken in."""
        frames = max(self.frames, 1)
        none = self.count == 0
        arrays = [
            np.where(none, np.nan, self.mean),
            np.where(none, np.nan, np.sqrt(self.squares / np.maximum(self.count, 1))),
            np.where(none, np.nan, self.low),
            np.where(none, np.nan, self.high),
            self.absent / frames,
            self.zero / frames,
        ]
        for array in arrays:
            array.flags.writeable = False
        return ColumnFacts(*arrays)


def survey(clips: Clips, what: str, *, progress: Progress = silent, cancel: CancelToken | None = None) -> ClipSurvey:
    """Look through the clips of a file.

    Args:
        clips: The clips.
        what: "validation" or "training", for the progress.
        progress: Told how far it is.
        cancel: Asked now and then.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    width = clips.feature_count
    columns = _Columns(width) if width else None
    sides = Sides(known_landmarks(clips))
    blocks = BlockFinder(width, sides.landmarks) if width else None
    missing = np.full((len(clips), len(blocks.groups) if blocks is not None else 0), np.nan)
    frozen, spikes, digests = np.full(len(clips), np.nan), 0, []
    prints = [np.zeros(0, np.uint64)]
    means = np.full((len(clips), width or 0), np.nan)
    for index in range(len(clips)):
        if index % 256 == 0:
            cancel.raise_if_cancelled()
            progress(Step(f"Looking through the {what} clips", index, len(clips), "clips"))
        raw = clips.features(index)
        digests.append(hashlib.blake2b(raw.tobytes(), digest_size=16).digest() if len(raw) else b"")
        prints.append(frame_prints(raw))
        if not raw.size:
            continue
        features = raw.astype(np.float64)
        if columns is not None and blocks is not None:
            means[index] = columns.add(features)
            missing[index] = blocks.add(raw)
            sides.add(raw)
        share, spike = _movement(features, zero_or_nan(raw))
        frozen[index] = share
        spikes += spike
    joined = np.concatenate(prints)
    landmarks = sides.settled()
    names = _settled_names(blocks, sides.landmarks, landmarks)
    for array in (frozen, missing, means, joined):
        array.flags.writeable = False
    facts = columns.facts() if columns is not None else None
    known = Counter(digest for digest in digests if digest)
    return ClipSurvey(
        clips=len(clips),
        frames=int(clips.lengths.sum()),
        lengths=clips.lengths,
        columns=facts,
        glosses=gloss_counts(clips),
        signers=_signers(clips),
        constant=_constant(facts),
        blocks=tuple(replace(one, name=names.get(one.name, one.name)) for one in blocks.found()) if blocks else (),
        frozen=frozen,
        spikes=spikes,
        repeated=sum(count - 1 for count in known.values()),
        infeasible=infeasible(clips.lengths, _targets(clips)),
        digests=tuple(digests),
        frame_prints=joined,
        means=means,
        landmarks=landmarks,
        parts=tuple(names.values()),
        missing=missing,
    )


def _settled_names(blocks: BlockFinder | None, before: Landmarks | None, after: Landmarks | None) -> dict[str, str]:
    """The parts of the body by the names that they had while it was open which hand is which."""
    if blocks is None or before is None or after is None:
        return {}
    names = {old.part: new.part for old, new in zip(before.groups, after.groups, strict=True)}
    return {part: names[part] for part in blocks.groups}


def frame_prints(features: NDArray[np.float32]) -> NDArray[np.uint64]:
    """(T,), a fingerprint of each frame: equal for equal numbers; 0 for a frame of nothing but zeros and gaps.

    A sum over the frame's numbers of their bits, mixed with the place of the number.
    """
    bits = np.ascontiguousarray(features + np.float32(0)).view(np.uint32).astype(np.uint64)  # -0 becomes 0
    places = np.arange(1, features.shape[1] + 1, dtype=np.uint64) * PRIME
    with np.errstate(over="ignore"):
        mixed = (bits ^ (places >> np.uint64(17))) * (places | np.uint64(1))
        mixed ^= mixed >> np.uint64(29)
        mixed *= PRIME
        sums: NDArray[np.uint64] = mixed.sum(axis=1, dtype=np.uint64)
    empty = zero_or_nan(features).all(axis=1)
    return np.where(empty, np.uint64(0), sums)


def _movement(features: FloatArray, absent: NDArray[np.bool_]) -> tuple[float, bool]:
    """Share of frames that repeat the frame before, and whether the first step is a spike.

    Frames in which nothing was found are left out: they say nothing about movement. NaN where no two neighbours are left.
    """
    if len(features) < 2:
        return np.nan, False
    steps = np.abs(np.diff(np.nan_to_num(features, nan=0.0, posinf=0.0, neginf=0.0), axis=0)).sum(axis=1)
    told: NDArray[np.bool_] = np.logical_not(absent.all(axis=1))
    both = told[1:] & told[:-1]
    moving = steps[(steps > 0) & both]
    spike = len(moving) > 3 and bool(both[0]) and steps[0] > SPIKE * float(np.median(moving))
    return float((steps[both] == 0).mean()) if both.any() else np.nan, bool(spike)


def zero_or_nan(features: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(T, F), where nothing was detected."""
    absent: NDArray[np.bool_] = ~np.isfinite(features) | (features == 0)
    return absent


def _constant(facts: ColumnFacts | None) -> tuple[int, ...]:
    if facts is None:
        return ()
    size = np.maximum(np.abs(facts.low), np.abs(facts.high))
    still = (facts.high - facts.low) <= CONSTANT * np.maximum(size, CONSTANT)
    return tuple(np.flatnonzero(still).tolist())


def gloss_counts(clips: Clips) -> tuple[tuple[str, int], ...]:
    """`(gloss, clips)`, most clips first; ids as text where a clip has no name."""
    names = Counter(
        gloss if gloss is not None else f"id {number}"
        for gloss, number in zip(clips.glosses, clips.gloss_ids.tolist(), strict=True)
        if gloss is not None or number != UNLABELLED
    )
    return tuple(sorted(names.items(), key=lambda pair: (-pair[1], pair[0])))


def _signers(clips: Clips) -> tuple[str, ...]:
    """The signer of each clip: as the file says, else as the names of the clips do; nothing where some are unknown."""
    told = tuple(one for one in clips.signers if one is not None)
    return told if told and len(told) == len(clips) else signers_of(clips.ids)


def _targets(clips: Clips) -> list[tuple[object, ...]]:
    """What each clip is to be read as: several glosses of continuous signing, else one."""
    several: tuple[tuple[object, ...], ...] = clips.target_ids or clips.targets
    single = [(number,) for number in clips.gloss_ids.tolist()]
    return [many or one for many, one in zip(several, single, strict=True)] if several else list(single)


def signers_of(ids: Sequence[str]) -> tuple[str, ...]:
    """The signer of each clip where all clip names tell one ("signer03_book_2"), else nothing."""
    found = [match[1] if (match := SIGNER.search(name)) else None for name in ids]
    return tuple(one for one in found if one is not None) if found and None not in found else ()


def required_frames(target: Sequence[object]) -> int:
    """Frames that CTC needs at least for a target: one for each gloss, and a blank between equal neighbours.

    Source: Graves et al. 2006, section 3.
    """
    return len(target) + sum(a == b for a, b in itertools.pairwise(target))


def infeasible(
    lengths: Sequence[int] | NDArray[np.int64], targets: Sequence[Sequence[object]], *, stride: int = 1
) -> int:
    """Clips whose output is shorter than their target needs.

    Args:
        lengths: Frames of each clip.
        targets: Glosses of each clip, as ids or as text.
        stride: Frames that the network makes one output of.
    """
    return sum(int(length) // stride < required_frames(target) for length, target in zip(lengths, targets, strict=True))
