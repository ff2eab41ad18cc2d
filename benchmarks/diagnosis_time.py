"""How long the diagnosis takes: of the demo case after inference, of 10,000 clips and 2,000 glosses, and of the what-if strip.

The large case is made up: 8,000 training and 2,000 validation clips of 30 frames with 36 features, 2,000 glosses, whose ids
validation gives without names and numbered by itself, so that every question is asked, the tests of other numberings
included. Predictions are made up too, for inference is no part of it. Cancelling is timed from the signal to the end.
"""

from __future__ import annotations

import json

from benchmarks.measuring import Result, fresh, median, screen

RUNS = 3
CODE = """
import json, sys, threading, time
from dataclasses import replace
from pathlib import Path
import numpy as np
from asl_inspector.bundled_files import demo_files
from asl_inspector.case.records import Case, CaseFile, OpenFile, Role
from asl_inspector.data.measuring import measure_clips
from asl_inspector.diagnosis.diagnosing import diagnose
from asl_inspector.diagnosis.evidence import Evidence, Scored
from asl_inspector.diagnosis import what_if
from asl_inspector.diagnosis.what_if_records import WhatIf
from asl_inspector.inference.predictions import Predictions
from asl_inspector.inspection import Inspector
from asl_inspector.progress import Cancelled, CancelToken
from asl_inspector.samples.records import Clips, FeaturePlace, Places

told = {}
inspector = Inspector()
inspector.add(demo_files())
inspected = inspector.inspect()
started = time.perf_counter()
inspector.inspect()  # what was predicted is kept: everything but inference is done again
told["demo"] = time.perf_counter() - started
times = []
for turn in range(200):
    decoder = ("majority", "first_token", "score")[turn % 3]
    asked = WhatIf(bias=turn % 57 / 4 - 4, decoder=decoder, mask_padding=turn % 2 == 0, remap=True)
    started = time.perf_counter()
    what_if.answer(inspected.validation, inspected.diagnosis, asked)
    times.append(time.perf_counter() - started)
told["what_if"] = max(times)

GLOSSES, FRAMES, FEATURES = 2_000, 30, 36
random = np.random.default_rng(7)
centres = random.normal(size=(GLOSSES, FEATURES)).astype(np.float32)

def made(ids, name, names):
    features = centres[ids][:, None, :] + random.normal(size=(len(ids), FRAMES, FEATURES)).astype(np.float32)
    size, shape = FRAMES * FEATURES * 4, (FRAMES, FEATURES)
    places = Places.of(FeaturePlace(i * size, shape, "<f4") for i in range(len(ids)))
    clip_names = tuple(f"{name}{i}" for i in range(len(ids)))
    return Clips(Path(name), clip_names, tuple(names), ids + 1, (None,) * len(ids), np.full(len(ids), FRAMES), FEATURES,
                 places, np.ascontiguousarray(features, np.float32).tobytes())

def answered(clips, truth, right):
    count = len(clips)
    said = np.where(random.random(count) < right, truth + 1, random.integers(1, GLOSSES + 1, count))
    top = np.zeros((count, 5), np.int32)
    top[:, 0] = said
    lead = np.where(np.arange(count * FRAMES) % FRAMES == 5, -5, 5).astype(np.float32)
    return Scored(clips, Predictions(GLOSSES + 1, 0, np.ones(count, bool), np.arange(count + 1) * FRAMES,
        np.repeat(said, FRAMES).astype(np.int32), lead, np.full(count * FRAMES, 0.9, np.float32), np.full(count, -9, np.float32), top,
        np.tile(np.array([-.3, -3, -4, -5, -6], np.float32), (count, 1)), np.full(count, 2, np.float32), 0, "", 1.0,
        padding_lead=4.0, padding_gloss=1))

theirs = np.arange(8_000) % GLOSSES
kept = np.sort(random.permutation(GLOSSES)[:1_900])
ours = kept[np.arange(2_000) % len(kept)]
train = made(theirs, "t", [f"g{i}" for i in theirs])
clips = made(ours, "v", [None] * len(ours))
validation = replace(answered(clips, ours, 0.6), clips=replace(clips, gloss_ids=np.searchsorted(kept, ours) + 1))
both = ((validation.clips, Role.VALIDATION), (train, Role.TRAIN))
files = tuple(OpenFile(CaseFile(one.path, role, "", 0), None, one) for one, role in both)
case = Evidence(Case(files), None, None, validation, answered(train, theirs, 0.95), None, "", None, {})

def whole(cancel=None):
    data = measure_clips(validation.clips, train, cancel=cancel)
    return diagnose(replace(case, data=data), cancel=cancel)

started = time.perf_counter()
found = whole()
told["large"] = time.perf_counter() - started
assert found.causes[0].id == "label-map-mismatch", [one.id for one in found.causes]
token, stopped = CancelToken(), []
def stop():
    stopped.append(time.perf_counter())
    token.cancel()
threading.Timer(told["large"] / 3, stop).start()
try:
    whole(token)
    told["cancel"] = -1.0
except Cancelled:
    told["cancel"] = time.perf_counter() - stopped[0]
started = time.perf_counter()
what_if.answer(validation, found, WhatIf(bias=2.0, mask_padding=False))
told["what_if_large"] = time.perf_counter() - started
print(json.dumps(told))
"""


def measure() -> list[Result]:
    """The times."""
    runs = [json.loads(fresh(CODE, environment=screen())) for _ in range(RUNS)]

    def middle(name: str) -> float:
        return median([run[name] for run in runs])

    demo, large, cancel = middle("demo"), middle("large"), max(run["cancel"] for run in runs)
    small, wide = 1000 * max(run["what_if"] for run in runs), 1000 * middle("what_if_large")
    return [
        Result("diagnosis_demo", "demo case after inference", demo, "s", None, None, "under 5 s", demo < 5, RUNS),
        Result(
            "diagnosis_large",
            "10,000 clips of 2,000 glosses, ids without names",
            large,
            "s",
            None,
            None,
            "under 60 s",
            large < 60,
            RUNS,
        ),
        Result(
            "diagnosis_cancel",
            "from the signal to the end, longest",
            cancel,
            "s",
            None,
            None,
            "under 5 s",
            0 <= cancel < 5,
            RUNS,
        ),
        Result(
            "what_if_demo",
            "a move of the strip, longest of 200",
            small,
            "ms",
            None,
            None,
            "under 100 ms",
            small < 100,
            RUNS,
        ),
        Result(
            "what_if_large",
            "the same on 2,000 clips, padding counted",
            wide,
            "ms",
            None,
            None,
            "under 100 ms",
            wide < 100,
            RUNS,
        ),
    ]
