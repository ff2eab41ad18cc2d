"""What differs between two diagnoses, as frozen plain data. N clips are paired by their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FileChange = Literal["same", "changed", "gone", "new"]
CauseChange = Literal["gone", "new", "stays"]


@dataclass(frozen=True, slots=True)
class ChangedFile:
    """A file of one or both cases.

    Attributes:
        role: What it is for.
        change: "same" where the content is, whatever the name.
        before: Name before, or an empty string.
        after: Name after, or an empty string.
        sha256_before: Hash before, or None.
        sha256_after: Hash after, or None.
    """

    role: str
    change: FileChange
    before: str
    after: str
    sha256_before: str | None
    sha256_after: str | None


@dataclass(frozen=True, slots=True)
class ChangedCause:
    """A cause of one or both diagnoses; a confidence is None where the cause is not listed."""

    id: str
    title: str
    change: CauseChange
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class ChangedFigure:
    """A figure of both diagnoses.

    Attributes:
        name: Of the figure, for people.
        before: Value, or None where it was not obtained.
        after: Value, or None.
        share: True for a fraction in [0, 1].
    """

    name: str
    before: float | None
    after: float | None
    share: bool


@dataclass(frozen=True, slots=True)
class PairedTest:
    """Right answers on the clips that both diagnoses have.

    Attributes:
        scored: "id" by the ids of the files, "gloss name" by the ids that the glosses have in training.
        clips: Clips that both answered and that have a true id in both.
        right_before: Of those.
        right_after: Of those.
        gained: Wrong before, right after.
        lost: Right before, wrong after.
        p: Exact McNemar probability of so uneven a split between gained and lost.
    """

    scored: Literal["id", "gloss name"]
    clips: int
    right_before: int
    right_after: int
    gained: int
    lost: int
    p: float


@dataclass(frozen=True, slots=True)
class Changes:
    """Two diagnoses, one after the other.

    Attributes:
        before: Name of the first report.
        after: Name of the second.
        verdicts: Both, as words.
        headlines: Both, as sentences.
        files: Those that are not the same first.
        figures: Those that either has.
        tests: Where clips could be paired.
        causes: Gone, new, and those that stay.
        notes: What could not be compared, as sentences.
    """

    before: str
    after: str
    verdicts: tuple[str, str]
    headlines: tuple[str, str]
    files: tuple[ChangedFile, ...]
    figures: tuple[ChangedFigure, ...]
    tests: tuple[PairedTest, ...]
    causes: tuple[ChangedCause, ...]
    notes: tuple[str, ...]

    def of(self, change: CauseChange) -> tuple[ChangedCause, ...]:
        """The causes that went, came or stayed."""
        return tuple(cause for cause in self.causes if cause.change == change)
