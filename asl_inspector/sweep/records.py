"""What a sweep is asked, what one job finds, and what the whole comes to. All of it is frozen plain data.

A job inspects one file's content; files with the same bytes are one job. N clips, K files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from asl_inspector.diagnosis.epoch_records import Collapse
from asl_inspector.diagnosis.records import Accuracy

Setting = bool | int | float | str | None
RIGHT, WRONG, NOT_RUN = "1", "0", "-"


@dataclass(frozen=True, slots=True)
class Setup:
    """What is the same for all jobs.

    Attributes:
        validation: Clips to run.
        train: Training clips, or None.
        vocabularies: Files of gloss names.
        stage1: The pre-trained checkpoint, or None.
        device: "auto", "cpu", "cuda", "cuda:N" or "mps".
        decoder: The decoder that the questions go by.
        blank: Index of the blank, None for what the layout says, -1 for none.
        choices: Answers to what the tensors leave open.
        threads: Most CPU threads of one job, or None.
    """

    validation: Path
    train: Path | None = None
    vocabularies: tuple[Path, ...] = ()
    stage1: Path | None = None
    device: str = "auto"
    decoder: str = "majority"
    blank: int | None = None
    choices: tuple[tuple[str, str], ...] = ()
    threads: int | None = None


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file that all jobs use, with the hash of its content."""

    path: Path
    role: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class ClipList:
    """The validation clips: names, glosses ("" where a clip has none), ids (-1 where it has none)."""

    ids: tuple[str, ...]
    glosses: tuple[str, ...]
    gloss_ids: tuple[int, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The data as an engine opened it."""

    files: tuple[DataFile, ...]
    clips: ClipList


@dataclass(frozen=True, slots=True)
class Job:
    """One content to inspect: its key, and the file to read it from."""

    key: str
    path: Path


@dataclass(frozen=True, slots=True)
class Facts:
    """What a checkpoint says of itself.

    Attributes:
        epoch: As stored, or None.
        settings: Its configuration, dotted names.
        shapes: Hash of the names and shapes of its weights.
        vocabulary: Hash of its vocabulary, or an empty string.
        parameters: Numbers that training adjusts.
        architecture: The network in words, or an empty string.
    """

    epoch: int | None
    settings: Mapping[str, Setting]
    shapes: str
    vocabulary: str
    parameters: int
    architecture: str


@dataclass(frozen=True, slots=True)
class CauseFacts:
    """One ranked cause of a diagnosis."""

    id: str
    title: str
    confidence: float
    severity: str


@dataclass(frozen=True, slots=True)
class Figures:
    """What the inspection of one file measured; an undefined figure is None.

    Attributes:
        right: Validation clips right by the chosen decoder, by gloss name where the file's own ids are wrong.
        of: Labelled clips that ran.
        top5: True gloss among the five best, by the ids of the file.
        blank_share: Share of blank frames.
        empty_share: Share of clips that come out empty.
        effective: Effective number of different answers.
        loss: Mean loss of the clips.
        train_right: The same of the training clips.
        train_of: Labelled training clips that ran.
        by_name: True where clips are scored by gloss name.
        verdict: "healthy", "ill" or "undetermined".
        headline: The diagnosis in one sentence.
        causes: Ranked.
        glosses: Glosses that the network can say.
        device: Where it ran.
        seconds: How long the job took.
    """

    right: int
    of: int
    top5: int | None
    blank_share: float | None
    empty_share: float | None
    effective: float | None
    loss: float | None
    train_right: int | None
    train_of: int | None
    by_name: bool
    verdict: str
    headline: str
    causes: tuple[CauseFacts, ...]
    glosses: int
    device: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ClipAnswers:
    """What one file answers, clip by clip.

    Attributes:
        answers: (N,), gloss by the chosen decoder.
        spoken: (N,), gloss by the majority of frames; the blank where a clip comes out empty.
        said: (N,), the answer as a gloss, "" where it has no name or there is none.
        confidence: (N,), probability of the best gloss, or None.
        truth: (N,), the id that counts as right.
        ran: N letters, "1" where the clip ran.
        empty: N letters, "1" where it came out empty.
    """

    answers: tuple[int, ...]
    spoken: tuple[int, ...]
    said: tuple[str, ...]
    confidence: tuple[float | None, ...]
    truth: tuple[int, ...]
    ran: str
    empty: str


@dataclass(frozen=True, slots=True)
class Part:
    """What one job found, or why it found nothing.

    Attributes:
        key: Of the job.
        problem: Why there are no figures, as a sentence, or an empty string.
        advice: What to do about it.
        again: True where the next sweep should try again: the process ended, or memory ran out.
        other: True where the file holds something else than a network.
        facts: What the file says of itself, or None.
        figures: What was measured, or None.
        clips: Clip by clip, or None.
    """

    key: str
    problem: str = ""
    advice: str = ""
    again: bool = False
    other: bool = False
    facts: Facts | None = None
    figures: Figures | None = None
    clips: ClipAnswers | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One file of the sweep.

    Attributes:
        path: The file.
        key: The job that inspected its content.
        bytes: Its size.
        epoch: By its name, else as it states, or None.
        problem: Why it has no figures, or an empty string.
        advice: What to do about it.
        accuracy: By the chosen decoder, or None.
        figures: What was measured, or None.
        null_low: 5 % quantile of the variety of as many labels, or None.
        outcome: N letters: "1" right, "0" wrong, "-" not run or without a label; empty where there is nothing.
    """

    path: Path
    key: str
    bytes: int
    epoch: int | None
    problem: str = ""
    advice: str = ""
    accuracy: Accuracy | None = None
    figures: Figures | None = None
    null_low: float | None = None
    outcome: str = ""

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name


@dataclass(frozen=True, slots=True)
class Best:
    """Which of several files to keep.

    Attributes:
        row: The one with most clips right; of equal ones the earliest.
        next: The next best, or None.
        files: Files that were looked at.
        clips: Clips that all of them were compared on.
        p: Exact McNemar probability of the two, or None.
        p_corrected: The same after Holm's correction for all pairs of files.
        shown: True where the kept file is shown to be better than the next.
        as_good: Rows, the kept one left out, that cannot be told from it.
        above_guessing: True where it is clearly better than the best of as many guesses, None where that is unknown.
    """

    row: int
    next: int | None
    files: int
    clips: int
    p: float | None
    p_corrected: float | None
    shown: bool
    as_good: tuple[int, ...]
    above_guessing: bool | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The files of one training run.

    Attributes:
        name: How it is called.
        condition: What it has in common with runs that differ by their seed alone.
        seed: Or None where neither the name nor the configuration tells one.
        settings: What distinguishes its configuration from those of the other runs.
        rows: Its files, by epoch.
        collapse: Where its answers collapse, or None.
        never_spoke: True where too many clips come out empty at every epoch.
        best: Which file to keep, or None where none was scored.
    """

    name: str
    condition: str
    seed: int | None
    settings: Mapping[str, Setting]
    rows: tuple[int, ...]
    collapse: Collapse | None = None
    never_spoke: bool = False
    best: Best | None = None


@dataclass(frozen=True, slots=True)
class ConditionPair:
    """Two conditions compared over their seeds.

    Attributes:
        a: The first.
        b: The second.
        runs_a: Runs of the first that have the epoch compared.
        runs_b: Those of the second.
        mean_a: Mean accuracy of the first.
        mean_b: Mean accuracy of the second.
        p: Welch's t test over the runs, or None where one of them has a single run.
        p_exact: Exact permutation test over the runs, or None.
        least_p_exact: The smallest that so few runs can give, or None.
        p_clips: The same clips asked: sign test over clips that one condition gets right more often, or None.
        p_corrected: `p` after Holm's correction for all pairs of conditions.
        detectable: The difference that so many runs with this spread show at 80 % power, as a fraction, or None.
        better: The condition that is shown to be better, or an empty string.
    """

    a: str
    b: str
    runs_a: int
    runs_b: int
    mean_a: float
    mean_b: float
    p: float | None
    p_exact: float | None
    least_p_exact: float | None
    p_clips: float | None
    p_corrected: float | None
    detectable: float | None
    better: str


@dataclass(frozen=True, slots=True)
class HardClip:
    """A clip that the best files of all runs get wrong.

    Attributes:
        clip: Its place.
        said: The gloss that most of them answer, or an empty string.
        times: Runs that answer it.
    """

    clip: int
    said: str
    times: int


@dataclass(frozen=True, slots=True)
class Answers:
    """What a sweep answers.

    Attributes:
        best: Which file of all to keep, or None.
        compared_epoch: The last epoch that every compared run has, or None.
        pairs: Conditions, two by two.
        hard: Clips that the best files of all runs get wrong.
        alone: Clips that the best file of one run alone gets right, with that run.
        judged: Runs whose best files were asked.
    """

    best: Best | None = None
    compared_epoch: int | None = None
    pairs: tuple[ConditionPair, ...] = ()
    hard: tuple[HardClip, ...] = ()
    alone: tuple[tuple[int, int], ...] = ()
    judged: int = 0


@dataclass(frozen=True, slots=True)
class Sweep:
    """All that a sweep knows so far.

    Attributes:
        program: Version that found it.
        made: When, as ISO 8601.
        waiting: Files that were not inspected yet.
        decoder: The decoder that the questions go by.
        files: The data.
        clips: The validation clips.
        rows: The files, in the order of their paths.
        runs: The runs.
        answers: What they come to.
        left_out: Files below the folders that hold no network, as sentences.
    """

    program: str
    made: str
    waiting: int
    decoder: str
    files: tuple[DataFile, ...]
    clips: ClipList
    rows: tuple[Row, ...]
    runs: tuple[Run, ...]
    answers: Answers = field(default_factory=Answers)
    left_out: tuple[str, ...] = ()
