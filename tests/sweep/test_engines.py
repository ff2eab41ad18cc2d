"""The engines as processes: equal results, kills at any moment, and nothing lost or done twice."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT
from sweeps_at_hand import EngineHere
from swept_runs import COLLAPSING, MISLABELLED, SweptRuns, write_runs

from asl_inspector.errors import DataError
from asl_inspector.progress import CancelToken
from asl_inspector.sweep.engines.lines import line_of, record_of
from asl_inspector.sweep.engines.local import LocalEngine, workers_for
from asl_inspector.sweep.reading import read_sweep
from asl_inspector.sweep.records import Job, Part, Row, Setup, Sweep
from asl_inspector.sweep.results import Results
from asl_inspector.sweep.sweeping import sweep

linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are copied on Linux alone")
DEADLY = """
import os, sys
from asl_inspector.sweep.engines.lines import Lines
from asl_inspector.sweep.engines.serving import Nursery
from asl_inspector.sweep.records import Part, Setup
from pathlib import Path
class Bench:
    setup = Setup(Path("val"), device="cpu")
    def start_apart(self): pass
    def inspect(self, job):
        tries = Path(sys.argv[1]) / job.key
        tries.write_text(tries.read_text() + "x" if tries.exists() else "x")
        if "always" in job.key or ("once" in job.key and tries.read_text() == "x"):
            os.kill(os.getpid(), 9)
        return Part(job.key, "told by " + job.path.name)
Nursery(Bench(), 2, Lines(0), 1).run()
"""


@linux
def test_a_process_that_is_killed_is_replaced_and_its_job_tried_once_more(tmp_path: Path) -> None:
    keys = ["one", "once", "two", "always", "three"]
    lines = b"".join(line_of(Job(key, Path(f"{key}.pt"))) for key in keys)
    host = subprocess.Popen(
        [sys.executable, "-c", DEADLY, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert host.stdin is not None
    assert host.stdout is not None
    host.stdin.write(lines)
    host.stdin.flush()
    parts = {part.key: part for part in (record_of(Part, host.stdout.readline()) for _ in keys)}
    host.stdin.close()
    assert host.wait(timeout=20) == 0
    host.stdout.close()
    assert set(parts) == set(keys)
    assert parts["once"].problem == "told by once.pt"
    assert parts["always"].again
    assert "ended unexpectedly (signal 9), 2 times" in parts["always"].problem
    assert {key: len((tmp_path / key).read_text()) for key in keys} == {
        "one": 1,
        "once": 2,
        "two": 1,
        "always": 2,
        "three": 1,
    }


def test_there_are_never_more_processes_than_jobs_and_at_least_one() -> None:
    assert workers_for(1) == 1
    assert workers_for(3, 8) == 3
    assert workers_for(0, 8) == 1


@pytest.mark.slow
def test_data_that_cannot_be_opened_is_told_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "val.pkl").write_bytes(b"no clips")
    engine = LocalEngine(1)
    try:
        with pytest.raises(DataError, match=r"val\.pkl"):
            engine.open(Setup(tmp_path / "val.pkl"), CancelToken())
    finally:
        engine.close()


# -- the sixty ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sixty(tmp_path_factory: pytest.TempPathFactory) -> SweptRuns:
    """3 seeds x 2 conditions x 10 epochs, two planted faults, and a damaged checkpoint beside them."""
    written = write_runs(tmp_path_factory.mktemp("sixty"))
    whole = written.runs["plain", 1].checkpoints[1].read_bytes()
    (written.folder / "plain_seed1" / "checkpoint_epoch_11.pt").write_bytes(whole[:3_000])
    return written


@pytest.fixture(scope="module")
def swept(sixty: SweptRuns, tmp_path_factory: pytest.TempPathFactory) -> Sweep:
    """By two processes of this machine."""
    out = tmp_path_factory.mktemp("local")
    return sweep([sixty.folder], Setup(sixty.validation), Results(out), LocalEngine(2))


def what_was_found(found: Sweep) -> list[Row]:
    """The rows without what differs from one time to the next."""
    return [
        replace(row, figures=replace(row.figures, seconds=0.0, device="") if row.figures is not None else None)
        for row in found.rows
    ]


@pytest.mark.slow
def test_sixty_checkpoints_with_two_planted_faults(swept: Sweep, sixty: SweptRuns) -> None:
    assert len(swept.rows) == 61
    for run in sixty.runs.values():
        for epoch, path in run.checkpoints.items():
            row = next(row for row in swept.rows if row.path == path)
            assert row.epoch == epoch
            assert row.figures is not None
            assert row.figures.empty_share == run.empty[epoch] / 60
    by_name = {(run.condition, run.seed): run for run in swept.runs}
    assert {key for key, run in by_name.items() if run.collapse is not None} == {COLLAPSING}
    collapse = by_name[COLLAPSING].collapse
    assert collapse is not None
    assert abs(collapse.begins - sixty.collapse_from) <= 1
    last = swept.rows[by_name[MISLABELLED].rows[-1]]
    assert last.figures is not None
    assert last.figures.causes[0].id == "label-map-mismatch"
    (failed,) = (row for row in swept.rows if row.problem)
    assert failed.name == "checkpoint_epoch_11.pt"
    assert not any(pair.better for pair in swept.answers.pairs)


@pytest.mark.slow
def test_engines_and_processes_that_share_nothing_find_the_same(swept: Sweep, sixty: SweptRuns, tmp_path: Path) -> None:
    setup = Setup(sixty.validation)
    apart = sweep([sixty.folder], setup, Results(tmp_path / "apart"), LocalEngine(2, fork=False))
    here = sweep([sixty.folder], setup, Results(tmp_path / "here"), EngineHere())
    assert what_was_found(apart) == what_was_found(swept) == what_was_found(here)
    assert apart.runs == swept.runs == here.runs
    assert apart.answers == swept.answers == here.answers


def command(sixty: SweptRuns, out: Path, *more: str) -> list[str]:
    given = ["sweep", str(sixty.folder), "--val", str(sixty.validation), "--out", str(out), "--workers", "2", *more]
    return [sys.executable, "-m", "asl_inspector", *given]


def wait_for_parts(out: Path, count: int, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while len(list(out.glob("parts/*.json"))) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before it could be stopped"
        time.sleep(0.01)


def started(sixty: SweptRuns, out: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(sixty, out), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def descendants(pid: int) -> Iterator[int]:
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(int(child))


def has_ended(pid: int) -> bool:
    """True where the process is gone or only waits to be taken note of."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@linux
@pytest.mark.slow
def test_killed_in_the_middle_it_goes_on_with_nothing_lost_or_done_twice(
    swept: Sweep, sixty: SweptRuns, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    process = started(sixty, out)
    wait_for_parts(out, 12, process)
    children = list(descendants(process.pid))
    process.kill()
    process.communicate()
    kept = {path.name: path.stat().st_ino for path in out.glob("parts/*.json")}
    assert 12 <= len(kept) < 61
    deadline = time.monotonic() + 20
    while not all(has_ended(pid) for pid in children):  # nothing goes on without its caller
        assert time.monotonic() < deadline
        time.sleep(0.05)
    engine = EngineHere()
    found = sweep([sixty.folder], Setup(sixty.validation), Results(out), engine)
    assert len(engine.asked) == 61 - len(kept)
    assert not {f"{job.key}.json" for job in engine.asked} & set(kept)
    assert {name: (out / "parts" / name).stat().st_ino for name in kept} == kept
    assert what_was_found(found) == what_was_found(swept)


@linux
@pytest.mark.slow
def test_an_inspecting_process_that_is_killed_costs_nothing(swept: Sweep, sixty: SweptRuns, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(sixty, out)
    wait_for_parts(out, 5, process)
    host = next(descendants(process.pid))
    copy = int(Path(f"/proc/{host}/task/{host}/children").read_text().split()[0])
    os.kill(copy, signal.SIGKILL)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 2, told  # for the damaged file
    assert what_was_found(read_sweep(out)) == what_was_found(swept)


@linux
@pytest.mark.slow
def test_interrupted_it_keeps_what_is_done_and_says_how_to_go_on(sixty: SweptRuns, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = started(sixty, out)
    wait_for_parts(out, 5, process)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on from there" in told
    half = read_sweep(out)
    assert len(half.rows) + half.waiting == 61
    assert len(half.rows) == len(list(out.glob("parts/*.json")))


@pytest.mark.slow
def test_the_command_writes_reports_and_tells_by_its_exit_status(sixty: SweptRuns, tmp_path: Path) -> None:
    folder = sixty.folder / "plain_seed1"
    sound = [str(path) for path in sixty.runs["plain", 1].checkpoints.values()]
    out = tmp_path / "out"
    given = [sys.executable, "-m", "asl_inspector", "sweep", *sound, "--val", str(sixty.validation), "--out", str(out)]
    files = ["--html", str(tmp_path / "a.html"), "--csv", str(tmp_path / "a.csv"), "--json", "-"]
    ran = subprocess.run([*given, *files], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert ran.returncode == 0, ran.stderr
    held = json.loads(ran.stdout)
    assert held["schema"] == "asl-inspector/sweep/1"
    assert len(held["rows"]) == 10
    assert (tmp_path / "a.html").read_text().startswith("<!DOCTYPE html>")
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 11
    given.insert(4, str(folder))
    again = subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert again.returncode == 2  # the damaged file came with its folder
    assert "checkpoint_epoch_11.pt" in again.stdout


# -- Ray ----------------------------------------------------------------------------------------------------------------

ON_A_CLUSTER = """
import os, sys, threading, time
from pathlib import Path
import ray
from ray.cluster_utils import Cluster
from asl_inspector.sweep.engines.ray import RayEngine
from asl_inspector.sweep.records import Setup
from asl_inspector.sweep.results import Results
from asl_inspector.sweep.sweeping import sweep

folder, validation, out, kill = Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4] == "kill"
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
second = cluster.add_node(num_cpus=1)
ray.init(address=cluster.address, log_to_driver=False, logging_level="error")
before = len([node for node in ray.nodes() if node["Alive"]])

def kill_one() -> None:
    while len(list(out.glob("parts/*.json"))) < 8:
        time.sleep(0.05)
    cluster.remove_node(second, allow_graceful=False)
    (out / "killed").write_text("yes")

if kill:
    threading.Thread(target=kill_one, daemon=True).start()
try:
    sweep([folder], Setup(validation), Results(out), RayEngine())
    until = time.monotonic() + 60  # Ray's head hears of it by heartbeats that stay out
    while len(alive := [node for node in ray.nodes() if node["Alive"]]) == before and kill and time.monotonic() < until:
        time.sleep(0.2)
    after = len(alive)
    (out / "nodes").write_text(f"{before} {after}")  # Ray has a say on standard output too
finally:
    ray.shutdown()
    cluster.shutdown()
"""


def on_a_cluster(sixty: SweptRuns, out: Path, how: str) -> tuple[Sweep, list[str]]:
    (out / "parts").mkdir(parents=True)
    given = [sys.executable, "-c", ON_A_CLUSTER, str(sixty.folder), str(sixty.validation), str(out), how]
    ran = subprocess.run(given, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert ran.returncode == 0, ran.stderr[-3_000:]
    return read_sweep(out), (out / "nodes").read_text().split()


@pytest.mark.slow
def test_a_cluster_of_two_nodes_finds_the_same(swept: Sweep, sixty: SweptRuns, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'asl-inspector[cluster]'")
    found, nodes = on_a_cluster(sixty, tmp_path / "out", "live")
    assert nodes == ["2", "2"]
    assert what_was_found(found) == what_was_found(swept)
    assert (found.runs, found.answers) == (swept.runs, swept.answers)


@pytest.mark.slow
def test_a_node_that_dies_costs_no_checkpoint(swept: Sweep, sixty: SweptRuns, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'asl-inspector[cluster]'")
    out = tmp_path / "out"
    found, nodes = on_a_cluster(sixty, out, "kill")
    assert (out / "killed").exists()
    assert nodes == ["2", "1"]
    assert what_was_found(found) == what_was_found(swept)


@pytest.mark.slow
def test_packed_clips_are_unpacked_for_every_process_and_nothing_is_left(
    swept: Sweep, sixty: SweptRuns, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    packed = tmp_path / "val.pkl.gz"
    packed.write_bytes(gzip.compress(sixty.validation.read_bytes()))
    few = list(sixty.runs["plain", 1].checkpoints.values())[:4]
    outcomes = {row.path: row.outcome for row in swept.rows}
    for fork in (True, False):
        engine = LocalEngine(2, fork=fork and sys.platform == "linux")
        found = sweep(few, Setup(packed), Results(tmp_path / f"out {fork}"), engine)
        assert [row.outcome for row in found.rows] == [outcomes[row.path] for row in found.rows]
    assert os.listdir(temporary) == []
