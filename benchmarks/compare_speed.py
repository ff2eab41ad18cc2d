"""Two large checkpoints compared, against plainly reading their numbers.

One pass is NumPy's `sum` over every number of one 4 GB file, block by block in memory that the operating system maps:
the least that any program must do to look at all numbers once. A comparison has to look at two files, so "2.5 passes
over both files" is 5 times one such pass. Both are whole processes on warm files, measured in turn. Memory is the peak
of the process's resident set, pages of the mapped files included.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.large_checkpoints import run_and_weigh
from benchmarks.measuring import ROOT, Result, median

RUNS = 5
TENSORS = 2_000
ROWS, COLUMNS = 512, 1_024  # 2 MB a tensor: 4.2 GB in all
PASSES = 2.5
MOST_MEMORY_MB = 500
PLAIN_SUM = """
import sys, numpy as np
numbers = np.memmap(sys.argv[1], np.uint8, "r")
start = 8 + int.from_bytes(numbers[:8].tobytes(), "little")
values = numbers[start:].view(np.float32) if start % 4 == 0 else None
total = 0.0
for at in range(0, len(values), 1 << 16):
    total += float(values[at : at + (1 << 16)].sum())
print(total)
"""


def write_checkpoint(path: Path, seed: int, *, start: int | None = None) -> Path:
    """A safetensors file of random weights; with `start` a trained copy of the file that this seed gives.

    Args:
        path: Where to write.
        seed: Of the weights, or of what training added.
        start: Seed of the weights that were trained.
    """
    header = {}
    size = ROWS * COLUMNS * 4
    for number in range(TENSORS):
        name = f"encoder.layers.{number // 4}.{('query', 'key', 'value', 'out')[number % 4]}.weight"
        offsets = [number * size, (number + 1) * size]
        header[name] = {"dtype": "F32", "shape": [ROWS, COLUMNS], "data_offsets": offsets}
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    own = np.random.default_rng(seed)
    base = None if start is None else np.random.default_rng(start)
    with path.open("wb") as file:
        file.write(len(raw).to_bytes(8, "little") + raw)
        for _ in range(TENSORS):
            weights = own.standard_normal((ROWS, COLUMNS), np.float32)
            if base is not None:
                weights = base.standard_normal((ROWS, COLUMNS), np.float32) + np.float32(0.3) * weights
            file.write(weights.tobytes())
    return path


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout


def measure() -> list[Result]:
    """Medians for a fine-tuned copy, an unrelated network and an identical file, each beside the plain passes."""
    results = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = write_checkpoint(folder / "a.safetensors", 1)
        for kind, verdict in (("descends", "descends"), ("unrelated", "unrelated"), ("identical", "identical")):
            second = folder / "b.safetensors"
            if kind == "identical":
                shutil.copyfile(first, second)
            else:
                write_checkpoint(second, 2, start=1 if kind == "descends" else None)
            results += _measure_pair(kind, verdict, first, second)
            second.unlink()
    return results


def _measure_pair(kind: str, verdict: str, first: Path, second: Path) -> list[Result]:
    command = [sys.executable, "-m", "asl_inspector", "compare", str(first), str(second), "--json"]
    ours, memory, passes = [], [], []
    told = json.loads(_output(command))
    assert told["verdict"] == verdict, told["sentence"]
    for path in (first, second):  # into the cache
        run_and_weigh([sys.executable, "-c", PLAIN_SUM, str(path)])
    for _ in range(RUNS):
        passes.append(sum(run_and_weigh([sys.executable, "-c", PLAIN_SUM, str(path)])[0] for path in (first, second)))
        seconds, peak = run_and_weigh(command)
        ours.append(seconds)
        memory.append(peak)
    ratio = median(ours) / median(passes)
    size = first.stat().st_size / 1e9
    what = f"`asl-inspector compare --json` on two files of {size:.1f} GB and {TENSORS:,} tensors ({kind})"
    return [
        Result(
            f"compare_{kind}",
            f"Seconds for {what}, whole process, files in the cache.",
            median(ours),
            "s",
            "one plain NumPy sum over both files",
            median(passes),
            f"at most {PASSES} passes over both files",
            ratio <= PASSES,
            RUNS,
        ),
        Result(
            f"compare_{kind}_memory",
            f"Peak resident memory of {what}.",
            median(memory),
            "MB",
            None,
            None,
            f"under {MOST_MEMORY_MB} MB",
            median(memory) < MOST_MEMORY_MB,
            RUNS,
        ),
    ]
