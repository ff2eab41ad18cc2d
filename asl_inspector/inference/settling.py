"""Tries what the tensors leave open until the rebuilt network reproduces the figures that the checkpoint stores.

A choice counts as settled only where exactly one combination gives the stored accuracy, and the stored loss if there is
one: with few clips several combinations may have one accuracy by luck. For the same reason an accuracy near guessing,
without a loss beside it, settles nothing.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from asl_inspector.errors import InspectorError
from asl_inspector.inference.decoding import first_token, majority
from asl_inspector.inference.predictions import Predictions
from asl_inspector.networks.records import Choice, Tried

MOST_COMBINATIONS = 64
MOST_CLIPS = 20_000
LEAST_ACCURACY = 0.1  # what many combinations reach by luck proves nothing
LOSS_TOLERANCE = 2e-4  # relative; sums in another order


@dataclass(frozen=True, slots=True)
class Stored:
    """Figures of the validation clips that the checkpoint states.

    Attributes:
        accuracy: A fraction, or None.
        loss: Mean loss of the clips, or None.
    """

    accuracy: float | None
    loss: float | None


@dataclass(frozen=True, slots=True)
class Trial:
    """One combination and what it gave; both figures are None where it cannot be run."""

    chosen: Mapping[str, str]
    accuracy: float | None
    loss: float | None
    fits: bool


@dataclass(frozen=True, slots=True)
class Settled:
    """What the trials showed.

    Attributes:
        chosen: The one combination that reproduces the stored figures, or None.
        sentences: For each choice of it that was open, what settled it.
        trials: All of them.
    """

    chosen: Mapping[str, str] | None
    sentences: Mapping[str, str]
    trials: tuple[Trial, ...]

    @property
    def by_choice(self) -> dict[str, tuple[Tried, ...]]:
        """For each choice that was open, the best that each of its options gave."""
        found: dict[str, dict[str, Tried]] = {}
        for trial in self.trials:
            for name, value in trial.chosen.items():
                options = found.setdefault(name, {})
                options[value] = _better(options.get(value), Tried(value, trial.accuracy, trial.loss, trial.fits))
        return {name: tuple(options.values()) for name, options in found.items()}


def _better(held: Tried | None, new: Tried) -> Tried:
    """Of two runs the one that gives the stored figures, else the one with the higher accuracy."""
    if held is None:
        return new
    return max(held, new, key=lambda one: (one.fits, -1.0 if one.accuracy is None else one.accuracy))


def stored_figures(stored: Mapping[str, float]) -> Stored | None:
    """The figures, or None where the checkpoint states none."""
    accuracy, loss = stored.get("val_acc"), stored.get("val_loss")
    if accuracy is not None and accuracy > 1:
        accuracy /= 100
    if loss is None and (accuracy is None or accuracy < LEAST_ACCURACY):
        return None
    return Stored(accuracy, loss)


def combinations(choices: Sequence[Choice]) -> list[dict[str, str]]:
    """The open choices' options in every combination that makes sense, the taken one first; at most 64."""
    open_ones = [choice for choice in choices if choice.settled_by == "assumed"]
    ordered = [(one.value, *(option for option in one.options if option != one.value)) for one in open_ones]
    while math.prod(map(len, ordered)) > MOST_COMBINATIONS:  # what has most options loses its least usual ones
        longest = max(range(len(ordered)), key=lambda index: len(ordered[index]))
        ordered[longest] = ordered[longest][:-1]
    names = [choice.name for choice in open_ones]
    held = [dict(zip(names, values, strict=True)) for values in itertools.product(*ordered)]
    return [one for one in held if _possible(one)]


def _possible(chosen: Mapping[str, str]) -> bool:
    """A blank needs an answer for every frame."""
    return chosen.get("blank", "none") == "none" or chosen.get("pooling", "every frame") == "every frame"


def settle(
    choices: Sequence[Choice],
    stored: Stored,
    labels: np.ndarray,
    run: Callable[[Mapping[str, str]], Predictions],
) -> Settled:
    """Run every combination and see which one reproduces the stored figures.

    Args:
        choices: What is known and open.
        stored: The stored figures.
        labels: (N,), true ids; -1 for none.
        run: Rebuilds and runs the network with these answers.

    Raises:
        Cancelled: By `run`.
    """
    trials = []
    for chosen in combinations(choices):
        try:
            trials.append(_trial(chosen, run(chosen), labels, stored))
        except InspectorError:
            trials.append(Trial(chosen, None, None, fits=False))
    fitting = [trial for trial in trials if trial.fits]
    if len(fitting) != 1:
        return Settled(None, {}, tuple(trials))
    found = fitting[0]
    return Settled(found.chosen, _sentences(found, trials, stored), tuple(trials))


def _trial(chosen: Mapping[str, str], predictions: Predictions, labels: np.ndarray, stored: Stored) -> Trial:
    known = predictions.ran & (labels >= 0)
    count = int(known.sum())
    if not count:
        return Trial(chosen, None, None, fits=False)
    answers = (majority(predictions), first_token(predictions), predictions.top[:, 0])
    right = [int((answer[known] == labels[known]).sum()) for answer in answers]
    losses = predictions.loss[known].astype(float)
    loss = float(losses.mean()) if np.isfinite(losses).all() else None
    fits = True
    if stored.accuracy is not None:
        fits &= any(abs(one / count - stored.accuracy) < 0.5 / count for one in right)
    if stored.loss is not None:
        fits &= loss is not None and abs(loss - stored.loss) <= LOSS_TOLERANCE * max(1.0, abs(stored.loss))
    return Trial(chosen, max(right) / count, loss, fits)


def _sentences(found: Trial, trials: Sequence[Trial], stored: Stored) -> dict[str, str]:
    """For each open choice: what it is, and how near the others came."""
    what = f"{100 * stored.accuracy:.2f} %" if stored.accuracy is not None else f"loss of {stored.loss:.4f}"
    sentences = {}
    for name, value in found.chosen.items():
        others = [one for one in trials if one.chosen[name] != value and one.accuracy is not None]
        best = max(others, key=lambda one: one.accuracy or 0, default=None)
        sentence = f"{name.capitalize()}: {value} reproduces the stored {what}"
        if best is not None and best.accuracy is not None:
            sentence += f"; {best.chosen[name]} does not ({100 * best.accuracy:.2f} % at best)"
        sentences[name] = sentence + "."
    return sentences
