"""How a family of networks says what it found: a plan to build one, and what is still open about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor

from asl_inspector.networks.network import Network
from asl_inspector.networks.records import SettledBy

EVERY_FRAME = "every frame"
MOST_HEADS = 32
MOST_NUMBER = 100_000


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the tensors leave open.

    Attributes:
        name: Short name ("pooling").
        options: The answers, the most usual first.
        sentence: What is said of the answer; `{}` stands for it.
        words: Words of a setting's name that may hold the answer.
        hint: The answer that the names of the keys suggest, or an empty string.
        forms: Answers with a number, which only the user gives: `{}` stands for 1 to `MOST_NUMBER`.
    """

    name: str
    options: tuple[str, ...]
    sentence: str
    words: tuple[str, ...] = ()
    hint: str = ""
    forms: tuple[str, ...] = ()


class Builder(Protocol):
    """Makes the module once every question has an answer."""

    def __call__(self, answers: Mapping[str, str]) -> Network:
        """The module, with random weights."""
        ...


def head_counts(width: int, usual: Sequence[int]) -> tuple[str, ...]:
    """How many heads attention over so many numbers may have, the usual counts first."""
    others = [count for count in range(1, MOST_HEADS + 1) if count not in usual]
    return tuple(str(count) for count in (*usual, *others) if width % count == 0)


def _as_they_are(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return state


@dataclass(frozen=True, slots=True)
class Plan:
    """A network that a state dict may hold.

    Attributes:
        family: Name of the layout.
        source: What settled it, as a sentence.
        body: The heart of it in few words.
        parts: What lies around it.
        inputs: Numbers a frame.
        classes: Outputs.
        keys: The file's key of every tensor of the module.
        build: Makes the module.
        questions: What is open.
        facts: What is taken for granted, as sentences.
        blank: Index of the blank where the layout settles it.
        settled: True where the layout settles whether there is a blank.
        prepared: True where the layout settles how features are prepared: not at all, unless the user knows better.
        frames: Frames that every clip must have, or None for any number.
        left_out: Keys of the file that belong to parts that are not run; `facts` says which.
        shape_state: Brings the file's tensors, under the names of `keys`, into the form that the module has.
    """

    family: str
    source: str
    body: str
    parts: tuple[str, ...]
    inputs: int
    classes: int
    keys: Mapping[str, str]
    build: Builder
    questions: tuple[Question, ...] = ()
    facts: tuple[str, ...] = ()
    blank: int | None = None
    settled: bool = False
    prepared: bool = False
    frames: int | None = None
    left_out: frozenset[str] = frozenset()
    shape_state: Callable[[dict[str, Tensor]], dict[str, Tensor]] = _as_they_are


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, what it rests on, and why, completing "because ...", where there is more to say."""

    value: str
    settled_by: SettledBy
    why: str = ""


@dataclass(frozen=True, slots=True)
class Labels:
    """What labels and vocabularies say, for the question whether there is a blank.

    Attributes:
        ids: Different true ids of the clips.
        vocabulary: Gloss to id, of the checkpoint or of a vocabulary file.
    """

    ids: frozenset[int] = frozenset()
    vocabulary: Mapping[str, int] = field(default_factory=dict)
