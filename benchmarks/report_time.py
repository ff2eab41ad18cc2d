"""From the dropped files of the demo case to its PDF, as one command; the PDF alone; every output of 100,000 clips."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from asl_inspector.bundled_files import demo_files
from asl_inspector.inspection import Inspector
from asl_inspector.report.contents import Inspected
from asl_inspector.report.document import document
from asl_inspector.report.exporting import KINDS, content_of
from asl_inspector.report.pdf import pdf_report, typeset
from benchmarks.measuring import Result, median, timed

RUNS = 5
CLIPS, CLASSES = 100_000, 200
MEGABYTE = 1e6


def measure() -> list[Result]:
    """Medians of whole processes, and of the typesetting alone."""
    with tempfile.TemporaryDirectory() as name:
        target = str(Path(name) / "r.pdf")
        command = [sys.executable, "-m", "asl_inspector", "demo", "--pdf", target]
        whole = [timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(RUNS)]
        torch = [timed(lambda: subprocess.run([sys.executable, "-c", "import torch"], check=True)) for _ in range(RUNS)]
    inspector = Inspector()
    inspector.add(demo_files())
    inspected = inspector.inspect()
    pdf = [timed(lambda: pdf_report(inspected)) for _ in range(RUNS)]
    return [
        Result(
            name="demo_to_pdf",
            what="Seconds for `asl-inspector demo --pdf`, from process start to the written report.",
            value=median(whole),
            unit="s",
            rival="importing torch alone",
            rival_value=median(torch),
            goal="under 15 s on two cores",
            met=median(whole) < 15,
            runs=RUNS,
        ),
        Result(
            name="pdf",
            what="Seconds to typeset the report of the demo case.",
            value=median(pdf),
            unit="s",
            rival=None,
            rival_value=None,
            goal="under 2 s",
            met=median(pdf) < 2,
            runs=RUNS,
        ),
        _size("pdf_size", "the report of the demo case", len(pdf_report(inspected))),
        *_of_many_clips(),
    ]


def many_clips(folder: Path) -> Inspected:
    """Saved probabilities of `CLIPS` clips, four in five of them right, inspected."""
    random = np.random.default_rng(2026)
    labels = random.integers(0, CLASSES, CLIPS)
    scores = random.normal(0, 1, (CLIPS, CLASSES)).astype(np.float32)
    scores[np.arange(CLIPS), np.where(random.random(CLIPS) < 0.8, labels, (labels + 1) % CLASSES)] += 8
    powers = np.exp(scores)
    names = np.array([f"signer{n % 40:02d}/clip_{n:06d}" for n in range(CLIPS)])
    path = folder / "outputs.npz"
    np.savez(path, probs=powers / powers.sum(axis=1, keepdims=True), labels=labels, clip=names)
    inspector = Inspector()
    inspector.add([path])
    return inspector.inspect()


def _of_many_clips() -> list[Result]:
    """Seconds and bytes of every kind of output."""
    with tempfile.TemporaryDirectory() as name:
        inspected = many_clips(Path(name))
        results = []
        for kind in KINDS:
            seconds = median([timed(lambda kind=kind: content_of(inspected, kind)) for _ in range(3)])
            results.append(
                Result(
                    name=f"{kind}_of_100000_clips",
                    what=f"Seconds to write the {kind} of {CLIPS:,} clips.",
                    value=seconds,
                    unit="s",
                    rival=None,
                    rival_value=None,
                    goal="under 10 s",
                    met=seconds < 10,
                    runs=3,
                )
            )
        bare = len(typeset(document(inspected)))
    return [*results, _size("pdf_of_100000_clips_size", f"the PDF of {CLIPS:,} clips without the attached table", bare)]


def _size(name: str, what: str, size: int) -> Result:
    return Result(
        name=name,
        what=f"Size of {what}.",
        value=size / MEGABYTE,
        unit="MB",
        rival=None,
        rival_value=None,
        goal="under 1 MB",
        met=size < MEGABYTE,
        runs=1,
    )
