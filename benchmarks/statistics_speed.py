"""Exact statistics of every tensor of a 4 GB checkpoint, beside the best plain pass that reduces the same bytes.

Ours are minimum, maximum, mean and deviation in double precision, norm, zeros, NaN and infinities, with memory given
back. The rivals reduce in single precision and count nothing: NumPy's min, max, sum and dot, and torch's aminmax, sum
and norm, each in several block sizes, on one thread and on two; the fastest of them in this run counts.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from benchmarks.large_checkpoints import write_4_gb
from benchmarks.measuring import Result, fresh, median

RUNS = 5
HEAD = """
import json, mmap, re, resource, sys, time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from asl_inspector.checkpoints.opening import open_checkpoint
from asl_inspector.mapped_file import MappedFile
file = MappedFile(Path(sys.argv[2]))
tensors = open_checkpoint(file).tensors
size = sum(tensor.nbytes for tensor in tensors)
def done(started):
    rate = size / (time.perf_counter() - started) / 1e9
    own = Path('/proc/self/status')  # `getrusage` counts the process that this one was started from as well
    if own.exists(): rss = int(re.search(r'VmHWM:\\s+(\\d+) kB', own.read_text())[1]) * 1024
    else: rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)
    print(json.dumps({'rate': rate, 'mb': rss / 1e6}))
"""
OURS = """
from asl_inspector.checkpoints.measuring_all import all_statistics
started = time.perf_counter()
assert sum(row.statistics.nans for row in all_statistics(tensors, file.view)) == 0
done(started)
"""
PLAIN = """
block, threads = int(sys.argv[3]), int(sys.argv[4])
import numpy as np
arrays = [np.frombuffer(file.view, np.float32, tensor.count, tensor.file_offset) for tensor in tensors]
def reduce(array):
    for start in range(0, len(array), block):
        part = array[start:start + block]
        part.min(); part.max(); part.sum(); np.dot(part, part)
started = time.perf_counter()
if threads == 1:
    for array in arrays: reduce(array)
else:
    with ThreadPoolExecutor(threads) as pool: list(pool.map(reduce, arrays))
done(started)
"""
TORCH = """
block, threads = int(sys.argv[3]), int(sys.argv[4])
import numpy as np, torch, warnings
warnings.simplefilter('ignore')
torch.set_num_threads(threads)
arrays = [torch.from_numpy(np.frombuffer(file.view, np.float32, tensor.count, tensor.file_offset)) for tensor in tensors]
started = time.perf_counter()
for array in arrays:
    for part in array.split(block):
        torch.aminmax(part); part.sum(); torch.linalg.vector_norm(part)
done(started)
"""
RIVALS = {
    f"{name}, blocks of {block:,}, {threads} thread{'s' * (threads > 1)}": (code, block, threads)
    for name, code in (("NumPy min, max, sum, dot", PLAIN), ("torch aminmax, sum, norm", TORCH))
    for block in (1 << 16, 1 << 18)
    for threads in (1, 2)
}


def measure() -> list[Result]:
    """Median rates; each rival runs between two of ours."""
    with tempfile.TemporaryDirectory() as name:
        path = str(write_4_gb(Path(name)))
        rates: dict[str, list[float]] = {rival: [] for rival in RIVALS}
        ours: list[dict[str, float]] = []
        for run in range(RUNS + 1):
            for rival, (code, block, threads) in RIVALS.items():
                rate = json.loads(fresh(HEAD + code, path, str(block), str(threads)))["rate"]
                if run:  # the first warms the disk
                    rates[rival].append(rate)
                if len(ours) < RUNS and run and rival.endswith("1 thread"):
                    ours.append(json.loads(fresh(HEAD + OURS, path)))
    best = max(rates, key=lambda rival: median(rates[rival]))
    rate, memory = median([one["rate"] for one in ours]), median([one["mb"] for one in ours])
    return [
        Result(
            "statistics_4gb",
            "Gigabytes a second: exact statistics of all tensors of a 4.2 GB checkpoint.",
            rate,
            "GB/s",
            best,
            median(rates[best]),
            "at least 0.8 times the best plain pass",
            rate >= 0.8 * median(rates[best]),
            RUNS,
        ),
        Result(
            "statistics_4gb_memory",
            "Most memory of the process that measures them.",
            memory,
            "MB",
            None,
            None,
            "under 500 MB",
            memory < 500,
            RUNS,
        ),
    ]
