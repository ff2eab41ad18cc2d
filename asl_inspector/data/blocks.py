"""Which features go missing together?

A hand that was not found is written as NaN, or as zeros, in all its numbers at once. Where the layout of the landmarks
is known (543 points of MediaPipe Holistic, 75 points of pose and hands) the hands are looked at by their place.
Elsewhere features whose gaps fall into the very same frames form a block: four features at least, missing in some
frames and present in others.

Source of the places: MediaPipe Holistic, 468 points of the face, 21 of the left hand, 33 of the pose, 21 of the right.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from asl_inspector.data.records import Block

SMALLEST = 4
MOST_BLOCKS = 8
HOLISTIC = 543
BODY_AND_HANDS = 75
LAYOUTS = {
    HOLISTIC: {"left hand": (468, 489), "right hand": (522, 543)},
    BODY_AND_HANDS: {"right hand": (33, 54), "left hand": (54, 75)},
}
PRIME = np.uint64(0x9E3779B97F4A7C15)


class BlockFinder:
    """Looks at clip after clip; two features are of one block where their gaps have the same fingerprint.

    The fingerprint of a feature is a sum over its missing frames of a random number for each frame, so equal gaps give
    equal sums and different ones almost never do.

    Args:
        width: F.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.frames = 0
        self.missing = np.zeros(width, np.int64)
        self.prints = np.zeros(width, np.uint64)

    def add(self, features: NDArray[np.float32]) -> None:
        """Take in one clip, (T, F)."""
        gone = ~np.isfinite(features) | (features == 0)
        self.missing += gone.sum(axis=0)
        numbers = _mixed(np.arange(self.frames, self.frames + len(features), dtype=np.uint64))
        self.prints += (gone * numbers[:, None]).sum(axis=0, dtype=np.uint64)
        self.frames += len(features)

    def found(self) -> tuple[Block, ...]:
        """The blocks, most missing first; the hands of a known layout even where they are never missing."""
        if not self.frames:
            return ()
        named = self._named()
        if named:
            return named
        groups: dict[tuple[int, int], list[int]] = defaultdict(list)
        for column in range(self.width):
            if 0 < self.missing[column] < self.frames:
                groups[int(self.missing[column]), int(self.prints[column])].append(column)
        blocks = [
            Block(column_words(columns), tuple(columns), count / self.frames)
            for (count, _), columns in groups.items()
            if len(columns) >= SMALLEST
        ]
        return tuple(sorted(blocks, key=lambda one: (-one.missing, one.columns))[:MOST_BLOCKS])

    def _named(self) -> tuple[Block, ...]:
        for points, hands in LAYOUTS.items():
            for axes in (2, 3, 4):
                if points * axes == self.width:
                    return tuple(
                        Block(name, columns, float(self.missing[list(columns)].min()) / self.frames)
                        for name, (start, stop) in hands.items()
                        if (columns := tuple(range(start * axes, stop * axes)))
                    )
        return ()


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
