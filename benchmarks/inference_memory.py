"""A very large set through a real network: does memory stay flat, and does a clip cost the same at the end?

The clips are made when they are asked for. What is kept of them is 12 bytes a frame and about 60 a clip.
"""

from __future__ import annotations

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.inference.running import run_network
from asl_inspector.inference.sources import ClipSource
from asl_inspector.mapped_file import MappedFile
from asl_inspector.networks.building import BuiltNetwork, build_network
from asl_inspector.progress import Step
from benchmarks.measuring import Result

CLIPS, FRAMES, FEATURES, HIDDEN, CLASSES = 100_000, 100, 36, 16, 2_001
MOST_GROWTH = 1e9
MOST_SLOWER = 1.25


def make(folder: Path) -> BuiltNetwork:
    """A small network with many glosses."""
    torch.manual_seed(0)
    lstm = nn.LSTM(FEATURES, HIDDEN, 1, batch_first=True, bidirectional=True)
    head = nn.Linear(2 * HIDDEN, CLASSES)
    state = {f"encoder.lstm.{key}": value for key, value in lstm.state_dict().items()}
    state |= {f"classifier.{key}": value for key, value in head.state_dict().items()}
    torch.save({"model_state_dict": state}, folder / "a.pt")
    file = MappedFile(folder / "a.pt")
    return build_network(open_checkpoint(file), file.view)


def source(count: int) -> ClipSource:
    """Clips that are slices of one block of noise."""
    noise = np.random.default_rng(0).normal(size=(4096 + FRAMES, FEATURES)).astype(np.float32)

    def features(index: int) -> NDArray[np.float32]:
        start = index % 4096
        return noise[start : start + FRAMES]

    return ClipSource("clips", np.full(count, FRAMES), np.arange(count) % (CLASSES - 1) + 1, FEATURES, features)


def measure() -> list[Result]:
    """Growth of the process's memory, and the last tenth's time against the first's."""
    with tempfile.TemporaryDirectory() as name:
        network = make(Path(name))
    run_network(network, source(200), device="cpu")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    times: list[tuple[int, float]] = []

    def note(step: Step) -> None:
        times.append((step.done, time.process_time()))

    run_network(network, source(CLIPS), device="cpu", progress=note)
    growth = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
    done, seconds = np.array(times).T
    marks = np.interp(np.linspace(0.05, 1, 11) * CLIPS, done, seconds)
    cost = np.diff(marks)
    what = f"{CLIPS:,} clips x {FRAMES} frames x {CLASSES - 1:,} glosses on the CPU"
    return [
        Result(
            "inference_memory",
            f"Growth of the peak memory over {what}.",
            growth / 1e6,
            "MB",
            "all logits",
            CLIPS * FRAMES * CLASSES * 4 / 1e6,
            "under 1,000 MB",
            growth < MOST_GROWTH,
            1,
        ),
        Result(
            "inference_cost",
            f"CPU time of the last tenth of {what}.",
            float(cost[-1]),
            "s",
            "a tenth near the start",
            float(cost[0]),
            f"at most {MOST_SLOWER} times",
            bool(cost[-1] <= MOST_SLOWER * cost[0]),
            1,
        ),
    ]
