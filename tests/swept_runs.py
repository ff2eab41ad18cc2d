"""Runs to sweep: seeds by conditions by epochs, really trained, two faults planted.

    python tests/swept_runs.py FOLDER        writes the sixty checkpoints, with the clips beside them

The second seed of “wide” collapses to blanks from a known epoch on, and the third seed of “plain” stores a vocabulary in
which every gloss has the id of the next one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from makers import GLOSSES
from trained_runs import TrainedRun, train_run

CONDITIONS = ("plain", "wide")
SEEDS = (1, 2, 3)
COLLAPSING = ("wide", 2)
MISLABELLED = ("plain", 3)


@dataclass(frozen=True)
class SweptRuns:
    """What was written.

    Attributes:
        folder: Holds one folder a run.
        runs: By condition and seed.
        collapse_from: The first epoch of the collapse.
        validation: Clips to sweep on.
        train: The training clips.
    """

    folder: Path
    runs: dict[tuple[str, int], TrainedRun]
    collapse_from: int
    validation: Path
    train: Path

    @property
    def checkpoints(self) -> list[Path]:
        """All of them."""
        return [path for run in self.runs.values() for path in run.checkpoints.values()]


def write_runs(
    folder: Path,
    *,
    seeds: Sequence[int] = SEEDS,
    conditions: Sequence[str] = CONDITIONS,
    epochs: int = 10,
    collapse_from: int = 6,
) -> SweptRuns:
    """Train and save them all.

    Args:
        folder: Where to write.
        seeds: Of every condition.
        conditions: Their names; they differ in a setting that does nothing.
        epochs: Of every run.
        collapse_from: The first epoch of the planted collapse.
    """
    runs = {}
    shifted = {gloss: number % len(GLOSSES) + 1 for number, gloss in enumerate(GLOSSES, start=1)}
    sound = {gloss: number for number, gloss in enumerate(GLOSSES, start=1)}
    for condition in conditions:
        for seed in seeds:
            runs[condition, seed] = train_run(
                folder / f"{condition}_seed{seed}",
                epochs=epochs,
                collapse_from=collapse_from if (condition, seed) == COLLAPSING else None,
                seed=100 * conditions.index(condition) + seed,
                stored={
                    "config": {"seed": seed, "width": condition, "lr": 0.03},
                    "gloss_to_id": shifted if (condition, seed) == MISLABELLED else sound,
                },
            )
    first = next(iter(runs.values()))
    return SweptRuns(folder, runs, collapse_from, first.validation, first.train)


if __name__ == "__main__":
    written = write_runs(Path(sys.argv[1]))
    print(f"{len(written.checkpoints)} checkpoints in {written.folder}")
    print(f"asl-inspector sweep {written.folder} --val {written.validation} --out RESULT")
