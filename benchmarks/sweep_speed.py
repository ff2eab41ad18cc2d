"""A sweep of sixty small checkpoints: beside one `diagnose` after another, with one and two processes, and over Ray.

    python -m benchmarks.run sweep_speed

The overhead of an engine is the time of a job that does next to nothing (its file is not there), less what the same call
takes without an engine. What a job of the size of the demo case takes is measured too, for estimates.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from asl_inspector.bundled_files import demo_files
from asl_inspector.inference.cores import cores
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.engines.engine import Engine
from asl_inspector.sweep.engines.local import LocalEngine
from asl_inspector.sweep.inspecting import Workbench
from asl_inspector.sweep.records import Job, Setup
from benchmarks.measuring import ROOT, Result, median, timed

sys.path.insert(0, str(ROOT / "tests"))  # the script that trains the runs is theirs

from swept_runs import SweptRuns, write_runs

COMMAND = [sys.executable, "-m", "asl_inspector"]
DIAGNOSED = 5
EMPTY_JOBS = 300
RUNS = 1


def measure() -> list[Result]:
    """Everything, on runs that are trained here."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs = write_runs(folder / "runs")
        found = [*_beside_diagnose(runs, folder), *_scaling(runs), _overhead(runs, "local", LocalEngine(1))]
        with contextlib.suppress(ImportError):
            found.append(_ray_overhead(runs))
        return [*found, _demo_job(), _resumed(runs, folder)]


def _swept(runs: SweptRuns, out: Path, workers: int) -> list[str]:
    return [
        *COMMAND,
        "sweep",
        str(runs.folder),
        "--val",
        str(runs.validation),
        "--out",
        str(out),
        "--workers",
        str(workers),
        "--quiet",
        "--fail-on",
        "never",
    ]


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)


def _beside_diagnose(runs: SweptRuns, folder: Path) -> Iterator[Result]:
    """The whole command for sixty files, and the whole command for one of them."""
    count = len(runs.checkpoints)
    alone = median(
        [
            timed(
                lambda path=path: _run(
                    [
                        *COMMAND,
                        "diagnose",
                        str(path),
                        str(runs.validation),
                        "--no-epochs",
                        "--quiet",
                        "--fail-on",
                        "never",
                    ]
                )
            )
            for path in runs.checkpoints[: 10 * DIAGNOSED : 10]
        ]
    )
    whole = timed(lambda: _run(_swept(runs, folder / "first", cores()))) / count
    yield Result(
        name="sweep_beside_diagnose",
        what=f"Seconds a checkpoint of `asl-inspector sweep` over {count}, from process start to the written tables.",
        value=whole,
        unit="s",
        rival="one `diagnose` after another",
        rival_value=alone,
        goal="at most a quarter of it",
        met=whole < alone / 4,
        runs=RUNS,
    )


def _steady(engine: Engine, runs: SweptRuns, jobs: list[Job]) -> float:
    """Seconds a job once every process has imported what it needs."""
    try:
        engine.open(Setup(runs.validation, device="cpu"), CancelToken())
        warm, timed_jobs = jobs[:8], jobs[8:]
        list(engine.run(warm, CancelToken()))
        return timed(lambda: list(engine.run(timed_jobs, CancelToken()))) / len(timed_jobs)
    finally:
        engine.close()


def _scaling(runs: SweptRuns) -> Iterator[Result]:
    jobs = [Job(f"{number:032x}", path) for number, path in enumerate(runs.checkpoints)]
    one, two = (_steady(LocalEngine(workers), runs, jobs) for workers in (1, 2))
    yield Result(
        name="sweep_two_processes",
        what="Seconds a checkpoint with two processes, their start left out.",
        value=two,
        unit="s",
        rival="one process",
        rival_value=one,
        goal="at most 0.65 of one process, where two cores are free",
        met=two < 0.65 * one,
        runs=RUNS,
    )


def _overhead(runs: SweptRuns, name: str, engine: Engine) -> Result:
    """Milliseconds that an engine adds to a job."""
    setup = Setup(runs.validation, device="cpu")
    bench = Workbench(setup)
    jobs = [Job(f"{number:032x}", Path(f"/no/such/file_{number}.pt")) for number in range(EMPTY_JOBS)]
    bare = timed(lambda: [bench.inspect(job) for job in jobs]) / EMPTY_JOBS
    through = _steady(engine, runs, jobs)
    milliseconds = 1_000 * max(0.0, through - bare)
    return Result(
        name=f"sweep_overhead_{name}",
        what=f"Milliseconds that the {name} engine adds to a job, one at a time.",
        value=milliseconds,
        unit="ms",
        rival="the same call without an engine",
        rival_value=1_000 * bare,
        goal="under 20 ms",
        met=milliseconds < 20,
        runs=EMPTY_JOBS,
    )


def _ray_overhead(runs: SweptRuns) -> Result:
    import ray

    from asl_inspector.sweep.engines.ray import RayEngine

    ray.init(num_cpus=1, log_to_driver=False, logging_level="error")
    try:
        return _overhead(runs, "ray", RayEngine())
    finally:
        ray.shutdown()


def _demo_job() -> Result:
    """One job of the size of the demo case, training clips included, the data being open."""
    checkpoint, validation, train = _demo()
    bench = Workbench(Setup(validation, train, device="cpu"))
    bench.prepare()
    bench.inspect(Job("0" * 32, checkpoint))
    seconds = median([timed(lambda: bench.inspect(Job("0" * 32, checkpoint))) for _ in range(3)])
    return Result(
        name="sweep_demo_job",
        what="Seconds for one job of the demo case (591,205 parameters, validation and training clips) on one core's share.",
        value=seconds,
        unit="s",
        rival=None,
        rival_value=None,
        goal="under 5 s",
        met=seconds < 5,
        runs=3,
    )


def _demo() -> tuple[Path, Path, Path]:
    files = demo_files()

    def one(word: str) -> Path:
        return next(path for path in files if word in path.name.lower() and path.suffix in (".pt", ".pkl", ".npz"))

    return next(path for path in files if path.suffix == ".pt"), one("val"), one("train")


def _resumed(runs: SweptRuns, folder: Path) -> Result:
    """The same sweep again, with nothing to do."""
    started = time.perf_counter()
    _run(_swept(runs, folder / "first", cores()))
    seconds = time.perf_counter() - started
    return Result(
        name="sweep_again",
        what=f"Seconds for the same command over {len(runs.checkpoints)} checkpoints that did not change.",
        value=seconds,
        unit="s",
        rival=None,
        rival_value=None,
        goal="under 10 s",
        met=seconds < 10,
        runs=RUNS,
    )
