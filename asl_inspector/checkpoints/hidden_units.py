"""Do two tensors share their hidden units one by one? A closed-form permutation test.

If tensor B's hidden units were renumbered at random, how large would the agreement with A be? The agreement is
sum_i M[i, i] with M[i, j] = <unit i of A, unit j of B>. Over all renumberings its mean is sum(M)/R and its variance is
sum(D^2)/(R - 1), D being M with row and column means removed, so no permutation has to be drawn. What all units have in
common (forget gates that drift upwards in every trained LSTM, say) is in the mean and does not count as agreement.

Shapes: R units, F numbers a unit.

Source: Hoeffding 1951, "A combinatorial central limit theorem", Annals of Mathematical Statistics 22(4).
"""

from __future__ import annotations

import math
import re

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
FEWEST_UNITS = 16
MOST_UNITS = 1_024  # more are thinned out evenly
MOST_NUMBERS_A_UNIT = 16_384
RECURRENT = re.compile(r"(?:weight|bias)_(?:ih|hh)_l\d+(?:_reverse)?$")


def units(name: str, array: NDArray[np.generic], gates: int) -> FloatArray:
    """The tensor's numbers by hidden unit.

    Args:
        name: Key in the state dict; recurrent tensors stack `gates` blocks of units.
        array: (gates * R, ...) or (R, ...).
        gates: 4 for an LSTM, 3 for a GRU, 1 for a plain recurrent network.

    Returns:
        (R, F).
    """
    values = np.asarray(array, dtype=np.float64)
    if values.ndim == 0:
        return values.reshape(1, 1)
    rows = values.reshape(values.shape[0], -1)  # (gates * R, inputs)
    if RECURRENT.search(name) and rows.shape[0] % gates == 0:
        blocks = rows.reshape(gates, rows.shape[0] // gates, rows.shape[1])
        rows = blocks.transpose(1, 0, 2).reshape(blocks.shape[1], -1)  # (R, gates * inputs)
    return rows


def gates_of(names: set[str], shapes: dict[str, tuple[int, ...]]) -> int:
    """How many gates the recurrent layers of a state dict have: rows of `weight_hh_l0` over its columns."""
    for name in sorted(names):
        shape = shapes.get(name, ())
        if re.search(r"weight_hh_l\d+(_reverse)?$", name) and len(shape) == 2 and shape[1]:
            return max(1, shape[0] // shape[1])
    return 1


def shared_units_z(a: FloatArray, b: FloatArray) -> float | None:
    """How many standard deviations the agreement of A and B lies above a random renumbering of units.

    Args:
        a: (R, F).
        b: (R, F).

    Returns:
        z, or None where there are too few units or no variation to judge by.
    """
    if a.shape != b.shape or a.shape[0] < FEWEST_UNITS:
        return None
    rows = np.linspace(0, a.shape[0] - 1, min(a.shape[0], MOST_UNITS)).astype(int)
    columns = np.linspace(0, a.shape[1] - 1, min(a.shape[1], MOST_NUMBERS_A_UNIT)).astype(int)
    a, b = a[np.ix_(rows, columns)], b[np.ix_(rows, columns)]
    products = a @ b.T  # (R, R)
    count = products.shape[0]
    by_row = products.mean(axis=1, keepdims=True)
    by_column = products.mean(axis=0, keepdims=True)
    centred = products - by_row - by_column + products.mean()
    variance = float((centred**2).sum()) / (count - 1)
    scale = float(np.abs(a).max(initial=0.0) * np.abs(b).max(initial=0.0))
    if not math.isfinite(variance) or variance <= (1e-12 * scale) ** 2:
        return None
    z: float = (float(np.trace(products)) - float(products.sum()) / count) / math.sqrt(variance)
    return z


def upper_tail(z: float) -> float:
    """Probability that a standard normal variable exceeds `z`."""
    return 0.5 * math.erfc(z / math.sqrt(2))
