"""Are the weights healthy? One question a function, each with its formula, its threshold and the reason for it.

Nothing here needs data or a run: the numbers in the file and what the optimizer kept are all. Weights alone cannot say
that a network is good; they can say that a part of it never learned, is dead, or has run away.

Large tensors are judged by `LARGEST_SAMPLE` numbers spread over them evenly; what is claimed of every number (a dead
unit, moments that are all zero, equal tensors) is then checked on every number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.checkpoints.blocks import blocks, sampled
from asl_inspector.checkpoints.gates import RecurrentPart, recurrent_part
from asl_inspector.checkpoints.initial_values import is_untouched, starts_of
from asl_inspector.checkpoints.modules import place_of
from asl_inspector.checkpoints.optimizer_states import OptimizerState, optimizer_states
from asl_inspector.checkpoints.records import Checkpoint, TensorRecord
from asl_inspector.checkpoints.statistics import Measured, TensorStatistics, all_statistics
from asl_inspector.checkpoints.tensor_numbers import read_array
from asl_inspector.errors import UnreadableCheckpoint
from asl_inspector.mapped_file import Content
from asl_inspector.progress import CancelToken, Progress, Step, silent

Question = Literal["finite", "initial", "frozen", "dead", "exploding", "saturated", "duplicated"]
Verdict = Literal["sound", "suspect", "ill"]
FloatArray = NDArray[np.float64]

LARGEST_SAMPLE = 200_000
LARGEST_WHOLE = 1 << 24  # numbers of a tensor whose rows are all looked at
DEAD_SHARE = 1e-6  # of the median norm: weight decay alone leaves nothing so small before it is rounded to 0
EXPLODING_RATIO = 30.0  # root mean square over that of the start; trained recognisers stay below 6 (docs/measurements.md)
SATURATED_AT = 4.0  # a sigmoid at 4 is 0.982: less than 2 % of its gradient is left
SATURATED_SHARE = 0.1  # single gates that stay shut are ordinary; a tenth of a layer's is not
FEWEST_EQUAL = 64  # numbers of tensors that are called duplicates
QUESTIONS: dict[Question, str] = {
    "finite": "Are all weights finite?",
    "initial": "Is any layer still as it was made?",
    "frozen": "Did every parameter receive gradients?",
    "dead": "Are there dead units or ignored inputs?",
    "exploding": "Have any weights grown out of proportion?",
    "saturated": "Are there gates that can never open or close?",
    "duplicated": "Is any tensor stored twice?",
}


@dataclass(frozen=True, slots=True)
class HealthNote:
    """One answer.

    Attributes:
        question: What was asked.
        verdict: The answer, or None where it cannot be told; the sentence then says why.
        sentence: The answer in words.
        keys: Keys of the tensors it is about.
        figure: What was measured, or None.
    """

    question: Question
    verdict: Verdict | None
    sentence: str
    keys: tuple[str, ...] = ()
    figure: float | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """What the questions are asked about.

    Attributes:
        tensors: The state dict.
        content: The file.
        statistics: Facts of each tensor that could be read.
        optimizers: The optimizers in the file.
        cancel: Asked between tensors.
    """

    tensors: Mapping[str, TensorRecord]
    content: Content
    statistics: Mapping[str, TensorStatistics]
    optimizers: tuple[OptimizerState, ...]
    cancel: CancelToken

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Shapes by key."""
        return {key: tensor.shape for key, tensor in self.tensors.items()}

    def readable(self) -> Iterator[tuple[str, TensorRecord]]:
        """Parameters of floating numbers that could be read."""
        for key, tensor in self.tensors.items():
            self.cancel.raise_if_cancelled()
            if key in self.statistics and tensor.role == "parameter" and "float" in tensor.dtype and tensor.count:
                yield key, tensor

    def sample(self, tensor: TensorRecord) -> FloatArray:
        """Up to about `LARGEST_SAMPLE` numbers of a tensor."""
        part = sampled(tensor, LARGEST_SAMPLE) if tensor.count > LARGEST_SAMPLE else None
        return np.asarray(read_array(part or tensor, self.content), np.float64).reshape(-1)


def weight_health(
    checkpoint: Checkpoint,
    content: Content,
    *,
    known: Iterable[tuple[TensorRecord, TensorStatistics]] = (),
    progress: Progress = silent,
    cancel: CancelToken | None = None,
) -> tuple[HealthNote, ...]:
    """All questions on a checkpoint's state dict, those with the gravest answers first.

    Args:
        checkpoint: The opened file.
        content: Its bytes.
        known: Facts that were measured before; the others are measured now.
        progress: Told how far the work is.
        cancel: Asked between tensors.

    Raises:
        Cancelled: If `cancel` was set.
    """
    cancel = cancel or CancelToken()
    tensors = checkpoint.weights
    if not tensors:
        return ()
    facts = {tensor.path: found for tensor, found in known}
    statistics = {key: facts[tensor.path] for key, tensor in tensors.items() if tensor.path in facts}
    missing = [key for key in tensors if key not in statistics]
    rows: Iterator[Measured] = all_statistics(
        [tensors[key] for key in missing], content, progress=progress, cancel=cancel
    )
    statistics |= {missing[row.index]: row.statistics for row in rows if row.statistics is not None}
    weights = Weights(tensors, content, statistics, optimizer_states(checkpoint), cancel)
    notes: list[HealthNote] = []
    for number, (question, ask) in enumerate(ASKED.items()):
        progress(Step("Judging the weights", number, len(ASKED), "questions"))
        notes += ask(weights) or [HealthNote(question, "sound", SOUND[question])]
    order = ("ill", "suspect", None, "sound")
    return tuple(sorted(notes, key=lambda note: order.index(note.verdict)))


SOUND: dict[Question, str] = {
    "finite": "All numbers of the state dict are finite.",
    "initial": "No layer is still distributed as PyTorch makes it: every layer that can be judged has moved.",
    "frozen": "Every parameter received gradients: each has a state in the optimizer that is not zero.",
    "dead": "Every unit has incoming weights, and every input is weighed by some unit.",
    "exploding": f"No tensor is more than {EXPLODING_RATIO:.0f} times as large as at its start.",
    "saturated": "Every gate can be opened and closed by the hidden state and inputs of ordinary size.",
    "duplicated": "No two tensors hold the same numbers twice.",
}


def ask_finite(weights: Weights) -> list[HealthNote]:
    """NaN and infinities: one of them reaches every output within a few layers, so the threshold is none at all."""
    found = {
        key: facts.nans + facts.infinities
        for key, facts in weights.statistics.items()
        if facts.nans + facts.infinities
    }
    notes = []
    if found:
        worst = max(found, key=lambda key: found[key])
        sentence = (
            f"{sum(found.values()):,} numbers in {_count(found, 'tensor')} are NaN or infinite, most of them in "
            f"`{worst}`: the training diverged, and nothing that this network says means anything."
        )
        notes.append(HealthNote("finite", "ill", sentence, tuple(found), float(sum(found.values()))))
    unread = [key for key in weights.tensors if key not in weights.statistics]
    if unread:
        sentence = f"{_count(unread, 'tensor')} cannot be read, `{unread[0]}` for one, so their numbers are not judged."
        notes.append(HealthNote("finite", None, sentence, tuple(unread)))
    return notes


def ask_initial(weights: Weights) -> list[HealthNote]:
    """Layers that cannot be told from newly made ones (`initial_values` has the tests and their thresholds).

    Tensors whose optimizer kept moments that are not zero received gradients whatever their distribution, and are not
    called untouched. An embedding's normal start has no edge, so that small steps stay unseen: it is told, not blamed.
    """
    trained = _with_gradients(weights)
    shapes = weights.shapes
    untouched: dict[str, str] = {}
    alike: list[str] = []
    judged = 0
    for key, tensor in weights.readable():
        starts = starts_of(key, shapes)
        if not starts or starts[0].kind == "constant":
            continue
        values = weights.sample(tensor)
        answers = [(start, is_untouched(values, start, tensor.dtype)) for start in starts]
        judged += any(answer is not None for _, answer in answers)
        fitting = next((start for start, answer in answers if answer), None)
        if fitting is None or key in trained:
            continue
        if fitting.kind == "normal":
            alike.append(key)
        else:
            untouched[key] = fitting.rule
    notes = []
    if untouched:
        keys = tuple(untouched)
        share = len(keys) / judged
        sentence = (
            f"{_count(keys, 'tensor')} of the {judged} that can be judged {'is' if len(keys) == 1 else 'are'} still as "
            f"PyTorch makes them, `{keys[0]}` for one (bound {untouched[keys[0]]}): a single step of training at an "
            "ordinary rate would have left its trace. These layers were never trained, or frozen from the start."
        )
        notes.append(HealthNote("initial", "suspect", sentence, keys, share))
    if alike:
        sentence = (
            f"The embedding `{alike[0]}` cannot be told from its standard normal start, which a short training "
            "could leave as it is."
        )
        notes.append(HealthNote("initial", None, sentence, tuple(alike)))
    if not judged:
        reason = "No layer has a start that is known and numbers enough to judge it by."
        notes.append(HealthNote("initial", None, reason))
    return notes


def _with_gradients(weights: Weights) -> set[str]:
    """Keys whose second moments, or momentum, are not all zero."""
    found = set()
    for optimizer in weights.optimizers:
        for state in optimizer.states:
            if state.parameter is not None and state.has_state and _moments_are_zero(state.tensors, weights) is False:
                found.add(state.parameter)
    return found


def _moments_are_zero(kept: Mapping[str, TensorRecord], weights: Weights) -> bool | None:
    """True where a parameter's second moments (else its momentum) are all exactly zero, None where none are kept."""
    tensor = next((kept[name] for name in ("exp_avg_sq", "square_avg", "sum", "momentum_buffer") if name in kept), None)
    if tensor is None or tensor.trouble or not tensor.count:
        return None
    weights.cancel.raise_if_cancelled()
    try:
        if np.any(weights.sample(tensor)):
            return False
        return not any(np.any(block) for block in blocks(tensor, weights.content))
    except UnreadableCheckpoint:
        return None


def ask_frozen(weights: Weights) -> list[HealthNote]:
    """Parameters that no gradient ever reached, by the optimizer's own books.

    An optimizer makes a parameter's state at its first gradient, and a second moment is a running mean of squared
    gradients: without state, or with a second moment that is exactly zero everywhere, there was none. Exact, so there is
    no threshold; a parameter that the optimizer does not have at all was frozen on purpose or forgotten.
    """
    if not weights.optimizers:
        return [HealthNote("frozen", None, "The file has no optimizer state, which alone tells who received gradients.")]
    notes = []
    for optimizer in weights.optimizers:
        without = [state for state in optimizer.states if not state.has_state]
        zero = [state for state in optimizer.states if state.has_state and _moments_are_zero(state.tensors, weights)]
        total = len(optimizer.states)
        if without and len(without) < total:
            notes.append(_frozen(without, total, "no state in the optimizer: no gradient ever reached"))
        if zero:
            notes.append(_frozen(zero, total, "second moments of exactly zero: only zero gradients ever reached"))
        if optimizer.outside:
            keys = optimizer.outside
            sentence = (
                f"The optimizer does not have {_count(keys, 'parameter')} of the network, `{keys[0]}` for one: "
                "they were frozen, or forgotten when the optimizer was made."
            )
            notes.append(HealthNote("frozen", "suspect", sentence, keys, float(len(keys))))
        if total and len(without) == total:
            sentence = "The optimizer has taken no step: it keeps no state for any parameter."
            notes.append(HealthNote("frozen", "suspect", sentence))
        if total and all(_moments_are_zero(state.tensors, weights) is None for state in optimizer.states if state.has_state):
            if len(without) == 0:
                notes.append(HealthNote("frozen", None, "The optimizer keeps no moments that would tell of gradients."))
    return notes


def _frozen(states: list, total: int, why: str) -> HealthNote:  # type: ignore[type-arg]
    names = tuple(state.parameter for state in states if state.parameter is not None)
    shown = f" (`{names[0]}` for one)" if names else f" (number {states[0].index} for one)"
    sentence = f"{len(states):,} of {total:,} parameters{shown} have {why} them."
    return HealthNote("frozen", "suspect", sentence, names, float(len(states)))


def ask_dead(weights: Weights) -> list[HealthNote]:
    """Units without incoming weights and inputs that nobody weighs.

    A unit is a row of a weight of two or more dimensions, an input a column; it is dead where its norm is below
    `DEAD_SHARE` times the median norm. Rows of zeros come from pruning, from a layer that saw only zeros, or from weight
    decay on a unit without gradients. The row of an embedding's padding is zero by design and is not counted.
    """
    notes = []
    shapes = weights.shapes
    for key, tensor in weights.readable():
        if len(tensor.shape) < 2 or not key.endswith(("weight",)) and recurrent_part(key, shapes) is None:
            continue
        if tensor.count > LARGEST_WHOLE or not weights.statistics[key].zeros:
            continue
        table = np.asarray(read_array(tensor, weights.content), np.float64).reshape(tensor.shape[0], -1)
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

    The root mean square is norm / sqrt(count). The threshold of `EXPLODING_RATIO` is five times what was met in trained
    recognisers; above it, activations saturate at inputs of ordinary size. Tensors that start at a constant, or whose
    start is not known, are judged by `|w| > 10,000`, near the end of float16.
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
            ratio = rms / max(start.rms for start in starts)
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
            values = np.asarray(read_array(weights.tensors[name], weights.content), np.float64)
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
                f"{_count(names, 'tensor')} hold exactly the same numbers in memory of their own: "
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


def _count(things: Iterable[object], noun: str) -> str:
    number = len(list(things))
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


ASKED: dict[Question, Callable[[Weights], list[HealthNote]]] = {
    "finite": ask_finite,
    "initial": ask_initial,
    "frozen": ask_frozen,
    "dead": ask_dead,
    "exploding": ask_exploding,
    "saturated": ask_saturated,
    "duplicated": ask_duplicated,
}
