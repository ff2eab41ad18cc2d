"""What the run's history amounts to, as frozen plain data. E epochs; accuracies are fractions in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from asl_inspector.diagnosis.records import Accuracy

FloatArray = NDArray[np.float64]
Watched = Literal["val_loss", "val_acc", "drop"]


@dataclass(frozen=True, slots=True)
class Luck:
    """The best epoch beside the best of as many guesses.

    Attributes:
        tries: Epochs with a validation accuracy.
        chance: Probability that a guess is right.
        expected: Clips right in the best of `tries` rounds of guessing, on average.
        unlikely: Clips right that the best of `tries` rounds reaches with probability 5 % at most.
        p: Probability that guessing reaches the best epoch.
    """

    tries: int
    chance: float
    expected: float
    unlikely: int
    p: float


@dataclass(frozen=True, slots=True)
class EarlyStop:
    """One rule of early stopping, replayed over the printed epochs.

    Attributes:
        watched: What it watches; "drop" stops after epochs that lie a point or more below the best accuracy.
        patience: Epochs without improvement that it waits for.
        stopped: The epoch at which it stops, or None where it never does.
        kept: The epoch whose weights it keeps.
        accuracy: Validation accuracy of that epoch, or None.
        forgone: Best accuracy of the whole run minus `accuracy`, or None.
        low: 95 % limit of `forgone`, or None where the number of clips is unknown.
        high: The other limit.
    """

    watched: Watched
    patience: int
    stopped: int | None
    kept: int
    accuracy: float | None
    forgone: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class LossSteps:
    """How the training loss went from epoch to epoch.

    Attributes:
        ups: Share of steps that go up.
        size: Median relative height of those steps, 0 where there are none.
        diverged: The epoch at which the loss was no number or had doubled for good, or None.
        flat: True where the last third of the epochs no longer moves although the loss is far from 0.
    """

    ups: float
    size: float
    diverged: int | None
    flat: bool


@dataclass(frozen=True)
class RunMeasures:
    """Figures of a run.

    Attributes:
        clips: Validation clips that the accuracies are shares of, or None where that cannot be told.
        clips_from: Where that number is from, in words, or an empty string.
        lattice: Smallest number of clips that all accuracies can be shares of, or None.
        low: (E,), Wilson 95 % limits of the validation accuracies; NaN where there is none.
        high: (E,), the others.
        best: The best epoch's accuracy as counts, or None.
        luck: The best epoch beside guessing, or None.
        stops: Rules of early stopping, replayed.
        steps: How the training loss went, or None where there are too few epochs.
    """

    clips: int | None
    clips_from: str
    lattice: int | None
    low: FloatArray
    high: FloatArray
    best: Accuracy | None
    luck: Luck | None
    stops: tuple[EarlyStop, ...]
    steps: LossSteps | None
