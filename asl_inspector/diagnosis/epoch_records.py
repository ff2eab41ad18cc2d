"""The files of one run, each scored on the same clips, as frozen plain data. Shares are fractions in [0, 1]."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from asl_inspector.diagnosis.records import Accuracy

CollapseKind = Literal["blank", "narrow"]


@dataclass(frozen=True, slots=True)
class EpochPoint:
    """One file of the run.

    Attributes:
        path: The file.
        epoch: Its epoch, or None where neither its name nor its metadata tells it.
        inspected: True for the checkpoint that the diagnosis is about.
        clips: Clips that ran.
        accuracy: By the chosen decoder, by gloss name where ids clash; None where no clip is labelled.
        blank_share: Share of valid frames whose best class is the blank, or None without a blank.
        empty_share: Share of clips whose frames are all blank.
        effective: Effective number of different answers, or None where all clips are empty.
        null_low: 5 % quantile of as many draws from the labels.
        null_high: 95 % quantile.
        loss: Mean loss over labelled clips; None where ids clash, as it would be that of wrong labels.
        p: Exact McNemar probability of its difference from the inspected file, or None.
        p_corrected: The same after Holm's correction for all files compared.
        problem: Why it could not be scored, as a sentence, or an empty string.
    """

    path: Path
    epoch: int | None
    inspected: bool
    clips: int = 0
    accuracy: Accuracy | None = None
    blank_share: float | None = None
    empty_share: float | None = None
    effective: float | None = None
    null_low: float | None = None
    null_high: float | None = None
    loss: float | None = None
    p: float | None = None
    p_corrected: float | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Collapse:
    """Where the answers collapse for good.

    Attributes:
        kind: "blank" where clips come out empty, "narrow" where few glosses are left.
        after: The last epoch scored before.
        begins: The first epoch scored from which all are collapsed.
        points: Scored files from there on.
        low: Least extreme figure from there on: empty share, or effective number.
        high: Most extreme one.
        before: The figure at `after`.
        p: Largest probability of such a difference from `after` without a change, over the files tested.
    """

    kind: CollapseKind
    after: int
    begins: int
    points: int
    low: float
    high: float
    before: float
    p: float


@dataclass(frozen=True, slots=True)
class AlongEpochs:
    """All files of the run beside each other.

    Attributes:
        points: By epoch, those without one last; the inspected file among them.
        waiting: Names of files that were not scored yet, or not any more because it was cancelled.
        by_name: True where clips are scored by gloss name.
        clips: Clips that every scored file was compared on.
        collapse: Where the answers collapse, or None.
        never_spoke: True where at every scored epoch too many clips come out empty.
        best: Index of the point with most clips right, or None where none is scored.
        shown: True where `best` is shown to be better than the inspected file, None where that cannot be tested.
        p_guessing: Probability that guessing is as good as the best of as many files, or None.
        above_guessing: True where the best file is clearly better than that.
    """

    points: tuple[EpochPoint, ...]
    waiting: tuple[str, ...]
    by_name: bool
    clips: int
    collapse: Collapse | None
    never_spoke: bool
    best: int | None
    shown: bool | None
    p_guessing: float | None
    above_guessing: bool

    @property
    def partial(self) -> bool:
        """True while files wait, or where the rest was cancelled."""
        return bool(self.waiting)

    @property
    def scored(self) -> tuple[EpochPoint, ...]:
        """The points that have figures."""
        return tuple(one for one in self.points if one.clips)

    @property
    def files(self) -> int:
        """Files of the run, with those that wait and those that failed."""
        return len(self.points) + len(self.waiting)
