"""From the dropped files of the demo case to its PDF, as one command; and the PDF alone."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from asl_inspector.bundled_files import demo_files
from asl_inspector.inspection import Inspector
from asl_inspector.report.pdf import pdf_report
from benchmarks.measuring import Result, median, timed

RUNS = 5


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
    ]
