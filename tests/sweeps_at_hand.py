"""Sweeps without processes and without networks: rows and runs made of right and wrong letters, and an engine in here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from asl_inspector.diagnosis.measures import accuracy_of
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.answers import best_of
from asl_inspector.sweep.inspecting import Workbench
from asl_inspector.sweep.records import DataFacts, Job, Part, Row, Run, Setup


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


def _shift(hardness: np.ndarray, wanted: float) -> float:
    """The ability at which so large a share of these clips is right."""
    low, high = -12.0, 12.0
    for _ in range(40):
        middle = (low + high) / 2
        if float((1 / (1 + np.exp(hardness - middle))).mean()) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2
