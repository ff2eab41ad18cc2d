"""Are the numbers sound? NaN, dead units, runaway weights, stuck gates, copies."""

from __future__ import annotations

import math

import numpy as np

from asl_inspector.checkpoints.blocks import blocks
from asl_inspector.checkpoints.gates import RecurrentPart, recurrent_part
from asl_inspector.checkpoints.health_records import FloatArray, HealthNote, Weights, counted
from asl_inspector.checkpoints.initial_values import starts_of
from asl_inspector.checkpoints.modules import place_of
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.checkpoints.widening import widened

LARGEST_WHOLE = 1 << 24  # numbers of a tensor whose rows are all looked at
DEAD_SHARE = 1e-6  # of the median norm: weight decay alone leaves nothing so small before it is rounded to 0
EXPLODING_RATIO = 50.0  # root mean square over that of the start; in public trained recognisers at most 17 were met
SATURATED_AT = 4.0  # a sigmoid at 4 is 0.982: less than 2 % of its gradient is left
SATURATED_SHARE = 0.1  # single gates that stay shut are ordinary; a tenth of a layer's is not
FEWEST_EQUAL = 64  # numbers of tensors that are called duplicates


def ask_finite(weights: Weights) -> list[HealthNote]:
    """NaN and infinities: one of them reaches every output within a few layers, so the threshold is none at all."""
    found = {
        key: facts.nans + facts.infinities for key, facts in weights.statistics.items() if facts.nans + facts.infinities
    }
    notes = []
    if found:
        worst = max(found, key=lambda key: found[key])
        sentence = (
            f"{sum(found.values()):,} numbers in {counted(found, 'tensor')} are NaN or infinite, most of them in "
            f"`{worst}`: the training diverged, and nothing that this network says means anything."
        )
        notes.append(HealthNote("finite", "ill", sentence, tuple(found), float(sum(found.values()))))
    unread = [key for key in weights.tensors if key not in weights.statistics]
    if unread:
        sentence = (
            f"{counted(unread, 'tensor')} cannot be read, `{unread[0]}` for one, so their numbers are not judged."
        )
        notes.append(HealthNote("finite", None, sentence, tuple(unread)))
    return notes


def ask_dead(weights: Weights) -> list[HealthNote]:
    """Units without incoming weights and inputs that nobody weighs.

    A unit is a row of a weight of two or more dimensions, an input a column; it is dead where its norm is below
    `DEAD_SHARE` times the median norm. Rows of zeros come from pruning, from a layer that saw only zeros, or from weight
    decay on a unit without gradients. The row of an embedding's padding is zero by design and is not counted.
    """
    notes = []
    shapes = weights.shapes
    for key, tensor in weights.readable():
        if len(tensor.shape) < 2 or not (key.endswith("weight") or recurrent_part(key, shapes)):
            continue
        if tensor.count > LARGEST_WHOLE or not weights.statistics[key].zeros:
            continue
        table = widened(read_array(tensor, weights.content)).reshape(tensor.shape[0], -1)
        part = recurrent_part(key, shapes)
        padding = "emb" in key.lower()
        for what, norms in (
            ("unit", _unit_norms(table, part)),
            ("input", np.sqrt((table * table).sum(axis=0))),
        ):
            middle = float(np.median(norms)) if norms.size else 0.0
            dead = np.flatnonzero(norms <= DEAD_SHARE * middle) if middle > 0 else np.arange(norms.size)
            if not dead.size or (padding and what == "unit" and dead.size == 1):
                continue
            listed = ", ".join(str(one) for one in dead[:8].tolist()) + (", ..." if dead.size > 8 else "")
            does = "receives no input" if what == "unit" else "is ignored"
            many = "receive no input" if what == "unit" else "are ignored"
            sentence = (
                f"{dead.size:,} of {norms.size:,} {what}s of `{key}` {does if dead.size == 1 else many} "
                f"(number {listed}): all their weights are zero."
            )
            notes.append(HealthNote("dead", "suspect", sentence, (key,), dead.size / norms.size))
    return notes


def _unit_norms(table: FloatArray, part: RecurrentPart | None) -> FloatArray:
    """(units,), norms of the rows; a recurrent unit has a row in every gate."""
    squares: FloatArray = (table * table).sum(axis=1)
    if part is not None and part.gates:
        squares = squares.reshape(len(part.gates), -1).sum(axis=0)
    return np.sqrt(squares)


def ask_exploding(weights: Weights) -> list[HealthNote]:
    """Root mean square over that of PyTorch's start, which training that converges changes by a small factor.

    The root mean square is norm / sqrt(count). The threshold of `EXPLODING_RATIO` is three times the most that was met in
    public trained recognisers (17, the biases of a GRU); above it, units saturate at inputs of ordinary size.
    Tensors that start at a constant, or whose start is not known, are judged by `|w| > 10,000`, near the end of float16.
    """
    notes = []
    shapes = weights.shapes
    for key, _tensor in weights.readable():
        facts = weights.statistics[key]
        if facts.norm is None or facts.maximum is None or facts.minimum is None:
            continue
        starts = starts_of(key, shapes)
        rms = facts.norm / math.sqrt(max(1, facts.count - facts.nans - facts.infinities))
        largest = max(abs(facts.maximum), abs(facts.minimum))
        if starts and starts[0].kind != "constant":
            ratio = rms / starts[0].rms
            if ratio > EXPLODING_RATIO:
                sentence = f"`{key}` is {ratio:,.0f} times as large as at its start (root mean square {rms:.3g})."
                notes.append(HealthNote("exploding", "ill", sentence, (key,), ratio))
        elif largest > 1e4:
            sentence = f"`{key}` holds numbers as large as {largest:.3g}."
            notes.append(HealthNote("exploding", "suspect", sentence, (key,), largest))
    return notes


def ask_saturated(weights: Weights) -> list[HealthNote]:
    """Gates that neither the hidden state nor an input can move out of saturation.

    A sigmoid gate's argument is W_ih x + b_ih + W_hh h + b_hh. Hidden states lie in [-1, 1], and so do the inputs of
    every layer above the first; of the first layer's inputs it is assumed (features scaled to about one). The argument
    then stays beyond `SATURATED_AT` whenever |b_ih + b_hh| - sum|W_ih| - sum|W_hh| does. Told where that holds for more
    than `SATURATED_SHARE` of the units of a gate.
    """
    notes = []
    shapes = weights.shapes
    for key, _tensor in weights.readable():
        part = recurrent_part(key, shapes)
        if part is None or part.source != "hh" or part.is_bias or part.kind == "RNN":
            continue
        ending = key.rpartition("weight_hh")[2]
        stem = f"{part.module}." if part.module else ""
        names = [f"{stem}{what}_{source}{ending}" for source in ("ih", "hh") for what in ("weight", "bias")]
        if any(name not in weights.statistics for name in names):
            continue
        if max(weights.tensors[name].count for name in names) > LARGEST_WHOLE:
            continue
        reach, bias = np.zeros(shapes[key][0]), np.zeros(shapes[key][0])
        for name in names:
            values = widened(read_array(weights.tensors[name], weights.content))
            if values.ndim == 1:
                bias += values
            else:
                reach += np.abs(values).sum(axis=1)
        margin = np.abs(bias) - reach
        for gate in part.gates:
            if gate.letter in ("g", "n"):
                continue  # not a gate: a candidate, through tanh
            stuck = margin[gate.start : gate.stop] > SATURATED_AT
            share = float(stuck.mean())
            if share > SATURATED_SHARE:
                opened = float((bias[gate.start : gate.stop][stuck] > 0).mean())
                how = "open" if opened > 0.5 else "shut"
                sentence = (
                    f"{100 * share:.0f} % of the {gate.name}s of `{key}` stay {how} whatever the clip says: "
                    "their bias is larger than all that can be added to it."
                )
                notes.append(HealthNote("saturated", "suspect", sentence, (key,), share))
    if not notes and not any(recurrent_part(key, shapes) for key in weights.tensors):
        return [HealthNote("saturated", "sound", "The network has no gates.")]
    return notes


def ask_duplicated(weights: Weights) -> list[HealthNote]:
    """Tensors of the same numbers in different memory, which training cannot produce.

    Equal statistics select, equality of every byte decides. Tensors of one value (a normalisation's ones, zero biases)
    and those of fewer than `FEWEST_EQUAL` numbers are alike in all networks and prove nothing; tensors that share their
    memory are tied on purpose.
    """
    alike: dict[tuple[object, ...], list[str]] = {}
    for key, tensor in weights.readable():
        facts = weights.statistics[key]
        if tensor.count >= FEWEST_EQUAL and facts.std:
            alike.setdefault((tensor.dtype, tensor.shape, facts), []).append(key)
    notes = []
    for keys in alike.values():
        first = weights.tensors[keys[0]]
        equal = [
            key
            for key in keys[1:]
            if place_of(weights.tensors[key]) != place_of(first) and _equal(first, weights.tensors[key], weights)
        ]
        if equal:
            names = (keys[0], *equal)
            sentence = (
                f"{counted(names, 'tensor')} hold exactly the same numbers in memory of their own: "
                + ", ".join(f"`{name}`" for name in names[:4])
                + (", ..." if len(names) > 4 else "")
                + ". Training would have made them differ; one was copied from the other, perhaps by mistake."
            )
            notes.append(HealthNote("duplicated", "suspect", sentence, names, float(len(names))))
    return notes


def _equal(a: TensorRecord, b: TensorRecord, weights: Weights) -> bool:
    if a.strides != b.strides:
        return bool(np.array_equal(read_array(a, weights.content), read_array(b, weights.content), equal_nan=True))
    pairs = zip(blocks(a, weights.content), blocks(b, weights.content), strict=True)
    for left, right in pairs:
        weights.cancel.raise_if_cancelled()
        if not np.array_equal(left, right, equal_nan=True):
            return False
    return True
