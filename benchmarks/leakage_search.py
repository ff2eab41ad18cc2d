"""Near duplicates between 10,000 training and 2,000 validation clips, on two threads, against brute force by scipy.

Both get the same clips of 20 to 60 frames with 36 features, and both are timed from the clips to the nearest training
clip of every validation clip. The rival resamples column by column and calls `scipy.spatial.distance.cdist`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from benchmarks.measuring import ROOT, Result, median

RUNS = 3
GOAL = 30.0
TRAIN, VALIDATION, FEATURES, PLANTED = 10_000, 2_000, 36, 25

WORK = """
import sys, time
from pathlib import Path
import numpy as np
from scipy.spatial.distance import cdist
from asl_inspector.data.measuring import nearest_clips
from asl_inspector.data.neighbours import POINTS
from asl_inspector.data.shared_frames import find_shared_frames
from asl_inspector.data.surveying import survey
from asl_inspector.samples.records import Clips, FeaturePlace, Places

train_count, validation_count, features, planted = map(int, sys.argv[2:6])
random = np.random.default_rng(7)

def made(count, name):
    lengths = random.integers(20, 60, count)
    frames = np.cumsum(random.normal(0, 0.1, (int(lengths.sum()), features)), axis=0).astype(np.float32)
    frames -= np.repeat(frames[np.concatenate([[0], np.cumsum(lengths)[:-1]])], lengths, axis=0)
    return [part + random.normal(0, 1, features).astype(np.float32) for part in np.split(frames, np.cumsum(lengths)[:-1])]

def clips(arrays, name):
    places, start = [], 0
    for one in arrays:
        places.append(FeaturePlace(start, one.shape, "<f4"))
        start += one.nbytes
    ids = np.arange(len(arrays)) % 100
    return Clips(Path(name), tuple(f"{name}{i}" for i in range(len(arrays))), tuple(f"g{i}" for i in ids), ids + 1,
                 (None,) * len(arrays), np.array([len(one) for one in arrays]), features, Places.of(places),
                 b"".join(one.tobytes() for one in arrays))

theirs, ours = made(train_count, "t"), made(validation_count, "v")
for index in range(planted):
    copy = theirs[11 * index]
    ours[index] = copy[:-1] if index % 2 else copy + np.float32(1e-3)
train, validation = clips(theirs, "t"), clips(ours, "v")

started = time.perf_counter()
known, own = survey(train, "training"), survey(validation, "validation")
shared = find_shared_frames(own, known, validation.ids, train.ids)
found = nearest_clips(validation, train, known, "resampled")
seconds = time.perf_counter() - started
names = {one.validation for one in shared} | {one.validation for one in found.pairs}
assert names == {f"v{i}" for i in range(planted)}, names

started = time.perf_counter()
frames = np.concatenate(theirs).astype(float)
mean, spread = frames.mean(axis=0), frames.std(axis=0)
def vectors(arrays):
    rows = []
    for one in arrays:
        place, at = np.linspace(0, len(one) - 1, POINTS), np.arange(len(one))
        rows.append(np.stack([np.interp(place, at, column) for column in ((one - mean) / spread).T], axis=1).ravel())
    return np.array(rows)
distances = cdist(vectors(ours), vectors(theirs))
rival = time.perf_counter() - started
assert (distances.argmin(axis=1) == found.nearest).mean() > 0.999
print(seconds, rival)
"""


def measure() -> list[Result]:
    """Medians of processes that may use two threads."""
    two = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "2")
    sizes = [str(number) for number in (TRAIN, VALIDATION, FEATURES, PLANTED)]
    ours, theirs = [], []
    for _ in range(RUNS):
        command = [sys.executable, "-c", WORK, "", *sizes]
        environment = os.environ | two | {"PYTHONPATH": str(Path(ROOT))}
        ran = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, cwd=ROOT)
        seconds, rival = map(float, ran.stdout.split())
        ours.append(seconds)
        theirs.append(rival)
    return [
        Result(
            name="leakage_search",
            what="Seconds to look through 10,000 training and 2,000 validation clips and find all near duplicates.",
            value=median(ours),
            unit="s",
            rival="scipy cdist on the same resampled clips",
            rival_value=median(theirs),
            goal="under 30 s on two cores",
            met=median(ours) < GOAL,
            runs=RUNS,
        )
    ]
