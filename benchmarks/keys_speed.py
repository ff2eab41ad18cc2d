"""The keys of a 4 GB checkpoint as one command, beside torch's own lazy load; and growth with the number of keys."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from benchmarks.large_checkpoints import keys_command, run_and_weigh, write_4_gb, write_keys
from benchmarks.measuring import Result, median

RUNS = 7
GROWTH_RUNS = 3
MOST_GROWTH = 12.0  # times, for ten times the keys: linear, and a fifth for a loaded machine
TORCH = "import sys, torch; held = torch.load(sys.argv[1], mmap=True, weights_only=True); print(list(held['model_state_dict']))"


def measure() -> list[Result]:
    """Medians of whole processes, alternating with the rival's."""
    with tempfile.TemporaryDirectory() as name:
        path = write_4_gb(Path(name))
        ours, theirs = [], []
        for run in range(RUNS + 1):
            one = run_and_weigh(keys_command(path))
            rival = run_and_weigh([sys.executable, "-c", TORCH, str(path)])
            if run:  # the first warms the disk
                ours.append(one)
                theirs.append(rival)
        path.unlink()
        growth = {
            count: median([run_and_weigh(keys_command(file))[0] for _ in range(GROWTH_RUNS)])
            for count in (10_000, 100_000)
            for file in [write_keys(Path(name), count)]
        }
    seconds, memory = median([one[0] for one in ours]), median([one[1] for one in ours])
    rival = "a process with torch.load(mmap=True)"
    what = "`asl-inspector keys` on a 4.2 GB checkpoint of 2,000 tensors, the whole process"
    return [
        Result(
            "keys_4gb",
            f"Seconds of {what}.",
            seconds,
            "s",
            rival,
            median([one[0] for one in theirs]),
            "under 0.3 s",
            seconds < 0.3,
            RUNS,
        ),
        Result(
            "keys_4gb_memory",
            f"Most memory of {what}.",
            memory,
            "MB",
            rival,
            median([one[1] for one in theirs]),
            "under 60 MB",
            memory < 60,
            RUNS,
        ),
        Result(
            "keys_100000",
            "Seconds of `asl-inspector keys` on 100,000 keys, beside 10,000.",
            growth[100_000],
            "s",
            "10,000 keys",
            growth[10_000],
            f"linear: at most {MOST_GROWTH:.0f} times those of 10,000",
            growth[100_000] <= MOST_GROWTH * growth[10_000],
            GROWTH_RUNS,
        ),
    ]
