"""Rows, runs and answers, made of what the jobs found."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from asl_inspector.about import program_version
from asl_inspector.diagnosis.along_epochs import Answered, Entry, Judge
from asl_inspector.diagnosis.epoch_records import AlongEpochs
from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.diagnosis.records import Accuracy
from asl_inspector.samples.records import UNLABELLED
from asl_inspector.sweep.answers import answers_of, best_of
from asl_inspector.sweep.finding import Found
from asl_inspector.sweep.grouping import Group, group
from asl_inspector.sweep.records import (
    NOT_RUN,
    RIGHT,
    WRONG,
    ClipAnswers,
    DataFacts,
    Figures,
    Part,
    Row,
    Run,
    Setup,
    Sweep,
)


class Assembler:
    """Puts a sweep together, again and again while jobs finish; what was judged once is kept.

    Args:
        setup: What was asked.
        data: The data.
        roots: The folders that were swept.
    """

    def __init__(self, setup: Setup, data: DataFacts, roots: Sequence[Path]) -> None:
        self._setup, self._data, self._roots = setup, data, roots
        self._labelled = np.array(data.clips.gloss_ids) != UNLABELLED
        labels = np.array(data.clips.gloss_ids)[self._labelled]
        self._constant = float(np.unique(labels, return_counts=True)[1].max() / len(labels)) if len(labels) else 0.0
        self._judges: dict[tuple[int, ...], Judge] = {}
        self._judged: dict[tuple[str, ...], AlongEpochs | None] = {}
        self._outcomes: dict[str, str] = {}

    def assemble(self, found: Sequence[tuple[Found, str]], parts: Mapping[str, Part]) -> Sweep:
        """All that is known.

        Args:
            found: The files with the keys of their jobs.
            parts: The jobs that ended, by key.
        """
        known = [(one, parts[key]) for one, key in found if key in parts]
        left_out = [part.problem for _, part in known if part.other]
        known = [(one, part) for one, part in known if not part.other]
        groups, epochs = group([(one.path, part.facts) for one, part in known], self._roots)
        rows = [self._row(one, part, epoch) for (one, part), epoch in zip(known, epochs, strict=True)]
        runs = []
        for one in groups:
            run, nulls = self._run(one, rows, parts)
            for index, low in nulls.items():
                rows[index] = replace(rows[index], null_low=low)
            runs.append(run)
        said = {part.key: part.clips.said for _, part in known if part.clips is not None}
        return Sweep(
            program=program_version(),
            made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            waiting=len(found) - len(known) - len(left_out),
            decoder=self._setup.decoder,
            files=self._data.files,
            clips=self._data.clips,
            rows=tuple(rows),
            runs=tuple(runs),
            answers=answers_of(rows, runs, said, self._constant),
            left_out=tuple(sorted(left_out)),
        )

    def _row(self, one: Found, part: Part, epoch: int | None) -> Row:
        figures = part.figures
        if part.clips is not None and part.key not in self._outcomes:
            self._outcomes[part.key] = self._outcome(part.clips)
        return Row(
            path=one.path,
            key=part.key,
            bytes=one.bytes,
            epoch=epoch,
            problem=part.problem,
            advice=part.advice,
            accuracy=_accuracy(figures.right, figures.of) if figures is not None else None,
            figures=figures,
            outcome=self._outcomes.get(part.key, ""),
        )

    def _outcome(self, clips: ClipAnswers) -> str:
        return "".join(
            NOT_RUN if ran != "1" or not labelled else RIGHT if answer == truth and truth != UNLABELLED else WRONG
            for ran, labelled, answer, truth in zip(
                clips.ran, self._labelled.tolist(), clips.answers, clips.truth, strict=True
            )
        )

    def _run(self, one: Group, rows: Sequence[Row], parts: Mapping[str, Part]) -> tuple[Run, dict[int, float | None]]:
        run = Run(
            one.name,
            one.condition,
            one.seed,
            one.settings,
            one.members,
            best=best_of(rows, one.members, self._constant),
        )
        scored = [index for index in one.members if parts[rows[index].key].clips is not None]
        key = tuple(f"{rows[index].epoch} {rows[index].key}" for index in scored)
        if key not in self._judged:
            self._judged[key] = self._judge(rows, scored, parts)
        along = self._judged[key]
        if along is None:
            return run, {}
        nulls = {index: point.null_low for index in scored for point in along.points if point.path == rows[index].path}
        return replace(run, collapse=along.collapse, never_spoke=along.never_spoke), nulls

    def _judge(self, rows: Sequence[Row], scored: Sequence[int], parts: Mapping[str, Part]) -> AlongEpochs | None:
        """The files of a run beside each other, as `diagnose` judges them."""
        entries = []
        truth: tuple[int, ...] | None = None
        for index in scored:
            part = parts[rows[index].key]
            if part.clips is None or part.figures is None:
                continue
            truth = truth or part.clips.truth
            answered = answered_of(part.clips, part.figures)
            entries.append(Entry(rows[index].path, rows[index].epoch, inspected=False, answered=answered))
        if truth is None:
            return None
        if truth not in self._judges:
            labelled = self._labelled
            self._judges[truth] = Judge(np.array(truth, np.int64), labelled, by_name=False)
        return self._judges[truth].judge(entries)


@lru_cache(maxsize=4096)
def _accuracy(correct: int, of: int) -> Accuracy | None:
    """Many files have the same counts, and the limits take a millisecond."""
    return accuracy_of(correct, of)


def answered_of(clips: ClipAnswers, figures: Figures) -> Answered:
    """What one file answers, in the form in which the files of a run are judged."""
    return Answered(
        answers=np.array(clips.answers, np.int32),
        spoken=np.array(clips.spoken, np.int32),
        ran=np.array([letter == "1" for letter in clips.ran], bool),
        empty=np.array([letter == "1" for letter in clips.empty], bool),
        blank_share=figures.blank_share,
        loss=figures.loss,
        glosses=figures.glosses,
    )
