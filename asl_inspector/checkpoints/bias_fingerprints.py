"""The bias fingerprint of recurrent layers.

An LSTM adds `bias_ih` and `bias_hh`, both receive the same gradient, and so their difference keeps its value from birth
however long the training was; weight decay shrinks it slowly. In a GRU this holds for the reset and update gates, not
for the new gate, whose `bias_hh` lies behind the reset gate. Biases that were all zero at birth have no fingerprint.

Source: derived and measured for this program (docs/measurements.md).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.comparison_records import Fingerprint
from asl_inspector.checkpoints.hidden_units import shared_units_z, units, upper_tail
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.checkpoints.widening import widened
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content

GRU_GATES = 3


def fingerprint(
    name: str,
    pair_a: tuple[TensorRecord, TensorRecord],
    content_a: Content,
    pair_b: tuple[TensorRecord, TensorRecord],
    content_b: Content,
    gates: int,
) -> Fingerprint | None:
    """Compare the bias differences of one layer; None where they cannot tell.

    Args:
        name: Key of `bias_ih_l...` on side A.
        pair_a: The layer's `bias_ih` and `bias_hh`.
        content_a: A's file.
        pair_b: The same on side B.
        content_b: B's file.
        gates: 4 for an LSTM, 3 for a GRU.
    """
    try:
        born_a, born_b = _difference(pair_a, content_a, gates), _difference(pair_b, content_b, gates)
    except UnreadableCheckpoint:
        return None
    if born_a.shape != born_b.shape:
        return None
    equal_gates = len(born_a) * gates // max(1, pair_a[0].count)
    z = shared_units_z(units(name, born_a, equal_gates), units(name, born_b, equal_gates))
    if z is None:
        return None
    with np.errstate(all="ignore"):
        correlation = float(np.corrcoef(born_a, born_b)[0, 1])
    if not np.isfinite(correlation):
        return None
    return Fingerprint(name, correlation, born_a.size, upper_tail(z))


def _difference(pair: Iterable[TensorRecord], content: Content, gates: int) -> NDArray[np.float64]:
    """(gates * R,), or (2 * R,) of a GRU: bias_ih - bias_hh where both had the same gradients."""
    first, second = (widened(read_array(one, content)) for one in pair)
    apart = first - second
    return apart[: len(apart) // GRU_GATES * 2] if gates == GRU_GATES else apart
