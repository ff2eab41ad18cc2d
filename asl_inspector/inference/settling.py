"""Tries what the tensors leave open until the rebuilt network reproduces the figures that the checkpoint stores.

A choice counts as settled only where every combination that gives the stored accuracy, and the stored loss if there is
one, has the same answer to it: a network that is always right may be right with two poolings. What such combinations
disagree about stays assumed, and the most usual of them is taken, since no other is known to be right. An accuracy near
guessing, without a loss beside it, settles nothing: many combinations have it by luck.

Many combinations are first tried on a sample of the clips, and those that come near the stored accuracy there on all of
them. The length that clips were brought to can be any number: where nothing else reproduces a good accuracy, each
combination is tried at two usual lengths, and the best of them at all usual lengths.
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
MOST_ON_A_SAMPLE = 512
MOST_CLIPS = 20_000
SAMPLE = 48
NEAR = 0.2  # three standard errors of an accuracy on so many clips
GOOD_ACCURACY = 0.5  # below it, a sample tells too little
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
        chosen: The combination to take, one that reproduces the stored figures, or None.
        sentences: For each choice that it settles, what settled it.
        undecided: For each choice that was open and stays so, why this answer was taken.
        trials: All of them.
    """

    chosen: Mapping[str, str] | None
    sentences: Mapping[str, str]
    undecided: Mapping[str, str]
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


def combinations(choices: Sequence[Choice], most: int = MOST_COMBINATIONS) -> list[dict[str, str]]:
    """The open choices' options in every combination that makes sense, the taken one first; no more than `most`."""
    open_ones = [choice for choice in choices if choice.settled_by == "assumed"]
    ordered = [(one.value, *(option for option in one.options if option != one.value)) for one in open_ones]
    while math.prod(map(len, ordered)) > most:  # what has most options loses its least usual ones
        longest = max(range(len(ordered)), key=lambda index: len(ordered[index]))
        ordered[longest] = ordered[longest][:-1]
    names = [choice.name for choice in open_ones]
    held = [dict(zip(names, values, strict=True)) for values in itertools.product(*ordered)]
    return [one for one in held if _possible(one)]


def _possible(chosen: Mapping[str, str]) -> bool:
    """A blank needs an answer for every frame."""
    return chosen.get("blank", "none") == "none" or chosen.get("pooling", "every frame") == "every frame"


def settle(
    combined: Sequence[Mapping[str, str]],
    stored: Stored,
    labels: np.ndarray,
    run: Callable[[Mapping[str, str]], Predictions],
) -> Settled:
    """Run every combination and see which one reproduces the stored figures.

    Args:
        combined: The combinations, the most usual first.
        stored: The stored figures.
        labels: (N,), true ids; -1 for none.
        run: Rebuilds and runs the network with these answers.

    Raises:
        Cancelled: By `run`.
    """
    trials = []
    for chosen in combined:
        try:
            trials.append(_trial(chosen, run(chosen), labels, stored))
        except InspectorError:
            trials.append(Trial(chosen, None, None, fits=False))
    fitting = [trial for trial in trials if trial.fits]
    if not fitting:
        return Settled(None, {}, {}, tuple(trials))
    found = fitting[0]
    agreed = {name for name, value in found.chosen.items() if all(one.chosen[name] == value for one in fitting)}
    undecided = {
        name: f"{name.capitalize()}: {value}, assumed: others reproduce the stored {_words(stored)} as well."
        for name, value in found.chosen.items()
        if name not in agreed
    }
    sentences = _sentences(found, trials, stored)
    return Settled(found.chosen, {name: sentences[name] for name in agreed}, undecided, tuple(trials))


def best_accuracy(predictions: Predictions, labels: np.ndarray) -> float:
    """The highest of the decoders' accuracies, 0 where no clip can be scored."""
    known = predictions.ran & (labels >= 0)
    return max(_right(predictions, labels, known)) / max(1, int(known.sum()))


def _right(predictions: Predictions, labels: np.ndarray, known: np.ndarray) -> list[int]:
    """How many clips are right by each decoder that training code may have used."""
    answers = (majority(predictions), first_token(predictions), predictions.top[:, 0])
    return [int((answer[known] == labels[known]).sum()) for answer in answers]


def _trial(chosen: Mapping[str, str], predictions: Predictions, labels: np.ndarray, stored: Stored) -> Trial:
    known = predictions.ran & (labels >= 0)
    count = int(known.sum())
    if not count:
        return Trial(chosen, None, None, fits=False)
    right = _right(predictions, labels, known)
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
    sentences = {}
    for name, value in found.chosen.items():
        others = [one for one in trials if one.chosen[name] != value and one.accuracy is not None]
        best = max(others, key=lambda one: one.accuracy or 0, default=None)
        sentence = f"{name.capitalize()}: {value} reproduces the stored {_words(stored)}"
        if best is not None and best.accuracy is not None:
            sentence += f"; {best.chosen[name]} does not ({100 * best.accuracy:.2f} % at best)"
        sentences[name] = sentence + "."
    return sentences


def _words(stored: Stored) -> str:
    return f"{100 * stored.accuracy:.2f} %" if stored.accuracy is not None else f"loss of {stored.loss:.4f}"
