"""Do two tensors share their hidden units one by one? A closed-form permutation test.

If tensor B's hidden units were renumbered at random, how large would the agreement with A be? The agreement is
sum_i M[i, i] with M[i, j] = <unit i of A, unit j of B>. Over all renumberings its mean is sum(M)/R and its variance is
sum(D^2)/(R - 1), D being M with row and column means removed, so no permutation has to be drawn. What all units have in
common (forget gates that drift upwards in every trained LSTM, say) is in the mean and does not count as agreement.

Units are the rows of a weight, and its columns are the units of the layer before; the smaller of the two agreements
counts. For rows of an output layer are glosses, which keep their places in every network for one vocabulary, and so are
the inputs of a first layer; only what hidden units agree in shows a common start. The gates of a recurrent layer and
the taps of a convolution stay together with their unit.

Large tensors are sampled: at most 64 units and as many of their numbers as make 8,192, rows spread evenly and columns
from the middle. Where that leaves z between 2 and 10, eight times as many (128 units) are taken, then 64 times as many
(256 units).

Shapes: R units, F numbers a unit.

Source: Hoeffding 1951, "A combinatorial central limit theorem", Annals of Mathematical Statistics 22(4).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.one_thread_products import dot, gram
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.checkpoints.tensor_windows import VIEWED, Reader
from asl_inspector.checkpoints.widening import widened
from asl_inspector.mapped_file import Content

FloatArray = NDArray[np.float64]
FEWEST_UNITS = 16
LOOKS = ((64, 1 << 13), (128, 1 << 16), (256, 1 << 19))  # units, numbers
UNDECIDED_Z = (2.0, 10.0)
LARGEST_CONVERTED = 1 << 22  # numbers of a type that NumPy lacks, read whole; of larger tensors only rows are read
RECURRENT = re.compile(r"(?:weight|bias)_(?:ih|hh)_l\d+(?:_reverse)?$")


@dataclass(frozen=True, slots=True)
class UnitTest:
    """The agreement of hidden units.

    Attributes:
        z: Standard deviations above a random renumbering, or None where there are too few units to say.
        units: How many units were renumbered.
        highest: The z of a perfect agreement; where that is low, a low z says nothing.
    """

    z: float | None
    units: int
    highest: float = 0.0


def units(name: str, array: NDArray[np.generic], gates: int) -> FloatArray:
    """The tensor's numbers by hidden unit.

    Args:
        name: Key in the state dict; recurrent tensors stack `gates` blocks of units.
        array: (gates * R, ...) or (R, ...).
        gates: 4 for an LSTM, 3 for a GRU, 1 for a plain recurrent network.

    Returns:
        (R, F).
    """
    values = widened(array)
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
    found = _agreement(a, b)
    return None if found is None else found[0]


def _agreement(a: FloatArray, b: FloatArray) -> tuple[float, float] | None:
    """z, and the z that A and B would reach if their units agreed perfectly (sqrt(R - 1) where F = 1)."""
    if a.shape != b.shape or a.shape[0] < FEWEST_UNITS:
        return None
    a_centred, b_centred = _centred(a), _centred(b)
    products = gram(a_centred, b_centred)  # (R, R), row and column means removed
    variance = _squares(products) / (len(products) - 1)
    scale = _largest(a) * _largest(b)
    if not math.isfinite(variance) or variance <= (1e-12 * scale) ** 2:
        return None
    spread = math.sqrt(variance)
    highest = math.sqrt(_squares(a_centred) * _squares(b_centred)) / spread
    return float(np.trace(products)) / spread, highest


def _centred(a: FloatArray) -> FloatArray:
    return np.asarray(a - np.add.reduce(a, axis=0) / len(a))


def _squares(a: FloatArray) -> float:
    flat = a.reshape(-1)
    return dot(flat, flat)


def _largest(a: FloatArray) -> float:
    return max(float(np.maximum.reduce(a, axis=None)), -float(np.minimum.reduce(a, axis=None))) if a.size else 0.0


def unit_test(
    name: str, a: TensorRecord, content_a: Content, b: TensorRecord, content_b: Content, gates: int
) -> UnitTest:
    """The test on two tensors of one shape, on a sample where they are large.

    Raises:
        UnreadableCheckpoint: If the numbers of one are not to be had.
    """
    gates = gates if RECURRENT.search(name) and a.shape and a.shape[0] % gates == 0 else 1
    found: list[UnitTest] = []
    for axis in range(min(2, len(a.shape))):
        count = a.shape[0] // gates if axis == 0 else a.shape[1]
        if count < FEWEST_UNITS:
            continue
        agreement = None
        for most_units, most_numbers in LOOKS:
            one = _sample(a, content_a, gates, axis, most_units, most_numbers)
            other = _sample(b, content_b, gates, axis, most_units, most_numbers)
            agreement = _agreement(one, other)
            if agreement is None or one.size == a.count or not UNDECIDED_Z[0] < agreement[0] < UNDECIDED_Z[1]:
                break
        if agreement is None:
            continue
        found.append(UnitTest(agreement[0], len(one), agreement[1]))
        if agreement[0] < UNDECIDED_Z[0]:
            break  # the smaller one counts, and this one is no agreement already
    return min(found, key=lambda test: test.z or 0.0, default=UnitTest(None, 0))


def _sample(
    tensor: TensorRecord, content: Content, gates: int, axis: int, most_units: int, most_numbers: int
) -> FloatArray:
    """(R, F): some units along `axis`, and some numbers of each; all of them where they are few.

    Rows are spread evenly; columns are neighbours in the middle, which lie together in memory.
    """
    length = tensor.shape[0] // gates
    if len(tensor.shape) == 1:
        chosen = _spread(length, most_units)
        rows = (np.arange(gates)[:, None] * length + chosen).reshape(-1)
        return widened(_gather(tensor, content, rows)).reshape(gates, len(chosen)).T
    columns, taps = tensor.shape[1], math.prod(tensor.shape[2:])
    if axis == 0:
        chosen = _spread(length, most_units)
        across = _middle(columns, max(1, most_numbers // (len(chosen) * gates * taps)))
    else:
        across = _middle(columns, most_units)
        chosen = _spread(length, max(1, most_numbers // ((across.stop - across.start) * gates * taps)))
    rows = (np.arange(gates)[:, None] * length + chosen).reshape(-1)
    held = widened(_gather(tensor, content, rows, across)).reshape(gates, len(chosen), -1, taps)
    by_unit = held.transpose(1, 0, 2, 3) if axis == 0 else held.transpose(2, 0, 1, 3)
    return by_unit.reshape(len(by_unit), -1)


@lru_cache(maxsize=256)
def _spread(count: int, most: int) -> NDArray[np.intp]:
    chosen = np.linspace(0, count - 1, most).astype(np.intp) if count > most else np.arange(count)
    chosen.flags.writeable = False
    return chosen


def _middle(count: int, most: int) -> slice:
    start = max(0, count - most) // 2
    return slice(start, start + min(count, most))


def _gather(
    tensor: TensorRecord, content: Content, rows: NDArray[np.intp], across: slice | None = None
) -> NDArray[np.generic]:
    """Some rows and columns of a tensor, without reading all of it where that would cost memory."""
    plain = tensor.dtype in VIEWED and tensor.quantizer is None
    if plain or tensor.count <= LARGEST_CONVERTED or tensor.packed_bytes is not None:
        array = read_array(tensor, content)
        return array[rows] if across is None else array[rows, across]
    reader = Reader(tensor, content)
    picked = [reader.slices(int(row), int(row) + 1) for row in rows]
    return np.concatenate([one if across is None else one[:, across] for one in picked])


def looks_new(name: str, tensor: TensorRecord, content: Content, gates: int) -> bool:
    """True where a weight's numbers look as PyTorch draws them: uniform within ±1/sqrt(units or inputs).

    Source: torch.nn.RNNBase.reset_parameters, torch.nn.Linear.reset_parameters (2.13).
    """
    if len(tensor.shape) < 2 or tensor.count < FEWEST_UNITS**2 or not tensor.dtype.startswith(("float", "bfloat")):
        return False
    recurrent = RECURRENT.search(name) is not None
    fan = tensor.shape[0] // gates if recurrent else math.prod(tensor.shape[1:])
    bound = 1 / math.sqrt(fan)
    if float(np.abs(widened(_gather(tensor, content, np.arange(1)))).max()) > bound * 1.001:
        return False  # the first row says so already
    held = np.abs(_sample(tensor, content, gates if recurrent else 1, 0, *LOOKS[1]))
    if not float(held.max()) <= bound * 1.001:
        return False
    # the standard deviation of U(-k, k) is k / sqrt(3), that of its estimate from n numbers 0.45 k / sqrt(3 n) about
    spread = math.sqrt(float((held**2).mean())) * math.sqrt(3) / bound
    return abs(spread - 1) < 4 * 0.45 / math.sqrt(held.size) + 0.002


def upper_tail(z: float) -> float:
    """Probability that a standard normal variable exceeds `z`."""
    return 0.5 * math.erfc(z / math.sqrt(2))
