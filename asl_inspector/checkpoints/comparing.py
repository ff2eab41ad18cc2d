"""Two sets of weights: which tensors correspond, which are equal, and does one network descend from the other?

Training moves weights, but a network stays near its start in the directions that training does not need, so the start
can be recognised long afterwards. Three traces are looked for, each against its null:

1. equality;
2. agreement of the hidden units one by one (`hidden_units`);
3. the bias fingerprint: an LSTM or GRU adds `bias_ih` and `bias_hh`, both receive the same gradient, and so their
   difference keeps its value from birth however long the training was (weight decay shrinks it slowly).

Tensors that are constant (a LayerNorm at 1, biases at 0) are alike in all networks and prove nothing.

Source: the fingerprint was derived and measured for this program (docs/measurements.md).
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.comparison_records import Comparison, TensorComparison, Trace, Verdict
from asl_inspector.checkpoints.hidden_units import gates_of, shared_units_z, units, upper_tail
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent

TRACE_Z = 6.0  # a trace: about one false alarm in a thousand million tensors
FAINT_RATIO = 0.05  # a tensor this much smaller than its partner was decayed to almost nothing: no trace can remain
DEEPEST_PREFIX = 3
SMALLEST_SHARE = 0.2  # a prefix is tried if it covers this share of a side's names


@dataclass(frozen=True, slots=True)
class Side:
    """Weights by key, and the file that their numbers are in."""

    weights: dict[str, TensorRecord]
    content: Content


def find_prefixes(names_a: list[str], names_b: list[str]) -> tuple[str, str]:
    """The prefixes whose removal makes most names equal; the shortest of equally good ones."""
    set_a, set_b = set(names_a), set(names_b)
    best, best_score = ("", ""), len(set_a & set_b)
    for prefix_a in _prefixes(names_a):
        stripped_a = {name.removeprefix(prefix_a) for name in set_a if name.startswith(prefix_a)}
        for prefix_b in _prefixes(names_b):
            if (prefix_a and prefix_b) or not (prefix_a or prefix_b):
                continue
            stripped_b = {name.removeprefix(prefix_b) for name in set_b if name.startswith(prefix_b)}
            score = len(stripped_a & stripped_b)
            if score > best_score:
                best, best_score = (prefix_a, prefix_b), score
    return best


def _prefixes(names: list[str]) -> list[str]:
    counts = Counter(
        ".".join(name.split(".")[:depth]) + "."
        for name in names
        for depth in range(1, min(DEEPEST_PREFIX, name.count(".")) + 1)
    )
    return ["", *sorted(prefix for prefix, count in counts.items() if count >= SMALLEST_SHARE * len(names))]


def compare_weights(a: Side, b: Side, *, cancel: CancelToken | None = None, progress: Progress = silent) -> Comparison:
    """Compare two state dicts tensor by tensor.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    prefix_a, prefix_b = find_prefixes(list(a.weights), list(b.weights))
    partner = {name.removeprefix(prefix_b): name for name in b.weights if name.startswith(prefix_b)}
    gates = gates_of(set(a.weights), {name: tensor.shape for name, tensor in a.weights.items()})
    rows: list[TensorComparison] = []
    used: set[str] = set()
    for index, (name, tensor) in enumerate(a.weights.items()):
        cancel.raise_if_cancelled()
        progress(Step("Comparing tensors", index, len(a.weights), "tensors"))
        other = partner.get(name.removeprefix(prefix_a)) if name.startswith(prefix_a) else None
        if other is None:
            rows.append(TensorComparison(name, None, "only-a", tensor.shape, None))
            continue
        used.add(other)
        rows.append(_compare_pair(a, name, b, other, gates))
    rows += [TensorComparison(None, n, "only-b", None, t.shape) for n, t in b.weights.items() if n not in used]
    rows = _with_fingerprints(rows, a, b, gates)
    return Comparison(prefix_a, prefix_b, _verdict(rows), tuple(rows), _notes(rows))


def _compare_pair(a: Side, name_a: str, b: Side, name_b: str, gates: int) -> TensorComparison:
    tensor_a, tensor_b = a.weights[name_a], b.weights[name_b]
    if tensor_a.shape != tensor_b.shape:
        return TensorComparison(name_a, name_b, "shape-blocked", tensor_a.shape, tensor_b.shape)
    shapes = (tensor_a.shape, tensor_b.shape)
    try:
        values_a = np.asarray(read_array(tensor_a, a.content), dtype=np.float64)
        values_b = np.asarray(read_array(tensor_b, b.content), dtype=np.float64)
    except UnreadableCheckpoint:
        return TensorComparison(name_a, name_b, "changed", *shapes, trace="unreadable")
    constant = _is_constant(values_a) or _is_constant(values_b)
    if np.array_equal(values_a, values_b, equal_nan=True):
        trace: Trace = "constant" if constant else "equal"
        return TensorComparison(name_a, name_b, "equal", *shapes, 1.0, 0.0, None, trace)
    norm_a, norm_b = float(np.linalg.norm(values_a)), float(np.linalg.norm(values_b))
    dot = float(np.vdot(values_a, values_b))
    cosine = dot / (norm_a * norm_b) if norm_a > 0 and norm_b > 0 else None
    distance = float(np.linalg.norm(values_a - values_b)) / norm_b if norm_b > 0 else None
    z = None if constant else shared_units_z(units(name_a, values_a, gates), units(name_b, values_b, gates))
    trace = "constant" if constant else "trace" if z is not None and z > TRACE_Z else "no-trace"
    if trace == "no-trace" and min(norm_a, norm_b) < FAINT_RATIO * max(norm_a, norm_b):
        trace = "faint"
    null_p = None if z is None else upper_tail(z)
    return TensorComparison(name_a, name_b, "changed", *shapes, _finite(cosine), _finite(distance), null_p, trace)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _is_constant(values: NDArray[np.float64]) -> bool:
    return values.size < 2 or bool(np.all(values == values.flat[0]))


def _with_fingerprints(rows: list[TensorComparison], a: Side, b: Side, gates: int) -> list[TensorComparison]:
    """Rows of recurrent biases judged by the difference of the two biases of a layer, which training leaves alone."""
    by_name = {row.a: row for row in rows if row.trace in ("trace", "no-trace", "faint") and row.a}
    replaced: dict[str, TensorComparison] = {}
    for name, row in by_name.items():
        twin = by_name.get(name.replace("bias_ih_l", "bias_hh_l"))
        if "bias_ih_l" not in name or twin is None or twin.a is None or row.b is None or twin.b is None:
            continue
        difference_a = _difference(a, name, twin.a)
        difference_b = _difference(b, row.b, twin.b)
        z = shared_units_z(units(name, difference_a, gates), units(name, difference_b, gates))
        if z is not None and z > TRACE_Z:
            for one in (row, twin):
                p = min(upper_tail(z), one.null_p if one.null_p is not None else 1.0)
                replaced[str(one.a)] = _judged(one, p)
    return [replaced.get(row.a, row) if row.a else row for row in rows]


def _difference(side: Side, first: str, second: str) -> NDArray[np.float64]:
    one = np.asarray(read_array(side.weights[first], side.content), dtype=np.float64)
    return one - np.asarray(read_array(side.weights[second], side.content), dtype=np.float64)


def _judged(row: TensorComparison, p: float) -> TensorComparison:
    return TensorComparison(
        row.a, row.b, row.status, row.shape_a, row.shape_b, row.cosine, row.relative_distance, p, "trace"
    )


def _verdict(rows: list[TensorComparison]) -> Verdict:
    """The verdict on descent, from the tensors that can say something."""
    traces = Counter(row.trace for row in rows if row.trace is not None)
    kin, strangers = traces["equal"] + traces["trace"], traces["no-trace"]
    unmatched = any(row.status in ("only-a", "only-b", "shape-blocked") for row in rows)
    matched = [row for row in rows if row.status in ("equal", "changed")]
    if matched and not unmatched and all(row.status == "equal" for row in matched):
        return "identical"
    if kin == 0:
        return "unrelated" if strangers else "undetermined"
    blocked = any(row.status == "shape-blocked" for row in rows)
    return "partly" if blocked or strangers > kin else "descends"


def _notes(rows: list[TensorComparison]) -> tuple[str, ...]:
    constant = sum(row.trace == "constant" for row in rows)
    faint = sum(row.trace == "faint" for row in rows)
    notes = []
    if constant:
        notes.append(f"{constant} tensors are constant on one side and prove nothing; they were set aside.")
    if faint:
        notes.append(f"{faint} tensors are almost zero on one side and can carry no trace of a common start.")
    return tuple(notes)
