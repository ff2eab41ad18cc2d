"""Sweeps without processes and without networks: rows and runs made of right and wrong letters, and an engine in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.answers import best_of
from asl_inspector.sweep.assembling import Assembler
from asl_inspector.sweep.finding import Found
from asl_inspector.sweep.inspecting import Workbench
from asl_inspector.sweep.records import (
    CauseFacts,
    ClipAnswers,
    ClipList,
    DataFacts,
    DataFile,
    Facts,
    Figures,
    Job,
    Part,
    Row,
    Run,
    Setup,
    Sweep,
)


class EngineHere:
    """Inspects in this process, one job after the other; `asked` has the keys of all jobs it ever ran."""

    described = "this process"

    def __init__(self, fail_on: str = "", stop_after: int | None = None) -> None:
        self.fail_on, self.stop_after = fail_on, stop_after
        self.asked: list[Job] = []
        self.bench: Workbench | None = None
        self.closed = False

    def open(self, setup: Setup, cancel: CancelToken) -> DataFacts:
        self.bench = Workbench(setup)
        return self.bench.facts()

    def run(self, jobs: Sequence[Job], cancel: CancelToken) -> Iterator[Part]:
        assert self.bench is not None
        for number, job in enumerate(jobs):
            if number == self.stop_after:
                cancel.cancel()
            cancel.raise_if_cancelled()
            self.asked.append(job)
            if job.path.name == self.fail_on:
                yield Part(job.key, f"The process that inspected “{job.path.name}” ended unexpectedly.", again=True)
            else:
                yield self.bench.inspect(job)

    def close(self) -> None:
        self.closed = True


def row(name: str, outcome: str, epoch: int | None = None) -> Row:
    known = outcome.replace("-", "")
    return Row(
        path=Path("/runs") / name,
        key=name,
        bytes=1,
        epoch=epoch,
        accuracy=accuracy_of(known.count("1"), len(known)),
        outcome=outcome,
    )


def figures(glosses: int) -> Figures:
    """Figures of which nothing is known but how many glosses the network can say."""
    return Figures(0, 0, None, None, None, None, None, None, None, False, "undetermined", "", (), glosses, "CPU", 0.0)


def run_of(rows: Sequence[Row], name: str, condition: str, members: Sequence[int], seed: int | None = None) -> Run:
    return Run(name, condition, seed, {}, tuple(members), best=best_of(rows, members))


def simulated(
    random: np.random.Generator,
    means: dict[str, float],
    *,
    seeds: int = 3,
    epochs: int = 4,
    clips: int = 168,
    spread: float = 0.04,
) -> tuple[list[Row], list[Run]]:
    """Runs whose seeds differ by a normal spread, on clips that differ in how hard they are."""
    hardness = random.normal(size=clips) * 1.5
    rows: list[Row] = []
    runs = []
    for condition, mean in means.items():
        for seed in range(seeds):
            level = np.clip(mean + spread * random.normal(), 0.02, 0.98)
            at_epoch = [level * (epoch + 1) / epochs for epoch in range(epochs)]
            members = []
            for epoch, wanted in enumerate(at_epoch, start=1):
                chance = 1 / (1 + np.exp(hardness - _shift(hardness, wanted)))
                letters = "".join("1" if one else "0" for one in (random.random(clips) < chance).tolist())
                members.append(len(rows))
                rows.append(row(f"{condition}_{seed}_{epoch}.pt", letters, epoch))
            runs.append((f"{condition}_{seed}", condition, members, seed))
    return rows, [run_of(rows, name, condition, members, seed) for name, condition, members, seed in runs]


def made_up_sweep(checkpoints: Sequence[Path], validation: Path, *, collapse_from: int = 5, clips: int = 60) -> Sweep:
    """Two runs of six epochs as if they had been inspected, the second of which collapses; one path for each file.

    Args:
        checkpoints: Twelve paths, whose names and folders make the runs.
        validation: The clips, as it is told.
        collapse_from: The first epoch whose clips all come out empty.
        clips: How many.
    """
    random = np.random.default_rng(5)
    truth = random.integers(1, 7, clips)
    glosses = tuple(f"gloss {number}" for number in truth.tolist())
    listed = ClipList(tuple(f"clip {index}" for index in range(clips)), glosses, tuple(truth.tolist()))
    data = DataFacts((DataFile(validation, "val", 1, "0" * 64),), listed)
    found, parts = [], {}
    for number, path in enumerate(checkpoints):
        run, epoch = divmod(number, 6)
        right = random.random(clips) < (epoch + 2) / 8
        answers = np.where(right, truth, truth % 6 + 1)
        is_empty = run == 1 and epoch + 1 >= collapse_from
        part = made_up_part(f"{number:032x}", np.zeros_like(answers) if is_empty else answers, truth, is_empty=is_empty)
        parts[part.key] = part
        found.append((Found(path, 1, "0" * 64), part.key))
    roots = [checkpoints[0].parent.parent]
    return Assembler(Setup(validation), data, roots).assemble(found, parts)


def made_up_part(key: str, answers: np.ndarray, truth: np.ndarray, *, is_empty: bool) -> Part:
    """What a job finds that gives these answers."""
    said = tuple(answers.tolist())
    right = int((answers == truth).sum())
    cause = CauseFacts("blank-collapse", "Collapse to blanks", 0.9, "critical")
    share = 1.0 if is_empty else 0.0
    return Part(
        key,
        facts=Facts(None, {}, "shapes", "", 10, "BiLSTM"),
        figures=Figures(
            right,
            len(truth),
            None,
            share,
            share,
            None,
            None,
            None,
            None,
            False,
            "ill",
            "made up",
            (cause,),
            6,
            "CPU",
            0.1,
        ),
        clips=ClipAnswers(
            said,
            said,
            tuple("" if one == 0 else f"gloss {one}" for one in said),
            (0.5,) * len(said),
            tuple(truth.tolist()),
            "1" * len(said),
            str(int(is_empty)) * len(said),
        ),
    )


def _shift(hardness: np.ndarray, wanted: float) -> float:
    """The ability at which so large a share of these clips is right."""
    low, high = -12.0, 12.0
    for _ in range(16):
        middle = (low + high) / 2
        if float((1 / (1 + np.exp(hardness - middle))).mean()) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
