"""Clips a second through the network from inside the window, with all panels live, beside the command line.

Both run the same case: some thousand clips, which are also measured, diagnosed and shown. What is compared is the time
in which the network ran, reading included, as both tell it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.event_loop import OURS, large_case
from benchmarks.measuring import ROOT, Result, fresh, median, screen

RUNS = 3
LEAST_SHARE = 0.9


def from_the_window(folder: str, files: list[str]) -> float:
    """Clips a second."""
    told = json.loads(fresh(OURS, folder, *files, environment=screen()))
    return float(told["clips"] / told["running"])


def from_the_command_line(folder: str, files: list[str]) -> float:
    """Clips a second."""
    out = Path(folder) / "diagnosis.json"
    command = [sys.executable, "-m", "asl_inspector", "diagnose", *files, "--quiet", "--json", str(out)]
    subprocess.run([*command, "--fail-on", "never"], check=True, cwd=ROOT, capture_output=True)
    return float(json.loads(out.read_text(encoding="utf-8"))["predictions"]["clips_per_second"])


def measure() -> list[Result]:
    """Medians of runs that take turns."""
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        files = [str(path) for path in large_case(Path(name))]
        for _ in range(RUNS):
            ours.append(from_the_window(name, files))
            theirs.append(from_the_command_line(name, files))
    inside, outside = median(ours), median(theirs)
    return [
        Result(
            "window_against_command_line",
            "Clips a second while the window is open, all panels live.",
            inside,
            "clips/s",
            "asl-inspector diagnose",
            outside,
            f"at least {LEAST_SHARE} times",
            inside >= LEAST_SHARE * outside,
            RUNS,
        )
    ]
