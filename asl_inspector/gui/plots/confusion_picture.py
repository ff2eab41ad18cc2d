"""A confusion matrix of thousands of glosses as a picture, from its cells that are not 0. G glosses, K cells.

A cell has at least one pixel, whatever the zoom, and a wrong one more where wrong ones are few. Where several share a
pixel, the larger share lies over the smaller, so that a good network shows its diagonal and a wrong answer beside it is
not outshone by one still smaller. The work grows with the cells, not with G x G.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LEAST = 0.42  # of the full colour: a single clip of a frequent gloss must be seen
SPARSE = 0.1  # of the pixels may be covered by wrong cells that are drawn larger
LARGER = ((0, 1), (1, 0), (1, 1))  # the pixels beside that such a cell takes where nothing else lies
IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
Colours = NDArray[np.uint32]


@dataclass(frozen=True)
class View:
    """The part of the matrix that is shown, in cells."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Cells across."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Cells down."""
        return self.bottom - self.top


class Cells:
    """The cells as they are drawn: placed by an order of the glosses, sorted so that what lies on top comes last.

    Args:
        true: (K,), place of what was signed.
        answer: (K,), place of what was answered.
        count: (K,).
        share: (K,), of the clips of that gloss, in [0, 1].
        order: (n,), the glosses from left to right and from top to bottom; what is nothing comes last.
    """

    def __init__(self, true: IntArray, answer: IntArray, count: IntArray, share: FloatArray, order: IntArray) -> None:
        place = np.empty(len(order), np.int64)
        place[order] = np.arange(len(order))
        wrong = true != answer
        on_top = np.argsort(share, kind="stable")
        self.rows = place[true[on_top]].astype(np.int32)
        self.columns = place[answer[on_top]].astype(np.int32)
        self.counts = count[on_top]
        self.shares = share[on_top]
        self.wrong = wrong[on_top]
        self.size = len(order)
        codes = self.rows.astype(np.int64) * self.size + self.columns
        self._by_place = np.argsort(codes)
        self._codes = codes[self._by_place]

    def __len__(self) -> int:
        return len(self.counts)

    def at(self, row: int, column: int) -> int:
        """The count of a cell by its place in the picture."""
        code = row * self.size + column
        found = int(np.searchsorted(self._codes, code))
        return int(self.counts[self._by_place[found]]) if found < len(self) and self._codes[found] == code else 0

    def nearest(self, down: float, across: float, reach: float) -> tuple[int, int] | None:
        """Row and column of the cell nearest to a point, no farther than `reach` cells in either direction."""
        near = self.within(View(across - reach, down - reach, across + reach, down + reach))
        if not len(near):
            return None
        way = (self.rows[near] + 0.5 - down) ** 2 + (self.columns[near] + 0.5 - across) ** 2
        best = near[int(np.argmin(way))]
        return int(self.rows[best]), int(self.columns[best])

    def within(self, view: View) -> IntArray:
        """Which cells a view shows, those on top last."""
        inside = (self.columns >= np.floor(view.left)) & (self.columns < view.right)
        inside &= (self.rows >= np.floor(view.top)) & (self.rows < view.bottom)
        return np.flatnonzero(inside)


def cell_colours(cells: Cells, ground: FloatArray, right: FloatArray, wrong: FloatArray) -> Colours:
    """(K,), opaque pixels 0xAARRGGBB: the fuller, the larger the share of the clips of the gloss.

    Args:
        cells: What is drawn.
        ground: (3,), colour of an empty cell, 0 to 255.
        right: (3,), full colour of a right answer.
        wrong: (3,), full colour of a wrong one.
    """
    full = np.where(cells.wrong[:, None], wrong, right)
    part = LEAST + (1 - LEAST) * np.clip(cells.shares, 0, 1)[:, None]
    mixed = np.rint(ground + (full - ground) * part).astype(np.uint32)
    found: Colours = (0xFF000000 | (mixed[:, 0] << 16) | (mixed[:, 1] << 8) | mixed[:, 2]).astype(np.uint32)
    return found


def paint(
    cells: Cells, colours: Colours, view: View, width: int, height: int, ground: FloatArray, *, larger: bool = True
) -> Colours:
    """(height, width), pixels of a view in which cells are smaller than pixels; `larger` makes few wrong ones larger."""
    red, green, blue = (int(one) for one in np.rint(ground))
    picture = np.full((height, width), 0xFF000000 | red << 16 | green << 8 | blue, np.uint32)
    shown = cells.within(view)
    if not len(shown):
        return picture
    across = (cells.columns[shown] + 0.5 - view.left) * (width / view.width)
    down = (cells.rows[shown] + 0.5 - view.top) * (height / view.height)
    columns = np.clip(across.astype(np.int64), 0, width - 1)
    rows = np.clip(down.astype(np.int64), 0, height - 1)
    wrong = cells.wrong[shown]
    if larger and (1 + len(LARGER)) * int(wrong.sum()) < SPARSE * picture.size:
        for down_by, across_by in LARGER:
            beside = (np.minimum(rows[wrong] + down_by, height - 1), np.minimum(columns[wrong] + across_by, width - 1))
            picture[beside] = colours[shown[wrong]]
    picture[rows, columns] = colours[shown]  # of several at one pixel the last one stays: it lies on top
    return picture


def shares_of(true: IntArray, count: IntArray, support: IntArray) -> FloatArray:
    """(K,), each cell over the support of its row; of what was never signed over the largest cell of that row."""
    known = true < len(support)
    of = np.where(known, support[np.where(known, true, 0)] if len(support) else 1, max(1, int(count.max(initial=1))))
    share: FloatArray = count / np.maximum(of, 1)
    return share
