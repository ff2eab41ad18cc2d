"""Was every layer trained? Asked of the numbers' distribution, and of the optimizer's books."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from asl_inspector.checkpoints.blocks import blocks
from asl_inspector.checkpoints.health_records import HealthNote, Weights, counted
from asl_inspector.checkpoints.initial_values import is_untouched, noticed_drift, starts_of
from asl_inspector.checkpoints.optimizer_states import ParameterState
from asl_inspector.checkpoints.records import TensorRecord
from asl_inspector.errors import UnreadableCheckpoint


def ask_initial(weights: Weights) -> list[HealthNote]:
    """Layers that cannot be told from newly made ones (`initial_values` has the tests and their thresholds).

    Tensors whose optimizer kept moments that are not zero received gradients whatever their distribution, and are not
    called untouched. An embedding's normal start has no edge, so that small steps stay unseen: it is told, not blamed.
    """
    trained = _with_gradients(weights)
    shapes = weights.shapes
    untouched: dict[str, tuple[str, float]] = {}
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
            untouched[key] = (fitting.rule, noticed_drift(values.size, fitting))
    notes = []
    if untouched:
        keys = tuple(untouched)
        share = len(keys) / judged
        rule, drift = untouched[keys[0]]
        sentence = (
            f"{counted(keys, 'tensor')} of the {judged} that can be judged {'is' if len(keys) == 1 else 'are'} still as "
            f"PyTorch makes them, `{keys[0]}` for one (bound {rule}): training that moved its numbers by as little as "
            f"{drift:.1g} would have left some beyond that bound. It was never trained, or frozen from the start."
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
        return [
            HealthNote("frozen", None, "The file has no optimizer state, which alone tells who received gradients.")
        ]
    notes = []
    for optimizer in weights.optimizers:
        total = len(optimizer.states)
        without = [state for state in optimizer.states if not state.has_state]
        told = [(state, _moments_are_zero(state.tensors, weights)) for state in optimizer.states if state.has_state]
        zero = [state for state, is_zero in told if is_zero]
        if total and len(without) == total:
            sentence = "The optimizer has taken no step: it keeps no state for any parameter."
            notes.append(HealthNote("frozen", "suspect", sentence))
        elif without:
            notes.append(_frozen(without, total, "no state in the optimizer: no gradient ever reached"))
        if zero:
            notes.append(_frozen(zero, total, "second moments of exactly zero: only zero gradients ever reached"))
        if optimizer.outside:
            keys = optimizer.outside
            sentence = (
                f"The optimizer does not have {counted(keys, 'parameter')} of the network, `{keys[0]}` for one: "
                "they were frozen, or forgotten when the optimizer was made."
            )
            notes.append(HealthNote("frozen", "suspect", sentence, keys, float(len(keys))))
        if told and not without and all(is_zero is None for _, is_zero in told):
            notes.append(HealthNote("frozen", None, "The optimizer keeps no moments that would tell of gradients."))
    return notes


def _frozen(states: list[ParameterState], total: int, why: str) -> HealthNote:
    names = tuple(state.parameter for state in states if state.parameter is not None)
    shown = f" (`{names[0]}` for one)" if names else f" (number {states[0].index} for one)"
    sentence = f"{len(states):,} of {total:,} parameters{shown} have {why} them."
    return HealthNote("frozen", "suspect", sentence, names, float(len(states)))
