"""From the start of the self-contained folder to its window, beside the same program run from the source.

The folder is build/folder/asl-inspector, or ASL_INSPECTOR_FOLDER. Both are timed from outside, until
the screen has a visible window of theirs, so that one clock counts for both.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.measuring import ROOT, Result, median

RUNS = 7
SECONDS = 60


def measure() -> list[Result]:
    """Medians of alternating starts; nothing where there is no folder."""
    folder = Path(os.environ.get("ASL_INSPECTOR_FOLDER", ROOT / "build" / "folder" / "asl-inspector"))
    program = folder / "asl-inspector"
    if not program.is_file():
        print(f"packaged_start: there is no {program}; packaging/build_folder.sh makes it.", file=sys.stderr)
        return []
    ours: list[float] = []
    source: list[float] = []
    for run in range(RUNS + 1):
        packaged = seconds_to_window([str(program)])
        rival = seconds_to_window([sys.executable, "-m", "asl_inspector"])
        if run:  # the first start warms the disk
            ours.append(packaged)
            source.append(rival)
    value, rival_value = median(ours), median(source)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return [
        Result(
            name="packaged_start",
            what=f"Seconds from the start of the self-contained folder ({size / 1e9:.2f} GB) to its window.",
            value=value,
            unit="s",
            rival="the same from the source",
            rival_value=rival_value,
            goal="at most 1.5 times the source",
            met=value <= 1.5 * rival_value,
            runs=RUNS,
        )
    ]


def seconds_to_window(command: list[str]) -> float:
    """Until a window of the program is seen; with a home of its own, so that no other window takes the start."""
    with tempfile.TemporaryDirectory() as home:
        environment = dict(os.environ) | {
            "HOME": home,
            "XDG_CONFIG_HOME": home,
            "XDG_STATE_HOME": home,
            "XDG_CACHE_HOME": home,
        }
        if command[0] != sys.executable:
            environment["PATH"] = "/usr/bin:/bin"  # what is packaged needs no interpreter
        started = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--new-window"], env=environment, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            while time.perf_counter() - started < SECONDS:
                search = ["xdotool", "search", "--onlyvisible", "--pid", str(process.pid)]
                if subprocess.run(search, env=environment, capture_output=True, check=False).stdout.strip():
                    return time.perf_counter() - started
            raise RuntimeError(f"{command[0]} showed no window within {SECONDS} s")
        finally:
            process.terminate()
            process.wait(timeout=30)
