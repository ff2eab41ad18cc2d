"""Which features go missing together?

A hand that was not found is written as NaN, or as zeros, in all its numbers at once. Where the layout of the landmarks
is known, each part of the body is looked at by its place. Elsewhere features whose gaps fall into the very same frames
form a block: four features at least, missing in some frames and present in others.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import Block
from asl_inspector.samples.records import Landmarks

SMALLEST = 4
MOST_BLOCKS = 8
PRIME = np.uint64(0x9E3779B97F4A7C15)


class BlockFinder:
    """Looks at clip after clip; two features are of one block where their gaps have the same fingerprint.

    The fingerprint of a feature is a sum over its missing frames of a random number for each frame, so equal gaps give
    equal sums and different ones almost never do.

    Args:
        width: F.
        landmarks: What the numbers of a frame are, or None.
    """

    def __init__(self, width: int, landmarks: Landmarks | None = None) -> None:
        self.width = width
        self.frames = 0
        self.groups = columns_of_parts(landmarks, width)
        self.group_frames = dict.fromkeys(self.groups, 0)
        self.group_clips = dict.fromkeys(self.groups, 0)
        self.missing = np.zeros(width, np.int64)
        self.absent_clips = np.zeros(width, np.int64)
        self.prints = np.zeros(width, np.uint64)

    def add(self, features: NDArray[np.float32]) -> NDArray[np.float64]:
        """Take in one clip, (T, F).

        Returns:
            (P,), the share of its frames in which each part of a known layout is missing; NaN for a clip without frames.
        """
        gone = ~np.isfinite(features) | (features == 0)
        shares = np.full(len(self.groups), np.nan)
        for place, (part, columns) in enumerate(self.groups.items()):
            absent = gone[:, columns].all(axis=1)
            self.group_frames[part] += int(absent.sum())
            self.group_clips[part] += bool(absent.all())
            if len(absent):
                shares[place] = absent.mean()
        self.missing += gone.sum(axis=0)
        self.absent_clips += gone.all(axis=0)
        numbers = _mixed(np.arange(self.frames, self.frames + len(features), dtype=np.uint64))
        self.prints += (gone * numbers[:, None]).sum(axis=0, dtype=np.uint64)
        self.frames += len(features)
        return shares

    def found(self) -> tuple[Block, ...]:
        """The blocks, most missing first; the parts of a known layout even where they are never missing."""
        if not self.frames:
            return ()
        if self.groups:
            return tuple(
                Block(part, tuple(columns.tolist()), self.group_frames[part] / self.frames, self.group_clips[part])
                for part, columns in self.groups.items()
            )
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for column in range(self.width):
            if 0 < self.missing[column] < self.frames:
                groups[int(self.missing[column]), int(self.prints[column])].append(column)
        blocks = [
            Block(column_words(columns), tuple(columns), count / self.frames, int(self.absent_clips[columns].min()))
            for (count, _), columns in groups.items()
            if len(columns) >= SMALLEST
        ]
        return tuple(sorted(blocks, key=lambda one: (-one.missing, one.columns))[:MOST_BLOCKS])


def columns_of_parts(landmarks: Landmarks | None, width: int) -> dict[str, NDArray[np.intp]]:
    """The numbers of each part of the body; empty where they are not known, or are those of another width."""
    if landmarks is None or landmarks.width != width:
        return {}
    found: dict[str, list[NDArray[np.intp]]] = defaultdict(list)
    for group in landmarks.groups:  # rows of one part need not lie together
        found[group.part].append(landmarks.columns_of(group))
    return {part: np.concatenate(columns) for part, columns in found.items()}


def _mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers that look random, one for each frame (splitmix64)."""
    with np.errstate(over="ignore"):
        mixed = (numbers + np.uint64(1)) * PRIME
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def column_words(columns: list[int] | tuple[int, ...]) -> str:
    """Features in words: "features 0 to 20", "features 3, 7 and 9"."""
    if len(columns) == 1:
        return f"feature {columns[0]}"
    if list(columns) == list(range(columns[0], columns[-1] + 1)) and len(columns) > 2:
        return f"features {columns[0]} to {columns[-1]}"
    shown = [str(column) for column in columns[:4]]
    if len(columns) > 4:
        return f"features {', '.join(shown)} and {len(columns) - 4} more"
    return f"features {', '.join(shown[:-1])} and {shown[-1]}"
