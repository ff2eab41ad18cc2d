"""Dot and matrix products in pieces so small that the linear algebra library keeps to the calling thread.

OpenBLAS shares larger products among threads that wait for each other by spinning. Where another program has the other
core, each product then waits for a time slice: measured on two busy cores, 30 times slower than one thread alone. The
comparison brings threads of its own, one a tensor.

Source of the limits: OpenBLAS 0.3, interface/dot.c (10,000 numbers) and interface/gemm.c (M N K of 262,144).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST_DOT = 8_192
TILE = 64


def dot(x: NDArray[Any], y: NDArray[Any]) -> float:
    """Inner product of two vectors; pieces in their own precision, added up in double precision."""
    whole = len(x) // LONGEST_DOT * LONGEST_DOT
    total = float(np.dot(x[whole:], y[whole:]))
    if whole:
        rows, others = x[:whole].reshape(-1, LONGEST_DOT), y[:whole].reshape(-1, LONGEST_DOT)
        total += float(
            np.add.reduce(np.vecdot(rows, others), dtype=np.float64)
        )  # one call: Python's lock changes hands once
    return total


def gram(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """All inner products between the rows of A and those of B.

    Args:
        a: (R, F).
        b: (S, F).

    Returns:
        (R, S).
    """
    found = np.zeros((len(a), len(b)))
    for column in range(0, a.shape[1], TILE):
        across = slice(column, column + TILE)
        for top in range(0, len(a), TILE):
            rows = np.ascontiguousarray(a[top : top + TILE, across])
            for left in range(0, len(b), TILE):
                found[top : top + TILE, left : left + TILE] += rows @ b[left : left + TILE, across].T
    return found
