"""What a network is, apart from its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SettledBy = Literal["assumed", "names", "settings", "labels", "measured", "you"]


@dataclass(frozen=True, slots=True)
class Tried:
    """What an answer gave where all were tried against the stored figures.

    Attributes:
        value: The answer.
        accuracy: The highest of the runs with it, as a fraction; None where none could be run or scored.
        loss: Mean loss of that run, or None.
        fits: True where one of the runs with it gives the stored figures.
    """

    value: str
    accuracy: float | None
    loss: float | None
    fits: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that the tensors do not settle.

    Attributes:
        name: Short name, by which it can be chosen ("pooling").
        value: What was taken ("mean").
        options: What can be taken.
        settled_by: What the value rests on: nothing ("assumed"), the names of the keys, the settings in the checkpoint,
            the labels and the vocabulary, a stored figure that it reproduces ("measured"), or the user.
        sentence: The same for people.
        forms: More that can be taken; a number from `least` to `most` stands for their `{}` ("resampled to {}").
        least: Lowest number.
        most: Highest number.
        tries: What the options gave where they were tried.
    """

    name: str
    value: str
    options: tuple[str, ...]
    settled_by: SettledBy
    sentence: str
    forms: tuple[str, ...] = ()
    least: int = 0
    most: int = 0
    tries: tuple[Tried, ...] = ()


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network as its tensors describe it.

    Attributes:
        family: Name of the layout that matched ("notebook", "recurrent", "transformer encoder").
        source: What settled it, as a sentence.
        body: The heart of it in few words ("BiLSTM 2 × 128").
        parts: What lies around it, each in few words, in the order of the computation.
        inputs: Numbers a frame.
        classes: Outputs, blank included.
        blank: Index of the blank, or None where there is none.
        pooled: True where a clip gets one answer, False where every frame gets one.
        assumptions: What the tensors cannot settle, as sentences.
        choices: The same, each with what else it could be.
    """

    family: str
    source: str
    body: str
    parts: tuple[str, ...]
    inputs: int
    classes: int
    blank: int | None
    pooled: bool
    assumptions: tuple[str, ...] = ()
    choices: tuple[Choice, ...] = ()

    @property
    def description(self) -> str:
        """One line for people: "BiLSTM 2 × 128, 36 inputs a frame, 101 outputs (CTC, blank 0)"."""
        answers = f" (CTC, blank {self.blank})" if self.blank is not None else ""
        if self.pooled:
            answers = " (one answer a clip)"
        elif self.blank is None:
            answers = " (one answer a frame, no blank)"
        return ", ".join([self.body, f"{self.inputs} inputs a frame", *self.parts, f"{self.classes} outputs{answers}"])
