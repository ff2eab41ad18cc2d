"""Run the benchmarks, print a table, and write benchmarks/latest.json.

python -m benchmarks.run [NAME]
"""

from __future__ import annotations

import contextlib
import importlib
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator

from benchmarks.measuring import ROOT, Result

NAMES = (
    "first_window",
    "packaged_start",
    "event_loop",
    "report_time",
    "inference_speed",
    "window_speed",
    "inference_memory",
    "keys_speed",
    "statistics_speed",
    "keys_window",
    "compare_speed",
    "leakage_search",
    "diagnosis_time",
    "opening_clips",
    "many_groups",
    "plot_speed",
    "reopening_cases",
    "million_rows",
    "confusion_matrix",
    "sweep_speed",
    "guide_window",
)


@contextlib.contextmanager
def virtual_screen() -> Iterator[None]:
    """A screen for the windows, where there is none and one can be had."""
    import os

    if os.environ.get("DISPLAY") or shutil.which("Xvfb") is None:
        yield
        return
    read, write = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1400x900x24", "-noreset"],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as told:
        os.environ["DISPLAY"] = ":" + told.readline().strip()
    try:
        yield
    finally:
        server.terminate()
        server.wait()


def main(wanted: list[str]) -> int:
    """Run the benchmarks whose names are wanted, or all."""
    unknown = set(wanted) - set(NAMES)
    if unknown:
        print(f"No benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}.", file=sys.stderr)
        return 2
    results: list[Result] = []
    with virtual_screen():
        for name in wanted or NAMES:
            print(f"running {name} ...", file=sys.stderr, flush=True)
            results += importlib.import_module(f"benchmarks.{name}").measure()
    rows = [result.as_json() for result in results]
    (ROOT / "benchmarks" / "latest.json").write_text(json.dumps(rows, indent=1) + "\n")
    print_table(results)
    return 0


def print_table(results: list[Result]) -> None:
    """The results for a person."""
    for result in results:
        rival = ""
        if result.rival is not None and result.rival_value:
            rival = f"; {result.rival}: {result.rival_value:.4g} {result.unit} (ratio {result.value / result.rival_value:.2f})"
        mark = "met   " if result.met else "MISSED"
        print(f"{mark} {result.name:<28} {result.value:>9.4g} {result.unit:<8} goal {result.goal}{rival}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
