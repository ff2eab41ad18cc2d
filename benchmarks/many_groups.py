"""100,000 clips as groups of one HDF5 file, opened as the window opens them, beside a plain loop of the library."""

from __future__ import annotations

import resource
import tempfile
from pathlib import Path

import h5py
import numpy as np

from asl_inspector.samples.records import Clips
from asl_inspector.workers.calling import Readers, open_file
from benchmarks.measuring import Result, median, timed

CLIPS, FRAMES, FEATURES = 100_000, 4, 10
RUNS = 2
MOST_RATIO, MOST_MEMORY = 2.5, 1_000 << 20


def measure() -> list[Result]:
    """Seconds, a process of its own included, and the most memory that this process held."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clips.h5"
        clip = np.zeros((FRAMES, FEATURES), np.float32)
        with h5py.File(path, "w") as file:
            for index in range(CLIPS):
                group = file.create_group(f"v{index:06}")
                group["keypoints"] = clip
                group.attrs["gloss"] = f"g{index % 100}"

        def ours() -> None:
            readers = Readers(once=True)
            found = open_file(path, readers=readers).opened
            readers.close()
            assert isinstance(found, Clips)
            assert len(found) == CLIPS

        def plain() -> None:
            with h5py.File(path, "r") as file:
                assert sum(bool(len(group["keypoints"][:])) for group in file.values() if group.attrs["gloss"]) == CLIPS

        own, rival = [], []
        for _ in range(RUNS):
            own.append(timed(ours))
            rival.append(timed(plain))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    return [
        Result(
            name="many_groups",
            what=f"Seconds to look through {CLIPS:,} groups of an HDF5 file.",
            value=median(own),
            unit="s",
            rival="h5py, every dataset and label",
            rival_value=median(rival),
            goal=f"at most {MOST_RATIO:g} times the plain loop",
            met=median(own) <= MOST_RATIO * median(rival),
            runs=RUNS,
        ),
        Result(
            name="many_groups_memory",
            what="The most memory of the process that reads them.",
            value=memory / 2**20,
            unit="MB",
            rival=None,
            rival_value=None,
            goal=f"under {MOST_MEMORY >> 20:,} MB: a reader may take 1,200 more than it starts with",
            met=memory < MOST_MEMORY,
            runs=RUNS,
        ),
    ]
